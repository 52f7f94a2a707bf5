package inventory_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/simulator"
)

// again looks once more, with what the look before has left in the store.
func (w *watch) again(r *fleet.Recorded) fleet.Observed {
	w.t.Helper()
	o := w.observe(*r)
	r.Absences = o.Absences
	r.Known = slices.DeleteFunc(r.Known, func(k fleet.Known) bool { return slices.Contains(o.Gone, k.DropletID) })
	return o
}

// hidden has one droplet missing from every read, as if it were gone.
func hidden(id int64) simulator.Faults {
	return simulator.Faults{HiddenFromLists: []string{fmt.Sprint(id)}, HiddenFromGet: []string{fmt.Sprint(id)}}
}

// known is a store that knows these droplets, with a record and without.
func (w *watch) known(recorded, others []int64) fleet.Recorded {
	r := fleet.Recorded{Account: w.sim.TeamUUID(), Fleet: "test"}
	for _, id := range append(slices.Clone(recorded), others...) {
		d, _ := w.sim.Droplet(id)
		r.Known = append(r.Known, fleet.Known{DropletID: id, FirstSeenAt: time.Now(), CreatedAt: d.CreatedAt})
	}
	for _, id := range recorded {
		r.Records = append(r.Records, fleet.Record{DropletID: id, RecordedAt: time.Now()})
	}
	return r
}

// Two looks a minute apart prove it beside a witness, which was made after it; without one it takes as long as the law says.
func TestLaw06GoneNeedsTwoMomentsAndAWitness(t *testing.T) {
	for name, tt := range map[string]struct {
		victim int           // index of the droplet that goes; the last of three has no witness
		age    time.Duration // of all of them
		looks  []time.Duration
		want   []bool
	}{
		"with a witness":         {0, 0, []time.Duration{0, 30 * time.Second, 60 * time.Second}, []bool{false, false, true}},
		"without, old":           {2, 2 * time.Hour, []time.Duration{0, time.Minute, 299 * time.Second, 6 * time.Minute}, []bool{false, false, false, true}},
		"without, old, few":      {2, 2 * time.Hour, []time.Duration{0, 5 * time.Minute, 6 * time.Minute}, []bool{false, false, true}},
		"without, young":         {2, 0, []time.Duration{0, 5 * time.Minute, 14 * time.Minute, 15 * time.Minute}, []bool{false, false, false, true}},
		"without, and none more": {2, 59 * time.Minute, []time.Duration{0, 5 * time.Minute, 14 * time.Minute}, []bool{false, false, false}},
	} {
		inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
			ids := w.add(3, "web")
			r := w.known(ids, nil)
			time.Sleep(tt.age)
			w.sim.Delete(ids[tt.victim])
			began := time.Now()
			for n, at := range tt.looks {
				time.Sleep(time.Until(began.Add(at)))
				o := w.again(&r)
				if gone := slices.Contains(o.Gone, ids[tt.victim]); gone != tt.want[n] || slices.Contains(o.Missing, ids[tt.victim]) == gone {
					t.Errorf("%s: after %v gone %v, missing %v; want gone: %v (%+v)", name, at, o.Gone, o.Missing, tt.want[n], o.Absences)
				}
			}
		})
	}
}

// A replica that lags shows what is old and lacks what is new: what it shows is no witness. Nor is what nobody knew before.
func TestLaw06AnOlderOrUnknownDropletIsNoWitness(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		old := w.add(1, "old")
		time.Sleep(time.Minute)
		missing := w.add(1, "missing")
		time.Sleep(time.Minute)
		r := w.known(missing, old)
		w.sim.Delete(missing[0])
		w.add(1, "unknown")
		w.again(&r)
		time.Sleep(time.Minute)
		if o := w.again(&r); len(o.Gone) != 0 || o.Absences[0].Witnessed != 0 || o.Absences[0].Looks != 2 {
			t.Errorf("gone %v: %+v", o.Gone, o.Absences)
		}
	})
}

