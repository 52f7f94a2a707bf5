package control_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
)

// roller answers with one rollout, and keeps what it was ordered.
type roller struct {
	control.Service
	told    control.Rollout
	ordered []control.RolloutOrder
	err     error
}

func (r *roller) Rollouts(context.Context) ([]control.Rollout, error) {
	return []control.Rollout{r.told}, r.err
}

func (r *roller) OrderRollout(_ context.Context, q control.RolloutOrder) (control.Rollout, error) {
	r.ordered = append(r.ordered, q)
	return r.told, r.err
}

// What is told of a rollout, and what a person orders, comes through the socket as it is.
func TestRolloutsSurviveTheSocket(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 14, 3, 0, time.UTC)
	r := control.Rollout{
		Rollout: fleet.Rollout{
			ID: "5c1d9a02", Group: "web", From: "image a", To: "image b", Members: []fleet.RolloutMember{{Name: "web-1", DropletID: 7}},
			Phase: fleet.RolloutAborted, Reason: "aborted by a person", BeganAt: at, LiftedAt: at.Add(time.Minute),
		},
		Done: []string{"web-1"}, Moving: []string{"web-2"}, Waiting: []string{"web-3"}, Begun: 2, RestedAt: at.Add(time.Hour),
		Failed: &plan.Failure{Name: "web-1", Saga: "5f0c9a1e", Why: "not ready", At: at},
		Plan:   &plan.Rollout{Count: 3, Serving: 2, Size: 1, Why: "it is aborted", NextAt: at, Left: 14 * time.Minute},
		Onward: []control.Progress{{Saga: "5f0c9a1f", Name: "web-2", Step: "DestroyDroplet"}},
	}
	s := &roller{told: r}
	c := control.NewClient(control.InProcess(control.Handler(s)))
	list, err := c.Rollouts(t.Context())
	if d := cmp.Diff([]control.Rollout{r}, list); d != "" || err != nil {
		t.Errorf("%v, %s", err, d)
	}
	order := control.RolloutOrder{Group: "web", Do: control.AbortRollout}
	told, err := c.OrderRollout(t.Context(), order)
	if d := cmp.Diff(r, told); d != "" || err != nil {
		t.Errorf("%v, %s", err, d)
	}
	if d := cmp.Diff([]control.RolloutOrder{order}, s.ordered); d != "" {
		t.Errorf("ordered: %s", d)
	}
	s.err = errors.New("rollout of web is running")
	if _, err := c.OrderRollout(t.Context(), order); err == nil || err.Error() != s.err.Error() {
		t.Errorf("an order that is refused: %v", err)
	}
	if _, err := c.Rollouts(t.Context()); err == nil || err.Error() != s.err.Error() {
		t.Errorf("a list that is refused: %v", err)
	}
}

// How far a rollout has come is told by its sagas; one that has ended is stopped by nothing.
func TestRolloutOf(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 14, 3, 0, time.UTC)
	row := fleet.Rollout{ID: "aa", Group: "web", Spec: "cafe", Phase: fleet.RolloutRunning, BeganAt: at, Members: []fleet.RolloutMember{
		{Name: "web-1"}, {Name: "web-2"}, {Name: "web-3"}, {Name: "web-4"},
	}}
	saga := func(id, name, status string, ended int) fleet.Saga {
		s := fleet.Saga{ID: id, Kind: fleet.SagaReplace, Name: name, Status: status, CreatedAt: at, Live: ended == 0, Error: "why", Facts: fleet.Facts{GroupHash: "cafe", Rollout: "aa"}}
		if ended > 0 {
			s.EndedAt = at.Add(time.Duration(ended) * time.Minute)
		}
		return s
	}
	sagas := []fleet.Saga{saga("1", "web-1", "completed", 1), saga("2", "web-2", "compensated", 2), saga("3", "web-3", "running", 0)}
	want := control.Rollout{
		Rollout: row, Done: []string{"web-1"}, Moving: []string{"web-3"}, Waiting: []string{"web-2", "web-4"}, Begun: 3,
		Failed: &plan.Failure{Name: "web-2", Saga: "2", Why: "why", At: at.Add(2 * time.Minute)},
	}
	if d := cmp.Diff(want, control.RolloutOf(row, sagas)); d != "" {
		t.Errorf("running: %s", d)
	}
	row.Phase, row.EndedAt = fleet.RolloutSuperseded, at.Add(time.Hour)
	want.Rollout, want.Failed = row, nil
	if d := cmp.Diff(want, control.RolloutOf(row, sagas)); d != "" {
		t.Errorf("ended: %s", d)
	}
}
