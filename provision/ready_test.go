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

// probed is spec(name) with a probe.
func probed(name string) fleet.Spec {
	s := spec(name)
	s.Ready = &fleet.Ready{Port: 22, Within: 10 * time.Minute}
	return s
}

// asking is probed(name) with a probe that wants that status of HTTP.
func asking(name string, status int) fleet.Spec {
	s := probed(name)
	s.Ready = &fleet.Ready{Port: 80, HTTP: true, Path: "/", Status: status, Within: 10 * time.Minute}
	return s
}

// witness gives the fleet a droplet that serves, and wants it beside these from now on.
func (y *stage) witness(specs ...fleet.Spec) {
	y.t.Helper()
	y.made(probed("db"))
	y.want(append(specs, probed("db"))...)
}

// all gives the fleet a registered droplet of each spec, in their order.
func (y *stage) all(specs ...fleet.Spec) (made []simulator.Droplet) {
	y.t.Helper()
	y.want(specs...)
	for _, id := range y.carry(slices.Repeat([]plan.Kind{plan.Provision}, len(specs))...) {
		y.until(id, saga.Completed)
	}
	for _, s := range specs {
		made = append(made, y.sim.Named(s.Name)[0])
	}
	return made
}

// A new droplet is registered when it has passed its probe for as long as the file says, and waiting for that costs a look a minute.
func TestWaitUntilItIsReady(t *testing.T) {
	for name, tt := range map[string]struct {
		faults simulator.Faults
		change func(*fleet.Ready)
		least  time.Duration
	}{
		"at once":           {simulator.Faults{}, func(*fleet.Ready) {}, 0},
		"late":              {simulator.Faults{ReadyAfter: 8 * time.Minute}, func(*fleet.Ready) {}, 8 * time.Minute},
		"late, for a while": {simulator.Faults{ReadyAfter: 5 * time.Minute}, func(r *fleet.Ready) { r.For = 2 * time.Minute }, 7 * time.Minute},
		"passing when its time is over": {simulator.Faults{ReadyAfter: 9 * time.Minute}, func(r *fleet.Ready) { r.For = 5 * time.Minute },
			14 * time.Minute},
		"at its private address": {simulator.Faults{ReadyAfter: time.Minute}, func(r *fleet.Ready) { r.Private = true }, time.Minute},
		"by HTTPS":               {simulator.Faults{ReadyAfter: time.Minute}, func(r *fleet.Ready) { r.HTTP, r.TLS, r.Path = true, true, "/" }, time.Minute},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			y.sim.SetFaults(tt.faults)
			s := probed("web")
			tt.change(s.Ready)
			began, before, commits := time.Now(), len(y.sim.RequestLog()), 0
			y.hook = func(e saga.Event) {
				if e.What == saga.EventCheckpoint && e.Step == "WaitDropletReady" {
					commits++
				}
			}
			done := y.until(y.provision(s), saga.Completed)
			took := time.Since(began)
			if took < tt.least || took > tt.least+30*time.Second {
				t.Errorf("%s: it took %v, want about %v", name, took, tt.least)
			}
			minutes := int(took / time.Minute)
			if n := len(y.sim.RequestLog()) - before; n > 12+minutes {
				t.Errorf("%s: %d requests in %v", name, n, took)
			}
			if commits > minutes+1 {
				t.Errorf("%s: it was noted %d times in %v", name, commits, took)
			}
			if steps := strings.Join(done.Steps, " "); steps != "CreateDroplet WaitDropletActive WaitDropletReady RegisterDroplet" {
				t.Errorf("%s: %s", name, steps)
			}
			if d := y.sim.Named("web")[0]; !y.sim.Serves(d.ID) || !y.row(d.ID).Recorded {
				t.Errorf("%s: serves %v, row %+v", name, y.sim.Serves(d.ID), y.row(d.ID))
			}
		})
	}
}

// Without a probe a saga has no step for it.
func TestNoProbeNoStep(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.sim.SetFaults(simulator.Faults{NeverReady: []string{simulator.Everything}})
		if done := y.until(y.provision(spec("web")), saga.Completed); slices.Contains(done.Steps, "WaitDropletReady") {
			t.Errorf("steps %v", done.Steps)
		}
	})
}

