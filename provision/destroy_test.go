package provision_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/simulator"
)

// Whatever the API makes of a DELETE, the saga goes on until the droplet is gone, and does not send DELETE upon DELETE.
func TestLaw13DestroyUntilGone(t *testing.T) {
	for name, tt := range map[string]struct {
		effects []simulator.Effect // of the DELETEs
		faults  simulator.Faults
		deletes int // at most
	}{
		"at once":              {deletes: 1},
		"shown for long":       {faults: simulator.Faults{DeleteLag: 10 * time.Minute}, deletes: 6},
		"listed for long":      {faults: simulator.Faults{DeleteListLag: 2 * time.Minute}, deletes: 1},
		"500 after the work":   {effects: []simulator.Effect{simulator.Status(500).After()}, deletes: 2},
		"500":                  {effects: []simulator.Effect{simulator.Status(500), simulator.Status(500)}, deletes: 3},
		"cut after the work":   {effects: []simulator.Effect{simulator.Cut().After()}, deletes: 2},
		"hang":                 {effects: []simulator.Effect{simulator.Hang()}, deletes: 2},
		"429":                  {effects: []simulator.Effect{simulator.TooMany(time.Minute)}, deletes: 2},
		"refused connections":  {effects: []simulator.Effect{simulator.Refuse(), simulator.Refuse()}, deletes: 1},
		"busy with an action":  {effects: []simulator.Effect{simulator.Status(422).Saying("Droplet already has a pending event.")}, deletes: 2},
		"forbidden for a time": {effects: []simulator.Effect{simulator.Status(403), simulator.Status(403)}, deletes: 3},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			d := y.made(spec("web"))
			y.sim.SetFaults(tt.faults)
			for _, e := range tt.effects {
				y.must(y.sim.Script(routeDelete, 1, e))
			}
			y.want()
			y.until(y.carry(plan.Destroy)[0], saga.Completed)
			if n := len(y.sent(routeDelete)); n > tt.deletes {
				t.Errorf("%s: %d DELETEs, want at most %d", name, n, tt.deletes)
			}
			if len(y.sim.Ended()) != 1 || y.sim.Ended()[0].ID != d.ID {
				t.Errorf("%s: ended %+v", name, y.sim.Ended())
			}
			y.none("web")
		})
	}
}

// Looks that fail in between are no reason for another DELETE.
func TestLaw13FailedLooksMakeNoStorm(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.made(spec("web"))
		y.sim.SetFaults(simulator.Faults{DeleteLag: 10 * time.Minute})
		y.want()
		for range 60 {
			y.must(y.sim.Script(routeGet, 1, simulator.Pass()))
			y.must(y.sim.Script(routeGet, 1, simulator.Status(500)))
		}
		y.until(y.carry(plan.Destroy)[0], saga.Completed)
		if n := len(y.sent(routeDelete)); n > 6 {
			t.Errorf("%d DELETEs in ten minutes", n)
		}
	})
}

// Under another team's token the droplet is not gone, however long that lasts.
func TestLaw06AnotherAccountDestroysNothing(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		d := y.made(spec("web"))
		y.sim.SetFaults(simulator.Faults{DeleteIgnored: true})
		y.want()
		id := y.carry(plan.Destroy)[0]
		time.Sleep(8 * time.Second) // the DELETE is accepted, and ignored
		y.token.Store(otherToken)
		time.Sleep(time.Hour)
		if s := y.saga(id); !s.Status.Live() || y.row(d.ID).Status == fleet.StatusDeleted {
			t.Fatalf("saga %s, row %+v", s.Status, y.row(d.ID))
		}
		y.token.Store(ourToken)
		y.sim.SetFaults(simulator.Faults{})
		y.observe()
		y.until(id, saga.Completed)
		y.none("web")
	})
}

// A new droplet may ignore its DELETE, and need not be listed yet: two listings without it do not mean that it is gone.
func TestLaw13ANewDropletThatIgnoresItsDelete(t *testing.T) {
	inStage(t, simulator.Options{Activation: 4 * time.Minute}, func(y *stage) {
		y.sim.SetFaults(simulator.Faults{DeleteIgnoredWhileNew: true, ListVisibleAfter: 2 * time.Minute})
		id := y.provision(spec("web"))
		time.Sleep(8 * time.Second)
		y.want()
		ctx, cancel := context.WithCancel(y.t.Context())
		defer cancel()
		time.Sleep(8 * time.Second) // by now it was seen by its id
		y.crowd(ctx)
		y.until(id, saga.Superseded)
		y.none("web")
		if n := len(y.sent(routeDelete)); n < 2 || n > 12 {
			t.Errorf("%d DELETEs", n)
		}
	})
}

