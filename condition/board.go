package condition

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"arcadiad/fleet"
)

// What says what happened to a condition.
type What string

const (
	Raised    What = "raised"
	Changed   What = "changed"   // it was told before, in another state
	Recovered What = "recovered" // it was told before, and is no more
	Tested    What = "test"      // nothing is so: a person tries the webhook
)

// Event is one piece of news: the condition as it is, or as it last was told.
type Event struct {
	What What `json:"event"`
	Condition
}

// Board holds the conditions of the present. It is safe for concurrent use, and nobody waits at it.
type Board struct {
	Changes chan struct{} // is told of every change; several are one

	mu      sync.Mutex
	present map[Key]Condition
	settled map[Kind]map[string]bool // every condition of these kinds is on the board, but for those of the names
	well    map[Key]string           // what is well again of a condition that is off the board, where that is known better than before
}

// NewBoard makes an empty board.
func NewBoard() *Board {
	return &Board{Changes: make(chan struct{}, 1), present: map[Key]Condition{}, settled: map[Kind]map[string]bool{}, well: map[Key]string{}}
}

// Raise puts one condition on the board. One that is there already in the same state keeps its time.
func (b *Board) Raise(c Condition) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.raise(c)
	b.touch()
}

func (b *Board) raise(c Condition) {
	c.Since = cmp.Or(c.Since, time.Now().UTC())
	if before, there := b.present[c.Key()]; there && before.State == c.State {
		c.Since = before.Since
	}
	b.present[c.Key()] = c
	delete(b.well, c.Key())
}

// Clear takes a condition off the board, if it is there. Well says what is well again; empty: what the condition says.
func (b *Board) Clear(kind Kind, subject, well string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := Key{kind, subject}
	if _, there := b.present[k]; !there {
		return
	}
	delete(b.present, k)
	if well != "" {
		b.well[k] = well
	}
	b.touch()
}

// Has tells whether a condition is on the board.
func (b *Board) Has(kind Kind, subject string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, there := b.present[Key{kind, subject}]
	return there
}

// Present are the conditions of the present, in the order in which messages show them.
func (b *Board) Present() []Condition {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.SortedFunc(maps.Values(b.present), Compare)
}

// Replace says that of what a source brings news of, the conditions of a Set are exactly those that there are. Until a kind was settled
// once, that a condition of it is not on the board means nothing.
func (b *Board) Replace(s Set, source Source) {
	conditions, kinds := s.From(source)
	now, undecided := map[Key]bool{}, map[Kind]map[string]bool{}
	for _, k := range kinds {
		undecided[k] = s.undecided(k)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range conditions {
		now[c.Key()] = true
		b.raise(c)
	}
	for _, k := range kinds {
		b.settled[k] = undecided[k]
	}
	maps.DeleteFunc(b.present, func(k Key, _ Condition) bool {
		return slices.Contains(kinds, k.Kind) && !now[k] && !undecided[k.Kind][k.Subject]
	})
	b.touch()
}

// Settle says that every condition of the kind is on the board.
func (b *Board) Settle(kind Kind) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settled[kind] = nil
	b.touch()
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

func (b *Board) touch() {
	select {
	case b.Changes <- struct{}{}:
	default:
	}
}

// News is what those do not know who know told: in order, the recovered last. What has become another condition has not recovered.
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
		_, still := b.present[k]
		if next, turns := k.Becomes(); turns {
			_, turned := b.present[next]
			still = still || turned
		}
		if undecided, settled := b.settled[k.Kind]; settled && !still && !undecided[k.Subject] {
			c.Well = cmp.Or(b.well[k], c.Well)
			recovered = append(recovered, Event{Recovered, c})
		}
	}
	byCondition := func(a, b Event) int { return Compare(a.Condition, b.Condition) }
	slices.SortFunc(raised, byCondition)
	slices.SortFunc(recovered, byCondition)
	return append(raised, recovered...)
}

// Note has those who know told know of events, too.
func Note(told map[Key]Condition, events []Event) {
	for _, e := range events {
		if e.What == Recovered {
			delete(told, e.Key())
			continue
		}
		told[e.Key()] = e.Condition
		for k := range told {
			if next, turns := k.Becomes(); turns && next == e.Key() {
				delete(told, k) // it has become this one
			}
		}
	}
}

// Brief names conditions in one line: each kind, with the first few subjects.
func Brief(conditions []Condition) string {
	const most = 3
	var parts []string
	for _, k := range Kinds() {
		n, names := 0, []string{}
		for _, c := range conditions {
			if c.Kind != k {
				continue
			}
			if n++; c.Subject != "" && len(names) < most {
				names = append(names, c.Subject)
			}
		}
		switch {
		case n == 0:
		case len(names) == 0:
			parts = append(parts, string(k))
		default:
			parts = append(parts, string(k)+" "+strings.Join(names, ", ")+fleet.More(n-len(names)))
		}
	}
	return cmp.Or(strings.Join(parts, "; "), "nothing needs a person")
}
