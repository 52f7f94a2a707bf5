package provision_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/simulator"
)

// balanced is probed(name) with the tag of a load balancer beside its own.
func balanced(name string) fleet.Spec {
	s := probed(name)
	s.Tags = []string{"Web", "lb"}
	return s
}

// drains makes what is planned from now on leave its load balancer for so long.
func (y *stage) drains(pause time.Duration) {
	y.amend = func(a *plan.Action) {
		a.Drain = fleet.Drain{Tags: []string{"LB", "other", fleet.ManagedTag, fleet.FleetTag(fleetName)}, For: pause}
	}
}

// leaving are the ways in which a droplet leaves for a while, or for good: what the file asks for, and the saga for it.
func leaving() map[plan.Kind]fleet.Spec {
	replaced, resized := balanced("web"), balanced("web")
	replaced.Image = "debian-12-x64"
	otherSize(&resized)
	return map[plan.Kind]fleet.Spec{plan.Replace: replaced, plan.Update: resized}
}

// writes are the writes that the account took since then, each with what it was about.
func (y *stage) writes(since time.Time) (list []simulator.Request) {
	for _, r := range y.sim.RequestLog() {
		if r.Method != http.MethodGet && !r.At.Before(since) && r.Route != routeCreate {
			list = append(list, r)
		}
	}
	return list
}

// A droplet leaves its load balancer first: exactly the tags that it shows and that are its load balancer's come off, none of arcadiad's,
// and after the time that this takes it goes. A droplet that is resized has them again in the end.
func TestDrain(t *testing.T) {
	for kind, s := range leaving() {
		for _, late := range []time.Duration{0, 40 * time.Second} {
			inStage(t, simulator.Options{}, func(y *stage) {
				old := y.made(balanced("web"))
				before := y.truth(old.ID).Tags
				y.want(s)
				y.drains(150 * time.Second)
				y.sim.SetFaults(simulator.Faults{ChangeVisibleAfter: late})
				began := time.Now()
				done := y.until(y.carry(kind)[0], saga.Completed)
				var routes []string
				writes := y.writes(began)
				for _, w := range writes {
					if routes = append(routes, w.Route); (w.Route == routeTag || w.Route == routeUntag) && !strings.Contains(w.Path, "/lb/") {
						t.Errorf("%s: sent %s %s", kind, w.Route, w.Path)
					}
				}
				want, steps := []string{routeUntag, routeAct, routeDelete},
					"CreateDroplet WaitDropletActive WaitDropletReady RegisterDroplet DrainDroplet ShutdownDroplet DestroyDroplet"
				if kind == plan.Update {
					want = []string{routeUntag, routeAct, routeAct, routeAct, routeTag}
					steps = "DrainDroplet PowerOffDroplet ResizeDroplet PowerOnDroplet UndrainDroplet RecordDroplet"
				}
				if !slices.Equal(routes, want) || strings.Join(done.Steps, " ") != steps {
					t.Fatalf("%s: writes %v, steps %v", kind, routes, done.Steps)
				}
				if served := writes[1].At.Sub(writes[0].At); served < 150*time.Second || served > 150*time.Second+late+20*time.Second {
					t.Errorf("%s: it served for %v without its tag", kind, served)
				}
				if kind == plan.Update {
					if now := y.truth(old.ID); !slices.Equal(now.Tags, before) || now.Size != s.Size || now.Status != "active" {
						t.Errorf("%s: it is %+v", kind, now)
					}
					if drift, _, err := y.drift(); err != nil || len(drift) != 0 {
						t.Errorf("%s: drift %+v, %v", kind, drift, err)
					}
				} else if left := y.sim.Named("web"); len(left) != 1 || left[0].ID == old.ID || !left[0].HasTag("lb") {
					t.Errorf("%s: left are %+v", kind, left)
				}
			})
		}
	}
}

// drift is what a plan takes for changes made outside.
func (y *stage) drift() ([]plan.Drift, []plan.Action, error) {
	p, err := plan.Build(y.planned())
	return p.Drift, p.Actions, err
}