// A droplet that does not become ready is destroyed and its saga fails, while another one shows that the network works. The old one was
// not touched.
func TestNeverReady(t *testing.T) {
	for name, faults := range map[string]simulator.Faults{
		"never":                 {BadImages: []string{"debian-12-x64"}},
		"for too short a while": {ReadyFor: 30 * time.Second},
		"too late":              {ReadyAfter: 11 * time.Minute},
	} {
		for _, replaces := range []bool{false, true} {
			inStage(t, simulator.Options{}, func(y *stage) {
				var old simulator.Droplet
				s, kind := probed("web"), plan.Provision
				s.Ready.For, s.Image = time.Minute, "debian-12-x64"
				if replaces {
					old, kind = y.all(probed("web"), probed("db"))[0], plan.Replace
				} else {
					y.all(probed("db"))
				}
				y.want(s, probed("db"))
				y.sim.SetFaults(faults)
				began := time.Now()
				ended := y.until(y.carry(kind)[0], saga.Compensated)
				if took := time.Since(began); took < 10*time.Minute || took > 12*time.Minute {
					t.Errorf("%s: it took %v", name, took)
				}
				id := y.sim.Ended()[0].ID
				if want := fmt.Sprintf("droplet %d (web) did not become ready within 10m: tcp 22: connection refused", id); ended.Error != want {
					t.Errorf("%s: it ended with %q, want %q", name, ended.Error, want)
				}
				if ended.Labels[fleet.LabelUndone] != "true" || len(y.sim.Ended()) != 1 || id == old.ID {
					t.Errorf("%s: labels %v, ended %+v", name, ended.Labels, y.sim.Ended())
				}
				if left := y.sim.Named("web"); replaces && (len(left) != 1 || left[0].ID != old.ID || !y.row(old.ID).Recorded || !y.sim.Serves(old.ID)) {
					t.Errorf("%s: left are %+v", name, left)
				}
			})
		}
	}
}

// With nobody to compare with, no droplet is blamed: a person is told, and it goes on as soon as the droplet passes, or is destroyed when the
// person says so.
func TestNeverReadyAlone(t *testing.T) {
	for name, abort := range map[string]bool{"it passes": false, "aborted": true} {
		for _, restart := range []bool{false, true} {
			inStage(t, simulator.Options{}, func(y *stage) {
				y.sim.SetFaults(simulator.Faults{NeverReady: []string{"web"}})
				began := time.Now()
				id := y.provision(probed("web"))
				stuck := y.until(id, saga.Stuck)
				if took := time.Since(began); took < 10*time.Minute || took > 11*time.Minute || !strings.Contains(stuck.Error, "no other droplet to compare with") {
					t.Errorf("%s: stuck after %v: %s", name, took, stuck.Error)
				}
				time.Sleep(7 * time.Hour)
				if n := len(y.sim.RequestLog()); n > 7*60*2+50 {
					t.Errorf("%s: %d requests in seven hours", name, n)
				}
				if restart {
					y.restart()
					y.observe()
				}
				if abort {
					y.must(y.engine.Abort(y.t.Context(), id))
					y.until(id, saga.Compensated)
					y.none("web")
					return
				}
				y.sim.SetFaults(simulator.Faults{})
				began = time.Now()
				y.until(id, saga.Completed)
				if took := time.Since(began); took > 80*time.Second {
					t.Errorf("%s: it went on after %v", name, took)
				}
			})
		}
	}
}

// When no droplet of the fleet answers, it may be this host's own network: nobody is blamed, however long that lasts.
func TestNotReadyForThisHostsOwnNetwork(t *testing.T) {
	for name, broken := range map[string][]string{"the droplet serves": nil, "the droplet does not": {"web"}} {
		inStage(t, simulator.Options{}, func(y *stage) {
			y.witness(probed("web"))
			y.sim.SetFaults(simulator.Faults{Unreachable: []string{simulator.Everything}, NeverReady: broken})
			id := y.carry(plan.Provision)[0]
			if stuck := y.until(id, saga.Stuck); !strings.Contains(stuck.Error, "this host's own network may be down") {
				t.Errorf("%s: stuck with: %s", name, stuck.Error)
			}
			time.Sleep(5 * time.Hour)
			if n := len(y.sent(routeDelete)); n != 0 {
				t.Errorf("%s: %d DELETEs", name, n)
			}
			y.sim.SetFaults(simulator.Faults{NeverReady: broken})
			began := time.Now()
			if broken == nil {
				y.until(id, saga.Completed)
			} else {
				y.until(id, saga.Compensated)
				y.none("web")
			}
			if took := time.Since(began); took > 2*time.Minute {
				t.Errorf("%s: it went on after %v", name, took)
			}
		})
	}
}

