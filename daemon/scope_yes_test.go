package daemon

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/simulator"
	"arcadiad/state/sqlite"
)

// grants are the approvals that are there and unused.
func (w *world) grants() []fleet.Grant {
	w.t.Helper()
	recorded, err := w.reader().Load(context.Background())
	w.must(err)
	return recorded.Grants
}

// Law 9: a yes to a replace that could not begin lets nothing through later, and the daemon tells nobody that it waits for it.
func TestLaw09AReplaceLeavesNoApprovalBehind(t *testing.T) {
	scoped(t, fleetOf("name: a", "name: b"), func(w *world, apply func(control.Conduct) (control.Applied, error)) {
		old := w.ours("a")
		w.sim.AttachVolume(old)
		c := replaceOf("a")
		c.Confirm = func(plan.Plan) (bool, error) {
			if w.life != nil {
				w.must(w.life.h.pause(context.Background(), true))
				return true, nil
			}
			w.sim.AttachVolume(old) // another than the person saw
			return true, nil
		}
		applied, err := apply(c)
		if err != nil && !errors.Is(err, reconcile.ErrChanged) || applied.Converged || w.ours("a") != old {
			w.t.Fatalf("%v: %+v", err, applied.After)
		}
		if left := w.grants(); len(left) > 0 {
			w.t.Errorf("left behind: %+v", left)
		}
		if w.life == nil {
			return
		}
		if told := w.conditions(condition.Held); len(told) > 0 || w.life.h.loop.Last().Outcome.Pass.Plan.Asked != 0 {
			w.t.Errorf("told of %+v", told)
		}
		w.must(w.life.h.pause(context.Background(), false))
	})
}

// What was approved together with the old droplet's end is followed to the end: also the new one, where the old one goes first.
func TestReplaceThatIsApprovedIsFollowed(t *testing.T) {
	scoped(t, fleetOf("name: a, replace: destroy_first", "name: b"), func(w *world, apply func(control.Conduct) (control.Applied, error)) {
		old := w.ours("a")
		w.sim.AttachVolume(old)
		if w.life != nil { // something else is held, too
			before := w.file
			defer func() { w.edit(before) }()
			w.sim.AttachVolume(w.ours("b"))
			w.edit(fleetOf("name: a, replace: destroy_first"))
			time.Sleep(time.Minute)
		}
		c := replaceOf("a")
		c.Progress = func(control.Progress) {
			if slices.ContainsFunc(w.grants(), func(g fleet.Grant) bool { return g.DropletID != old }) {
				w.t.Errorf("approved: %+v", w.grants())
			}
		}
		applied, err := apply(c)
		if err != nil || !applied.Converged || len(w.sim.Named("a")) != 1 || w.ours("a") == old {
			w.t.Errorf("%v: %+v\n%s", err, applied.After, w.describe())
		}
	})
}

// An approval that was given without a daemon is not spent on, nor lost to, a replace that another person asks for.
func TestReplaceKeepsAnApproval(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		o, f := w.disk(fleetOf("name: a", "name: b")), &follower{}
		_, err := Apply(context.Background(), o, f.conduct())
		w.must(err)
		w.sim.AttachVolume(w.ours("b"))
		w.must(os.WriteFile(o.Fleet, []byte(fleetOf("name: a")), 0o600))
		applied, err := Apply(context.Background(), o, f.conduct())
		w.must(err)
		store, err := sqlite.Open(context.Background(), o.State, sqlite.Options{})
		w.must(err)
		w.must(errors.Join(store.Approve(context.Background(), applied.After.ID), store.Close()))
		applied, err = Apply(context.Background(), o, replaceOf("a"))
		if err != nil || !applied.Converged || len(w.sim.Named("b")) != 1 {
			w.t.Errorf("%v: %+v", err, applied)
		}
		applied, err = Apply(context.Background(), o, f.conduct())
		if err != nil || !applied.Converged || len(w.sim.Named("b")) != 0 {
			w.t.Errorf("%v: %+v", err, applied.After)
		}
	})
}

