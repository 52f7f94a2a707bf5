package view

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// latest is how many rows of the past are shown unasked.
const latest = 20

// SagaList is the sagas of a state database, live ones first.
type SagaList struct {
	Rows  []Saga
	older int // that are left out
}

// SagaListOf sorts the sagas of a state database, which gives the oldest first. All: every one that ended, not just the latest.
func SagaListOf(sagas []saga.Saga, all bool) SagaList {
	l := SagaList{Rows: sagasOf(sagas)}
	slices.Reverse(l.Rows)
	slices.SortStableFunc(l.Rows, func(a, b Saga) int { return rank(a) - rank(b) })
	live := slices.IndexFunc(l.Rows, func(v Saga) bool { return !v.Status.Live() })
	if live >= 0 && !all && len(l.Rows) > live+latest {
		l.older = len(l.Rows) - live - latest
		l.Rows = l.Rows[:live+latest]
	}
	return l
}

// Text writes the list for people.
func (l SagaList) Text(w io.Writer, now time.Time) error {
	return tabled(w, func(t *table) {
		if len(l.Rows) == 0 {
			t.row("There are no sagas yet.")
			return
		}
		sagaRows(t, l.Rows, now, len(l.Rows))
		t.older(l.older)
	})
}

// rank puts stuck sagas before live ones, and those before ended ones.
func rank(v Saga) int {
	switch {
	case v.Status == saga.Stuck:
		return 0
	case v.Status.Live():
		return 1
	}
	return 2
}

// sagaRows writes one row for each of the first so many sagas.
func sagaRows(t *table, list []Saga, now time.Time, most int) {
	t.row("SAGA", "DROPLET", "KIND", "STATUS", "STEP", "BEGAN", "ERROR")
	for _, v := range list[:min(len(list), most)] {
		step := orNone(v.Step)
		if v.Step != "" {
			step = fmt.Sprintf("%s (%d/%d)", v.Step, v.StepNo, len(v.Steps))
			if v.Attempts > 0 {
				step += fmt.Sprintf(", %d failed", v.Attempts)
			}
		}
		t.row(fleet.Saga8(v.ID), v.Name, v.Kind, byStatus(v.Status), step, ago(now, v.CreatedAt), fleet.Fit(v.Error, 80))
	}
	t.more(len(list), most)
}

// Text writes the saga for people: its steps, and a timeline.
func (v Saga) Text(w io.Writer, now time.Time) error {
	return tabled(w, func(t *table) {
		v.facts(t, now)
		t.row()
		t.row("STEP", "STATUS", "TRIES", "BEGAN", "TOOK", "ERROR")
		for _, s := range v.Steps {
			began, took := "-", "-"
			if !s.StartedAt.IsZero() {
				began = s.StartedAt.Local().Format(time.TimeOnly)
				if !s.EndedAt.IsZero() {
					took = rough(s.EndedAt.Sub(s.StartedAt))
				}
			}
			t.row(s.Name, s.Status, s.Attempts, began, took, fleet.Fit(s.Error, 160))
		}
		t.row()
		v.timeline(t)
		if v.Status == saga.Stuck {
			t.row()
			t.row(fmt.Sprintf("To retry: arcadiad saga retry %s; to give up: arcadiad saga abort %[1]s", fleet.Saga8(v.ID)))
		}
	})
}

// facts are what there is to say of the saga as a whole.
func (v Saga) facts(t *table, now time.Time) {
	t.fact("Saga", v.ID)
	t.fact("Kind", v.Kind)
	t.fact("Droplet", strings.TrimSpace(v.Name+" "+v.Labels[fleet.LabelDroplet]))
	t.fact("Address", v.Labels[fleet.LabelIP])
	t.fact("Snapshot", v.Labels[fleet.LabelSnapshot])
	status := string(v.Status)
	if v.Back && v.Status.Live() {
		status += ", being undone"
	}
	t.fact("Status", status)
	t.fact("From", v.origin())
	t.fact("Plan", v.planned())
	t.fact("Rollout", v.rollout())
	t.fact("Began", when(now, v.CreatedAt))
	t.fact("Ended", when(now, v.EndedAt))
	if v.Status.Live() && v.NotBefore.After(now) {
		t.fact("Next try", "in "+rough(v.NotBefore.Sub(now)))
	}
	t.fact("Error", v.Error)
}
