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

// Saga is a saga as people and programs see it: without its context, which is the steps' own affair.
type Saga struct {
	ID        string            `json:"id"`
	Kind      string            `json:"kind"`
	Name      string            `json:"name"`
	Status    saga.Status       `json:"status"`
	Back      bool              `json:"back"` // it goes back
	Step      string            `json:"step"` // the present one; empty when all are done
	StepNo    int               `json:"step_no"`
	Attempts  int               `json:"attempts"` // failed tries of the present step
	NotBefore time.Time         `json:"not_before,omitzero"`
	Error     string            `json:"error"`
	Labels    map[string]string `json:"labels"`
	CreatedAt time.Time         `json:"created_at"`
	UpdatedAt time.Time         `json:"updated_at"`
	EndedAt   time.Time         `json:"ended_at,omitzero"`
	Steps     []Step            `json:"steps"`
	Calls     []Call            `json:"calls,omitempty"` // requests to the API; only of a saga that is shown by itself
}

// Step is a step of a saga.
type Step struct {
	Name      string          `json:"name"`
	Status    saga.StepStatus `json:"status"`
	Attempts  int             `json:"attempts"`
	Error     string          `json:"error"`
	StartedAt time.Time       `json:"started_at,omitzero"`
	EndedAt   time.Time       `json:"ended_at,omitzero"`
}

// Call is a request to the API that was made for a saga.
type Call struct {
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Status    int       `json:"status,omitempty"` // left out: no answer
	RequestID string    `json:"request_id,omitempty"`
	Error     string    `json:"error,omitempty"`
	BeganAt   time.Time `json:"began_at"`
	LastAt    time.Time `json:"last_at,omitzero"` // of several alike
	Times     int       `json:"times"`
	Seconds   float64   `json:"seconds"` // that the last of them took
}

// SagaOf is a saga with what was asked of the API for it, where that is to be shown.
func SagaOf(s saga.Saga, calls []fleet.Call) Saga {
	v := Saga{
		ID: s.ID, Kind: s.Kind, Name: s.Subject, Status: s.Status, Back: s.Reverse, StepNo: min(s.Step+1, len(s.Steps)),
		Attempts: s.Attempts, NotBefore: s.NotBefore, Error: s.Error, Labels: s.Labels,
		CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt, EndedAt: s.EndedAt, Steps: make([]Step, len(s.Steps)), Calls: make([]Call, len(calls)),
	}
	if s.Undecodable != "" {
		v.Error = "its row cannot be read: " + s.Undecodable
	}
	if s.Step >= 0 && s.Step < len(s.Steps) && s.Status.Live() {
		v.Step = s.Steps[s.Step]
	}
	for i, name := range s.Steps {
		v.Steps[i] = Step{Name: name, Status: saga.StepPending}
		if i < len(s.History) {
			h := s.History[i]
			v.Steps[i] = Step{name, h.Status, h.Attempts, h.Error, h.StartedAt, h.EndedAt}
		}
		if v.Status.Live() && i == s.Step && v.Steps[i].Status == saga.StepPending {
			v.Steps[i].Status = saga.StepRunning // a try is written down only when it has come to something
		}
	}
	for i, c := range calls {
		v.Calls[i] = Call{c.Method, c.Path, c.Status, c.RequestID, c.Error, c.BeganAt, time.Time{}, c.Times, c.Took.Seconds()}
		if c.Times > 1 {
			v.Calls[i].LastAt = c.LastAt
		}
	}
	return v
}

func sagasOf(sagas []saga.Saga) []Saga {
	views := make([]Saga, len(sagas))
	for i, s := range sagas {
		views[i] = SagaOf(s, nil)
	}
	return views
}

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
		t.sagas(l.Rows, now, len(l.Rows))
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

// sagas writes one row for each of the first so many sagas.
func (t *table) sagas(list []Saga, now time.Time, most int) {
	t.row("SAGA", "DROPLET", "KIND", "STATUS", "STEP", "BEGAN", "ERROR")
	for _, v := range list[:min(len(list), most)] {
		step := orNone(v.Step)
		if v.Step != "" {
			step = fmt.Sprintf("%s (%d/%d)", v.Step, v.StepNo, len(v.Steps))
			if v.Attempts > 0 {
				step += fmt.Sprintf(", %d failed", v.Attempts)
			}
		}
		t.row(fleet.Saga8(v.ID), v.Name, v.Kind, v.Status, step, ago(now, v.CreatedAt), fleet.Fit(v.Error, 80))
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
					took = Rough(s.EndedAt.Sub(s.StartedAt))
				}
			}
			t.row(s.Name, s.Status, s.Attempts, began, took, fleet.Fit(s.Error, 160))
		}
		t.row()
		v.timeline(t)
		if v.Status == saga.Stuck {
			t.row()
			t.row(fmt.Sprintf("To try again: arcadiad saga retry %s; to give it up: arcadiad saga abort %[1]s", fleet.Saga8(v.ID)))
		}
	})
}

// facts are what there is to say of the saga as a whole.
func (v Saga) facts(t *table, now time.Time) {
	t.fact("Saga", v.ID)
	t.fact("Kind", v.Kind)
	t.fact("Droplet", strings.TrimSpace(v.Name+" "+v.Labels[fleet.LabelDroplet]))
	t.fact("Address", v.Labels[fleet.LabelIP])
	status := string(v.Status)
	if v.Back && v.Status.Live() {
		status += ", going back"
	}
	t.fact("Status", status)
	t.fact("From", v.origin())
	t.fact("Plan", v.planned())
	t.fact("Began", when(now, v.CreatedAt))
	t.fact("Ended", when(now, v.EndedAt))
	if v.Status.Live() && v.NotBefore.After(now) {
		t.fact("Next try", "in "+Rough(v.NotBefore.Sub(now)))
	}
	t.fact("Error", v.Error)
}
