package provision_test

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/provision"
	"arcadiad/saga"
	"arcadiad/simulator"
)

// kept makes a droplet of that spec, which is then destroyed under `keep`.
func (y *stage) kept(s fleet.Spec) simulator.Droplet {
	y.t.Helper()
	s.Ending.Keep = 24 * time.Hour
	y.want(s)
	y.makes(s)
	id := y.sim.Named(s.Name)[0].ID
	y.want()
	y.until(y.carry(plan.Destroy)[0], saga.Completed)
	y.want(s)
	d, _ := y.sim.Droplet(id)
	return d
}

// undo starts the saga that brings back what is kept under a name.
func (y *stage) undo(name string) string {
	y.t.Helper()
	desired, recorded, observed, now := y.planned()
	one, err := plan.Undoable(desired, recorded, observed, name, 0, now)
	if y.must(err); one.Refused != "" {
		y.t.Fatal(one.Refused)
	}
	s, err := provision.DraftTransfer(y.engine, fleetName, one)
	y.must(err)
	y.must(y.engine.Begin(y.t.Context(), s))
	return s.ID
}

// stands tells which droplet has a name, and which one is kept; 0: none.
func (y *stage) stands(name string) (registered, kept int64) {
	y.t.Helper()
	recorded, err := y.store.Load(y.t.Context())
	y.must(err)
	for _, r := range recorded.Records {
		if r.Name == name && registered == 0 {
			registered = r.DropletID
		} else {
			y.t.Errorf("%s is registered too: %+v", r.Name, r)
		}
	}
	for _, q := range recorded.Quarantine {
		kept = q.DropletID
	}
	return registered, kept
}

// successor is another image of the same name, made after the first was taken out.
func (y *stage) successor(s fleet.Spec) (old, now simulator.Droplet) {
	y.t.Helper()
	old = y.kept(s)
	s.Image = "debian-12-x64"
	y.want(s)
	y.makes(s)
	for _, d := range y.sim.Named(s.Name) {
		if d.ID != old.ID {
			now = d
		}
	}
	return old, now
}

// makes makes a droplet, whatever a plan says.
func (y *stage) makes(s fleet.Spec) {
	y.t.Helper()
	id := y.draft(plan.Action{Kind: plan.Provision, Name: s.Name, Spec: s})
	y.until(id, saga.Completed)
}

// whole tells whether a droplet is on, with these tags of a person.
func whole(d simulator.Droplet, tags ...string) bool {
	f := fleet.Droplet{Tags: d.Tags}
	_, kept := f.Until()
	return d.Status == "active" && !kept && slices.Equal(f.UserTags(), tags)
}

// inQuarantine tells whether a droplet is off, marked, and out of the tags of people.
func inQuarantine(d simulator.Droplet) bool {
	f := fleet.Droplet{Tags: d.Tags}
	_, kept := f.Until()
	return d.Status == "off" && kept && len(f.UserTags()) == 0 && f.Managed()
}

// What is brought back is as it was, and what had its name since goes on running and is nobody's.
func TestUndo(t *testing.T) {
	for name, tt := range map[string]struct {
		succeeded bool
		arrange   func(y *stage)
		unready   bool
	}{
		"nothing has the name":     {},
		"a successor has the name": {succeeded: true},
		"no answer to a tag":       {succeeded: true, arrange: func(y *stage) { y.must(y.sim.Script("POST /v2/tags/{tag}/resources", 1, simulator.Cut().After())) }},
		"no answer to an untag":    {succeeded: true, arrange: func(y *stage) { y.must(y.sim.Script("DELETE /v2/tags/{tag}/resources", 2, simulator.Cut().After())) }},
		"no answer to the power on": {succeeded: true, arrange: func(y *stage) {
			y.must(y.sim.Script(routeAct, 1, simulator.Cut().After()))
		}},
		"tags show late":                {succeeded: true, arrange: faultyNow(simulator.Faults{TagVisibleAfter: 20 * time.Second})},
		"it boots, and does not answer": {succeeded: true, unready: true, arrange: faultyNow(simulator.Faults{NeverReady: []string{"web"}})},
		"it is on already":              {arrange: func(y *stage) { y.sim.PowerOn(y.sim.Named("web")[0].ID) }},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			var old, now simulator.Droplet
			if tt.succeeded {
				old, now = y.successor(probed("web"))
			} else {
				old = y.kept(probed("web"))
			}
			if tt.arrange != nil {
				tt.arrange(y)
			}
			done := y.until(y.undo("web"), saga.Completed)
			if d, _ := y.sim.Droplet(old.ID); !whole(d, "web") {
				t.Errorf("%s: it came back as %+v", name, d)
			}
			if registered, kept := y.stands("web"); registered != old.ID || kept != 0 {
				t.Errorf("%s: droplet %d is registered, and %d is kept", name, registered, kept)
			}
			if d, there := y.sim.Droplet(now.ID); tt.succeeded && (!there || d.Status != "active" || len((&fleet.Droplet{Tags: d.Tags}).Marks()) > 0) {
				t.Errorf("%s: the successor is %+v", name, d)
			}
			if unready := done.Labels[fleet.LabelUnready] != ""; unready != tt.unready {
				t.Errorf("%s: label %q", name, done.Labels[fleet.LabelUnready])
			}
			if n := len(y.sent(routeDelete)); n != 0 {
				t.Errorf("%s: %d droplets were destroyed", name, n)
			}
		})
	}
}

