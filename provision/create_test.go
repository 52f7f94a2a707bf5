package provision_test

import (
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

// Whatever becomes of a create, one droplet is the end of it, or none and the reason. A create is sent again only where it did
// nothing, and where nobody said so only after the settle time.
func TestLaw04OutcomesOfACreate(t *testing.T) {
	const soon, settled = time.Minute, 2 * time.Minute
	for name, tt := range map[string]struct {
		effect simulator.Effect
		faults simulator.Faults
		posts  int
		after  time.Duration // between the posts: less than this where it is soon, else at least this
		fails  string        // in the error of a saga that ends compensated
	}{
		"answered":              {effect: simulator.Pass(), posts: 1},
		"answer lost":           {effect: simulator.Cut().After(), posts: 1},
		"cut before the work":   {effect: simulator.Cut(), posts: 2, after: settled},
		"500 after the work":    {effect: simulator.Status(500).After(), posts: 1},
		"500":                   {effect: simulator.Status(500), posts: 2, after: settled},
		"502 of a proxy":        {effect: simulator.HTML(502), posts: 2, after: settled},
		"408":                   {effect: simulator.Status(408), posts: 2, after: settled},
		"truncated 202":         {effect: simulator.Truncate(), posts: 1},
		"307":                   {effect: simulator.Redirect(), posts: 2, after: settled},
		"hang":                  {effect: simulator.Hang(), posts: 2, after: settled + 75*time.Second},
		"hang after the work":   {effect: simulator.Hang().After(), posts: 1},
		"429":                   {effect: simulator.TooMany(10 * time.Second), posts: 2, after: soon},
		"401":                   {effect: simulator.Status(401), posts: 2, after: soon},
		"refused connection":    {effect: simulator.Refuse(), posts: 1},
		"quota":                 {effect: simulator.Status(422).Saying("creating this/these droplet(s) will exceed your droplet limit"), posts: 1, fails: "droplet limit"},
		"capacity":              {effect: simulator.Status(422).Saying("Size is not available in this region."), posts: 1, fails: "not available"},
		"rejected":              {effect: simulator.Status(422).Saying("You specified an invalid image for Droplet creation."), posts: 1, fails: "invalid image"},
		"forbidden":             {effect: simulator.Status(403), posts: 1, fails: "scope"},
		"lost, and listed late": {effect: simulator.Cut().After(), faults: simulator.Faults{ListVisibleAfter: 100 * time.Second, TagVisibleAfter: 100 * time.Second}, posts: 1},
		"lost, and tagged late": {effect: simulator.Cut().After(), faults: simulator.Faults{TagVisibleAfter: 100 * time.Second}, posts: 1},
		"answered, late all over": {effect: simulator.Pass(), faults: simulator.Faults{
			ListVisibleAfter: time.Minute, TagVisibleAfter: 90 * time.Second, Get404For: 30 * time.Second, IPAfterActive: time.Minute}, posts: 1},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			y.sim.SetFaults(tt.faults)
			y.must(y.sim.Script(routeCreate, 1, tt.effect))
			id := y.provision(spec("web"))
			if tt.effect.Code == 401 {
				time.Sleep(8 * time.Second)
				y.observe() // proves the token again
			}
			s := y.until(id, saga.Completed, saga.Compensated)
			posts := y.sent(routeCreate)
			if len(posts) != tt.posts {
				t.Errorf("%s: %d creates were sent, want %d", name, len(posts), tt.posts)
			}
			if len(posts) == 2 {
				if gap := posts[1].Sub(posts[0]); (tt.after == soon) != (gap < soon) || tt.after != soon && gap < tt.after {
					t.Errorf("%s: sent again after %v", name, gap)
				}
			}
			if tt.fails != "" {
				if s.Status != saga.Compensated || !strings.Contains(s.Error, tt.fails) {
					t.Errorf("%s: %s: %s", name, s.Status, s.Error)
				}
				y.none("web")
				return
			}
			if made := y.sim.Named("web"); s.Status != saga.Completed || len(made) != 1 || !y.row(made[0].ID).Recorded {
				t.Errorf("%s: %s with droplets %+v: %s", name, s.Status, made, s.Error)
			}
		})
	}
}