// A droplet that is off, or has none of the tags, has nothing to be drained of.
func TestNothingToDrain(t *testing.T) {
	for name, change := range map[string]func(y *stage, id int64){
		"off":             func(y *stage, id int64) { y.sim.ShutDown(id) },
		"not in balancer": func(y *stage, id int64) { y.sim.Untag(id, "lb") },
	} {
		for kind, s := range leaving() {
			inStage(t, simulator.Options{}, func(y *stage) {
				d := y.made(balanced("web"))
				y.want(s)
				y.drains(30 * time.Minute)
				begin := y.begin(y.observe())
				change(y, d.ID)
				began := time.Now()
				y.until(begin(kind)[0], saga.Completed)
				if took := time.Since(began); took > 5*time.Minute {
					t.Errorf("%s, %s: it took %v", kind, name, took)
				}
				for _, w := range y.writes(began) {
					if w.Route == routeTag || w.Route == routeUntag {
						t.Errorf("%s, %s: sent %s %s", kind, name, w.Route, w.Path)
					}
				}
			})
		}
	}
}

// Whatever turns a saga back while its droplet is drained, the droplet has the tags again when it ends, and is on.
func TestLaw13WhatWasDrainedComesBack(t *testing.T) {
	yes := true
	protected := func(y *stage, s fleet.Spec) { s.Protect = &yes; y.want(s) }
	for name, tt := range map[string]struct {
		turn func(y *stage, s fleet.Spec, id string)
		ends saga.Status
	}{
		"protected": {func(y *stage, s fleet.Spec, _ string) { protected(y, s) }, saga.Superseded},
		"aborted":   {func(y *stage, _ fleet.Spec, id string) { y.must(y.engine.Abort(y.t.Context(), id)) }, saga.Compensated},
		"aborted after a restart": {func(y *stage, _ fleet.Spec, id string) {
			y.restart()
			y.observe()
			y.must(y.engine.Abort(y.t.Context(), id))
		}, saga.Compensated},
	} {
		for kind, s := range leaving() {
			if kind == plan.Update && name == "protected" {
				continue // which is no reason not to resize it
			}
			inStage(t, simulator.Options{}, func(y *stage) {
				old := y.made(balanced("web"))
				before := y.truth(old.ID).Tags
				y.want(s)
				y.drains(10 * time.Minute)
				id := y.carry(kind)[0]
				time.Sleep(3 * time.Minute)
				if now := y.truth(old.ID); now.HasTag("lb") || !y.sim.Serves(old.ID) {
					t.Fatalf("%s, %s: it serves %v, tags %v", kind, name, y.sim.Serves(old.ID), now.Tags)
				}
				tt.turn(y, s, id)
				began := time.Now()
				y.until(id, tt.ends)
				if took := time.Since(began); took > time.Minute {
					t.Errorf("%s, %s: it took %v", kind, name, took)
				}
				if now := y.truth(old.ID); !slices.Equal(now.Tags, before) || now.Status != "active" || len(y.sent(routeDelete)) != 0 {
					t.Errorf("%s, %s: it is %+v; %d DELETEs", kind, name, now, len(y.sent(routeDelete)))
				}
			})
		}
	}
}

// On the way back from a resize the tags are on before the droplet is, and it is switched on even where they cannot be put on.
func TestLaw13TagsComeBackBeforeThePower(t *testing.T) {
	for name, faults := range map[string]simulator.Faults{
		"at once":              {},
		"late":                 {ChangeVisibleAfter: 30 * time.Second},
		"no scope to tag with": {WithoutScopes: []string{"tag:create"}},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			d := y.made(balanced("web"))
			before := y.truth(d.ID).Tags
			y.want(leaving()[plan.Update])
			y.drains(time.Minute)
			forbidden := len(faults.WithoutScopes) > 0
			faults.ErroredActions = []string{"resize"}
			y.sim.SetFaults(faults)
			id := y.carry(plan.Update)[0]
			if forbidden {
				y.until(id, saga.Stuck)
				if now := y.truth(d.ID); now.Status != "active" {
					t.Errorf("%s: it is %+v", name, now)
				}
				y.sim.SetFaults(simulator.Faults{ErroredActions: []string{"resize"}})
			}
			y.until(id, saga.Compensated)
			if now := y.truth(d.ID); !slices.Equal(now.Tags, before) || now.Status != "active" {
				t.Errorf("%s: it is %+v", name, now)
			}
			tagged, on := y.sent(routeTag), y.sent(routeAct)
			if first, last := tagged[0], on[len(on)-1]; !first.Before(last) || len(tagged) > 1 && !forbidden {
				t.Errorf("%s: tagged at %v, switched on at %v", name, tagged, last)
			}
		})
	}
}

