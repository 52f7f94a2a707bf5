package provision_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/simulator"
)

const routeSnapshots = "GET /v2/droplets/{id}/snapshots"

// snapped is balanced(name) of a droplet of which there is a snapshot when it goes.
func snapped(name string) fleet.Spec {
	s := balanced(name)
	s.Ending.Snapshot = true
	return s
}

// ending begins to end a droplet with a snapshot in one of the ways in which it goes for good.
func (y *stage) ending(end ending) (old simulator.Droplet, begin func() string) {
	y.t.Helper()
	old = y.made(snapped("web"))
	wants := slices.Clone(end.wants)
	for i := range wants {
		wants[i].Ending.Snapshot = true
	}
	y.want(wants...)
	y.drains(time.Second)
	// Nothing is lost before there is a snapshot.
	y.sim.Before(func(r *http.Request) {
		if r.Method == http.MethodDelete && strings.HasPrefix(r.URL.Path, "/v2/droplets/") && len(y.sim.Snapshots()) == 0 {
			if _, there := y.sim.Droplet(old.ID); there {
				y.t.Errorf("%s %s without a snapshot", r.Method, r.URL.Path)
			}
		}
	})
	carry := y.begin(y.observe())
	return old, func() string { return carry(end.kind)[0] }
}

// There is a snapshot before a droplet goes, whatever it takes, and one of each droplet.
func TestSnapshotBeforeTheEnd(t *testing.T) {
	second := func(y *stage, e simulator.Effect) { // after the shutdown
		y.must(y.sim.Script(routeAct, 1, simulator.Pass()))
		y.must(y.sim.Script(routeAct, 1, e))
	}
	for name, tt := range map[string]struct {
		arrange func(y *stage)
		sends   int // requests for a snapshot
		most    time.Duration
	}{
		"done":                 {func(*stage) {}, 1, 2 * time.Minute},
		"slow":                 {func(y *stage) { y.sim.SetFaults(simulator.Faults{SnapshotFor: 2 * time.Hour}) }, 1, 2*time.Hour + 2*time.Minute},
		"listed late":          {func(y *stage) { y.sim.SetFaults(simulator.Faults{ChangeVisibleAfter: 50 * time.Second}) }, 1, 5 * time.Minute},
		"unanswered, and done": {func(y *stage) { second(y, simulator.Cut().After()) }, 1, 3 * time.Minute},
		"unanswered, and slow": {func(y *stage) {
			y.sim.SetFaults(simulator.Faults{SnapshotFor: time.Hour})
			second(y, simulator.Cut().After())
		}, 1, time.Hour + 3*time.Minute},
		"unanswered, not done":    {func(y *stage) { second(y, simulator.Cut()) }, 2, 6 * time.Minute},
		"a failure of the server": {func(y *stage) { second(y, simulator.Status(503)) }, 2, 6 * time.Minute},
		"busy":                    {func(y *stage) { second(y, simulator.Status(422).Saying("Droplet already has a pending event.")) }, 2, 3 * time.Minute},
		"no list for a while":     {func(y *stage) { y.must(y.sim.Script(routeSnapshots, 3, simulator.Status(500))) }, 1, 4 * time.Minute},
		"actions cannot be read": {func(y *stage) {
			y.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"actions:read"}, SnapshotFor: 20 * time.Minute})
		}, 1, 30 * time.Minute},
	} {
		for how, end := range ends() {
			what := name + ", " + how
			inStage(t, simulator.Options{}, func(y *stage) {
				old, begin := y.ending(end)
				tt.arrange(y)
				began := time.Now()
				done := y.until(begin(), saga.Completed)
				if took := time.Since(began); took > tt.most+time.Minute {
					t.Errorf("%s: it took %v", what, took)
				}
				all := y.sim.Snapshots()
				want := "web-arcadia-" + fleet.Saga8(done.ID)
				if len(all) != 1 || all[0].Droplet != old.ID || all[0].Name != want || done.Labels[fleet.LabelSnapshot] != want {
					t.Errorf("%s: snapshots %+v, label %q, want %s", what, all, done.Labels[fleet.LabelSnapshot], want)
				}
				if n := len(y.sent(routeAct)) - 1; n != tt.sends && name != "actions cannot be read" {
					t.Errorf("%s: a snapshot was asked for %d times, want %d", what, n, tt.sends)
				}
				if _, there := y.sim.Droplet(old.ID); there {
					t.Errorf("%s: it is still there", what)
				}
			})
		}
	}
}