// A GPU droplet is in no listing by name, and perhaps in none by tag: it is found all the same.
func TestLaw04ALostGPUCreateIsFound(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		gpu := spec("gpu")
		gpu.Region, gpu.Size = "tor1", "gpu-l40sx1-48gb"
		y.sim.SetFaults(simulator.Faults{TagFilterHidesGPU: true})
		y.must(y.sim.Script(routeCreate, 1, simulator.Cut().After()))
		y.until(y.provision(gpu), saga.Completed)
		if n := len(y.sent(routeCreate)); n != 1 || len(y.sim.Named("gpu")) != 1 {
			t.Errorf("%d creates, droplets %+v", n, y.sim.Named("gpu"))
		}
	})
}

// Failed looks do not shorten the settle time.
func TestLaw04FailedLooksEarnNothing(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.must(y.sim.Script(routeCreate, 1, simulator.Cut()))
		id := y.provision(spec("web"))
		time.Sleep(6 * time.Second)
		y.sim.SetFaults(simulator.Faults{ServerError: true})
		time.Sleep(10 * time.Minute)
		y.sim.SetFaults(simulator.Faults{})
		mended := time.Now()
		y.until(id, saga.Completed)
		posts := y.sent(routeCreate)
		if len(posts) != 2 || posts[1].Sub(mended) < 80*time.Second {
			t.Errorf("creates were sent at %v; looks were answered again from %v on", posts, mended)
		}
	})
}

// What several processes waited and looked adds up: none of them needs to live for long enough to settle a create by itself, and
// together they do not settle it earlier than one would.
func TestLaw04EvidenceOutlivesRestarts(t *testing.T) {
	for _, every := range []time.Duration{11 * time.Second, 25 * time.Second, 45 * time.Second} {
		inStage(t, simulator.Options{}, func(y *stage) {
			y.must(y.sim.Script(routeCreate, 1, simulator.Cut()))
			y.provision(spec("web"))
			for began := time.Now(); len(y.sent(routeCreate)) < 2 && time.Since(began) < time.Hour; {
				time.Sleep(every)
				y.restart()
				y.observe()
			}
			posts := y.sent(routeCreate)
			if len(posts) != 2 || posts[1].Sub(posts[0]) < 2*time.Minute || posts[1].Sub(posts[0]) > 10*time.Minute {
				t.Errorf("a process that dies every %v sends at %v", every, posts)
			}
		})
	}
}

// The settle time begins anew at the first restart: the journal may have been restored, and the process that wrote on it may have sent
// again since.
func TestLaw04TheFirstRestartSettlesAnew(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.must(y.sim.Script(routeCreate, 1, simulator.Cut()))
		id := y.provision(spec("web"))
		time.Sleep(100 * time.Second)
		y.restart()
		y.observe()
		restarted := time.Now()
		y.until(id, saga.Completed)
		if posts := y.sent(routeCreate); len(posts) != 2 || posts[1].Sub(restarted) < 2*time.Minute {
			t.Errorf("creates were sent at %v, and the restart was at %v", posts, restarted)
		}
	})
}

// A create that a crash cut off is given as long as the client gives a create, and then the settle time.
func TestLaw04ACrashInMidCreate(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.must(y.sim.Script(routeCreate, 1, simulator.Hang()))
		id := y.provision(spec("web"))
		time.Sleep(2 * time.Second)
		y.restart() // the write in flight gets its 3 s, and has no answer
		y.observe()
		y.until(id, saga.Completed)
		posts := y.sent(routeCreate)
		if len(posts) != 2 || posts[1].Sub(posts[0]) < 75*time.Second+2*time.Minute {
			t.Errorf("creates were sent at %v", posts)
		}
	})
}

