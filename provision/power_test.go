package provision_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/simulator"
)

// acted are the types of the actions that a droplet's saga asked for and that were begun, oldest first, without its create.
func (y *stage) acted(id int64) (types []string) {
	y.t.Helper()
	actions, err := y.api.Client(0).Actions(y.t.Context(), id)
	y.must(err)
	for _, a := range actions[1:] {
		types = append(types, a.Type)
	}
	return types
}

// A droplet is asked to shut down first, and powered off where it does not.
func TestPowerOffAsksTheSystemFirst(t *testing.T) {
	for name, tt := range map[string]struct {
		faults simulator.Faults
		acts   []string
		most   time.Duration
	}{
		"it shuts down":    {simulator.Faults{}, []string{"shutdown", "resize", "power_on"}, time.Minute},
		"it does not":      {simulator.Faults{ErroredActions: []string{"shutdown"}}, []string{"shutdown", "power_off", "resize", "power_on"}, 3 * time.Minute},
		"it does not show": {simulator.Faults{ChangeVisibleAfter: 70 * time.Second}, []string{"shutdown", "power_off", "resize", "power_on"}, 7 * time.Minute},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			d := y.made(spec("web"))
			y.sim.SetFaults(tt.faults)
			s, alter := resized()
			began := time.Now()
			y.until(y.update(d.ID, s, alter), saga.Completed)
			if took := time.Since(began); took > tt.most {
				t.Errorf("%s: it took %v", name, took)
			}
			if acts := y.acted(d.ID); !slices.Equal(acts, tt.acts) {
				t.Errorf("%s: %v", name, acts)
			}
			if now := y.truth(d.ID); now.Status != "active" || now.Size != s.Size {
				t.Errorf("%s: it is %+v", name, now)
			}
		})
	}
}

// A disk that stayed behind grows by a resize to the size that the droplet has already, and once.
func TestADiskGrowsLater(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		d := y.made(spec("web"))
		s, alter := resized()
		y.until(y.update(d.ID, s, alter), saga.Completed)
		before := y.truth(d.ID)
		s.Rules.Resize = fleet.ResizeWithDisk
		y.want(s)
		for _, id := range y.carry(plan.Update) {
			y.until(id, saga.Completed)
		}
		if now := y.truth(d.ID); now.Status != "active" || now.Disk <= before.Disk {
			t.Errorf("it is %+v, and was %+v", now, before)
		}
		if acts := y.acted(d.ID)[3:]; !slices.Equal(acts, []string{"shutdown", "resize", "power_on"}) {
			t.Errorf("%v", acts)
		}
		y.carry() // nothing more
	})
}

// A droplet that was off before is left off, whatever becomes of the resize, unless switching it on is asked for.
func TestPowerStaysAsItWas(t *testing.T) {
	for name, tt := range map[string]struct {
		faults simulator.Faults
		alter  func(*fleet.Alteration)
		ends   saga.Status
		status string
		acts   []string
	}{
		"resized":              {ends: saga.Completed, status: "off", acts: []string{"resize"}},
		"resized, switched on": {alter: func(a *fleet.Alteration) { a.PowerOn = true }, ends: saga.Completed, status: "active", acts: []string{"resize", "power_on"}},
		"not resized": {faults: simulator.Faults{ErroredActions: []string{"resize"}}, alter: func(a *fleet.Alteration) { a.PowerOn = true },
			ends: saga.Compensated, status: "off", acts: []string{"resize"}},
		"only switched on": {alter: func(a *fleet.Alteration) { *a = fleet.Alteration{PowerOn: true} }, ends: saga.Completed, status: "active", acts: []string{"power_on"}},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			d := y.made(spec("web"))
			y.sim.ShutDown(d.ID)
			y.sim.SetFaults(tt.faults)
			s, alter := resized()
			if tt.alter != nil {
				tt.alter(&alter)
			}
			y.until(y.update(d.ID, s, alter), tt.ends)
			if now := y.truth(d.ID); now.Status != tt.status {
				t.Errorf("%s: it is %+v", name, now)
			}
			if acts := y.acted(d.ID); !slices.Equal(acts, tt.acts) {
				t.Errorf("%s: %v", name, acts)
			}
		})
	}
}

// A plan that was made from a listing that lagged switches nothing off.
func TestADropletOfTheSizeStaysOn(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		d := y.made(spec("web"))
		s, alter := resized()
		y.sim.Resize(d.ID, s.Size)
		before := len(y.acted(d.ID))
		y.until(y.update(d.ID, s, alter), saga.Completed)
		if now := y.truth(d.ID); now.Status != "active" || now.Size != s.Size {
			t.Errorf("it is %+v", now)
		}
		if acts := y.acted(d.ID); len(acts) != before {
			t.Errorf("it was touched: %v", acts)
		}
	})
}

