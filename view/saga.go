package view

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
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

// origin says where a saga comes from: the file, the line, the commit.
func (v Saga) origin() string {
	r, _ := fleet.RevisionOf(v.Labels)
	line, _ := strconv.Atoi(v.Labels[fleet.LabelLine]) // one that cannot be read is not told
	return fileText(r, line)
}

// planned says which plan the saga carries out, why, and who approved it; empty for one of an older arcadiad.
func (v Saga) planned() string {
	id, why := v.Labels[fleet.LabelPlan], v.Labels[fleet.LabelReason]
	if id == "" {
		return ""
	}
	words := strings.TrimSuffix(id+": "+fleet.OneLine(why), ": ")
	if by := v.Labels[fleet.LabelApprover]; by != "" {
		words += "; approved by " + fleet.OneLine(by)
	}
	return words
}

// rollout names the rollout that the saga is a part of; empty: it is part of none, or its droplet is the whole group.
func (v Saga) rollout() string {
	group := fleet.OneLine(v.Labels[fleet.LabelGoesThrough])
	if group == "" || group == fleet.Key(v.Name) {
		return ""
	}
	return fmt.Sprintf("of %s, %s (details: arcadiad rollout show %[1]s)", group, v.Labels[fleet.LabelRollout])
}

// kindOf is the action that a kind of saga carries out.
func kindOf(sagaKind string) plan.Kind {
	switch sagaKind {
	case fleet.SagaProvision:
		return plan.Provision
	case fleet.SagaDestroy:
		return plan.Destroy
	case fleet.SagaReplace:
		return plan.Replace
	case fleet.SagaPurge:
		return plan.Purge
	case fleet.SagaAdopt:
		return plan.Adopt
	}
	return plan.Update
}

// verbOf is what people read for a kind of action.
func verbOf(k plan.Kind) string {
	if k == plan.Provision {
		return "create"
	}
	return string(k)
}