// Law 6: a droplet that was last seen as new, and is not shown after its DELETE was accepted, may have ignored it: it is asked for by its id.
func TestLaw06ANewDropletIsAskedForByItsID(t *testing.T) {
	inStage(t, simulator.Options{Activation: time.Hour}, func(y *stage) {
		id := y.provision(spec("web"))
		time.Sleep(8 * time.Second) // by now it was seen as new
		y.sim.SetFaults(simulator.Faults{DeleteIgnoredWhileNew: true})
		y.want()
		for len(y.sent(routeDelete)) == 0 {
			time.Sleep(time.Second)
		}
		y.must(y.sim.Script(routeGet, 2, simulator.Status(404)))
		time.Sleep(time.Minute)
		if s := y.saga(id); s.Status != saga.Compensating || y.sim.ScriptLeft() != 0 {
			t.Errorf("%s while the droplet is there", s.Status)
		}
		y.sim.SetFaults(simulator.Faults{})
		y.until(id, saga.Superseded)
		y.none("web")
	})
}

// A saga destroys what it made only while that shows to be its own.
func TestLaw01ACompensationOfWhatIsNoLongerOurs(t *testing.T) {
	for name, tt := range map[string]struct {
		faults  simulator.Faults
		change  func(y *stage, saga string, id int64)
		destroy bool
	}{
		"tags not seen yet":         {simulator.Faults{TagVisibleAfter: time.Hour}, func(*stage, string, int64) {}, true},
		"all its tags":              {simulator.Faults{}, func(*stage, string, int64) {}, true},
		"no tag any more":           {simulator.Faults{}, func(y *stage, s string, id int64) { y.untagAll(s, id) }, false},
		"the managed tag taken off": {simulator.Faults{}, func(y *stage, _ string, id int64) { y.sim.Untag(id, fleet.ManagedTag) }, false},
		"the saga's tag taken off":  {simulator.Faults{}, func(y *stage, s string, id int64) { y.sim.Untag(id, fleet.SagaTag(s)) }, false},
		"the fleet's tag taken off": {simulator.Faults{}, func(y *stage, _ string, id int64) { y.sim.Untag(id, fleet.FleetTag(fleetName)) }, true},
		"the fleet's tag taken off, another saga's put on": {simulator.Faults{}, func(y *stage, _ string, id int64) {
			y.sim.Untag(id, fleet.FleetTag(fleetName))
			y.sim.Tag(id, "arcadia-saga-ffffffff")
		}, false},
		"given to another fleet": {simulator.Faults{}, func(y *stage, _ string, id int64) { y.sim.Tag(id, fleet.FleetTag("other")) }, false},
	} {
		inStage(t, simulator.Options{Activation: 10 * time.Minute}, func(y *stage) {
			y.sim.SetFaults(tt.faults)
			id := y.provision(spec("web"))
			time.Sleep(8 * time.Second) // its tags were seen, if they show
			d := y.sim.Named("web")[0]
			tt.change(y, id, d.ID)
			y.want()
			if tt.destroy {
				y.until(id, saga.Superseded)
				y.none("web")
				return
			}
			s := y.until(id, saga.Stuck)
			time.Sleep(time.Hour)
			if n := len(y.sent(routeDelete)); n != 0 || !strings.Contains(s.Error, itoa(d.ID)) {
				t.Errorf("%s: %d DELETEs: %s", name, n, s.Error)
			}
			y.sim.Delete(d.ID) // as the error says, a person may
			y.until(id, saga.Superseded)
			y.none("web")
		})
	}
}

func (y *stage) untagAll(sagaID string, id int64) {
	for _, tag := range []string{fleet.ManagedTag, fleet.SagaTag(sagaID), fleet.FleetTag(fleetName), "web"} {
		y.sim.Untag(id, tag)
	}
}