// A group that a member of was replaced in is as before: nothing of it waits, whether the replace came through or not.
func TestReplaceInAGroupEndsItsRollout(t *testing.T) {
	scoped(t, fleetOf("name: web, count: 3"), func(w *world, apply func(control.Conduct) (control.Applied, error)) {
		for _, fails := range []bool{false, true} {
			old := w.ours("web-2")
			w.sim.SetFaults(simulator.Faults{VanishAfter202: map[bool]time.Duration{true: time.Second}[fails]})
			applied, err := apply(replaceOf("web-2"))
			if err != nil || applied.Converged == fails || (w.ours("web-2") == old) != fails {
				w.t.Errorf("fails %v: %v: %+v", fails, err, applied)
			}
			w.sim.SetFaults(simulator.Faults{})
			if w.life != nil {
				w.rest()
				time.Sleep(2 * time.Hour)
			} else {
				_, err = Apply(context.Background(), w.disk(w.file), (&follower{}).conduct())
				w.must(err)
			}
			rows, err := w.reader().Rollouts(context.Background())
			w.must(err)
			for _, row := range rows {
				if row.Live() {
					w.t.Errorf("fails %v: %+v", fails, row)
				}
			}
		}
	})
}

// What is changed of others between the question and the yes is nothing to a replace, and what is changed of its own
// droplet is.
func TestReplaceIsForWhatWasShown(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.file = fleetOf("name: a", "name: b")
		w.start()
		w.rest()
		old := w.ours("a")
		w.sim.AttachVolume(old)
		c := replaceOf("a")
		c.Confirm = func(plan.Plan) (bool, error) {
			w.edit(fleetOf("name: a, image: debian-12-x64", "name: b"))
			time.Sleep(time.Second)
			return true, nil
		}
		if applied, err := control.Apply(context.Background(), w.beside(), c); err != nil || applied.Converged || w.ours("a") != old || len(w.grants()) > 0 {
			w.t.Errorf("%v: %+v", err, applied.After)
		}
		w.edit(fleetOf("name: a", "name: b"))
		w.rest()
		c.Confirm = func(plan.Plan) (bool, error) {
			w.edit(fleetOf("name: a", "name: b", "name: c"))
			time.Sleep(time.Second)
			return true, nil
		}
		applied, err := control.Apply(context.Background(), w.beside(), c)
		if err != nil || !applied.Converged || w.ours("a") == old {
			w.t.Errorf("%v: %+v", err, applied.After)
		}
		w.rest()
	})
}

// Two who replace the same droplet at once replace it once, and of two members of a group only one goes.
func TestTwoReplaceAtOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.file = fleetOf("name: web, count: 3")
		w.start()
		w.rest()
		for _, names := range [][]string{{"web-2", "web-2"}, {"web-1", "web-3"}} {
			before := w.deletes()
			both, yes := make(chan control.Applied, 2), make(chan struct{})
			for _, name := range names {
				c := replaceOf(name)
				c.Confirm = func(plan.Plan) (bool, error) { <-yes; return true, nil }
				go func() {
					applied, err := control.Apply(context.Background(), w.beside(), c)
					w.must(err)
					both <- applied
				}()
			}
			time.Sleep(time.Minute)
			close(yes)
			x, y := <-both, <-both
			if again := names[0] == names[1]; w.deletes() != before+1 || (x.Converged && y.Converged) != again || !x.Converged && !y.Converged {
				w.t.Errorf("%q: %v and %v; %d deletes", names, x.Converged, y.Converged, w.deletes()-before)
			}
			w.rest()
		}
	})
}

// An apply of some names tells nothing of the others, and does not fail because they do.
func TestApplyByNameTellsOnlyOfThese(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.file = fleetOf("name: a")
		w.start()
		w.rest()
		w.meddle(func(r *http.Request, on http.RoundTripper) (*http.Response, error) {
			if r.Method != http.MethodPost || r.URL.Path != "/v2/droplets" {
				return on.RoundTrip(r)
			}
			body, err := io.ReadAll(r.Body)
			w.must(err)
			r.Body = io.NopCloser(bytes.NewReader(body))
			if bytes.Contains(body, []byte(`"bad"`)) {
				time.Sleep(5 * time.Second)
				return &http.Response{StatusCode: 422, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
					Body: io.NopCloser(strings.NewReader(`{"id": "unprocessable_entity", "message": "no"}`))}, nil
			}
			return on.RoundTrip(r)
		})
		w.edit(fleetOf("name: a", "name: bad", "name: good"))
		time.Sleep(time.Second)
		var told []string
		applied, err := control.Apply(context.Background(), w.beside(), control.Conduct{
			Only: control.Only{Names: []string{"good"}}, Confirm: func(plan.Plan) (bool, error) { return true, nil },
			Progress: func(p control.Progress) { told = append(told, p.Name) },
		})
		if err != nil || !applied.Converged || slices.Contains(told, "bad") || !slices.Contains(told, "good") {
			w.t.Errorf("%v, told of %q: %+v", err, told, applied)
		}
		w.leave()
		time.Sleep(2 * time.Hour)
		w.rest()
	})
}