// Leave to send again that was earned long ago is looked at once more before it is used.
func TestLaw04AnEarnedLeaveIsCheckedAgain(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.sim.SetFaults(simulator.Faults{ListVisibleAfter: 5 * time.Minute})
		y.must(y.sim.Script(routeCreate, 1, simulator.Cut().After()))
		id := y.provision(spec("web"))
		time.Sleep(100 * time.Second)
		y.budget.Writes(errPaused)
		time.Sleep(6 * time.Minute) // the leave is earned after two minutes, the droplet shows up after five
		y.budget.Writes(nil)
		y.until(id, saga.Completed)
		if n := len(y.sent(routeCreate)); n != 1 {
			t.Errorf("%d creates were sent", n)
		}
	})
}

// Another team's token shows nothing, and what it does not show is no leave to send again.
func TestLaw04AnotherAccountGivesNoLeave(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.must(y.sim.Script(routeCreate, 1, simulator.Cut().After()))
		id := y.provision(spec("web"))
		time.Sleep(time.Second)
		y.token.Store(otherToken)
		time.Sleep(10 * time.Minute)
		y.token.Store(ourToken)
		y.observe()
		y.until(id, saga.Completed)
		if n := len(y.sent(routeCreate)); n != 1 || len(y.sim.Named("web")) != 1 {
			t.Errorf("%d creates were sent, and there are %+v", n, y.sim.Named("web"))
		}
	})
}

// A droplet that bears the name since the create, and does not show whose it is, is neither ours nor leave to send again.
func TestLaw04AStrangerOfTheNameNeedsAPerson(t *testing.T) {
	for name, tags := range map[string][]string{"untagged": nil, "managed, but by no saga": {fleet.ManagedTag, fleet.FleetTag(fleetName)}} {
		inStage(t, simulator.Options{}, func(y *stage) {
			old := y.sim.Add(simulator.Droplet{Name: "web"}) // was there before, and is no stranger to the saga
			y.must(y.sim.Script(routeCreate, 1, simulator.Cut()))
			id := y.provision(spec("web"))
			time.Sleep(10 * time.Second)
			stranger := y.sim.Add(simulator.Droplet{Name: "WEB", Tags: tags})
			s := y.until(id, saga.Stuck)
			for _, part := range []string{itoa(stranger.ID), fleet.SagaTag(id), fleet.ManagedTag} {
				if !strings.Contains(s.Error, part) {
					t.Errorf("%s: the error does not name %s: %s", name, part, s.Error)
				}
			}
			time.Sleep(time.Hour)
			if n := len(y.sent(routeCreate)); n != 1 {
				t.Fatalf("%s: %d creates were sent", name, n)
			}
			for _, tag := range []string{fleet.ManagedTag, fleet.SagaTag(id), fleet.FleetTag(fleetName), "web"} {
				y.sim.Tag(stranger.ID, tag)
			}
			y.until(id, saga.Completed)
			if n := len(y.sent(routeCreate)); n != 1 || y.row(stranger.ID).SagaID != id || y.row(old.ID).Recorded {
				t.Errorf("%s: %d creates, rows %+v and %+v", name, n, y.row(stranger.ID), y.row(old.ID))
			}
		})
	}
}

// When the stranger goes, the settle time begins anew: what was earned before it came counts no more.
func TestLaw04AStrangerThatGoes(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.must(y.sim.Script(routeCreate, 1, simulator.Cut()))
		id := y.provision(spec("web"))
		time.Sleep(time.Minute)
		stranger := y.sim.Add(simulator.Droplet{Name: "web"})
		time.Sleep(50 * time.Second)
		y.sim.Rename(stranger.ID, "theirs")
		went := time.Now()
		y.until(id, saga.Completed)
		if posts := y.sent(routeCreate); len(posts) != 2 || posts[1].Sub(went) < 2*time.Minute {
			t.Errorf("creates at %v, the stranger went at %v", posts, went)
		}
	})
}

