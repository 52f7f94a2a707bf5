package provision_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/simulator"
)

// groupOf are the members of group web, each as change makes it.
func groupOf(n int, change func(*fleet.Spec)) (specs []fleet.Spec) {
	for i := range n {
		s := probed(fmt.Sprintf("web-%d", i+1))
		s.Group = "web"
		if change != nil {
			change(&s)
		}
		specs = append(specs, s)
	}
	return specs
}

func otherImage(s *fleet.Spec) {
	s.Image, s.Rules.Order = "debian-12-x64", fleet.DestroyFirst
}

func otherSize(s *fleet.Spec) { s.Size, s.Rules.Resize = "s-2vcpu-2gb", fleet.ResizeInPlace }

// allow puts a fleet of these in force, of each group of which so many may be out of service at once.
func (y *stage) allow(unavailable int, specs ...fleet.Spec) {
	f := y.want(specs...)
	f.Policy.MaxUnavailable = fleet.Limit{Value: unavailable}
	y.desired.Store(&f)
}

// atOnce starts sagas for all that a plan has when nothing keeps the group in service, and then allows only so many to be out of it.
func (y *stage) atOnce(unavailable int, kind plan.Kind, n int, specs ...fleet.Spec) []string {
	y.t.Helper()
	y.allow(len(specs), specs...)
	begin := y.begin(y.observe())
	y.allow(unavailable, specs...)
	return begin(slices.Repeat([]plan.Kind{kind}, n)...)
}

// serve counts the droplets of these names that serve in truth.
func (y *stage) serve(specs []fleet.Spec) (n int) {
	for _, s := range specs {
		if slices.ContainsFunc(y.sim.Named(s.Name), func(d simulator.Droplet) bool { return y.sim.Serves(d.ID) }) {
			n++
		}
	}
	return n
}

// keepsServing waits, and says when fewer than so many of the group serve.
func (y *stage) keepsServing(least int, specs []fleet.Spec, wait time.Duration) {
	y.t.Helper()
	for range int(wait / time.Second) {
		if n := y.serve(specs); n < least {
			y.t.Fatalf("%d of %d serve, at %v", n, len(specs), time.Now())
		}
		time.Sleep(time.Second)
	}
}

// Of sagas that would each take a droplet out of service, exactly as many go at once as the group can spare, and the others wait without
// failing, however many there are. They go when those are back.
func TestLaw18AsManyGoAsMay(t *testing.T) {
	for _, n := range []int{1, 2, 3, 8} {
		for unavailable := range min(n, 3) {
			unavailable++
			inStage(t, simulator.Options{}, func(y *stage) {
				y.all(groupOf(n, nil)...)
				specs := groupOf(n, otherImage)
				ids := y.atOnce(unavailable, plan.Replace, n, specs...)
				for gone := 0; gone < n; {
					y.keepsServing(n-unavailable, specs, 3*time.Minute)
					goes := min(unavailable, n-gone)
					if deleted := len(y.sent(routeDelete)) - gone; deleted != goes {
						t.Fatalf("%d at once of %d: %d more are destroyed, want %d", unavailable, n, deleted, goes)
					}
					gone += goes
					live := y.engine.Live()
					if len(live) != n-gone {
						t.Fatalf("%d at once of %d: %d sagas wait, want %d", unavailable, n, len(live), n-gone)
					}
					for _, s := range live {
						if s.Status != saga.Running || s.Attempts != 0 || !strings.Contains(s.Error, "has no droplet") || !strings.Contains(s.Error, "max_unavailable") {
							t.Errorf("%d at once of %d: a saga that waits is %s after %d attempts: %s", unavailable, n, s.Status, s.Attempts, s.Error)
						}
					}
					y.provisionMissing(goes)
				}
				for _, id := range ids {
					y.until(id, saga.Completed)
				}
			})
		}
	}
}

// provisionMissing makes the members that have no droplet and no saga.
func (y *stage) provisionMissing(n int) {
	y.t.Helper()
	p, err := plan.Build(y.planned())
	y.must(err)
	actions := slices.DeleteFunc(p.Actions, func(a plan.Action) bool { return a.Kind != plan.Provision })
	if len(actions) != n {
		y.t.Fatalf("%d members have no droplet, want %d", len(actions), n)
	}
	for _, a := range actions {
		y.until(y.draft(a), saga.Completed)
	}
}