// An action that does not end needs a person after an hour; when it ends after all the saga goes on, and where it was aborted
// meanwhile the droplet is on in the end.
func TestLaw13AnActionWithoutAnEnd(t *testing.T) {
	for _, endless := range []string{"shutdown", "resize", "power_on"} {
		for name, abort := range map[string]bool{"waited for": false, "aborted": true} {
			inStage(t, simulator.Options{}, func(y *stage) {
				d := y.made(spec("web"))
				y.sim.SetFaults(simulator.Faults{EndlessActions: []string{endless}})
				s, alter := resized()
				began := time.Now()
				id := y.update(d.ID, s, alter)
				stuck := y.until(id, saga.Stuck)
				if took := time.Since(began); took < time.Hour || took > 70*time.Minute || !strings.Contains(stuck.Error, "an hour") {
					t.Errorf("%s: stuck after %v: %s", endless, took, stuck.Error)
				}
				if n := len(y.sent(routeAct)); n > 80 {
					t.Errorf("%s: %d actions were asked for", endless, n)
				}
				if abort && endless != "power_on" { // which is a pivot
					y.must(y.engine.Abort(y.t.Context(), id))
				}
				time.Sleep(10 * time.Minute)
				y.sim.SetFaults(simulator.Faults{})
				y.until(id, saga.Completed, saga.Compensated)
				time.Sleep(time.Minute)
				now := y.truth(d.ID)
				if now.Status != "active" || !abort && now.Size != s.Size {
					t.Errorf("%s, %s: it is %+v", endless, name, now)
				}
				// A resize that came through after its saga had gone back is no change of somebody else's.
				if is := y.recorded(d.ID).Values["size"]; is != now.Size {
					t.Errorf("%s, %s: recorded as %s, and it is %s", endless, name, is, now.Size)
				}
			})
		}
	}
}

// A saga that is aborted while the droplet shuts down does not take its last sight of it for the end: it is on when all is over.
func TestLaw13AbortedInTheMiddleOfAShutdown(t *testing.T) {
	for _, after := range []time.Duration{time.Second, 6 * time.Second, 13 * time.Second, 18 * time.Second, 24 * time.Second} {
		for _, lag := range []time.Duration{0, 15 * time.Second} {
			inStage(t, simulator.Options{ActionTime: 12 * time.Second}, func(y *stage) {
				d := y.made(spec("web"))
				y.sim.SetFaults(simulator.Faults{ChangeVisibleAfter: lag})
				s, alter := resized()
				id := y.update(d.ID, s, alter)
				time.Sleep(after)
				y.must(y.engine.Abort(y.t.Context(), id))
				y.until(id, saga.Compensated)
				time.Sleep(5 * time.Minute)
				if now := y.truth(d.ID); now.Status != "active" {
					t.Errorf("aborted after %v, signs late by %v: it is %+v, acted %v", after, lag, now, y.acted(d.ID))
				}
			})
		}
	}
}

// Switching on is tried until it is done.
func TestLaw13PowerOnOnlyGoesForward(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		d := y.made(spec("web"))
		y.sim.SetFaults(simulator.Faults{ErroredActions: []string{"power_on"}})
		s, alter := resized()
		id := y.update(d.ID, s, alter)
		y.until(id, saga.Stuck)
		y.sim.SetFaults(simulator.Faults{})
		y.until(id, saga.Completed)
		if now := y.truth(d.ID); now.Status != "active" || now.Size != s.Size {
			t.Errorf("it is %+v", now)
		}
	})
}

// What completes is done, also where the droplet does not show it: nothing goes back for it, and the droplet is switched on again.
func TestLaw13WhatWasDoneAndDoesNotShowIsDone(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		d := y.made(spec("web"))
		y.hook = func(e saga.Event) {
			if e.What == saga.EventDone && e.Step == "PowerOffDroplet" {
				y.sim.SetFaults(simulator.Faults{ChangeVisibleAfter: 20 * time.Minute})
			}
		}
		s, alter := resized()
		y.until(y.update(d.ID, s, alter), saga.Completed)
		if n := len(y.sent(routeAction)); n > 16 {
			t.Errorf("the actions were asked %d times", n)
		}
		if n := len(y.sent(routeAct)); n != 3 {
			t.Errorf("%d actions, want one to switch it off, one to resize it and one to switch it on", n)
		}
		time.Sleep(20 * time.Minute)
		if now := y.truth(d.ID); now.Status != "active" || now.Size != s.Size {
			t.Errorf("it is %+v", now)
		}
	})
}

