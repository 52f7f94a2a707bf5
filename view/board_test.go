package view

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/saga"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// tried is a try of a step of the saga that provisions a droplet.
func tried(name, step string, n, attempt int) control.Progress {
	return control.Progress{
		Saga: fmt.Sprintf("%08x", len(name)) + name, Kind: fleet.SagaProvision, Name: name, What: string(saga.EventStarted),
		Status: string(saga.Running), Step: step, StepNo: n, Steps: 3, Attempt: attempt, Began: noon,
	}
}

func ended(name string, status saga.Status) control.Progress {
	p := tried(name, "", 3, 0)
	p.What, p.Status, p.Ended, p.IP = string(saga.EventEnded), string(status), true, "198.51.100.7"
	return p
}

func TestBoardLines(t *testing.T) {
	b := newBoard(noon)
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	b.take(tried("web-10", "CreateDroplet", 1, 1), at(0))
	b.take(tried("web-2", "WaitDropletActive", 2, 3), at(1))
	stuck := tried("db", "WaitDropletActive", 2, 4)
	stuck.Status, stuck.Error = string(saga.Stuck), "it\nsays no"
	b.take(stuck, at(1))
	back := tried("cache", "CreateDroplet", 1, 1)
	back.Status, back.Reverse = string(saga.Compensating), true
	b.take(back, at(1))
	b.take(tried("old", "WaitDropletActive", 2, 1), at(1))
	b.take(ended("old", saga.Completed), at(61))
	failed := ended("bad", saga.Compensated)
	failed.Error, failed.IP = "the API said no", ""
	b.take(failed, at(62))

	want := []string{
		"  + bad     failed, undone              1m2s  the API said no",
		"  + cache   undoing CreateDroplet       1m5s",
		"  + db      stuck at WaitDropletActive  1m5s  attempt 4  it says no",
		"  + old     done                        1m1s  198.51.100.7",
		"  + web-2   WaitDropletActive (2/3)     1m5s  attempt 3",
		"  + web-10  CreateDroplet (1/3)         1m5s",
	}
	if d := cmp.Diff(want, b.lines(10, 100, at(65))); d != "" {
		t.Errorf("lines (-want +got):\n%s", d)
	}
	if got, want := b.summary(at(65)), "1 of 6 done, 3 under way, 1 failed, 1 stuck, 1m5s"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
	for _, line := range b.lines(10, 20, at(65)) {
		if n := len([]rune(line)); n > 20 {
			t.Errorf("line %q has %d columns, want at most 20", line, n)
		}
	}
}

// rolls is how far a rollout of eight has come.
func rolls(done, number int, members ...string) control.Progress {
	return control.Progress{Batch: &control.Batch{Group: "web", Done: done, Total: 8, Number: number, Of: 5, Members: members, Left: 6 * time.Minute}}
}

// A rollout is the first line: how many are done, what ended meanwhile included, and the time that is left.
func TestBoardShowsRollouts(t *testing.T) {
	b := newBoard(noon)
	at := func(m int) time.Time { return noon.Add(time.Duration(m) * time.Minute) }
	b.take(rolls(1, 2, "web-2", "web-3"), noon)
	waits := tried("web-2", "WaitDropletReady", 3, 1)
	waits.Doing = "waiting until it answers http 8080 /healthz"
	b.take(waits, noon)
	b.take(ended("web-9", saga.Completed), noon)
	gone := ended("web-3", saga.Completed)
	gone.Kind = fleet.SagaDestroy // the first half of a replace
	b.take(gone, noon)
	shows := func(at time.Time, want ...string) {
		t.Helper()
		if d := cmp.Diff(want, b.lines(10, 100, at)); d != "" {
			t.Errorf("lines (-want +got):\n%s", d)
		}
	}
	shows(at(2), "web: 1 of 8, batch 2 of 5, about 4 minutes left",
		"  + web-2  waiting until it answers http 8080 /healthz (3/3)    2m", "  - web-3  done                                                 0s  198.51.100.7",
		"  + web-9  done                                                 0s  198.51.100.7")
	b.take(ended("web-2", saga.Completed), at(2))
	b.take(ended("web-2", saga.Completed), at(2))
	b.take(ended("web-3", saga.Completed), at(2))
	if got := b.lines(2, 100, at(9)); len(got) != 2 || got[0] != "web: 3 of 8, batch 2 of 5, less than a minute left" || b.size() != 4 {
		t.Errorf("lines %q of %d", got, b.size())
	}
	pause := rolls(3, 3)
	pause.Batch.NextAt = noon.Add(time.Hour)
	b.take(pause, at(9))
	if got := b.lines(1, 100, at(9)); len(got) != 1 || got[0] != "web: 3 of 8, batch 3 of 5 at 13:00:00 UTC, about 6 minutes left" {
		t.Errorf("lines %q", got)
	}
}