// A sighting in between ends the absence, whatever look it was.
func TestLaw06ASightingEndsAnAbsence(t *testing.T) {
	for _, how := range []string{"a preview", "a poll", "a question by id"} {
		inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
			ids := w.add(2, "web")
			r := w.known(ids, nil)
			w.again(&r)
			hide := hidden(ids[0])
			w.sim.SetFaults(hide)
			w.again(&r)
			time.Sleep(30 * time.Second)
			w.sim.SetFaults(simulator.Faults{})
			switch how {
			case "a poll":
				w.lookAll(byID(ids[0])...)
			case "a question by id":
				if shown, err := w.inv.Shown(w.t.Context(), ids[0], time.Now()); !shown || err != nil {
					t.Errorf("%s: shown %v: %v", how, shown, err)
				}
			default:
				w.observe(r)
			}
			w.sim.SetFaults(hide)
			time.Sleep(40 * time.Second)
			if o := w.again(&r); len(o.Gone) != 0 || len(o.Missing) != 1 {
				t.Errorf("%s: gone %v, missing %v: %+v", how, o.Gone, o.Missing, o.Absences)
			}
			time.Sleep(time.Minute)
			if o := w.again(&r); len(o.Gone) != 1 {
				t.Errorf("%s: gone %v: %+v", how, o.Gone, o.Absences)
			}
		})
	}
}

// Whoever counted before a restart counts still, and one look more is desired.
func TestLaw06ARestartBetweenLooksNeedsOneMore(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		ids := w.add(2, "web")
		r := w.known(ids, nil)
		w.sim.Delete(ids[0])
		w.again(&r)
		w.inv = inventory.New(inventory.Options{Sync: w.api.Client(digitalocean.PrioritySync), Poll: w.api.Client(digitalocean.PriorityPoll)})
		for n, want := range []int{0, 1} {
			time.Sleep(time.Minute)
			if o := w.again(&r); len(o.Gone) != want {
				t.Errorf("look %d after the restart: gone %v: %+v", n+1, o.Gone, o.Absences)
			}
		}
	})
}

// The end of what is not ours is read from whole listings: nobody asks for it by id.
func TestLaw06StrangersThatGoCostNoRequest(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		ours, theirs := w.add(1, "ours"), w.add(60, "theirs")
		r := w.known(ours, theirs)
		w.again(&r)
		for _, id := range theirs {
			w.sim.Delete(id)
		}
		w.sim.ResetRequests()
		first := w.again(&r)
		time.Sleep(59 * time.Second)
		second := w.again(&r)
		time.Sleep(time.Second)
		third := w.again(&r)
		if len(first.Gone)+len(second.Gone) != 0 || !slices.Equal(third.Gone, theirs) || len(third.Absences) != 0 {
			t.Errorf("gone: %d, then %d, then %d", len(first.Gone), len(second.Gone), len(third.Gone))
		}
		if n := w.sim.Requests().Total(); n != 3*3 {
			t.Errorf("%d requests: %v", n, w.sim.Requests())
		}
	})
}

// A listing that never holds still says nothing of droplets without a record, and of ours only with the answer by id.
func TestLaw06APartialListingEndsOnlyOurs(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		tag := fleet.FleetTag("test")
		ours := w.add(3, "ours", fleet.ManagedTag, tag)
		theirs := w.add(201, "theirs")
		r := w.known(ours, theirs)
		w.again(&r)
		w.sim.SetFaults(simulator.Faults{PageShift: 1})
		w.sim.Delete(ours[0])
		w.sim.Delete(theirs[0])
		w.again(&r)
		time.Sleep(time.Minute)
		o := w.again(&r)
		if !o.Partial || !slices.Equal(o.Gone, ours[:1]) {
			t.Errorf("gone %v, partial %v", o.Gone, o.Partial)
		}
		if o = w.again(&r); !slices.Equal(o.Gone, ours[:1]) { // its record is there still
			t.Errorf("then gone %v", o.Gone)
		}
		if n := w.sim.Requests()[routeGet]; n < 3 {
			t.Errorf("asked by id %d times", n)
		}
	})
}

