package daemon

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/simulator"
)

// kept is how the droplets of these tests end.
const kept = ", destroy: {keep: 24h}"

// undo has a person bring back what is kept under a name, and gives what it came to.
func (w *world) undo(name string) (control.Handed, error) {
	return control.Transfer(context.Background(), w.beside(), control.OfferRequest{Kind: plan.Undo, Names: []string{name}}, assent)
}

// succeeded is a fleet whose droplet was replaced by one with a new image, and is kept.
func (w *world) succeeded(stanza string) (old, now int64) {
	w.t.Helper()
	settled(fleetOf(stanza + kept))(w)
	old = w.ours("a")
	w.edit(fleetOf(stanza + kept + ", image: " + newImage))
	w.start()
	w.rest()
	return old, w.ours("a")
}

// ours is the droplet of this fleet that has the name, and is on.
func (w *world) ours(name string) (id int64) {
	for _, d := range w.sim.Named(name) {
		if d.HasTag(fleet.FleetTag("test")) && d.Status == "active" {
			id = d.ID
		}
	}
	return id
}

// is demands that a droplet is on, and registered under a name, and is not changed again.
func (w *world) is(name string, id int64) {
	w.t.Helper()
	time.Sleep(time.Hour)
	recorded, err := w.reader().Load(context.Background())
	w.must(err)
	found := int64(0)
	for _, r := range recorded.Records {
		if r.Name == name {
			found = r.DropletID
		}
	}
	if d, there := w.sim.Droplet(id); found != id || !there || d.Status != "active" || len(w.life.h.engine.Live()) > 0 {
		w.t.Errorf("%s is droplet %d, want %d, which is %+v\n%s", name, found, id, d, w.describe())
	}
}

// A droplet that was replaced comes back, and the next plan leaves it alone until a person says otherwise. Its successor goes on running.
func TestUndoOfAReplace(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lift func(w *world)
		gone bool // what was brought back is replaced after that
	}{
		"and the file goes back": {func(w *world) { w.edit(fleetOf("name: a, tags: [mail]" + kept)) }, false},
		"and the rollout goes on": {func(w *world) {
			_, err := w.life.h.orderRollout(context.Background(), control.RolloutOrder{Group: "a", Do: control.ResumeRollout})
			w.must(err)
		}, true},
		"and the stanza is edited": {func(w *world) { w.edit(fleetOf("name: a, tags: [mail], image: fedora-42-x64" + kept)) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, simulator.Options{}, func(w *world) {
				old, now := w.succeeded("name: a, tags: [mail]")
				handed, err := w.undo("a")
				w.must(err)
				if len(handed.Failed) > 0 || handed.Transfers[0].Undoing.Successor != now || handed.Undone != (control.Undone{Released: now}) {
					t.Errorf("it came to %+v", handed)
				}
				w.is("a", old)
				if d, there := w.sim.Droplet(now); !there || d.Status != "active" || len(marksOf(d)) > 0 || !d.HasTag("mail") {
					t.Errorf("the successor is %+v", d)
				}
				if d, _ := w.sim.Droplet(old); !d.HasTag("mail") {
					t.Errorf("it came back as %+v", d)
				}
				p := w.life.h.loop.Last().Outcome.Pass.Plan
				if len(p.Actions) != 1 || p.Actions[0].HeldBy != plan.HoldStopped || !strings.Contains(p.Actions[0].HeldReason, "stopped by arcadiad undo a") {
					t.Errorf("the plan: %s", w.describe())
				}
				tt.lift(w)
				time.Sleep(2 * time.Hour)
				w.rest()
				if d, _ := w.sim.Droplet(old); (d.Status == "off") != tt.gone {
					t.Errorf("it is %+v\n%s", d, w.describe())
				}
			})
		})
	}
}