// Resizes of a group go one after the other, and each goes on when the one before serves again.
func TestLaw18ResizesTakeTurns(t *testing.T) {
	for name, change := range map[string]func(*fleet.Spec){
		"with a probe": otherSize,
		"without one":  func(s *fleet.Spec) { otherSize(s); s.Ready = nil },
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			y.all(groupOf(4, nil)...)
			specs := groupOf(4, change)
			if name == "with a probe" {
				y.sim.SetFaults(simulator.Faults{ReadyAfter: 2 * time.Minute})
			}
			ids := y.atOnce(1, plan.Update, 4, specs...)
			began := time.Now()
			for len(y.engine.Live()) > 0 {
				if y.keepsServing(3, specs, 5*time.Second); time.Since(began) > time.Hour {
					t.Fatalf("%s: %d sagas are live after an hour", name, len(y.engine.Live()))
				}
			}
			for _, id := range ids {
				y.until(id, saga.Completed)
			}
		})
	}
}

// What people take out of service counts, and what is out of service already may always go.
func TestLaw18WhoeverTookTheOthersOut(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(y *stage, made []simulator.Droplet)
		back   func(y *stage, made []simulator.Droplet)
		waits  string // empty: it goes
	}{
		"another is off": {func(y *stage, m []simulator.Droplet) { y.sim.ShutDown(m[1].ID) }, func(y *stage, m []simulator.Droplet) { y.sim.PowerOn(m[1].ID) },
			"web-2 is off"},
		"another does not pass its probe": {func(y *stage, m []simulator.Droplet) {
			y.sim.SetFaults(simulator.Faults{NeverReady: []string{"web-3"}})
		},
			func(y *stage, m []simulator.Droplet) { y.sim.SetFaults(simulator.Faults{}) }, "web-3 does not pass its probe (tcp 22: connection refused)"},
		"it is off itself, too": {change: func(y *stage, m []simulator.Droplet) { y.sim.ShutDown(m[0].ID); y.sim.ShutDown(m[1].ID) }},
		"it does not pass its probe either, and others do": {change: func(y *stage, m []simulator.Droplet) {
			y.sim.SetFaults(simulator.Faults{NeverReady: []string{"web-1", "web-2"}})
		}},
		"none passes, but of another group": {change: func(y *stage, m []simulator.Droplet) {
			y.sim.SetFaults(simulator.Faults{NeverReady: []string{"web-1", "web-2", "web-3"}})
		}},
		"none at all passes": {func(y *stage, m []simulator.Droplet) {
			y.sim.SetFaults(simulator.Faults{Unreachable: []string{simulator.Everything}})
		},
			func(y *stage, m []simulator.Droplet) { y.sim.SetFaults(simulator.Faults{}) }, "web-1 does not pass its probe (tcp 22: no answer within 3s)"},
	} {
		for kind, change := range map[plan.Kind]func(*fleet.Spec){plan.Replace: otherImage, plan.Update: otherSize} {
			if kind == plan.Update && underRace {
				continue // a sweep
			}
			inStage(t, simulator.Options{}, func(y *stage) {
				made := y.all(append(groupOf(3, nil), probed("db"))...)
				specs := append(groupOf(3, nil), probed("db"))
				change(&specs[0])
				y.allow(1, specs...)
				begin := y.begin(y.observe())
				tt.change(y, made)
				id := begin(kind)[0]
				time.Sleep(5 * time.Minute)
				if tt.waits == "" {
					y.until(id, saga.Completed)
					return
				}
				s := y.saga(id)
				if !s.Status.Live() || s.Status == saga.Stuck || !strings.Contains(s.Error, tt.waits) || len(y.sent(routeDelete))+len(y.sent(routeAct)) != 0 {
					t.Errorf("%s, %s: it is %s: %s", kind, name, s.Status, s.Error)
				}
				if stuck := y.until(id, saga.Stuck); !strings.Contains(stuck.Error, tt.waits) { // a person is told
					t.Errorf("%s, %s: stuck with: %s", kind, name, stuck.Error)
				}
				tt.back(y, made)
				began := time.Now()
				y.until(id, saga.Completed)
				if took := time.Since(began); took > 4*time.Minute {
					t.Errorf("%s, %s: it went after %v", kind, name, took)
				}
			})
		}
	}
}