// Before its first DELETE a destroy looks again, at the droplet and at the file.
func TestLaw17ADestroyThatIsNotAskedForAnyMore(t *testing.T) {
	for name, change := range map[string]func(y *stage, id int64){
		"unmanaged":        func(y *stage, id int64) { y.sim.Untag(id, fleet.ManagedTag) },
		"of no fleet":      func(y *stage, id int64) { y.untagAll("", id); y.sim.Tag(id, fleet.ManagedTag) },
		"of another fleet": func(y *stage, id int64) { y.sim.Tag(id, fleet.FleetTag("other")) },
		"protected":        func(y *stage, id int64) { y.sim.Tag(id, fleet.ProtectTag) },
		"with a volume":    func(y *stage, id int64) { y.sim.AttachVolume(id) },
		"wanted again":     func(y *stage, _ int64) { y.want(spec("web")) },
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			d := y.made(spec("web"))
			if name == "of no fleet" { // without its maker's tag either
				y.sim.Untag(d.ID, fleet.SagaTag(y.row(d.ID).SagaID))
			}
			y.want()
			begin := y.begin(y.observe())
			change(y, d.ID)
			y.until(begin(plan.Destroy)[0], saga.Superseded)
			if _, there := y.sim.Droplet(d.ID); !there || len(y.sent(routeDelete)) != 0 || !y.row(d.ID).Recorded {
				t.Errorf("%s: there %v, %d DELETEs, row %+v", name, there, len(y.sent(routeDelete)), y.row(d.ID))
			}
		})
	}
}

// However long the looks before a write take, or the wait for its slot: the file is asked last.
func TestLaw17TheFileIsAskedLast(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		d := y.made(spec("web"))
		y.want()
		begin := y.begin(y.observe())
		y.sim.SetFaults(simulator.Faults{Refuse: true})
		id := begin(plan.Destroy)[0]
		time.Sleep(time.Hour)
		y.want(spec("web"))
		y.sim.SetFaults(simulator.Faults{})
		y.until(id, saga.Superseded)
		if _, there := y.sim.Droplet(d.ID); !there || len(y.sent(routeDelete)) != 0 {
			t.Errorf("there %v, %d DELETEs", there, len(y.sent(routeDelete)))
		}
	})
	inStage(t, simulator.Options{}, func(y *stage) {
		y.want(spec("web"))
		begin := y.begin(y.observe())
		y.must(y.sim.Script("GET /v2/account", 1, simulator.TooMany(time.Hour)))
		if _, err := y.api.Client(digitalocean.PrioritySync).Account(y.t.Context()); err == nil {
			t.Fatal("no 429")
		}
		id := begin(plan.Provision)[0]
		time.Sleep(time.Minute)
		y.want()
		y.until(id, saga.Superseded)
		if n := len(y.sent(routeCreate)); n != 0 {
			t.Errorf("%d creates of what nobody wants any more", n)
		}
	})
}

// After its first DELETE a destroy only goes forward: a droplet that must not be destroyed any more makes it stuck.
func TestLaw13ADestroyThatHasBegunOnlyGoesForward(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		d := y.made(hard("web"))
		y.sim.SetFaults(simulator.Faults{DeleteIgnored: true})
		y.want()
		id := y.carry(plan.Destroy)[0]
		time.Sleep(8 * time.Second)
		if n := len(y.sent(routeDelete)); n != 1 {
			t.Fatalf("%d DELETEs", n)
		}
		y.sim.Untag(d.ID, fleet.ManagedTag)
		y.want(spec("web"))
		y.until(id, saga.Stuck)
		if err := y.engine.Abort(y.t.Context(), id); err == nil {
			t.Error("it could be aborted")
		}
		time.Sleep(time.Hour)
		if n := len(y.sent(routeDelete)); n != 1 {
			t.Errorf("%d DELETEs for a droplet that is not ours", n)
		}
		y.sim.Tag(d.ID, fleet.ManagedTag)
		y.sim.SetFaults(simulator.Faults{})
		time.Sleep(time.Hour)
		if s := y.saga(id); s.Status != saga.Stuck || !strings.Contains(s.Error, "a DELETE was sent") || len(y.sent(routeDelete)) != 1 {
			t.Errorf("the file wants it again: %s, %q, %d DELETEs", s.Status, s.Error, len(y.sent(routeDelete)))
		}
		y.want()
		y.until(id, saga.Completed)
		y.none("web")
	})
}