// In a group an undo stops the rollout: neither the droplet that is back nor those that are left are changed until a person says so.
func TestUndoOfOneOfAGroup(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		const stanza = "name: web, count: 3, rollout: {max_surge: 1, pause: 2h}" + kept
		settled(fleetOf(stanza))(w)
		old := w.ours("web-1")
		w.edit(fleetOf(stanza + ", image: " + newImage))
		w.start()
		time.Sleep(10 * time.Minute)
		now := w.ours("web-1")
		handed, err := w.undo("web-1")
		w.must(err)
		if now == old || len(handed.Failed) > 0 || handed.Undone.Released != now {
			t.Errorf("droplet %d for %d, it came to %+v", now, old, handed)
		}
		time.Sleep(5 * time.Hour)
		w.is("web-1", old)
		p := w.life.h.loop.Last().Outcome.Pass.Plan
		for _, a := range p.Actions {
			if a.Kind != plan.Replace || a.HeldBy != plan.HoldStopped {
				t.Errorf("%s %s is held by %q", a.Kind, a.Name, a.HeldBy)
			}
		}
		if len(p.Actions) != 3 {
			t.Errorf("the plan: %s", w.describe())
		}
		_, err = w.life.h.orderRollout(context.Background(), control.RolloutOrder{Group: "web", Do: control.ResumeRollout})
		w.must(err)
		w.rest()
		if d, _ := w.sim.Droplet(old); d.Status != "off" || w.ours("web-1") == now {
			t.Errorf("after the rollout: %s", w.describe())
		}
	})
}

// What still makes the successor goes back first, and nothing of that is left.
func TestUndoWhileTheSuccessorIsMade(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		const stanza = "name: a, ready: {tcp: 22, within: 20m}, replace: destroy_first" + kept
		settled(fleetOf(stanza))(w)
		old := w.ours("a")
		w.edit(fleetOf(stanza + ", image: " + newImage))
		w.start()
		time.Sleep(5 * time.Second)
		w.sim.SetFaults(simulator.Faults{NeverReady: []string{"a"}})
		time.Sleep(4 * time.Minute)
		for _, d := range w.sim.Named("a") {
			if d.ID != old {
				w.sim.SetFaults(simulator.Faults{NeverReady: []string{fmt.Sprint(d.ID)}})
			}
		}
		if live := w.life.h.engine.Live(); len(live) != 1 || live[0].Kind != fleet.SagaProvision {
			t.Fatalf("live: %+v", live)
		}
		handed, err := w.undo("a")
		w.must(err)
		if len(handed.Failed) > 0 || handed.Transfers[0].Undoing.Aborts == "" {
			t.Errorf("it came to %+v", handed)
		}
		w.is("a", old)
		if n := len(w.sim.Named("a")); n != 1 {
			t.Errorf("%d droplets of the name: %s", n, w.describe())
		}
	})
}

// A name that was destroyed, and is in the file again, gets its old droplet back. While the file does not want it, nothing is done.
func TestUndoOfADestroy(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		settled(fleetOf("name: a"+kept, "name: b"))(w)
		old := w.ours("a")
		w.edit(fleetOf("name: b"))
		w.start()
		w.rest()
		handed, err := w.undo("a")
		if err != nil || !strings.Contains(handed.Transfers[0].Refused, "put a back into the fleet file first") {
			t.Errorf("%+v, %v", handed, err)
		}
		w.stop()
		o := w.disk(fleetOf("name: a", "name: b"))
		handed, err = changeHands(context.Background(), o, control.OfferRequest{Kind: plan.Undo, Names: []string{"a"}}, assent)
		if err != nil || len(handed.Failed) > 0 {
			t.Errorf("%+v, %v", handed, err)
		}
		w.start()
		w.rest()
		w.is("a", old)
		w.check()
	})
}

// Law 20: a droplet of another region comes back with the address that it had, and not with the one that the file gives to the name.
func TestLaw20UndoAcrossRegions(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		first, second := w.sim.ReserveIPIn("syd1"), w.sim.ReserveIPIn("nyc3")
		settled(fleetOf("name: a, reserved_ip: " + first + kept))(w)
		old := w.ours("a")
		w.edit(fleetOf("name: a, region: nyc3, reserved_ip: " + second + kept))
		w.start()
		w.until("the old address would be left behind", func() bool { return w.life.h.loop.Last().Outcome.Pass.Plan.Approvable() })
		w.must(w.life.h.approve(context.Background(), w.life.h.loop.Last().Outcome.Pass.Plan.ID))
		w.until("it is replaced", func() bool { return w.ours("a") != 0 && w.ours("a") != old && len(w.life.h.engine.Live()) == 0 })
		now := w.ours("a")
		handed, err := w.undo("a")
		if err != nil || len(handed.Failed) > 0 || w.pointsTo(first) != old || w.pointsTo(second) != now {
			t.Errorf("%v: it came to %+v, the addresses are at %d and %d", err, handed, w.pointsTo(first), w.pointsTo(second))
		}
		w.is("a", old)
	})
}