// What is proved gone stays so, without a request, until it shows again.
func TestLaw06WhatIsGoneShowsAgain(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		ids := w.add(2, "web")
		r := w.known(ids, nil)
		w.again(&r)
		w.sim.SetFaults(hidden(ids[0]))
		w.again(&r)
		time.Sleep(time.Minute)
		w.again(&r)
		w.sim.ResetRequests()
		if o := w.again(&r); !slices.Equal(o.Gone, ids[:1]) || w.sim.Requests()[routeGet] != 0 {
			t.Errorf("gone %v after %v", o.Gone, w.sim.Requests())
		}
		if shown, err := w.inv.Shown(w.t.Context(), ids[0], time.Now()); shown || err != nil {
			t.Errorf("shown %v, %v", shown, err)
		}
		w.sim.SetFaults(simulator.Faults{})
		if shown, err := w.inv.Shown(w.t.Context(), ids[0], time.Now()); !shown || err != nil {
			t.Errorf("shown %v, %v", shown, err)
		}
		if o := w.again(&r); len(o.Gone)+len(o.Missing)+len(o.Absences) != 0 {
			t.Errorf("gone %v: %+v", o.Gone, o.Absences)
		}
	})
}

// A droplet that ended, and that the listing still shows, is asked for by its id: the answer decides.
func TestLaw06AListingStillShowsWhatEnded(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		ids := w.add(3, "web")
		r := w.known(ids[:1], nil)
		r.Ended = ids[1:]
		w.sim.SetFaults(simulator.Faults{HiddenFromGet: []string{fmt.Sprint(ids[1])}})
		o := w.observe(r)
		if want := []int64{ids[0], ids[2]}; !slices.Equal(idsOf(o.Droplets), want) {
			t.Errorf("saw %v, want %v", idsOf(o.Droplets), want)
		}
		w.token.Store(otherToken) // and another team's 404 decides nothing
		if o, err := w.inv.Observe(w.t.Context(), r); err == nil && len(o.Droplets) != 0 {
			t.Errorf("under another token: %v, %v", idsOf(o.Droplets), err)
		}
	})
}

// A poll that lacks a registered droplet which nobody asked for is told of, once.
func TestLaw06APollThatMissesADropletIsToldOf(t *testing.T) {
	told := 0
	inWatch(t, simulator.Options{}, inventory.Options{Missed: func() { told++ }}, func(w *watch) {
		ids := w.add(12, "web")
		r := w.known(ids, nil)
		r.Sagas = []fleet.Saga{{Live: true, Facts: fleet.Facts{DropletID: ids[10]}}}
		w.again(&r)
		others := byID(ids[1:10]...) // enough for a listing
		w.sim.Delete(ids[10])        // of a saga
		w.lookAll(others...)
		if told != 0 {
			t.Errorf("told %d times of what a saga works on", told)
		}
		w.sim.Delete(ids[1]) // of one who asks
		w.lookAll(others...)
		w.lookAll(others[1:]...)
		if told != 0 {
			t.Errorf("told %d times of what somebody asks for", told)
		}
		w.sim.Delete(ids[0])
		w.lookAll(others[1:]...)
		w.lookAll(others[1:]...)
		if told != 1 {
			t.Errorf("told %d times", told)
		}
	})
}

// The fleet's tag tells of droplets that a lost database does not know; where it is there and nothing shows it, the fleet is absent.
func TestLaw07TheTagOfALostFleet(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		tag := fleet.FleetTag("test")
		var r fleet.Recorded
		look := func() (fleet.Traces, []fleet.Absence) {
			o := w.observe(r)
			if err := w.inv.Traces(w.t.Context(), r, &o, "test"); err != nil {
				t.Fatal(err)
			}
			r.Absences = o.Absences
			return *o.Traces, o.Absences
		}
		if traces, absences := look(); traces != (fleet.Traces{}) || len(absences) != 0 {
			t.Errorf("without a tag: %+v, %+v", traces, absences)
		}
		ids := w.add(2, "web", tag)
		if traces, absences := look(); traces != (fleet.Traces{Exists: true, Droplets: 2}) || len(absences) != 0 {
			t.Errorf("all are shown: %+v, %+v", traces, absences)
		}
		w.sim.Delete(ids[0])
		w.sim.Delete(ids[1])
		for n, want := range []bool{false, false, true} {
			traces, absences := look()
			if !traces.Exists || len(absences) != 1 || absences[0].DropletID != 0 || absences[0].GoneAt.IsZero() == want {
				t.Errorf("look %d: %+v, %+v; want proved: %v", n+1, traces, absences, want)
			}
			time.Sleep(150 * time.Second)
		}
	})
}