// A rollout whose last members are done has no time left.
func TestBoardShowsTheEndOfARollout(t *testing.T) {
	b := newBoard(noon)
	b.take(rolls(7, 5, "web-8"), noon)
	b.take(ended("web-8", saga.Completed), noon)
	if got := b.lines(1, 100, noon); got[0] != "web: 8 of 8 done" {
		t.Errorf("%q", got)
	}
}

// Where nothing is redrawn, a line says once where each rollout is.
func TestPlainLinesOfRollouts(t *testing.T) {
	var out strings.Builder
	s := NewProgress(&out, 0)
	again := rolls(1, 2, "web-2")
	again.Batch.Left = time.Minute
	waits := tried("web-2", "WaitDropletReady", 3, 1)
	waits.Doing = "waiting until it answers tcp 22"
	for _, p := range []control.Progress{rolls(1, 2, "web-2"), again, waits, rolls(3, 3, "web-4")} {
		s.Take(p)
	}
	want := "web: 1 of 8, batch 2 of 5, about 6 minutes left\n  + web-2 (00000005): waiting until it answers tcp 22\nweb: 3 of 8, batch 3 of 5, about 6 minutes left\n"
	if out.String() != want {
		t.Errorf("%q\nwant %q", out.String(), want)
	}
}

// Thousands of droplets fill the lines that there are, with those that matter most.
func TestBoardIsBounded(t *testing.T) {
	b := newBoard(noon)
	for n := range 5000 {
		b.take(ended(fmt.Sprintf("web-%d", n), saga.Completed), noon.Add(time.Duration(n)*time.Millisecond))
	}
	b.take(tried("late", "CreateDroplet", 1, 1), noon)
	b.take(ended("bad", saga.Compensated), noon)
	lines := b.lines(4, 80, noon.Add(time.Minute))
	var names []string
	for _, line := range lines {
		names = append(names, strings.Fields(line)[1])
	}
	if want := []string{"bad", "late", "web-4998", "web-4999"}; !slices.Equal(names, want) {
		t.Errorf("lines of %v, want %v", names, want)
	}
	if got, want := b.summary(noon.Add(time.Minute)), "5000 of 5002 done, 1 under way, 1 failed, 1m"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
}

func TestPlainLines(t *testing.T) {
	failed := tried("web-1", "CreateDroplet", 1, 2)
	failed.What, failed.Error = string(saga.EventFailed), "no\nroom"
	done := tried("web-1", "CreateDroplet", 1, 1)
	done.What = string(saga.EventDone)
	missed := ended("web-1", saga.Completed)
	missed.What = ""
	for _, c := range []struct {
		p    control.Progress
		want string
	}{
		{tried("web-1", "CreateDroplet", 1, 1), ""},
		{done, "  + web-1 (00000005): CreateDroplet done"},
		{failed, "  + web-1 (00000005): CreateDroplet failed at attempt 2, will be tried again: no room"},
		{ended("web-1", saga.Completed), "  + web-1 (00000005): completed 198.51.100.7"},
		{missed, "  + web-1 (00000005): completed 198.51.100.7"},
	} {
		if got := plainLine(c.p); got != c.want {
			t.Errorf("%s: %q, want %q", c.p.What, got, c.want)
		}
	}
}