// A saga that drains and dies at any of its transitions, or around any of its writes, carries on, and leaves the tags right.
func TestLaw03ADrainDiesAnywhere(t *testing.T) {
	for name, tt := range map[string]struct {
		kind   plan.Kind
		faults simulator.Faults
		ends   saga.Status
	}{
		"replaced":    {plan.Replace, simulator.Faults{}, saga.Completed},
		"resized":     {plan.Update, simulator.Faults{}, saga.Completed},
		"late":        {plan.Update, simulator.Faults{ChangeVisibleAfter: 12 * time.Second}, saga.Completed},
		"not resized": {plan.Update, simulator.Faults{ErroredActions: []string{"resize"}}, saga.Compensated},
	} {
		for where, hear := range places() {
			t.Run(name+", "+where, func(t *testing.T) {
				t.Parallel()
				deaths := 0
				for alive := false; !alive; deaths += stride() {
					inStage(t, simulator.Options{}, func(y *stage) {
						old := y.made(balanced("web"))
						before := y.truth(old.ID).Tags
						y.want(leaving()[tt.kind])
						y.drains(130 * time.Second)
						y.sim.SetFaults(tt.faults)
						left := y.dieAt(deaths, hear)
						id := y.carry(tt.kind)[0]
						for left.Load() > 0 && y.saga(id).Status.Live() {
							time.Sleep(5 * time.Second)
						}
						if alive = left.Load() > 0; !alive {
							y.restart()
							y.observe()
							y.until(id, tt.ends)
						}
						all := y.sim.Named("web")
						if len(all) != 1 || all[0].Status != "active" || !all[0].HasTag("lb") {
							t.Fatalf("death %d: %+v", deaths, all)
						}
						if now := y.truth(all[0].ID); tt.kind == plan.Update && !slices.Equal(now.Tags, before) {
							t.Errorf("death %d: tags %v, before %v", deaths, now.Tags, before)
						}
					})
				}
				if deaths < 4 {
					t.Errorf("only %d places to die in", deaths)
				}
			})
		}
	}
}

// The time without the tags is the time of processes, and carries over.
func TestADrainGoesOnInTheNextProcess(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.made(balanced("web"))
		y.want(leaving()[plan.Replace])
		y.drains(10 * time.Minute)
		id := y.carry(plan.Replace)[0]
		var lived time.Duration
		for len(y.sent(routeDelete)) == 0 && lived < time.Hour {
			time.Sleep(150 * time.Second)
			lived += 150 * time.Second
			y.end()
			time.Sleep(time.Hour)
			y.start()
			y.observe()
		}
		if lived < 10*time.Minute || lived > 16*time.Minute {
			t.Errorf("it went after %v of processes that lived 150 s each", lived)
		}
		y.until(id, saga.Completed)
		if n := len(y.sent(routeUntag)); n > 2 {
			t.Errorf("%d times untagged", n)
		}
	})
}

// A token that may not take tags off keeps everything as it is, and a person is told.
func TestADrainWithoutTheScope(t *testing.T) {
	for kind, s := range leaving() {
		inStage(t, simulator.Options{}, func(y *stage) {
			old := y.made(balanced("web"))
			before := y.truth(old.ID).Tags
			y.want(s)
			y.drains(time.Minute)
			y.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"tag:delete"}})
			id := y.carry(kind)[0]
			stuck := y.until(id, saga.Stuck)
			time.Sleep(time.Hour)
			if now := y.truth(old.ID); !slices.Equal(now.Tags, before) || !y.sim.Serves(old.ID) || !strings.Contains(stuck.Error, "cannot be drained") {
				t.Errorf("%s: it is %+v: %s", kind, now, stuck.Error)
			}
			y.sim.SetFaults(simulator.Faults{})
			y.until(id, saga.Completed)
		})
	}
}

