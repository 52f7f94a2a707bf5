package provision_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/simulator"
)

// ends are the ways in which a droplet goes for good: what the file asks for then, nothing or another one, and the saga for it.
func ends() map[string]ending {
	image, first := balanced("web"), balanced("web")
	image.Image = "debian-12-x64"
	first.Image, first.Rules.Order = "debian-12-x64", fleet.DestroyFirst
	return map[string]ending{
		"destroyed":                  {plan.Destroy, nil},
		"replaced":                   {plan.Replace, []fleet.Spec{image}},
		"replaced, destroyed before": {plan.Replace, []fleet.Spec{first}},
	}
}

type ending struct {
	kind  plan.Kind
	wants []fleet.Spec
}

// The operating system is asked before the droplet goes, unless the file says otherwise, and one that does not listen keeps nothing.
func TestShutdownBeforeTheEnd(t *testing.T) {
	hard := func(s *fleet.Spec) { s.Ending.Hard = true }
	for name, tt := range map[string]struct {
		spec    func(*fleet.Spec)
		arrange func(y *stage, id int64)
		acts    int // requests
		most    time.Duration
	}{
		"it shuts down":    {acts: 1, most: time.Minute},
		"not to be asked":  {spec: hard, most: time.Minute},
		"off already":      {arrange: func(y *stage, id int64) { y.sim.ShutDown(id) }, most: time.Minute},
		"it fails":         {arrange: faulty(simulator.Faults{ErroredActions: []string{"shutdown"}}), acts: 1, most: 3 * time.Minute},
		"it never ends":    {arrange: faulty(simulator.Faults{EndlessActions: []string{"shutdown"}}), acts: 1, most: 3 * time.Minute},
		"it does not show": {arrange: faulty(simulator.Faults{ChangeVisibleAfter: 5 * time.Minute}), acts: 1, most: 3 * time.Minute},
		"without an answer, and done": {arrange: func(y *stage, _ int64) {
			y.must(y.sim.Script(routeAct, 1, simulator.Cut().After()))
		}, acts: 1, most: time.Minute},
		"without an answer, not done": {arrange: func(y *stage, _ int64) { y.must(y.sim.Script(routeAct, 1, simulator.Cut())) },
			acts: 2, most: 3 * time.Minute},
		"no scope for it": {arrange: faulty(simulator.Faults{WithoutScopes: []string{"droplet:update"}}), acts: 1, most: time.Minute},
		"busy for a while": {arrange: func(y *stage, _ int64) {
			y.must(y.sim.Script(routeAct, 5, simulator.Status(422).Saying("Droplet already has a pending event.")))
		}, acts: 6, most: 3 * time.Minute},
	} {
		for how, end := range ends() {
			what := name + ", " + how
			inStage(t, simulator.Options{}, func(y *stage) {
				began := balanced("web")
				if tt.spec != nil {
					tt.spec(&began)
				}
				old := y.made(began)
				wants := slices.Clone(end.wants)
				for i := range wants {
					wants[i].Ending = began.Ending
				}
				y.want(wants...)
				begin := y.begin(y.observe())
				if tt.arrange != nil {
					tt.arrange(y, old.ID)
				}
				at := time.Now()
				done := y.until(begin(end.kind)[0], saga.Completed)
				if _, there := y.sim.Droplet(old.ID); there || len(y.sent(routeAct)) != tt.acts {
					t.Errorf("%s: there %v, %d actions were asked for, want %d", what, there, len(y.sent(routeAct)), tt.acts)
				}
				if took := time.Since(at); took > tt.most+time.Minute {
					t.Errorf("%s: it took %v", what, took)
				}
				if has := slices.Contains(done.Steps, "ShutdownDroplet"); has == began.Ending.Hard {
					t.Errorf("%s: steps %v", what, done.Steps)
				}
				if acted := y.sent(routeAct); len(acted) > 0 && !acted[len(acted)-1].Before(y.sent(routeDelete)[0]) {
					t.Errorf("%s: asked at %v, destroyed at %v", what, acted, y.sent(routeDelete))
				}
			})
		}
	}
}

func faulty(f simulator.Faults) func(y *stage, _ int64) {
	return func(y *stage, _ int64) { y.sim.SetFaults(f) }
}