// Without a fleet file in force a destroy waits for one, and so does a replace.
func TestLaw17ADestroyWaitsForAFile(t *testing.T) {
	larger := spec("web")
	larger.Size = "s-2vcpu-2gb"
	for kind, wants := range map[plan.Kind][]fleet.Spec{plan.Destroy: nil, plan.Replace: {larger}} {
		inStage(t, simulator.Options{}, func(y *stage) {
			old := y.made(spec("web"))
			f := y.want(wants...)
			begin := y.begin(y.observe())
			y.desired.Store(nil)
			id := begin(kind)[0]
			time.Sleep(time.Hour)
			if s := y.saga(id); len(y.sent(routeDelete)) != 0 || s.Status != saga.Running || !strings.Contains(s.Error, "no fleet file") {
				t.Errorf("%s: %d DELETEs; %s: %s", kind, len(y.sent(routeDelete)), s.Status, s.Error)
			}
			y.desired.Store(&f)
			y.until(id, saga.Completed)
			if _, there := y.sim.Droplet(old.ID); there {
				t.Errorf("%s: droplet %d is still there", kind, old.ID)
			}
		})
	}
}

// A droplet that somebody else destroyed first is gone all the same.
func TestDestroyOfWhatIsGone(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		d := y.made(spec("web"))
		y.want()
		begin := y.begin(y.observe())
		y.sim.Delete(d.ID)
		y.until(begin(plan.Destroy)[0], saga.Completed)
		if len(y.sent(routeDelete)) != 0 {
			t.Errorf("%d DELETEs", len(y.sent(routeDelete)))
		}
		y.none("web")
	})
}

// A replace makes the new droplet first, tells by a tag whom it replaces, and then takes down the old one and nothing else.
func TestReplace(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		foreign := y.sim.Add(simulator.Droplet{Name: "web"})
		old := y.made(spec("web"))
		if old.ID == foreign.ID {
			old = y.sim.Named("web")[1]
		}
		s := spec("web")
		s.Size = "s-2vcpu-2gb"
		y.want(s)
		id := y.carry(plan.Replace)[0]
		y.until(id, saga.Completed)
		left := y.sim.Named("web")
		if len(left) != 2 || left[0].ID != foreign.ID || left[1].Size != s.Size || !left[1].HasTag(fleet.ReplacesTag(old.ID)) {
			t.Fatalf("left are %+v", left)
		}
		if r := y.row(old.ID); r.Status != fleet.StatusDeleted || r.Recorded {
			t.Errorf("row of the old one: %+v", r)
		}
		if r := y.row(left[1].ID); !r.Recorded || r.Size != s.Size || r.SagaID != id {
			t.Errorf("row of the new one: %+v", r)
		}
		routes := []string{}
		for _, r := range y.sim.RequestLog() {
			if r.Route == routeCreate || r.Route == routeDelete {
				routes = append(routes, r.Route)
			}
		}
		if !slices.Equal(routes, []string{routeCreate, routeCreate, routeDelete}) {
			t.Errorf("writes: %v", routes)
		}
	})
}

// Who writes that a change is to be ignored, or to be made otherwise, while the replace for it is under way, means that replace.
func TestLaw17AReplaceUnderOtherRules(t *testing.T) {
	for name, tt := range map[string]struct {
		before, after fleet.Rules
	}{
		"ignored by now":                        {fleet.Rules{}, fleet.Rules{OnChange: fleet.OnChangeIgnore}},
		"destroyed first by now":                {fleet.Rules{}, fleet.Rules{Order: fleet.DestroyFirst}},
		"destroyed first until now":             {fleet.Rules{Order: fleet.DestroyFirst}, fleet.Rules{}},
		"drift was corrected by another, until": {fleet.Rules{Drift: fleet.DriftReplace}, fleet.Rules{Drift: fleet.DriftReport}},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			old := y.made(spec("web"))
			s := spec("web")
			s.Image, s.Rules = "debian-12-x64", tt.before
			y.want(s)
			begin := y.begin(y.look())
			y.budget.Writes(errPaused)
			id := begin(plan.Replace)[0]
			time.Sleep(time.Minute)
			s.Rules = tt.after
			y.want(s)
			y.budget.Writes(nil)
			y.until(id, saga.Superseded)
			if left := y.sim.Named("web"); len(left) != 1 || left[0].ID != old.ID {
				t.Errorf("%s: left are %+v", name, left)
			}
		})
	}
}

