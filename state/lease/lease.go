package lease

import (
	"sync"
	"time"
)

// DefaultLength is how long a lease lasts without a commit.
const DefaultLength = 30 * time.Second

// Margin is the part of a length in which a leader does nothing any more, and nobody else does yet.
func Margin(length time.Duration) time.Duration { return length / 5 }

// Pause is how often a leader that has nothing to commit renews its lease, and how often a challenger looks.
func Pause(length time.Duration) time.Duration { return length / 6 }

// Row is what the database keeps.
type Row struct {
	Holder  string        // a random id; empty: nobody holds it
	Epoch   int64         // one more with each holder
	Commits int64         // one more with each commit
	Length  time.Duration // how long the holder trusts it
}

// Taken is the row as a new holder leaves it.
func (r Row) Taken(holder string, length time.Duration) Row {
	return Row{Holder: holder, Epoch: r.Epoch + 1, Commits: r.Commits + 1, Length: length}
}

// Next is the row after one more commit of its holder.
func (r Row) Next() Row {
	r.Commits++
	return r
}

// Leader is the side of the holder. Times are by its own clock, which must count the time for which the machine was suspended.
type Leader struct {
	mu      sync.Mutex
	row     Row
	started time.Duration // the last commit
	quiet   time.Duration // until then it sends nothing
	lapsed  bool
}

// Lead begins to lead with the row as it was left by a commit that started, and was answered, at these times. Was it taken from another
// holder, nothing is sent for a length, or for as long as what that one has sent may be on its way, if that is longer.
func Lead(was, row Row, started, answered, onItsWay time.Duration) *Leader {
	l := &Leader{row: row, started: started}
	if was.Holder != "" {
		l.quiet = answered + max(was.Length, row.Length, onItsWay)
	}
	return l
}

// Row is what the holder left in the database.
func (l *Leader) Row() Row {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.row
}

// Committed notes a commit that was made, and left row.Next() in the database: when it started, and when its answer was here.
func (l *Leader) Committed(started, answered time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if answered >= l.started+l.row.Length {
		l.lapsed = true
	}
	l.row, l.started = l.row.Next(), started
}

// Leads tells whether the holder may send something now.
func (l *Leader) Leads(now time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.lapsed && now >= l.quiet && now < l.started+l.row.Length-Margin(l.row.Length)
}

// Quiet is when the holder may send for the first time.
func (l *Leader) Quiet() time.Duration { return l.quiet }

// Lapsed tells that there was a whole length without a commit: others may have led meanwhile. It stays so.
func (l *Leader) Lapsed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lapsed
}

// Watch is the side of a challenger.
type Watch struct {
	seen  bool
	row   Row
	since time.Duration // when the first answer that showed it was here
}

// Saw notes what the database showed: when the question started, and when the answer was here. It tells whether the challenger may take the
// row over, if it is still this one. It waits for the length that the holder has told, or for its own if that is longer.
func (w *Watch) Saw(row Row, asked, answered, own time.Duration) (mayTake bool) {
	if !w.seen || row != w.row {
		*w = Watch{seen: true, row: row, since: answered}
	}
	return row.Holder == "" || asked >= w.since+max(row.Length, own)
}