// Whatever turns a saga back after the shutdown was asked for, the droplet is on again when it ends, with the tags that it was drained of.
func TestLaw13WhatWasShutDownComesBack(t *testing.T) {
	protected := balanced("web")
	yes := true
	protected.Protect = &yes
	abort := func(y *stage, _ int64, id string) { y.must(y.engine.Abort(y.t.Context(), id)) }
	for name, tt := range map[string]struct {
		turn func(y *stage, old int64, id string)
		ends saga.Status
	}{
		"protected by the file": {func(y *stage, _ int64, _ string) { y.want(protected) }, saga.Superseded},
		"protected by its tag":  {func(y *stage, old int64, _ string) { y.sim.Tag(old, fleet.ProtectTag) }, saga.Superseded},
		"aborted":               {abort, saga.Compensated},
		"aborted after a restart": {func(y *stage, old int64, id string) {
			y.restart()
			y.observe()
			abort(y, old, id)
		}, saga.Compensated},
	} {
		for how, end := range ends() {
			for _, after := range []time.Duration{2 * time.Second, 11*time.Second + 20*time.Millisecond} { // while it shuts down, and when it is off
				for i, lag := range []time.Duration{20 * time.Second, 0} {
					if !visits(i) {
						continue
					}
					what := fmt.Sprintf("%s, %s, after %v, shown after %v", name, how, after, lag)
					inStage(t, simulator.Options{ActionTime: 11 * time.Second}, func(y *stage) {
						old := y.made(balanced("web"))
						before := y.truth(old.ID).Tags
						y.want(end.wants...)
						y.drains(time.Second)
						y.sim.SetFaults(simulator.Faults{ChangeVisibleAfter: lag})
						id := y.carry(end.kind)[0]
						for len(y.sent(routeAct)) == 0 {
							time.Sleep(10 * time.Millisecond)
						}
						time.Sleep(after)
						tt.turn(y, old.ID, id)
						y.until(id, tt.ends)
						now := y.truth(old.ID)
						tags := slices.DeleteFunc(slices.Clone(now.Tags), func(s string) bool { return s == fleet.ProtectTag })
						if acts := y.acted(old.ID); now.Status != "active" || !slices.Equal(tags, before) || acts[len(acts)-1] != "power_on" {
							t.Errorf("%s: it is %s with the tags %v, and had %v; actions %v", what, now.Status, now.Tags, before, acts)
						}
						if n := len(y.sent(routeDelete)); n != 0 {
							t.Errorf("%s: %d DELETEs", what, n)
						}
					})
				}
			}
		}
	}
}

// A droplet that was off before is left off by the way back.
func TestLaw13WhatWasOffStaysOff(t *testing.T) {
	for how, end := range ends() {
		inStage(t, simulator.Options{}, func(y *stage) {
			old := y.made(balanced("web"))
			y.want(end.wants...)
			y.sim.ShutDown(old.ID)
			y.hook = func(e saga.Event) {
				if e.What == saga.EventDone && e.Step == "ShutdownDroplet" {
					y.sim.Tag(old.ID, fleet.ProtectTag)
				}
			}
			y.until(y.carry(end.kind)[0], saga.Superseded)
			if now := y.truth(old.ID); now.Status != "off" || len(y.sent(routeAct)) != 0 || len(y.sent(routeDelete)) != 0 {
				t.Errorf("%s: it is %s after %d actions", how, now.Status, len(y.sent(routeAct)))
			}
		})
	}
}

// The file is asked last before a droplet is shut down, as it is at that moment.
func TestLaw17AShutdownAsksTheFileLast(t *testing.T) {
	yes := true
	stays := balanced("web")
	stays.Protect = &yes
	for how, end := range ends() {
		inStage(t, simulator.Options{}, func(y *stage) {
			old := y.made(balanced("web"))
			y.want(end.wants...)
			y.fresh = func() (fleet.Fleet, bool) {
				f := *y.desired.Load()
				f.Specs = []fleet.Spec{stays}
				return f, true
			}
			y.until(y.carry(end.kind)[0], saga.Superseded)
			if n := len(y.sent(routeAct)); n != 0 || !y.sim.Serves(old.ID) {
				t.Errorf("%s: %d actions, it serves: %v", how, n, y.sim.Serves(old.ID))
			}
		})
	}
}

// A file that asks for more by now than a destroy was begun with ends it.
func TestLaw17ADestroyThatKeepsLess(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		all := groupOf(3, nil)
		y.all(all...)
		y.want(all[:2]...)
		y.sim.SetFaults(simulator.Faults{EndlessActions: []string{"shutdown"}})
		id := y.carry(plan.Destroy)[0]
		time.Sleep(20 * time.Second)
		left := slices.Clone(all[:2])
		for i := range left {
			left[i].Ending.Snapshot = true
		}
		y.want(left...)
		time.Sleep(20 * time.Second)
		y.sim.SetFaults(simulator.Faults{})
		if s := y.until(id, saga.Superseded); !strings.Contains(s.Error, "snapshot: true") {
			t.Errorf("it ended: %s", s.Error)
		}
		if d := y.sim.Named(all[2].Name)[0]; !y.sim.Serves(d.ID) || len(y.sent(routeDelete)) != 0 {
			t.Errorf("it is %+v", d)
		}
	})
}