// A surplus member serves, too: it goes only if enough others do.
func TestLaw18ASurplusServesUntilOthersDo(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		made := y.all(groupOf(4, nil)...)
		y.allow(1, groupOf(3, nil)...)
		begin := y.begin(y.observe())
		y.sim.ShutDown(made[0].ID)
		y.sim.ShutDown(made[1].ID)
		id := begin(plan.Destroy)[0]
		time.Sleep(10 * time.Minute)
		if n := len(y.sent(routeDelete)); n != 0 {
			t.Errorf("%d DELETEs: %s", n, y.saga(id).Error)
		}
		y.sim.PowerOn(made[1].ID)
		y.until(id, saga.Completed)
	})
	inStage(t, simulator.Options{}, func(y *stage) { // of a group that has another name by now
		made := y.all(groupOf(4, nil)...)
		y.allow(1, groupOf(3, func(s *fleet.Spec) {
			s.Was, s.Group = s.Name, "app"
			s.Name = strings.Replace(s.Name, "web", "app", 1)
		})...)
		begin := y.begin(y.observe())
		y.sim.ShutDown(made[0].ID)
		y.sim.ShutDown(made[1].ID)
		ids := begin(plan.Update, plan.Update, plan.Update, plan.Destroy)
		time.Sleep(10 * time.Minute)
		if n := len(y.sent(routeDelete)); n != 0 {
			t.Errorf("%d DELETEs: %s", n, y.saga(ids[3]).Error)
		}
		y.sim.PowerOn(made[1].ID)
		y.until(ids[3], saga.Completed)
	})
	inStage(t, simulator.Options{}, func(y *stage) { // there is no time to probe it
		made := y.all(groupOf(4, nil)...)
		y.allow(1, groupOf(3, nil)...)
		begin := y.begin(y.observe())
		y.sim.ShutDown(made[0].ID)
		y.sim.ShutDown(made[1].ID)
		y.onDial(func(address string) {
			if strings.Contains(address, made[3].PublicIPv4) {
				time.Sleep(time.Minute)
			}
		})
		id := begin(plan.Destroy)[0]
		time.Sleep(10 * time.Minute)
		if n := len(y.sent(routeDelete)); n != 0 {
			t.Errorf("%d DELETEs: %s", n, y.saga(id).Error)
		}
		y.onDial(nil)
		y.sim.PowerOn(made[1].ID)
		y.until(id, saga.Completed)
		time.Sleep(time.Minute) // until the last dial is over
	})
	inStage(t, simulator.Options{}, func(y *stage) { // of a group that is not wanted at all there is nothing to keep
		y.all(append(groupOf(2, nil), probed("db"))...)
		y.allow(1, probed("db"))
		for _, id := range y.carry(plan.Destroy, plan.Destroy) {
			y.until(id, saga.Completed)
		}
	})
}

// A process that dies when one of two that wait has begun to go leaves that to the next, and the other one still waits.
func TestLaw18OneGoesAfterACrash(t *testing.T) {
	for _, route := range []string{"request", "answer"} {
		inStage(t, simulator.Options{}, func(y *stage) {
			y.all(groupOf(3, nil)...)
			specs := groupOf(3, otherImage)
			left := y.dieAt(0, places()[route])
			y.atOnce(1, plan.Replace, 3, specs...)
			for left.Load() > 0 {
				time.Sleep(time.Second)
			}
			y.sim.Before(nil)
			y.sim.After(nil)
			y.sim.SetFaults(simulator.Faults{DeleteListLag: 20 * time.Minute})
			y.restart()
			y.observe()
			y.keepsServing(2, specs, time.Hour)
			if n := len(y.sim.Ended()); n != 1 {
				t.Errorf("%d are destroyed", n)
			}
		})
	}
}