// Without a snapshot nothing is destroyed: a person is told why, it is tried again, and giving up leaves the droplet as it was.
func TestLaw13NothingGoesWithoutItsSnapshot(t *testing.T) {
	for name, tt := range map[string]struct {
		faults simulator.Faults
		says   string
		within time.Duration
	}{
		"it fails":              {simulator.Faults{ErroredActions: []string{"snapshot"}}, "errored", 5 * time.Minute},
		"the scope is missing":  {simulator.Faults{WithoutScopes: []string{"image:create"}}, "image:create", 2 * time.Minute},
		"it never comes to end": {simulator.Faults{EndlessActions: []string{"snapshot"}}, "in progress for more than 6h", 7 * time.Hour},
	} {
		for how, end := range ends() {
			for _, abort := range []bool{false, true} {
				if how != "replaced" && underRace {
					continue // a sweep
				}
				what := name + ", " + how
				inStage(t, simulator.Options{}, func(y *stage) {
					old, begin := y.ending(end)
					before := y.truth(old.ID).Tags
					y.sim.SetFaults(tt.faults)
					id := begin()
					for began := time.Now(); y.saga(id).Status != saga.Stuck && time.Since(began) < tt.within; {
						time.Sleep(time.Minute)
					}
					stuck := y.saga(id)
					if stuck.Status != saga.Stuck || !strings.Contains(stuck.Error, tt.says) || !strings.Contains(stuck.Error, "there is no snapshot of it") {
						t.Fatalf("%s: %s: %s", what, stuck.Status, stuck.Error)
					}
					time.Sleep(2 * time.Hour)
					if n := len(y.sent(routeDelete)); n != 0 || y.truth(old.ID).Status != "off" {
						t.Errorf("%s: %d DELETEs", what, n)
					}
					if n := len(y.sent(routeAct)); n > 30 {
						t.Errorf("%s: %d actions were asked for", what, n)
					}
					if abort {
						y.must(y.engine.Abort(y.t.Context(), id))
						if len(tt.faults.EndlessActions) > 0 {
							time.Sleep(time.Minute)
							y.sim.SetFaults(simulator.Faults{})
						}
						y.until(id, saga.Compensated)
						if now := y.truth(old.ID); now.Status != "active" || !slices.Equal(now.Tags, before) || len(y.sent(routeDelete)) != 0 {
							t.Errorf("%s: aborted, and it is %+v", what, now)
						}
						return
					}
					y.sim.SetFaults(simulator.Faults{})
					y.until(id, saga.Completed)
					if n := len(y.sim.Snapshots()); n != 1 {
						t.Errorf("%s: %d snapshots", what, n)
					}
				})
			}
		}
	}
}

// What changes while the snapshot is taken turns the saga back: the droplet is on, and the snapshot stays. One that somebody destroyed needs
// none any more.
func TestLaw17TheFileWhileASnapshotIsTaken(t *testing.T) {
	yes := true
	protected := snapped("web")
	protected.Protect = &yes
	for name, tt := range map[string]struct {
		turn func(y *stage, old int64, id string)
		ends saga.Status
	}{
		"protected by the file": {func(y *stage, _ int64, _ string) { y.want(protected) }, saga.Superseded},
		"protected by its tag":  {func(y *stage, old int64, _ string) { y.sim.Tag(old, fleet.ProtectTag) }, saga.Superseded},
		"aborted":               {func(y *stage, _ int64, id string) { y.must(y.engine.Abort(y.t.Context(), id)) }, saga.Compensated},
		"destroyed by hand":     {func(y *stage, old int64, _ string) { y.sim.Delete(old) }, saga.Completed},
		"a restart":             {func(y *stage, _ int64, _ string) { y.restart(); y.observe() }, saga.Completed},
	} {
		for how, end := range ends() {
			what := name + ", " + how
			inStage(t, simulator.Options{}, func(y *stage) {
				old, begin := y.ending(end)
				y.sim.SetFaults(simulator.Faults{SnapshotFor: 30 * time.Minute})
				id := begin()
				time.Sleep(5 * time.Minute)
				if len(y.sent(routeAct)) != 2 {
					t.Fatalf("%s: %d actions", what, len(y.sent(routeAct)))
				}
				tt.turn(y, old.ID, id)
				y.until(id, tt.ends)
				if tt.ends == saga.Completed {
					if _, there := y.sim.Droplet(old.ID); there || name == "a restart" && len(y.sim.Snapshots()) != 1 {
						t.Errorf("%s: there %v, snapshots %+v", what, there, y.sim.Snapshots())
					}
					return
				}
				if now := y.truth(old.ID); now.Status != "active" || len(y.sent(routeDelete)) != 0 || len(y.sim.Snapshots()) != 1 {
					t.Errorf("%s: it is %s, %d DELETEs, snapshots %+v", what, now.Status, len(y.sent(routeDelete)), y.sim.Snapshots())
				}
			})
		}
	}
}

// A saga that takes a snapshot and dies at any of its transitions, or around any of its writes, carries on, and takes one.
func TestLaw03ASnapshotDiesAnywhere(t *testing.T) {
	for how, end := range ends() {
		for where, hear := range places() {
			t.Run(how+", "+where, func(t *testing.T) {
				t.Parallel()
				for deaths, alive := 0, false; !alive; deaths += stride() {
					inStage(t, simulator.Options{}, func(y *stage) {
						old := y.made(snapped("web"))
						wants := slices.Clone(end.wants)
						for i := range wants {
							wants[i].Ending.Snapshot = true
						}
						y.want(wants...)
						y.sim.SetFaults(simulator.Faults{SnapshotFor: 70 * time.Second})
						left := y.dieAt(deaths, hear)
						id := y.carry(end.kind)[0]
						for left.Load() > 0 && y.saga(id).Status.Live() {
							time.Sleep(5 * time.Second)
						}
						if alive = left.Load() > 0; !alive {
							y.restart()
							y.observe()
							y.until(id, saga.Completed)
						}
						if _, there := y.sim.Droplet(old.ID); there || len(y.sim.Snapshots()) != 1 {
							t.Errorf("death %d: there %v, snapshots %+v", deaths, there, y.sim.Snapshots())
						}
					})
				}
			})
		}
	}
}