// A network that comes and goes between two probes costs no droplet.
func TestNotBlamedWhileTheNetworkComesAndGoes(t *testing.T) {
	for name, tt := range map[string]struct {
		serves bool // it passes its probe once another one did
		ends   saga.Status
	}{
		"it comes back": {true, saga.Completed},
		"it goes again": {false, saga.Stuck},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			y.witness(probed("web"))
			y.sim.SetFaults(simulator.Faults{Unreachable: []string{"web"}})
			other, probes := y.sim.Named("db")[0].PublicIPv4, 0
			y.onDial(func(address string) {
				if !strings.HasPrefix(address, other+":") {
					return
				}
				switch probes++; {
				case probes%2 == 0:
					y.sim.SetFaults(simulator.Faults{Unreachable: []string{simulator.Everything}})
				case tt.serves:
					y.sim.SetFaults(simulator.Faults{})
				default:
					y.sim.SetFaults(simulator.Faults{Unreachable: []string{"web"}})
				}
			})

			id := y.carry(plan.Provision)[0]
			y.until(id, tt.ends)
			time.Sleep(time.Hour)
			synctest.Wait()
			if n := len(y.sent(routeDelete)); n != 0 || probes == 0 {
				t.Errorf("%s: %d probes of the other one, %d DELETEs", name, probes, n)
			}
		})
	}
}

// A person who corrects the probe in the file, or takes it out, sees the saga go on with the droplet that there is.
func TestAProbeThatTheFileMends(t *testing.T) {
	for name, tt := range map[string]struct {
		after time.Duration // since the droplet is active
		mend  func(*fleet.Spec)
	}{
		"before its time is over":           {5 * time.Minute, func(s *fleet.Spec) { s.Ready.Status = 200 }},
		"after that":                        {time.Hour, func(s *fleet.Spec) { s.Ready.Status = 200 }},
		"taken out before its time is over": {5 * time.Minute, func(s *fleet.Spec) { s.Ready = nil }},
		"taken out after that":              {time.Hour, func(s *fleet.Spec) { s.Ready = nil }},
		"with a while to pass it for":       {time.Hour, func(s *fleet.Spec) { s.Ready.Status, s.Ready.For = 200, 3*time.Minute }},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			id := y.provision(asking("web", 204))
			time.Sleep(tt.after)
			s := asking("web", 204)
			tt.mend(&s)
			y.want(s)
			began := time.Now()
			y.until(id, saga.Completed)
			most := 70 * time.Second
			if s.Ready != nil {
				most += s.Ready.For
			}
			if took := time.Since(began); took > most || len(y.sent(routeCreate)) != 1 {
				t.Errorf("%s: it took %v and %d creates", name, took, len(y.sent(routeCreate)))
			}
		})
	}
	inStage(t, simulator.Options{}, func(y *stage) { // without a file in force it is the saga's own
		id := y.provision(probed("web"))
		y.sim.SetFaults(simulator.Faults{ReadyAfter: 5 * time.Minute})
		y.desired.Store(nil)
		time.Sleep(4 * time.Minute)
		if s := y.saga(id); !s.Status.Live() {
			t.Errorf("it ended %s", s.Status)
		}
		y.until(id, saga.Completed)
	})
}

// What was waited is the time of processes, and carries over from one to the next; no clocks are compared.
func TestReadinessIsWaitedForByTheTimeOfProcesses(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.witness(probed("web"))
		y.sim.SetFaults(simulator.Faults{NeverReady: []string{"web"}})
		id := y.carry(plan.Provision)[0]
		var lived time.Duration
		for y.saga(id).Status.Live() && lived < time.Hour {
			began := time.Now()
			for range 150 {
				if time.Sleep(time.Second); y.saga(id).Reverse {
					break
				}
			}
			if lived += time.Since(began); y.saga(id).Reverse {
				break
			}
			y.end()
			time.Sleep(3 * time.Hour)
			y.start()
			y.observe()
		}
		if lived < 10*time.Minute || lived > 16*time.Minute {
			t.Errorf("its time was over after %v of processes that lived 150 s each", lived)
		}
		y.until(id, saga.Compensated)
		y.none("web")
	})
}

// One that is switched off while it is waited for is not blamed for it, and has its whole time when it is on again.
func TestReadinessOfADropletThatIsOff(t *testing.T) {
	for _, off := range []time.Duration{5 * time.Minute, 3 * time.Hour} {
		inStage(t, simulator.Options{}, func(y *stage) {
			y.witness(probed("web"))
			y.sim.SetFaults(simulator.Faults{ReadyAfter: 9 * time.Minute})
			id := y.carry(plan.Provision)[0]
			time.Sleep(8 * time.Minute)
			d := y.sim.Named("web")[0]
			y.sim.ShutDown(d.ID)
			time.Sleep(off)
			if s := y.saga(id); off > time.Hour && (s.Status != saga.Stuck || !strings.Contains(s.Error, "is off: switch it on")) {
				t.Errorf("off for %v it is %s: %s", off, s.Status, s.Error)
			}
			y.sim.PowerOn(d.ID)
			y.until(id, saga.Completed)
			if n := len(y.sent(routeCreate)); n != 2 || len(y.sent(routeDelete)) != 0 {
				t.Errorf("off for %v: %d creates, %d DELETEs", off, n, len(y.sent(routeDelete)))
			}
		})
	}
}