// A replace is begun anew for it while its new droplet is not registered, and goes on as it began from then on.
func TestLaw17AReplaceThatKeepsLess(t *testing.T) {
	for step, ends := range map[string]saga.Status{"CreateDroplet": saga.Superseded, "RegisterDroplet": saga.Completed} {
		inStage(t, simulator.Options{}, func(y *stage) {
			old := y.made(balanced("web"))
			s := balanced("web")
			s.Image = "debian-12-x64"
			y.want(s)
			y.hook = func(e saga.Event) {
				if e.What == saga.EventDone && e.Step == step {
					s.Ending.Snapshot = true
					y.want(s)
				}
			}
			y.until(y.carry(plan.Replace)[0], ends)
			if left := y.sim.Named("web"); len(left) != 1 || (left[0].ID == old.ID) != (ends == saga.Superseded) || !y.sim.Serves(left[0].ID) {
				t.Errorf("edited after %s: %+v", step, left)
			}
		})
	}
}

// A saga that shuts a droplet down and dies at any of its transitions, or around any of its writes, carries on.
func TestLaw03AShutdownDiesAnywhere(t *testing.T) {
	for how, end := range ends() {
		for where, hear := range places() {
			t.Run(how+", "+where, func(t *testing.T) {
				t.Parallel()
				deaths := 0
				for alive := false; !alive; deaths += stride() {
					inStage(t, simulator.Options{}, func(y *stage) {
						old := y.made(spec("web"))
						y.want(end.wants...)
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
						if _, there := y.sim.Droplet(old.ID); there || len(y.sent(routeAct)) > 2 {
							t.Errorf("death %d: there %v, %d actions", deaths, there, len(y.sent(routeAct)))
						}
					})
				}
				if deaths < 3 {
					t.Errorf("only %d places to die in", deaths)
				}
			})
		}
	}
}

// From its shutdown on a droplet is out of service: no other one of its group goes meanwhile, and its own end does not wait for those that
// somebody took out since.
func TestLaw18WhatIsShutDownIsOutOfService(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		with := func(s *fleet.Spec) { s.Ending.Snapshot = true }
		y.all(groupOf(3, with)...)
		specs := groupOf(3, func(s *fleet.Spec) { with(s); otherImage(s) })
		y.sim.SetFaults(simulator.Faults{SnapshotFor: 20 * time.Minute})
		y.atOnce(1, plan.Replace, 3, specs...)
		y.keepsServing(2, specs, 15*time.Minute)
		if n := len(y.sent(routeAct)); n != 2 {
			t.Fatalf("%d actions, want one shutdown and its snapshot", n)
		}
		serves := slices.IndexFunc(specs, func(s fleet.Spec) bool { return y.sim.Serves(y.sim.Named(s.Name)[0].ID) })
		y.sim.PowerOff(y.sim.Named(specs[serves].Name)[0].ID)
		time.Sleep(30 * time.Minute)
		if n := len(y.sent(routeDelete)); n != 2 { // what was switched off by hand serves nobody, and may go as well
			t.Errorf("%d DELETEs", n)
		}
		if n := y.serve(specs); n != 1 {
			t.Errorf("%d serve", n)
		}
	})
}

// A droplet that did not shut down still serves: before its DELETE its group is looked at again.
func TestLaw18WhatDoesNotShutDownServesOn(t *testing.T) {
	for kind, change := range map[plan.Kind]func(*fleet.Spec){plan.Destroy: nil, plan.Replace: otherImage} {
		inStage(t, simulator.Options{}, func(y *stage) {
			all := groupOf(3, nil)
			y.all(all...)
			specs := groupOf(3, change)[:2]
			if change != nil {
				specs = append(all[:2:2], groupOf(3, change)[2])
			}
			goes := y.sim.Named(all[2].Name)[0].ID
			y.sim.SetFaults(simulator.Faults{ErroredActions: []string{"shutdown"}})
			y.atOnce(1, kind, 1, specs...)
			for len(y.sent(routeAct)) == 0 {
				time.Sleep(time.Second)
			}
			for _, s := range all[:2] {
				y.sim.PowerOff(y.sim.Named(s.Name)[0].ID)
			}
			time.Sleep(30 * time.Minute)
			if n := len(y.sent(routeDelete)); n != 0 || !y.sim.Serves(goes) {
				t.Errorf("%s: %d DELETEs while no other one serves", kind, n)
			}
			for _, s := range all[:2] {
				y.sim.PowerOn(y.sim.Named(s.Name)[0].ID)
			}
			time.Sleep(5 * time.Minute)
			if n := len(y.sent(routeDelete)); n != 1 {
				t.Errorf("%s: %d DELETEs when the others are back", kind, n)
			}
		})
	}
}