// A way back undoes nothing that DigitalOcean says was done and that the droplet does not show: nobody knows what it would undo.
func TestLaw13NoWayBackFromWhatDoesNotShow(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		d := y.made(spec("web"))
		s := spec("web")
		s.Size, s.Backups = "s-2vcpu-2gb", true
		on := true
		y.sim.SetFaults(simulator.Faults{ChangeVisibleAfter: 10 * time.Minute})
		y.hook = func(e saga.Event) {
			if e.What == saga.EventDone && e.Step == "SwitchBackups" {
				y.sim.SetFaults(simulator.Faults{ErroredActions: []string{"resize"}})
			}
		}
		y.until(y.update(d.ID, s, fleet.Alteration{Backups: &on, Size: s.Size}), saga.Compensated)
		if n := len(y.sent(routeAct)); n != 4 {
			t.Errorf("%d actions, want enable_backups, shutdown, resize and power_on", n)
		}
		y.sim.SetFaults(simulator.Faults{})
		time.Sleep(20 * time.Minute)
		if now := y.truth(d.ID); now.Status != "active" || !now.Backups {
			t.Errorf("it is %+v", now)
		}
	})
}

// Where answers leave out what there is to know, nothing is sent, and nothing is taken for done; the saga waits until it shows.
func TestLaw04WhatIsNotToldIsNeitherDoneNorToBeDone(t *testing.T) {
	for _, member := range []string{"status", "tags", "size_slug"} {
		inStage(t, simulator.Options{}, func(y *stage) {
			d := y.made(spec("web"))
			wrong := []simulator.Member{{Name: member, As: "null"}}
			if member == "size_slug" {
				wrong = append(wrong, simulator.Member{Name: "size", As: "null"})
			}
			y.sim.SetFaults(simulator.Faults{Members: wrong})
			s, alter := resized()
			id := y.update(d.ID, s, alter)
			time.Sleep(20 * time.Minute)
			if n := len(y.sent(routeAct)); n != 0 {
				t.Errorf("%s is null: %d actions were sent", member, n)
			}
			if now := y.saga(id); now.Status != saga.Running && now.Status != saga.Pending || now.Error == "" {
				t.Errorf("%s is null: the saga is %s: %s", member, now.Status, now.Error)
			}
			y.sim.SetFaults(simulator.Faults{})
			y.until(id, saga.Completed)
			if now := y.truth(d.ID); now.Status != "active" || now.Size != s.Size {
				t.Errorf("%s was null: it is %+v", member, now)
			}
		})
	}
}

// Two that pull at one tag do not do so for ever.
func TestRetagAgainstSomebodyElse(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		d := y.made(spec("web"))
		s := spec("web")
		s.Tags = []string{"web", "front"}
		id := y.update(d.ID, s, fleet.Alteration{Tag: []string{"front"}})
		over := make(chan struct{})
		go func() {
			defer close(over)
			for y.saga(id).Status.Live() {
				y.sim.Untag(d.ID, "front")
				time.Sleep(50 * time.Millisecond) // quicker than the looks
			}
		}()
		began := time.Now()
		s1 := y.until(id, saga.Compensated)
		<-over
		if took := time.Since(began); took > 10*time.Minute || len(y.sent(routeTag)) > 4 {
			t.Errorf("it took %v and %d requests: %s", took, len(y.sent(routeTag)), s1.Error)
		}
	})
}

// Arcadiad's own tags are no business of a retagging, and a way back takes off only what was put on.
func TestRetagLeavesTheRest(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		d := y.made(spec("web"))
		y.sim.Tag(d.ID, "theirs")
		before := y.truth(d.ID).Tags
		y.sim.SetFaults(simulator.Faults{ErroredActions: []string{"rename"}})
		s := spec("shop")
		y.until(y.update(d.ID, s, fleet.Alteration{
			Name: "shop", Tag: []string{"theirs", "new", fleet.FleetTag("other")}, Untag: []string{"web", "none", fleet.ManagedTag, fleet.FleetTag(fleetName)},
		}), saga.Compensated)
		if now := y.truth(d.ID).Tags; !slices.Equal(now, before) {
			t.Errorf("tags %v, before %v", now, before)
		}
		for _, at := range y.sim.RequestLog() {
			if strings.Contains(at.Path, fleet.FleetTag(fleetName)+"/resources") || strings.Contains(at.Path, fleet.ManagedTag+"/resources") {
				t.Errorf("sent %s %s", at.Route, at.Path)
			}
		}
	})
}