// What ends the wait otherwise: the droplet vanishes, or the file moves on.
func TestWaitUntilReadyEndsOtherwise(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(y *stage)
		ends   saga.Status
		says   string
	}{
		"it vanishes":        {func(y *stage) { y.sim.Delete(y.sim.Named("web")[0].ID) }, saga.Compensated, "vanished before it was ready"},
		"not wanted":         {func(y *stage) { y.want(probed("db")) }, saga.Superseded, "no longer in the fleet file"},
		"wanted differently": {func(y *stage) { s := probed("web"); s.Size = "s-2vcpu-2gb"; y.want(probed("db"), s) }, saga.Superseded, "another web"},
	} {
		for _, restart := range []bool{false, true} {
			inStage(t, simulator.Options{}, func(y *stage) {
				y.witness(probed("web"))
				y.sim.SetFaults(simulator.Faults{NeverReady: []string{"web"}})
				id := y.carry(plan.Provision)[0]
				time.Sleep(3 * time.Minute)
				if restart {
					y.restart()
					y.observe()
				}
				tt.change(y)
				y.inv.Probe(y.t.Context(), y.targets("db"), 0) // it passes: the network works
				if ended := y.until(id, tt.ends); !strings.Contains(ended.Error, tt.says) {
					t.Errorf("%s: it ended with: %s", name, ended.Error)
				}
				y.none("web")
			})
		}
	}
}

// A saga from disk that goes back does not destroy what may serve by its probe; what does not serve is no reason to keep it.
func TestLaw13WhatServesByItsProbeIsRegistered(t *testing.T) {
	for name, tt := range map[string]struct {
		faults simulator.Faults
		stays  bool
	}{
		"it serves":                {simulator.Faults{}, true},
		"it does not":              {simulator.Faults{NeverReady: []string{"web"}}, false},
		"nobody answers beside it": {simulator.Faults{Unreachable: []string{simulator.Everything}}, true},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			y.witness(probed("web"))
			y.sim.SetFaults(simulator.Faults{NeverReady: []string{"web"}})
			id := y.carry(plan.Provision)[0]
			time.Sleep(3 * time.Minute)
			d := y.sim.Named("web")[0]
			y.end()
			y.sim.SetFaults(tt.faults)
			y.want(probed("db"))
			y.start()
			y.observe()
			y.inv.Probe(y.t.Context(), y.targets("db"), 0)
			y.until(id, saga.Superseded)
			_, there := y.sim.Droplet(d.ID)
			if there != tt.stays || there && !y.row(d.ID).Recorded {
				t.Errorf("%s: there %v", name, there)
			}
		})
	}
}

// A create with a probe, or a replace, that dies at any of its transitions or around any of its writes carries on: one droplet is there in
// the end and serves, and until it did the old one was.
func TestLaw03AWaitUntilReadyDiesAnywhere(t *testing.T) {
	for name, tt := range map[string]struct {
		never bool
		ends  saga.Status
	}{
		"it becomes ready": {false, saga.Completed},
		"it does not":      {true, saga.Compensated},
	} {
		for where, hear := range places() {
			t.Run(name+", "+where, func(t *testing.T) {
				t.Parallel()
				deaths := 0
				for alive := false; !alive; deaths += stride() {
					inStage(t, simulator.Options{}, func(y *stage) {
						old := y.all(probed("web"), probed("db"))[0]
						s := probed("web")
						s.Image, s.Ready.For = "debian-12-x64", 30*time.Second
						y.want(probed("db"), s)
						faults := simulator.Faults{ReadyAfter: 90 * time.Second}
						if tt.never {
							faults.BadImages = []string{"debian-12-x64"}
						}
						y.sim.SetFaults(faults)
						left := y.dieAt(deaths, hear)
						id := y.carry(plan.Replace)[0]
						for left.Load() > 0 && y.saga(id).Status.Live() {
							y.stillServed("web", old.ID)
							time.Sleep(time.Second)
						}
						if alive = left.Load() > 0; !alive {
							y.restart()
							y.observe()
							for y.saga(id).Status.Live() {
								y.stillServed("web", old.ID)
								time.Sleep(time.Second)
							}
						}
						y.until(id, tt.ends)
						all := y.sim.Named("web")
						if len(all) != 1 || (all[0].ID == old.ID) != tt.never || !y.sim.Serves(all[0].ID) || !y.row(all[0].ID).Recorded {
							t.Errorf("death %d: %+v", deaths, all)
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
