package condition

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// What says what happened to a condition.
type What string

const (
	Raised    What = "raised"
	Changed   What = "changed"   // it was told before, in another state
	Recovered What = "recovered" // it was told before, and is no more
)

// Event is one piece of news: the condition as it is, or as it last was told.
type Event struct {
	What What `json:"event"`
	Condition
}

// Key tells conditions apart.
type Key struct {
	Kind    Kind
	Subject string
}

// Key is what no other condition of the present has.
func (c Condition) Key() Key { return Key{c.Kind, c.Subject} }

// Board holds the conditions of the present. It is safe for concurrent use, and nobody waits at it. The zero value is ready.
type Board struct {
	mu        sync.Mutex
	present   map[Key]Condition
	settled   map[Kind]bool            // all conditions of the kind are on the board: one that is not has recovered
	undecided map[Kind]map[string]bool // subjects of which the kind's last Replace could not tell
	changed   chan struct{}
}

// Raise puts one condition on the board. One that is there already in the same state keeps its time.
func (b *Board) Raise(c Condition) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.raise(c)
	b.touch()
}

func (b *Board) raise(c Condition) {
	if b.present == nil {
		b.present = map[Key]Condition{}
	}
	if c.Since.IsZero() {
		c.Since = time.Now().UTC()
	}
	if before, there := b.present[c.Key()]; there && before.State == c.State {
		c.Since = before.Since
	}
	b.present[c.Key()] = c
}

// Clear takes a condition off the board, if it is there.
func (b *Board) Clear(kind Kind, subject string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, there := b.present[Key{kind, subject}]; !there {
		return
	}
	delete(b.present, Key{kind, subject})
	b.touch()
}

// Replace says that the conditions in the scope of a Set are exactly those that it has. Until a kind was in a scope or settled once, that
// a condition of it is not on the board means nothing.
func (b *Board) Replace(s Set) {
	conditions, kinds, undecided := s.All(), s.kinds(), s.undecided()
	now := map[Key]bool{}
	for _, c := range conditions {
		now[c.Key()] = true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	maps.DeleteFunc(b.present, func(k Key, _ Condition) bool {
		return slices.Contains(kinds, k.Kind) && !now[k] && !undecided[k.Subject]
	})
	for _, c := range conditions {
		b.raise(c)
	}
	for _, k := range kinds {
		b.settle(k, undecided)
	}
	b.touch()
}

// Settle says that every condition of the kind is on the board.
func (b *Board) Settle(kind Kind) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settle(kind, nil)
	b.touch()
}

func (b *Board) settle(kind Kind, undecided map[string]bool) {
	if b.settled == nil {
		b.settled, b.undecided = map[Kind]bool{}, map[Kind]map[string]bool{}
	}
	b.settled[kind], b.undecided[kind] = true, undecided
}

// Counts gives the number of conditions of each kind.
func (b *Board) Counts() map[Kind]int {
	counts := map[Kind]int{}
	for _, k := range Kinds() {
		counts[k] = 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for k := range b.present {
		counts[k.Kind]++
	}
	return counts
}

// touch rings the bell. The caller holds the lock.
func (b *Board) touch() {
	select {
	case b.bell() <- struct{}{}:
	default:
	}
}

// bell is rung at every change. The caller holds the lock.
func (b *Board) bell() chan struct{} {
	if b.changed == nil {
		b.changed = make(chan struct{}, 1)
	}
	return b.changed
}

// Changes is told of every change; several are one.
func (b *Board) Changes() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bell()
}

// News is what those do not know who know told: in order, the recovered last.
func (b *Board) News(told map[Key]Condition) []Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	var raised, recovered []Event
	for k, c := range b.present {
		before, known := told[k]
		switch {
		case !known:
			raised = append(raised, Event{Raised, c})
		case before.State != c.State:
			raised = append(raised, Event{Changed, c})
		}
	}
	for k, c := range told {
		if _, still := b.present[k]; !still && b.settled[k.Kind] && !b.undecided[k.Kind][k.Subject] {
			recovered = append(recovered, Event{Recovered, c})
		}
	}
	byCondition := func(a, b Event) int { return Compare(a.Condition, b.Condition) }
	slices.SortFunc(raised, byCondition)
	slices.SortFunc(recovered, byCondition)
	return append(raised, recovered...)
}