func faultyNow(f simulator.Faults) func(*stage) { return func(y *stage) { y.sim.SetFaults(f) } }

// What somebody destroyed by hand is seen before anything else is touched.
func TestUndoOfWhatIsGoneChangesNothing(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		old, now := y.successor(spec("web"))
		desired, recorded, observed, at := y.planned()
		one, err := plan.Undoable(desired, recorded, observed, "web", 0, at)
		y.must(err)
		y.sim.Delete(old.ID)
		writes := y.sim.Writes()
		s, err := provision.DraftTransfer(y.engine, fleetName, one)
		y.must(err)
		y.must(y.engine.Begin(y.t.Context(), s))
		if ended := y.until(s.ID, saga.Superseded); !strings.Contains(ended.Error, "is gone, so it cannot be brought back") {
			t.Errorf("it ended for %q", ended.Error)
		}
		if registered, _ := y.stands("web"); registered != now.ID || y.sim.Writes() != writes {
			t.Errorf("droplet %d is registered, %d writes", registered, y.sim.Writes()-writes)
		}
	})
}

// Until the droplet is switched on, an undo can be taken back: then it is kept as before, and the name is its successor's.
func TestUndoGoesBack(t *testing.T) {
	abort := func(y *stage, id string) { go y.engine.Abort(context.Background(), id) }
	for name, back := range map[string]struct {
		at   string // step
		what func(y *stage, id string)
		want saga.Status
	}{
		"aborted while tagged":               {"RetagDroplet", abort, saga.Compensated},
		"aborted while released":             {"UntagDroplet", abort, saga.Compensated},
		"aborted while registered":           {"RegisterDroplet", abort, saga.Compensated},
		"the file drops the name":            {"UntagDroplet", func(y *stage, _ string) { y.want(spec("other")) }, saga.Superseded},
		"the file drops the name at the end": {"PowerOnDroplet", func(y *stage, _ string) { y.want(spec("other")) }, saga.Superseded},
		"the droplet goes at the end": {"PowerOnDroplet", func(y *stage, _ string) {
			y.sim.Delete(y.sim.Named("web")[0].ID)
		}, saga.Superseded},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			old, now := y.successor(spec("web"))
			before, _ := y.sim.Droplet(now.ID)
			met := false
			y.hook = func(e saga.Event) {
				if e.What == saga.EventStarted && e.Step == back.at && !met && !e.Saga.Reverse && e.Saga.Kind == fleet.SagaRestore {
					met = true
					back.what(y, e.Saga.ID)
				}
			}
			y.until(y.undo("web"), back.want)
			d, there := y.sim.Droplet(old.ID)
			if there && !inQuarantine(d) || !met {
				t.Errorf("%s: it is %+v", name, d)
			}
			if after, _ := y.sim.Droplet(now.ID); !sameTags(after, before) || after.Status != "active" {
				t.Errorf("%s: the successor is %+v, was %+v", name, after, before)
			}
			if registered, kept := y.stands("web"); registered != now.ID || kept != old.ID {
				t.Errorf("%s: droplet %d is registered, and %d is kept", name, registered, kept)
			}
		})
	}
}

func sameTags(a, b simulator.Droplet) bool {
	x, y := slices.Sorted(slices.Values(a.Tags)), slices.Sorted(slices.Values(b.Tags))
	return slices.Equal(x, y)
}

// The reserved IP leaves the successor before that is nobody's, and goes back to it with the undo.
func TestLaw20AnUndoMovesTheAddress(t *testing.T) {
	for _, aborted := range []bool{false, true} {
		inStage(t, simulator.Options{}, func(y *stage) {
			ip := y.sim.ReserveIPIn("syd1")
			old, now := y.successor(addressed("web", ip))
			if at := y.at(ip); at != now.ID {
				t.Fatalf("it points to %d before, want %d", at, now.ID)
			}
			y.sim.Before(func(r *http.Request) {
				if r.Method == http.MethodDelete && strings.Contains(r.URL.Path, fleet.ManagedTag) && y.at(ip) != old.ID {
					t.Errorf("the successor is released with the address")
				}
			})
			want, end := old, saga.Completed
			if aborted {
				want, end = now, saga.Compensated
				y.hook = func(e saga.Event) {
					if e.What == saga.EventStarted && e.Step == "RegisterDroplet" && !e.Saga.Reverse {
						y.hook = nil
						go y.engine.Abort(context.Background(), e.Saga.ID)
					}
				}
			}
			y.until(y.undo("web"), end)
			registered, _ := y.stands("web")
			if at := y.at(ip); at != want.ID || registered != want.ID {
				t.Errorf("aborted %v: it points to %d, and %d is registered, want %d", aborted, at, registered, want.ID)
			}
			if got := y.recorded(want.ID).Values[fleet.FieldReservedIP]; got != ip {
				t.Errorf("aborted %v: recorded as %q", aborted, got)
			}
		})
	}
}