// Of two droplets under one saga tag the older is the saga's.
func TestLaw05TwoUnderOneSagaTag(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.must(y.sim.Script(routeCreate, 1, simulator.Cut().After()))
		id := y.provision(spec("web"))
		time.Sleep(time.Second)
		first := y.sim.Named("web")[0]
		duplicate := first
		duplicate.ID = 0
		second := y.sim.Add(duplicate)
		y.until(id, saga.Completed)
		if !y.row(first.ID).Recorded || len(y.sent(routeCreate)) != 1 {
			t.Errorf("%d creates; recorded is %+v", len(y.sent(routeCreate)), y.row(first.ID))
		}
		if _, there := y.sim.Droplet(second.ID); !there {
			t.Error("the duplicate was destroyed by the saga; that is for a plan to decide")
		}
	})
}

// While the gate is shut nothing is sent, no intent is journaled, and nothing needs to settle afterwards.
func TestLaw03AShutGateLeavesNoIntent(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.budget.Writes(errPaused)
		y.want(spec("web"))
		id := y.begin(y.look())(plan.Provision)[0]
		time.Sleep(time.Hour)
		synctest.Wait()
		if s := y.saga(id); y.sim.Writes() != 0 || s.Begun || s.Status != saga.Running || !strings.Contains(s.Error, "paused") {
			t.Errorf("%d writes; %s, begun %v: %s", y.sim.Writes(), s.Status, s.Begun, s.Error)
		}
		opened := time.Now()
		y.budget.Writes(nil)
		y.until(id, saga.Completed)
		if posts := y.sent(routeCreate); len(posts) != 1 || posts[0].Sub(opened) > 10*time.Second {
			t.Errorf("creates at %v, opened at %v", posts, opened)
		}
	})
}

// A create that nobody wants any more is not sent; one that was sent is taken back.
func TestLaw17AProvisionThatIsNotAskedForAnyMore(t *testing.T) {
	for name, change := range map[string]func(y *stage){
		"not wanted":   func(y *stage) { y.want() },
		"another spec": func(y *stage) { s := spec("web"); s.Size = "s-1vcpu-2gb"; y.want(s) },
	} {
		for _, sent := range []bool{false, true} {
			inStage(t, simulator.Options{Activation: time.Minute}, func(y *stage) {
				if !sent {
					y.must(y.sim.Script(routeCreate, -1, simulator.Refuse()))
				}
				id := y.provision(spec("web"))
				time.Sleep(20 * time.Second)
				change(y)
				y.until(id, saga.Superseded)
				if n := len(y.sent(routeCreate)); (n == 1) != sent {
					t.Errorf("%s: %d creates", name, n)
				}
				y.none("web")
			})
		}
	}
	inStage(t, simulator.Options{}, func(y *stage) { // no file in force is no change of mind
		id := y.provision(spec("web"))
		y.desired.Store(nil)
		y.until(id, saga.Completed)
	})
}

// Nor does one wait for the gate to open only to hear that nobody wants it.
func TestLaw17AProvisionBehindAShutGateThatIsNotAskedForAnyMore(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.budget.Writes(errPaused)
		y.want(spec("web"))
		id := y.begin(y.look())(plan.Provision)[0]
		time.Sleep(time.Minute)
		y.want()
		y.until(id, saga.Superseded)
		if n := y.sim.Writes(); n != 0 {
			t.Errorf("%d writes", n)
		}
	})
}

// A create that waited long for its slot asks again: nothing is sent for a file that changed meanwhile.
func TestLaw17ACreateAsksWhenItHasItsSlot(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		f := y.want(spec("web"))
		begin := y.begin(y.observe())
		asked := 0
		y.asks = func() (fleet.Fleet, bool) {
			if asked++; asked == 2 { // the first is the step's own question
				f = y.want()
			}
			return f, true
		}
		y.until(begin(plan.Provision)[0], saga.Superseded)
		if n := y.sim.Writes(); n != 0 {
			t.Errorf("%d writes", n)
		}
	})
}

