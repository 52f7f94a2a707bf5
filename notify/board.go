package notify

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"arcadiad/fleet"
)

// Kind is what sort of a condition it is.
type Kind string

// The kinds of conditions.
const (
	Stuck    Kind = "stuck"    // a saga needs a person, or patience
	Held     Kind = "held"     // an action waits for a person, or for a backoff
	Stalled  Kind = "stalled"  // a droplet is not tried again: too many were made for its spec and destroyed, or too many resizes of it failed
	Missing  Kind = "missing"  // the account does not show a registered droplet
	Drift    Kind = "drift"    // a droplet was changed behind arcadiad's back
	Released Kind = "released" // a registered droplet lost our tags
	File     Kind = "file"     // the newest fleet file is not in force
	Failing  Kind = "failing"  // passes have failed for a while
)

// Kinds are all kinds, in the order in which messages show them.
func Kinds() []Kind { return []Kind{Failing, File, Stuck, Missing, Stalled, Held, Released, Drift} }

// Condition is something that is so, until it is not, and that a person should know.
type Condition struct {
	Kind    Kind      `json:"kind"`
	Subject string    `json:"subject,omitempty"` // a droplet's name; empty: the whole fleet. One condition of a kind and subject
	State   string    `json:"state"`             // tells one such condition from another: when it changes, people are told anew
	Summary string    `json:"summary"`           // what is so, in one sentence
	Advice  string    `json:"advice"`            // what to do
	Since   time.Time `json:"since"`             // zero: since it was raised
}

type key struct {
	kind    Kind
	subject string
}

func (c Condition) key() key { return key{c.Kind, c.Subject} }

// compare orders conditions as messages show them.
func compare(a, b Condition) int {
	kinds := Kinds()
	return cmp.Or(cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)), fleet.CompareNames(a.Subject, b.Subject),
		cmp.Compare(a.Subject, b.Subject))
}

// Board holds the conditions of the present. It is safe for concurrent use, and nobody waits at it. The zero value is ready.
type Board struct {
	mu        sync.Mutex
	present   map[key]Condition
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
		b.present = map[key]Condition{}
	}
	if c.Since.IsZero() {
		c.Since = time.Now().UTC()
	}
	if before, there := b.present[c.key()]; there && before.State == c.State {
		c.Since = before.Since
	}
	b.present[c.key()] = c
}

// Clear takes a condition off the board, if it is there.
func (b *Board) Clear(kind Kind, subject string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, there := b.present[key{kind, subject}]; !there {
		return
	}
	delete(b.present, key{kind, subject})
	b.touch()
}

// Replace says that the conditions of these kinds are exactly those. Of undecided subjects it says nothing: what they had stays. Until
// a kind was replaced or settled once, that a condition of it is not on the board means nothing.
func (b *Board) Replace(kinds []Kind, conditions []Condition, undecided map[string]bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := map[key]bool{}
	for _, c := range conditions {
		now[c.key()] = true
	}
	maps.DeleteFunc(b.present, func(k key, _ Condition) bool {
		return slices.Contains(kinds, k.kind) && !now[k] && !undecided[k.subject]
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
func (b *Board) Counts() map[string]int {
	counts := map[string]int{}
	for _, k := range Kinds() {
		counts[string(k)] = 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for k := range b.present {
		counts[string(k.kind)]++
	}
	return counts
}

// touch tells the Notifier to look. The caller holds the lock.
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

// changes gives the bell.
func (b *Board) changes() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bell()
}

// news is what those do not know who know told: in order, the recovered last.
func (b *Board) news(told map[key]Condition) []Event {
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
		if _, still := b.present[k]; !still && b.settled[k.kind] && !b.undecided[k.kind][k.subject] {
			recovered = append(recovered, Event{Recovered, c})
		}
	}
	byCondition := func(a, b Event) int { return compare(a.Condition, b.Condition) }
	slices.SortFunc(raised, byCondition)
	slices.SortFunc(recovered, byCondition)
	return append(raised, recovered...)
}