// A shutdown that was begun goes on in the next process, whatever became of the others meanwhile.
func TestLaw18AShutdownThatWasBegunGoesOn(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		all := groupOf(3, nil)
		y.all(all...)
		specs := append(all[:2:2], groupOf(3, otherImage)[2])
		y.hook = func(e saga.Event) {
			if e.Step == "ShutdownDroplet" && e.What == saga.EventCheckpoint {
				y.kill() // between the intent and the request
			}
		}
		id := y.atOnce(1, plan.Replace, 1, specs...)[0]
		time.Sleep(11 * time.Second)
		if n := len(y.sent(routeAct)); n != 0 {
			t.Fatalf("%d actions", n)
		}
		for _, s := range all[:2] {
			y.sim.PowerOff(y.sim.Named(s.Name)[0].ID)
		}
		y.end()
		y.hook = nil
		y.start()
		y.observe()
		y.until(id, saga.Completed)
	})
}

// A droplet that the license does not cover any more is not shut down.
func TestLaw01AShutdownAsksItsLicense(t *testing.T) {
	for name, change := range map[string]func(y *stage, id int64){
		"protected":             func(y *stage, id int64) { y.sim.Tag(id, fleet.ProtectTag) },
		"with a volume":         func(y *stage, id int64) { y.sim.AttachVolume(id) },
		"of another fleet":      func(y *stage, id int64) { y.sim.Tag(id, fleet.FleetTag("other")) },
		"without the fleet tag": func(y *stage, id int64) { y.sim.Untag(id, fleet.ManagedTag) },
	} {
		for how, end := range ends() {
			inStage(t, simulator.Options{}, func(y *stage) {
				old := y.made(balanced("web"))
				y.want(end.wants...)
				begin := y.begin(y.observe())
				change(y, old.ID)
				y.until(begin(end.kind)[0], saga.Superseded, saga.Stuck)
				if n := len(y.sent(routeAct)); n != 0 || !y.sim.Serves(old.ID) {
					t.Errorf("%s, %s: %d actions, it serves: %v", name, how, n, y.sim.Serves(old.ID))
				}
			})
		}
	}
}

// A replacement that fails when the old droplet is shut down already brings that back.
func TestLaw18AReplacementThatFailsAfterTheShutdown(t *testing.T) {
	for name, tt := range map[string]struct {
		fail func(y *stage, id int64)
		ends saga.Status
	}{
		"gone": {func(y *stage, id int64) { y.sim.Delete(id) }, saga.Compensated},
		"off":  {func(y *stage, id int64) { y.sim.PowerOff(id) }, saga.Stuck},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			old, begin := y.ending(ends()["replaced"])
			y.sim.SetFaults(simulator.Faults{SnapshotFor: 10 * time.Minute})
			id := begin()
			time.Sleep(5 * time.Minute)
			if y.sim.Serves(old.ID) {
				t.Fatalf("%s: it is not shut down", name)
			}
			tt.fail(y, y.sim.Named("web")[1].ID)
			y.until(id, tt.ends)
			if tt.ends == saga.Stuck {
				if n := len(y.sent(routeDelete)); n != 0 {
					t.Errorf("%s: %d DELETEs", name, n)
				}
				y.must(y.engine.Abort(y.t.Context(), id))
				y.until(id, saga.Compensated)
			}
			if now := y.truth(old.ID); now.Status != "active" || !now.HasTag("lb") {
				t.Errorf("%s: it is %+v", name, now)
			}
		})
	}
}

// What is kept is off when it goes: an operating system that does not listen is powered off, and one that is not to be asked at once.
func TestWhatIsKeptIsPoweredOff(t *testing.T) {
	for name, tt := range map[string]struct {
		ending fleet.Ending
		faults simulator.Faults
		acts   int
	}{
		"it shuts down":   {fleet.Ending{Keep: time.Hour}, simulator.Faults{}, 1},
		"it does not":     {fleet.Ending{Keep: time.Hour}, simulator.Faults{ErroredActions: []string{"shutdown"}}, 2},
		"not to be asked": {fleet.Ending{Keep: time.Hour, Hard: true}, simulator.Faults{}, 1},
	} {
		for how, end := range ends() {
			inStage(t, simulator.Options{}, func(y *stage) {
				s := balanced("web")
				s.Ending = tt.ending
				old := y.made(s)
				wants := slices.Clone(end.wants)
				for i := range wants {
					wants[i].Ending = tt.ending
				}
				y.want(wants...)
				y.sim.SetFaults(tt.faults)
				status, acts := "", 0
				y.hook = func(e saga.Event) {
					if e.What == saga.EventDone && e.Step == "ShutdownDroplet" {
						status, acts = y.truth(old.ID).Status, len(y.sent(routeAct))
					}
				}
				y.carry(end.kind)
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				if status != "off" || acts != tt.acts {
					t.Errorf("%s, %s: it is %q after %d actions, want off after %d", name, how, status, acts, tt.acts)
				}
			})
		}
	}
}