// Law 6: what is kept, and seemed gone while reads hid it, comes back all the same when it shows again.
func TestLaw06WhatIsKeptShowsAgain(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		old, _ := w.succeeded("name: a")
		id := []string{fmt.Sprint(old)}
		w.sim.SetFaults(simulator.Faults{HiddenFromLists: id, HiddenFromGet: id})
		time.Sleep(2 * time.Hour)
		if handed, err := w.undo("a"); err != nil || !strings.Contains(handed.Transfers[0].Refused, "is gone: somebody destroyed it") {
			t.Errorf("%v: it came to %+v", err, handed)
		}
		w.sim.SetFaults(simulator.Faults{})
		time.Sleep(time.Hour)
		if handed, err := w.undo("a"); err != nil || len(handed.Failed) > 0 || handed.Transfers[0].Refused != "" {
			t.Errorf("%v: it came to %+v", err, handed)
		}
		w.is("a", old)
	})
}

// Who asks for the same while it is under way follows it.
func TestUndoTwice(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		old, _ := w.succeeded("name: a")
		first := make(chan error)
		go func() {
			_, err := w.undo("a")
			first <- err
		}()
		time.Sleep(time.Second)
		handed, err := w.undo("a")
		w.must(err)
		w.must(<-first)
		if len(handed.Transfers) != 1 || handed.Transfers[0].Undoing == nil || handed.Transfers[0].Undoing.Follows == "" || len(handed.Failed) > 0 {
			t.Errorf("the second came to %+v", handed)
		}
		w.is("a", old)
		if handed, err := w.undo("a"); err != nil || handed.Transfers[0].Refused == "" {
			t.Errorf("a third came to %+v, %v", handed, err)
		}
	})
}

// undoScenarios are undos during which the process may die: before anything of one is durable the person asks again, and from then on the next
// start goes on.
func undoScenarios() []scenario {
	var old int64
	const stanza, first, changed = "name: a, tags: [mail], ready: {tcp: 22, within: 90s}", ", replace: destroy_first", ", image: " + newImage
	undo := func(stanza string) func(w *world) {
		return func(w *world) {
			w.hand(plan.Undo, "a")
			if !w.life.taps.dead() {
				w.edit(fleetOf(stanza + kept)) // else what is left to change is held, and nothing is at rest
			}
		}
	}
	back := func(w *world) {
		for _, d := range w.sim.Named("a") {
			if !slices.ContainsFunc(w.foreign, func(f simulator.Droplet) bool { return f.ID == d.ID }) && d.HasTag(fleet.ManagedTag) && (d.ID != old || d.Status != "active" || !d.HasTag("mail")) {
				w.t.Errorf("a is not droplet %d as it was: %+v", old, d)
			}
		}
	}
	return []scenario{
		{name: "undo of a replace", before: func(w *world) {
			old, _ = w.succeeded(stanza)
			w.stop()
		}, during: undo(stanza), recover: undo(stanza), after: back},
		{name: "undo while the successor is made", before: func(w *world) {
			settled(fleetOf(stanza + first + kept))(w)
			old = w.ours("a")
			w.sim.SetFaults(simulator.Faults{ReadyAfter: 5 * time.Minute})
			w.edit(fleetOf(stanza + first + kept + changed))
			w.start()
			time.Sleep(time.Minute)
			if live := w.life.h.engine.Live(); len(live) != 1 || live[0].Kind != fleet.SagaProvision {
				w.t.Errorf("live: %+v", live)
			}
			w.stop()
			w.sim.SetFaults(simulator.Faults{})
		}, during: undo(stanza + first), recover: undo(stanza + first), after: back},
	}
}