// A file for another fleet is no word about this one: nothing is sent on it, and nothing taken back.
func TestLaw10ARenamedFleetFileStopsAProvision(t *testing.T) {
	for _, sent := range []bool{false, true} {
		inStage(t, simulator.Options{Activation: time.Minute}, func(y *stage) {
			if !sent {
				y.must(y.sim.Script(routeCreate, -1, simulator.Refuse()))
			}
			id := y.provision(spec("web"))
			time.Sleep(22 * time.Second) // between two tries
			other := y.want(spec("web"))
			other.Name = "other"
			y.desired.Store(&other)
			y.sim.ClearScript()
			before := y.sim.Writes()
			time.Sleep(time.Hour)
			synctest.Wait()
			if s := y.saga(id); y.sim.Writes() != before || !s.Status.Live() || s.Reverse || !strings.Contains(s.Error, "for fleet other now, not for test: waiting for the name to be put back") {
				t.Errorf("sent %v: %d more writes; %s: %s", sent, y.sim.Writes()-before, s.Status, s.Error)
			}
			y.want(spec("web"))
			y.until(id, saga.Completed)
			if n := len(y.sim.Named("web")); n != 1 {
				t.Errorf("sent %v: %d droplets", sent, n)
			}
		})
	}
}

// A journal from a backup may be of a time before its saga's create was sent.
func TestLaw04ASagaOfABackupLooksBeforeItSends(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.must(y.sim.Script(routeCreate, -1, simulator.Refuse()))
		id := y.provision(spec("web"))
		time.Sleep(time.Minute)
		made := y.sim.Add(simulator.Droplet{Name: "web", Region: "syd1",
			Tags: []string{fleet.ManagedTag, fleet.FleetTag("test"), fleet.SagaTag(id)}}) // what it made in the life that the backup does not know
		time.Sleep(24 * time.Hour)
		y.sim.ClearScript()
		y.until(id, saga.Completed)
		if n := len(y.sent(routeCreate)); n != 0 || !y.row(made.ID).Recorded {
			t.Errorf("%d creates; recorded is %+v", n, y.row(made.ID))
		}
	})
}

// What is sent is what the file asks for, with our tags, and what is kept of it has no user_data.
func TestLaw15WhatACreateSends(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		s, yes := spec("Web"), true
		s.UserData, s.Protect = "#cloud-config secret", &yes
		id := y.provision(s)
		journaled := y.saga(id)
		if strings.Contains(string(journaled.Context), "secret") {
			t.Errorf("user_data is in the context: %s", journaled.Context)
		}
		y.until(id, saga.Completed)
		d := y.sim.Named("web")[0]
		tags := slices.Clone(d.Tags)
		slices.Sort(tags)
		want := []string{fleet.FleetTag(fleetName), fleet.SagaTag(id), fleet.ManagedTag, "web"} // its protection is no tag before it is registered
		slices.Sort(want)
		if !slices.Equal(tags, want) || !y.row(d.ID).Protect || d.UserData != s.UserData || d.Region != s.Region || d.Size != s.Size {
			t.Errorf("made %+v, want tags %v", d, want)
		}
	})
}

// A droplet that bore the name before the create is no stranger: it does not keep the create from being sent again.
func TestLaw04ANamesakeOfBeforeIsNoStranger(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		theirs := y.sim.Add(simulator.Droplet{Name: "web"})
		y.must(y.sim.Script(routeCreate, 1, simulator.Cut()))
		y.until(y.provision(spec("web")), saga.Completed)
		if n := len(y.sent(routeCreate)); n != 2 || len(y.sim.Named("web")) != 2 || y.row(theirs.ID).Recorded {
			t.Errorf("%d creates were sent; %+v", n, y.sim.Named("web"))
		}
	})
}

// A create that is aborted before anybody knows what it made is looked for all the same, and what it made is destroyed.
func TestLaw13AnAbortedCreateIsLookedFor(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.sim.SetFaults(simulator.Faults{ListVisibleAfter: 90 * time.Second, TagVisibleAfter: 90 * time.Second})
		y.must(y.sim.Script(routeCreate, 1, simulator.Cut().After()))
		id := y.provision(spec("web"))
		time.Sleep(10 * time.Second)
		y.must(y.engine.Abort(y.t.Context(), id))
		y.until(id, saga.Compensated)
		y.none("web")
		if n := len(y.sim.Ended()); n != 1 {
			t.Errorf("%d droplets were made and ended, want one", n)
		}
	})
}
