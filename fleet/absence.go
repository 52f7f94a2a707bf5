package fleet

import "time"

// Absence is what is known of a droplet that was shown once and is not shown any more. It is durable, so that a restart loses no
// evidence (law 6).
type Absence struct {
	DropletID   int64     // 0: the fleet as a whole, of which only the tag is left
	Since       time.Time // when the first look that lacked it began
	LastAt      time.Time // when the newest look that counted began
	Looks       int       // those that counted: each began [LookApart] or more after the one before
	Witnessed   int       // how many of the newest of them, in a row, showed a witness
	Process     string    // which process counted the newest
	Interrupted bool      // a restart, or a jump of the clock, lies between two of them
	GoneAt      time.Time // when it was proved gone; zero: not yet
}

const (
	// LookApart is how far two looks must lie apart for both to count: a read replica may be blank for seconds.
	LookApart = time.Minute

	unwitnessedFor = 5 * time.Minute  // how long an absence without a witness must last
	youngFor       = 15 * time.Minute // the same of a droplet that is young: a replica may be that far behind
	young          = time.Hour
)

// Again takes one more look that lacked the droplet into account. Process names who looked: it is another one after a restart, and
// after the clock jumped.
func (a Absence) Again(began time.Time, witnessed bool, process string) Absence {
	if a.Looks == 0 || began.Before(a.LastAt) { // the clock went back: nothing can be told from the times of before
		a = Absence{DropletID: a.DropletID, Since: began, Process: process}
	} else if began.Sub(a.LastAt) < LookApart {
		return a
	}
	a.Interrupted = a.Interrupted || a.Process != process
	a.LastAt, a.Process = began, process
	a.Looks++
	a.Witnessed++
	if !witnessed {
		a.Witnessed = 0
	}
	return a
}

// Proved tells whether the droplet, made at that time, is gone (law 6): two looks a minute apart lack it and show a witness, or three
// looks over five minutes lack it, a quarter of an hour if it was not an hour old. It takes one look more where the looks were
// interrupted. A droplet whose age is not known counts as young.
func (a Absence) Proved(made time.Time) bool {
	if a.Witnessed >= 2+a.extra() {
		return true
	}
	return a.Looks >= 3+a.extra() && a.LastAt.Sub(a.Since) >= a.lasts(made)
}

// NextLook is when to look again for a droplet made at that time. Where there is a witness, each look may prove the absence. Without
// one only time does: the pauses double, and the last look comes when the absence has lasted for long enough.
func (a Absence) NextLook(made time.Time) time.Time {
	if a.Witnessed > 0 {
		return a.LastAt.Add(LookApart)
	}
	next := a.LastAt.Add(max(LookApart, a.LastAt.Sub(a.Since)))
	if proved := a.ProvedAt(made); proved.Before(next) {
		return proved
	}
	return next
}

// ProvedAt is when the proof is complete at the earliest, if the looks to come are like the newest one.
func (a Absence) ProvedAt(made time.Time) time.Time {
	after := func(looks int) time.Time { return a.LastAt.Add(time.Duration(max(1, looks)) * LookApart) }
	if a.Witnessed > 0 {
		return after(2 + a.extra() - a.Witnessed)
	}
	at := after(3 + a.extra() - a.Looks)
	if lasted := a.Since.Add(a.lasts(made)); lasted.After(at) {
		return lasted
	}
	return at
}

// extra is how many looks more it takes because the looks were interrupted.
func (a Absence) extra() int {
	if a.Interrupted {
		return 1
	}
	return 0
}

// lasts is how long the absence must last without a witness.
func (a Absence) lasts(made time.Time) time.Duration {
	if made.IsZero() || a.Since.Sub(made) < young {
		return youngFor
	}
	return unwitnessedFor
}