// What is journaled as taken out of service goes on after a crash, whoever took others out meanwhile: it counts as out already.
func TestLaw18WhatHasBegunGoesOn(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		made := y.all(groupOf(3, nil)...)
		specs := groupOf(3, nil)
		otherSize(&specs[0])
		var killed atomic.Bool
		y.hook = func(e saga.Event) {
			if e.What == saga.EventCheckpoint && e.Step == "PowerOffDroplet" && killed.CompareAndSwap(false, true) {
				y.kill() // its intent is durable
			}
		}
		id := y.atOnce(1, plan.Update, 1, specs...)[0]
		time.Sleep(time.Minute)
		if s := y.saga(id); !s.Begun || len(y.sent(routeAct)) != 0 {
			t.Fatalf("begun %v, %d actions", s.Begun, len(y.sent(routeAct)))
		}
		y.sim.ShutDown(made[1].ID)
		y.restart()
		y.observe()
		began := time.Now()
		y.until(id, saga.Completed)
		if took := time.Since(began); took > 10*time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}

// What happens between a saga's look at the group and its DELETE counts, too: another saga that came and went, and a person.
func TestLaw18WhatHappenedSinceTheLook(t *testing.T) {
	for name, tt := range map[string]struct {
		hidden time.Duration
		change func(y *stage, made []simulator.Droplet)
	}{
		"another was destroyed":    {45 * time.Second, func(*stage, []simulator.Droplet) {}},
		"another was switched off": {2 * time.Minute, func(y *stage, m []simulator.Droplet) { y.sim.ShutDown(m[2].ID) }},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			made := y.all(groupOf(3, nil)...)
			specs := groupOf(3, nil)
			otherImage(&specs[1])
			n := 1
			if name == "another was destroyed" {
				otherImage(&specs[0])
				n = 2
			}
			y.atOnce(1, plan.Replace, n, specs...)
			time.Sleep(300 * time.Millisecond) // they have looked at the group
			y.sim.SetFaults(simulator.Faults{HiddenFromGet: []string{"web-2"}, HiddenFromLists: []string{"web-2"}})
			tt.change(y, made)
			time.Sleep(tt.hidden)
			y.sim.SetFaults(simulator.Faults{})
			y.keepsServing(2, specs, 20*time.Minute)
		})
	}
}

// The old droplet of a replace goes only while the new one serves; one that never serves again leaves it alone, and a person is told.
func TestAReplacementStands(t *testing.T) {
	for name, tt := range map[string]struct {
		probed       bool
		change, back func(y *stage, id int64)
		says         string
	}{
		"switched off": {false, func(y *stage, id int64) { y.sim.ShutDown(id) }, func(y *stage, id int64) { y.sim.PowerOn(id) }, "is off"},
		"out of service": {true, func(y *stage, _ int64) { y.sim.SetFaults(simulator.Faults{BadImages: []string{"debian-12-x64"}}) },
			func(y *stage, _ int64) { y.sim.SetFaults(simulator.Faults{}) }, "does not pass its probe (tcp 22: connection refused)"},
	} {
		for _, drains := range []bool{false, true} {
			inStage(t, simulator.Options{}, func(y *stage) {
				kind := spec
				if tt.probed {
					kind = probed
				}
				old := y.made(kind("web"))
				if drains {
					y.amend = func(a *plan.Action) { a.Drain = fleet.Drain{Tags: []string{"web"}, For: 30 * time.Second} }
				}
				s := kind("web")
				s.Image = "debian-12-x64"
				y.want(s)
				var made int64
				y.hook = func(e saga.Event) {
					if e.What == saga.EventDone && e.Step == "RegisterDroplet" {
						made = y.sim.Named("web")[1].ID
						tt.change(y, made)
					}
				}
				began := time.Now()
				id := y.carry(plan.Replace)[0]
				stuck := y.until(id, saga.Stuck)
				if took := time.Since(began); took < 10*time.Minute || took > 12*time.Minute || !strings.Contains(stuck.Error, tt.says) ||
					!strings.Contains(stuck.Error, fmt.Sprintf("droplet %d, which it replaces, stays", old.ID)) {
					t.Errorf("%s: stuck after %v: %s", name, took, stuck.Error)
				}
				time.Sleep(3 * time.Hour)
				if now := y.truth(old.ID); !y.sim.Serves(old.ID) || !now.HasTag("web") || len(y.sent(routeDelete)) != 0 {
					t.Errorf("%s: the old one serves %v, tags %v", name, y.sim.Serves(old.ID), now.Tags)
				}
				tt.back(y, made)
				y.until(id, saga.Completed)
				if left := y.sim.Named("web"); len(left) != 1 || left[0].ID != made {
					t.Errorf("%s: left are %+v", name, left)
				}
			})
		}
	}
}

