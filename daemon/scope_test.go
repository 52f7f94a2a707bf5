package daemon

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/simulator"
)

// scoped runs a fleet to its rest, and then a test that applies a part of it: alone, and beside a daemon.
func scoped(t *testing.T, file string, test func(w *world, apply func(control.Conduct) (control.Applied, error))) {
	t.Helper()
	t.Parallel()
	alice := fleet.AsPerson(context.Background(), fleet.Person{Name: "alice", Reason: "the disk is slow"})
	t.Run("alone", func(t *testing.T) {
		inWorld(t, simulator.Options{}, func(w *world) {
			o, f := w.disk(file), &follower{}
			_, err := Apply(context.Background(), o, f.conduct())
			w.must(err)
			test(w, func(c control.Conduct) (control.Applied, error) { return Apply(alice, o, c) })
		})
	})
	t.Run("beside a daemon", func(t *testing.T) {
		inWorld(t, simulator.Options{}, func(w *world) {
			w.file = file
			w.start()
			w.rest()
			test(w, func(c control.Conduct) (control.Applied, error) { return control.Apply(alice, w.beside(), c) })
			w.rest()
		})
	})
}

func replaceOf(name string) control.Conduct {
	f := &follower{}
	c := f.conduct()
	c.Only = control.Only{Names: []string{name}, Replace: true}
	return c
}

// A person may have a droplet replaced that is as the file asks, and again, and nothing else is touched. Why says who asked for it.
func TestReplaceByName(t *testing.T) {
	scoped(t, fleetOf("name: web, count: 3", "name: db, image: debian-12-x64"), func(w *world, apply func(control.Conduct) (control.Applied, error)) {
		others := map[string]int64{"web-1": w.ours("web-1"), "web-3": w.ours("web-3"), "db": w.ours("db")}
		for range 2 {
			old := w.ours("web-2")
			applied, err := apply(replaceOf("web-2"))
			if err != nil || !applied.Converged || len(applied.Plan.Actions) != 1 {
				w.t.Fatalf("%v: %+v", err, applied)
			}
			if a := applied.Plan.Actions[0]; a.Reason != "asked for by alice: the disk is slow" || a.DropletID != old {
				w.t.Errorf("%+v", a)
			}
			if _, there := w.sim.Droplet(old); there || len(w.sim.Named("web-2")) != 1 || w.ours("web-2") == old {
				w.t.Errorf("droplet %d was not replaced\n%s", old, w.describe())
			}
		}
		for name, id := range others {
			if w.ours(name) != id {
				w.t.Errorf("%s was replaced, too", name)
			}
		}
	})
}

// A yes to a replace approves what is held of it, as the person saw it, and nothing that is protected; a no approves nothing.
func TestReplaceApprovesWhatIsHeld(t *testing.T) {
	scoped(t, fleetOf("name: a", "name: b, protect: true", "name: c"), func(w *world, apply func(control.Conduct) (control.Applied, error)) {
		old := w.ours("a")
		w.sim.AttachVolume(old)
		var seen plan.Plan
		no := replaceOf("a")
		no.Confirm = func(p plan.Plan) (bool, error) { seen = p; return false, nil }
		applied, err := apply(no)
		if err != nil || !applied.Declined || !seen.Approvable() || w.ours("a") != old {
			w.t.Fatalf("%v: declined %v, %+v", err, applied.Declined, seen.Actions)
		}
		recorded, err := w.reader().Load(context.Background())
		if w.must(err); len(recorded.Grants) > 0 {
			w.t.Errorf("a no approved %+v", recorded.Grants)
		}
		if applied, err = apply(replaceOf("a")); err != nil || !applied.Converged || w.ours("a") == old {
			w.t.Errorf("%v: %+v", err, applied.After)
		}

		old = w.ours("b")
		never := replaceOf("b")
		never.Confirm = func(p plan.Plan) (bool, error) { w.t.Errorf("asked about %+v", p.Actions); return true, nil }
		applied, err = apply(never)
		if err != nil || applied.Converged || applied.After.Actions[0].HeldBy != "protect" || w.ours("b") != old {
			w.t.Errorf("%v: %+v", err, applied.After)
		}
	})
}

// What cannot be replaced is refused in words.
func TestReplaceRefuses(t *testing.T) {
	scoped(t, fleetOf("name: a"), func(w *world, apply func(control.Conduct) (control.Applied, error)) {
		if _, err := apply(replaceOf("web")); err == nil || !strings.Contains(err.Error(), "no droplet is registered under web") {
			w.t.Errorf("%v", err)
		}
	})
}

// An apply of some names leaves the rest of the plan alone, and of a group whose members take turns the named one goes first.
func TestApplyByName(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		before := fleetOf("name: web, count: 3", "name: db, image: debian-12-x64", "name: old")
		o, f := w.disk(before), &follower{}
		_, err := Apply(context.Background(), o, f.conduct())
		w.must(err)
		was := map[string]int64{}
		for _, name := range []string{"web-1", "web-2", "web-3", "db", "old"} {
			was[name] = w.ours(name)
		}
		w.must(os.WriteFile(o.Fleet, []byte(fleetOf("name: web, count: 3, size: s-2vcpu-2gb", "name: db, image: debian-13-x64", "name: new, size: s-1vcpu-2gb")), 0o600))
		replaced := func(names ...string) {
			w.t.Helper()
			var got []string
			for _, name := range []string{"web-1", "web-2", "web-3", "db", "old"} {
				if w.ours(name) != was[name] {
					got = append(got, name)
				}
			}
			if !slices.Equal(got, names) {
				w.t.Errorf("replaced or destroyed %q, want %q", got, names)
			}
		}
		c := f.conduct()
		c.Only = control.Only{Names: []string{"web-3"}}
		applied, err := Apply(context.Background(), o, c)
		if err != nil || !applied.Converged {
			t.Errorf("%v: %+v", err, applied.After)
		}
		replaced("web-3")
		c.Only = control.Only{Names: []string{"WEB", "new"}}
		applied, err = Apply(context.Background(), o, c)
		if err != nil || !applied.Converged || len(w.sim.Named("new")) != 1 {
			t.Errorf("%v: %+v", err, applied.After)
		}
		replaced("web-1", "web-2", "web-3")
		if applied, err = Apply(context.Background(), o, f.conduct()); err != nil || !applied.Converged {
			t.Errorf("%v: %+v", err, applied.After)
		}
		replaced("web-1", "web-2", "web-3", "db", "old")
	})
}