// Law 13: while an undo goes back, reads that hide the successor for a while do not leave it without its tags.
func TestLaw13AnUndoThatGoesBackTagsWhatReadsHide(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		old, now := y.successor(spec("web"))
		before, _ := y.sim.Droplet(now.ID)
		id := []string{strconv.FormatInt(now.ID, 10)}
		y.hook = func(e saga.Event) {
			if e.What == saga.EventStarted && e.Step == "RegisterDroplet" && !e.Saga.Reverse && e.Saga.Kind == fleet.SagaRestore {
				go func() {
					y.sim.SetFaults(simulator.Faults{HiddenFromLists: id, HiddenFromGet: id})
					y.engine.Abort(context.Background(), e.Saga.ID)
					time.Sleep(time.Minute)
					y.sim.SetFaults(simulator.Faults{})
				}()
			}
		}
		y.until(y.undo("web"), saga.Compensated)
		if after, _ := y.sim.Droplet(now.ID); !sameTags(after, before) {
			t.Errorf("the successor is %+v, was %+v", after, before)
		}
		if d, _ := y.sim.Droplet(old.ID); !inQuarantine(d) {
			t.Errorf("it is %+v", d)
		}
	})
}

// From a stranger an undo takes no address: a person is told, and may give the undo up.
func TestLaw20AnUndoLeavesAStrangersAddress(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		ip := y.sim.ReserveIPIn("syd1")
		old, now := y.successor(addressed("web", ip))
		stranger := y.sim.Add(simulator.Droplet{Name: "theirs", Region: "syd1"})
		y.sim.Assign(ip, stranger.ID)
		id := y.undo("web")
		if stuck := y.until(id, saga.Stuck); !strings.Contains(stuck.Error, "not this fleet's") {
			t.Errorf("stuck for %q", stuck.Error)
		}
		y.must(y.engine.Abort(y.t.Context(), id))
		y.until(id, saga.Compensated)
		d, _ := y.sim.Droplet(old.ID)
		if registered, kept := y.stands("web"); !inQuarantine(d) || registered != now.ID || kept != old.ID || y.at(ip) != stranger.ID {
			t.Errorf("it is %+v, %d is registered, %d kept, and the address at %d", d, registered, kept, y.at(ip))
		}
	})
}

// An undo and the end of the quarantine, at the same moment: the droplet is destroyed or comes back, never both, and its successor stays or is
// released with that.
func TestUndoMeetsAPurge(t *testing.T) {
	for _, first := range []plan.Kind{plan.Undo, plan.Purge} {
		inStage(t, simulator.Options{}, func(y *stage) {
			old, now := y.successor(spec("web"))
			time.Sleep(25 * time.Hour)
			desired, recorded, observed, at := y.planned()
			one, err := plan.Undoable(desired, recorded, observed, "web", 0, at)
			y.must(err)
			back, err := provision.DraftTransfer(y.engine, fleetName, one)
			y.must(err)
			begin := y.begin(recorded, observed)
			var purge string
			if first == plan.Purge {
				purge = begin(plan.Purge)[0]
				y.must(y.engine.Begin(y.t.Context(), back))
			} else {
				y.must(y.engine.Begin(y.t.Context(), back))
				purge = begin(plan.Purge)[0]
			}
			undone := y.until(back.ID, saga.Completed, saga.Superseded)
			purged := y.until(purge, saga.Completed, saga.Superseded)
			d, there := y.sim.Droplet(old.ID)
			registered, kept := y.stands("web")
			switch {
			case undone.Status == saga.Completed && (purged.Status == saga.Completed || !whole(d, "web") || registered != old.ID || kept != 0):
				t.Errorf("%s first: it is back as %+v, %d is registered, %d kept", first, d, registered, kept)
			case undone.Status == saga.Superseded && (there != (purged.Status == saga.Superseded) || registered != now.ID || (kept != 0) != there):
				t.Errorf("%s first: it is not back: %+v, %d is registered, %d kept", first, d, registered, kept)
			}
		})
	}
}