// A replacement that was active, registered, and then vanished does not cost the old droplet too.
func TestLaw13AReplacementThatVanishes(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		old := y.made(spec("web"))
		y.sim.SetFaults(simulator.Faults{VanishAfter202: 7 * time.Second}) // the look at 5 s shows it active
		s := spec("web")
		s.Size = "s-2vcpu-2gb"
		y.want(s)
		g := y.until(y.carry(plan.Replace)[0], saga.Compensated)
		if !strings.Contains(g.Error, "vanished before the one that it replaces") {
			t.Errorf("why: %s", g.Error)
		}
		if left := y.sim.Named("web"); len(left) != 1 || left[0].ID != old.ID || !y.row(old.ID).Recorded {
			t.Errorf("left are %+v; row of the old one %+v", left, y.row(old.ID))
		}
	})
}

// A replacement that fails takes back the new droplet; the old one stays, with its record.
func TestLaw13AReplaceThatFails(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		old := y.made(spec("web"))
		y.sim.SetFaults(simulator.Faults{ActionErrored: true})
		s := spec("web")
		s.Size = "s-2vcpu-2gb"
		y.want(s)
		y.until(y.carry(plan.Replace)[0], saga.Compensated)
		if left := y.sim.Named("web"); len(left) != 1 || left[0].ID != old.ID || !y.row(old.ID).Recorded {
			t.Errorf("left are %+v; row of the old one %+v", left, y.row(old.ID))
		}
	})
}

// A pause stops even a compensation, which says what is left billed and goes on afterwards.
func TestLaw13APauseStopsACompensation(t *testing.T) {
	inStage(t, simulator.Options{Activation: 10 * time.Minute}, func(y *stage) {
		id := y.provision(spec("web"))
		time.Sleep(8 * time.Second)
		y.budget.Writes(errPaused)
		y.want()
		time.Sleep(time.Hour)
		d := y.sim.Named("web")[0]
		if s := y.saga(id); s.Status != saga.Compensating || !strings.Contains(s.Error, "paused") || !strings.Contains(s.Error, itoa(d.ID)) {
			t.Errorf("%s: %s", s.Status, s.Error)
		}
		y.budget.Writes(nil)
		y.until(id, saga.Superseded)
		y.none("web")
	})
}

// That a DELETE may be on the wire is durable before it is: the process that comes after knows, and only goes forward.
func TestLaw03TheIntentOfADestroyIsDurable(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.made(hard("web"))
		y.must(y.sim.Script(routeDelete, 1, simulator.Hang()))
		y.want()
		id := y.carry(plan.Destroy)[0]
		time.Sleep(8 * time.Second)
		if n := len(y.sent(routeDelete)); n != 1 {
			t.Fatalf("%d DELETEs", n)
		}
		y.restart()
		if s := y.saga(id); !s.Begun || !strings.Contains(string(s.Context), `"sent":true`) {
			t.Errorf("begun %v, context %s", s.Begun, s.Context)
		}
		y.want(spec("web")) // too late to go back
		y.observe()
		y.until(id, saga.Stuck)
		y.want()
		y.until(id, saga.Completed)
		y.none("web")
	})
}

// A droplet that is not shown for a moment is not gone: not in one look after the DELETE was accepted, nor in many where none was.
func TestLaw06NotShownForAMomentIsNotGone(t *testing.T) {
	for name, tt := range map[string]struct {
		refused bool // the first DELETE
		absent  int  // looks after it
	}{
		"one look after an accepted DELETE": {absent: 1},
		"a minute, and no DELETE answered":  {refused: true, absent: 12},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			d := y.made(hard("web"))
			y.sim.SetFaults(simulator.Faults{DeleteIgnored: true})
			if tt.refused {
				y.must(y.sim.Script(routeDelete, 5, simulator.Status(500)))
			}
			y.must(y.sim.Script(routeGet, 1, simulator.Pass()))
			y.must(y.sim.Script(routeGet, tt.absent, simulator.Status(404)))
			y.want()
			id := y.carry(plan.Destroy)[0]
			time.Sleep(3 * time.Minute)
			synctest.Wait()
			if s := y.saga(id); s.Status != saga.Running || y.row(d.ID).Status == fleet.StatusDeleted || y.sim.ScriptLeft() != 0 {
				t.Errorf("%s: %s, row %+v, %d of the script left", name, s.Status, y.row(d.ID), y.sim.ScriptLeft())
			}
			y.sim.SetFaults(simulator.Faults{})
			y.until(id, saga.Completed)
			y.none("web")
		})
	}
}
