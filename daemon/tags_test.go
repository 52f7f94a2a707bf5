package daemon

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/simulator"
)

const day = 24 * time.Hour

// seldom is a sync schedule for tests in which days pass: a pass every quarter of an hour would show nothing more.
const seldom = "0 */4 * * *"

// sagaTags are the saga tags that the account holds.
func (w *world) sagaTags() []string {
	return slices.DeleteFunc(w.sim.Tags(), func(tag string) bool { return !strings.HasPrefix(tag, fleet.SagaTag("")) })
}

// tagOf is the saga tag of the droplet of that name.
func (w *world) tagOf(name string) string {
	w.t.Helper()
	for _, tag := range w.sim.Named(name)[0].Tags {
		if strings.HasPrefix(tag, fleet.SagaTag("")) {
			return tag
		}
	}
	w.t.Fatalf("%s has no saga tag", name)
	return ""
}

// The tag of a saga goes when its watch has ended and nothing bears it any more; all other tags stay, whoever they belong to.
func TestLeftTagsAreRemoved(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.o.SyncSchedule = seldom
		stranger := w.addForeign("theirs", "arcadia-saga-ffffffff")
		w.sim.Delete(stranger.ID)
		w.foreign = nil
		w.edit(fleetOf("name: lives", "name: dies", "name: lends"))
		w.start()
		w.rest()
		lives, dies, lends := w.tagOf("lives"), w.tagOf("dies"), w.tagOf("lends")
		w.addForeign("borrower", lends)
		w.edit(fleetOf("name: lives"))
		w.rest()
		w.sim.ResetRequests()

		time.Sleep(6 * day)
		w.stop()
		w.start()
		if n := w.sim.Writes(); n != 0 {
			t.Errorf("%d writes while the sagas were watched", n)
		}
		time.Sleep(2 * day)
		w.rest()
		w.check()
		if want := []string{"arcadia-saga-ffffffff", lives, lends}; !sameSet(w.sagaTags(), want) {
			t.Errorf("saga tags left: %v, want %v; that of the dead one was %s", w.sagaTags(), want, dies)
		}
		if n, tags := w.sim.Writes(), w.sim.Requests()["DELETE /v2/tags/{tag}"]; n != 1 || tags != 1 {
			t.Errorf("%d writes, of them %d to delete tags; want one for one tag", n, tags)
		}
		if n := w.sim.Requests()["GET /v2/tags/{tag}"]; n != 1 {
			t.Errorf("%d looks at tags, want one", n)
		}
		time.Sleep(2 * day)
		if n := w.sim.Requests()["GET /v2/tags/{tag}"]; n != 1 {
			t.Errorf("%d looks at tags two days later, want the one of then", n)
		}
	})
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// However often the daemon starts anew, a day sees at most 200 tags go.
func TestTagsGoInDailyPortions(t *testing.T) {
	t.Parallel()
	const portion = 200
	droplets := portion + 30
	if underRace {
		droplets = 30
	}
	inWorld(t, simulator.Options{}, func(w *world) {
		w.o.SyncSchedule = seldom
		w.edit(fleetOf(fmt.Sprintf("name: web, count: %d", droplets)))
		w.start()
		w.rest()
		w.edit(fleetOf())
		w.rest()
		w.stop()
		if n := len(w.sagaTags()); n != droplets {
			t.Fatalf("%d saga tags, want %d", n, droplets)
		}
		time.Sleep(8 * day)
		for range 15 {
			w.start()
			time.Sleep(time.Hour)
			w.stop()
		}
		if n := len(w.sagaTags()); n != max(0, droplets-portion) {
			t.Errorf("%d saga tags are left after the first day, want %d", n, max(0, droplets-portion))
		}
		w.start()
		time.Sleep(day)
		if n := len(w.sagaTags()); n != 0 {
			t.Errorf("%d saga tags are left after the second day", n)
		}
	})
}

// A paused daemon removes no tag, and one whose token may not delete tags tries once a day and goes on with its work.
func TestTagsStayWhereTheyMustNotBeRemoved(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.o.SyncSchedule = seldom
		w.edit(fleetOf("name: a", "name: b"))
		w.start()
		w.rest()
		w.edit(fleetOf("name: a"))
		w.rest()
		w.must(w.life.h.pause(context.Background(), true))
		w.sim.ResetRequests()
		time.Sleep(9 * day)
		if n := w.sim.Writes(); n != 0 {
			t.Errorf("%d writes of a paused daemon", n)
		}
		w.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"tag:delete"}})
		w.must(w.life.h.pause(context.Background(), false))
		time.Sleep(3*day - time.Hour)
		if n := w.sim.Writes(); n != 3 {
			t.Errorf("%d tries in three days, want one a day", n)
		}
		w.edit(fleetOf("name: a", "name: c"))
		w.rest()
		w.check()
		w.sim.SetFaults(simulator.Faults{})
		time.Sleep(2 * day)
		if tags := w.sagaTags(); len(tags) != 2 {
			t.Errorf("saga tags at the end: %v; want those of the two droplets", tags)
		}
	})
}