// Law 18: the old droplet of a replacement that stands serves, too, and so it stays while too many others are out of service, whoever took them
// out: nothing that serves goes then.
func TestLaw18WhatWasReplacedStaysWhileOthersAreOut(t *testing.T) {
	for _, drains := range []bool{false, true} {
		inStage(t, simulator.Options{}, func(y *stage) {
			made := y.all(groupOf(3, nil)...)
			specs := groupOf(3, nil)
			specs[0].Image = "debian-12-x64"
			y.allow(1, specs...)
			if drains {
				y.amend = func(a *plan.Action) { a.Drain = fleet.Drain{Tags: []string{"web"}, For: 30 * time.Second} }
			}
			y.hook = func(e saga.Event) {
				if e.What == saga.EventDone && e.Step == "RegisterDroplet" {
					y.sim.ShutDown(made[1].ID)
					y.sim.ShutDown(made[2].ID)
				}
			}
			id := y.carry(plan.Replace)[0]
			time.Sleep(30 * time.Minute)
			waits := y.saga(id)
			if !y.sim.Serves(made[0].ID) || !y.truth(made[0].ID).HasTag("web") || waits.Status != saga.Running || !strings.Contains(waits.Error, "(web-2 is off and web-3 is off)") {
				t.Errorf("drains %v: the old one serves %v, with tags %v, and its saga is %s: %s", drains, y.sim.Serves(made[0].ID), y.truth(made[0].ID).Tags,
					waits.Status, waits.Error)
			}
			y.sim.PowerOn(made[1].ID)
			y.until(id, saga.Completed)
			if left := y.sim.Named("web-1"); len(left) != 1 || left[0].ID == made[0].ID {
				t.Errorf("drains %v: left are %+v", drains, left)
			}
		})
	}
}

// Replacements that stand at one moment do not wait for each other: what one look was too early for, the sagas know.
func TestLaw18ReplacementsOfOneMomentGoTogether(t *testing.T) {
	for i := range 20 { // in whatever order they come
		if !visits(i) {
			continue
		}
		inStage(t, simulator.Options{}, func(y *stage) {
			y.all(groupOf(8, nil)...)
			specs := groupOf(8, func(s *fleet.Spec) { s.Image = "debian-12-x64" })
			began := time.Now()
			for _, id := range y.atOnce(1, plan.Replace, 8, specs...) {
				y.until(id, saga.Completed)
			}
			if took := time.Since(began); took > time.Minute { // one that waits does for half a minute
				t.Errorf("they took %v", took)
			}
		})
	}
}

// A saga that waits for its group looks at once when its step begins, and later no sooner than others that wait.
func TestLaw18WhatWaitsForLongLooksRarely(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		made := y.all(groupOf(3, nil)...)
		specs := groupOf(3, nil)
		otherSize(&specs[0])
		y.sim.ShutDown(made[1].ID)
		began := time.Now()
		y.atOnce(1, plan.Update, 1, specs...)
		time.Sleep(time.Second)
		if n := len(y.sent("GET /v2/droplets")); n == 0 {
			t.Error("no look within the first second")
		}
		time.Sleep(10 * time.Minute)
		var looks []time.Duration
		for _, at := range y.sent("GET /v2/droplets") {
			if since := at.Sub(began); since > 5*time.Minute && since < 10*time.Minute {
				looks = append(looks, since)
			}
		}
		if len(looks) > 9 || len(looks) < 5 || len(y.sent(routeAct)) != 0 {
			t.Errorf("it looked at %v", looks)
		}
	})
}