// A group does not leave its load balancer as a whole: no more are drained at once than may be out of service.
func TestLaw18NoMoreAreDrainedThanMayGo(t *testing.T) {
	for kind, change := range map[plan.Kind]func(*fleet.Spec){plan.Replace: otherImage, plan.Update: otherSize} {
		inStage(t, simulator.Options{}, func(y *stage) {
			tagged := func(s *fleet.Spec) { s.Tags = []string{"Web", "lb"} }
			y.all(groupOf(4, tagged)...)
			specs := groupOf(4, func(s *fleet.Spec) { tagged(s); change(s) })
			y.drains(3 * time.Minute)
			y.atOnce(1, kind, 4, specs...)
			for range 60 {
				balanced := 0
				for _, s := range specs {
					for _, d := range y.sim.Named(s.Name) {
						if d.HasTag("lb") && y.sim.Serves(d.ID) {
							balanced++
						}
					}
				}
				if balanced < 3 {
					t.Fatalf("%s: only %d of 4 are balanced", kind, balanced)
				}
				time.Sleep(10 * time.Second)
			}
			if n := len(y.sent(routeUntag)); n == 0 || kind == plan.Replace && n != 1 {
				t.Errorf("%s: %d are drained", kind, n)
			}
		})
	}
}

// The file is asked last before a droplet is drained, as it is at that moment.
func TestLaw17ADrainAsksTheFileLast(t *testing.T) {
	for kind, s := range leaving() {
		inStage(t, simulator.Options{}, func(y *stage) {
			old := y.made(balanced("web"))
			y.want(s)
			y.drains(time.Minute)
			yes := true
			y.fresh = func() (fleet.Fleet, bool) {
				f := *y.desired.Load()
				stays := balanced("web")
				stays.Protect = &yes
				f.Specs = []fleet.Spec{stays}
				return f, true
			}
			y.until(y.carry(kind)[0], saga.Superseded)
			if n := len(y.sent(routeUntag)); n != 0 || !y.sim.Serves(old.ID) {
				t.Errorf("%s: %d tags were taken off", kind, n)
			}
		})
	}
}

// A droplet that is not the fleet's any more is not drained, and not tagged again.
func TestLaw01ADrainOfWhatIsNoLongerOurs(t *testing.T) {
	for kind, s := range leaving() {
		for name, when := range map[string]time.Duration{"before": 0, "meanwhile": 3 * time.Minute} {
			inStage(t, simulator.Options{}, func(y *stage) {
				old := y.made(balanced("web"))
				y.want(s)
				y.drains(10 * time.Minute)
				begin := y.begin(y.observe())
				id := ""
				if when > 0 {
					id = begin(kind)[0]
					time.Sleep(when)
				}
				y.sim.Tag(old.ID, fleet.FleetTag("other"))
				began := time.Now()
				if when == 0 {
					begin(kind)
				} else {
					y.must(y.engine.Abort(y.t.Context(), id))
				}
				time.Sleep(time.Hour)
				for _, w := range y.writes(began) {
					t.Errorf("%s, %s: sent %s %s", kind, name, w.Route, w.Path)
				}
			})
		}
	}
}

// While a droplet is drained no plan takes its tags for somebody's doing.
func TestADrainIsNoDrift(t *testing.T) {
	for kind, s := range leaving() {
		inStage(t, simulator.Options{}, func(y *stage) {
			old := y.made(balanced("web"))
			y.want(s)
			y.drains(10 * time.Minute)
			y.carry(kind)
			time.Sleep(3 * time.Minute)
			drift, actions, err := y.drift()
			if now := y.truth(old.ID); now.HasTag("lb") || err != nil || len(drift)+len(actions) != 0 {
				t.Errorf("%s: tags %v, drift %+v, actions %+v, %v", kind, now.Tags, drift, actions, err)
			}
		})
	}
}
