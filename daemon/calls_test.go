package daemon

import (
	"context"
	"slices"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/simulator"
)

// Every saga can tell each of its requests, the shared looks too, and none of another's.
func TestSagasTellTheirCalls(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Activation: time.Minute}, func(w *world) {
		w.edit(fleetOf("name: web, count: 5"))
		w.start()
		w.rest()
		w.edit(fleetOf("name: web, count: 4"))
		w.rest()
		creates, destroys := map[string]bool{}, 0
		for _, s := range w.sagas() {
			calls, err := w.reader().Calls(context.Background(), s.ID)
			w.must(err)
			looks := 0
			for _, c := range calls {
				switch {
				case c.Method == "POST" && c.Path == "/v2/droplets" && c.Status == 202:
					if creates[c.RequestID] || c.RequestID == "" {
						t.Errorf("request %q is told twice", c.RequestID)
					}
					creates[c.RequestID] = true
				case c.Method == "DELETE" && c.Path == "/v2/droplets/"+s.Labels[fleet.LabelDroplet]:
					destroys++
				case c.Method == "GET":
					looks += c.Times
				default:
					t.Errorf("%s of %s: unexpected %+v", s.Kind, s.Subject, c)
				}
			}
			if s.Kind == fleet.SagaProvision && looks < 12 {
				t.Errorf("%s waited a minute and tells %d looks", s.Subject, looks)
			}
			if !slices.IsSortedFunc(calls, func(a, b fleet.Call) int { return a.BeganAt.Compare(b.BeganAt) }) {
				t.Errorf("%s: out of order: %+v", s.Subject, calls)
			}
			if s.Labels[fleet.LabelPlan] == "" || s.Labels[fleet.LabelReason] == "" || s.Kind == fleet.SagaProvision && s.Labels[fleet.LabelLine] != "6" {
				t.Errorf("%s does not tell where it comes from: %v", s.Subject, s.Labels)
			}
		}
		if len(creates) != 5 || destroys != 1 {
			t.Errorf("%d creates and %d destroys are told, want 5 and 1", len(creates), destroys)
		}
	})
}
