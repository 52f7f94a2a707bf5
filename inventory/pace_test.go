package inventory_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/simulator"
)

// A look comes when what it waits for may have happened, and is answered earlier by somebody else's poll. One request is a quarter of a second
// from the next.
func TestLooksComeWhenTheyAreDue(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		ids := w.add(3, "web")
		w.observe(fleet.Recorded{})
		const moment, gap = 100 * time.Millisecond, 250 * time.Millisecond
		const unsaid = -1
		due := func(n int, in time.Duration) inventory.Query {
			if in == unsaid {
				return inventory.Query{ID: ids[n]}
			}
			return inventory.Query{ID: ids[n], Due: time.Now().Add(in)}
		}
		for name, tt := range map[string]struct {
			in   []time.Duration // when the looks are due
			want time.Duration   // until all of them are answered
		}{
			"at once":     {[]time.Duration{0}, moment},
			"overdue":     {[]time.Duration{-time.Hour}, moment},
			"later":       {[]time.Duration{3 * time.Second}, 3*time.Second + moment},
			"nobody said": {[]time.Duration{unsaid}, 5 * time.Second},
			"shared":      {[]time.Duration{0, time.Second, unsaid}, moment},
		} {
			time.Sleep(time.Minute)
			var looks []inventory.Query
			for n, in := range tt.in {
				looks = append(looks, due(n, in))
			}
			began := time.Now()
			for _, a := range w.lookAll(looks...) {
				if took := a.at.Sub(began); a.err != nil || len(a.droplets) != 1 || took != tt.want {
					t.Errorf("%s: answered after %v, want %v (%v)", name, took, tt.want, a.err)
				}
			}
		}
		time.Sleep(time.Minute)
		for n := range 3 {
			began := time.Now()
			want := moment
			if n > 0 {
				want = gap
			}
			if a := w.lookAll(due(0, 0))[0]; a.at.Sub(began) != want {
				t.Errorf("look %d of a row: answered after %v, want %v", n, a.at.Sub(began), want)
			}
		}
	})
}

// What the last droplets took tells when the next one may be active. Nothing absurd is learned.
func TestActivationsAreLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inv := inventory.New(inventory.Options{})
		may := func() time.Duration { return time.Until(inv.Active(time.Now())) }
		for _, absurd := range []time.Duration{0, -time.Hour, 24 * time.Hour} {
			inv.Activated(absurd)
		}
		if got := may(); got != 5*time.Second {
			t.Errorf("where nothing is known after %v, want the interval", got)
		}
		for range 3 {
			inv.Activated(16 * time.Second)
		}
		for range 7 {
			inv.Activated(80 * time.Second)
		}
		if got := may(); got != 14*time.Second {
			t.Errorf("after %v, want a little before a quarter of them", got)
		}
		for range 32 {
			inv.Activated(8 * time.Second)
		}
		if got := may(); got != 7*time.Second {
			t.Errorf("after %v: what is long ago counts", got)
		}
	})
}

// What takes long is looked at ever more rarely, up to the usual interval; before it can have happened, at the usual interval.
func TestLooksGetRarer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inv := inventory.New(inventory.Options{})
		now := time.Now()
		for _, tt := range []struct{ asked, may, want time.Duration }{
			{0, 3 * time.Second, 3 * time.Second},
			{0, 20 * time.Second, 0},
			{-time.Second, -time.Second, time.Second},
			{-16 * time.Second, 0, 2 * time.Second},
			{-time.Minute, 0, 0},
		} {
			got := inv.Until(now.Add(tt.asked), now.Add(tt.may))
			if tt.want == 0 && !got.IsZero() || tt.want > 0 && !got.Equal(now.Add(tt.want)) {
				t.Errorf("%+v: %v", tt, got.Sub(now))
			}
		}
	})
}

// However often somebody looks, no more looks count than there are intervals; time without answers is not made up for.
func TestLooksCountOncePerInterval(t *testing.T) {
	inv := inventory.New(inventory.Options{})
	began := time.Now()
	for every, want := range map[time.Duration]int{100 * time.Millisecond: 96, 5 * time.Second: 96, 3 * time.Second: 96, 7 * time.Second: 68, time.Minute: 8} {
		n, tally := 0, inv.Tally(began)
		for at := every; at <= 8*time.Minute; at += every {
			if tally.Counts(began.Add(at)) {
				n++
			}
		}
		if n != want {
			t.Errorf("looks every %v: %d count in 8 minutes, want %d", every, n, want)
		}
	}
}

// A look a short while after another leaves out what hardly ever changes, unless something tells that it may have.
func TestAShortWhileLaterALookAsksForLess(t *testing.T) {
	for name, tt := range map[string]struct {
		changes  func(w *watch, known *fleet.Recorded)
		accounts int // requests
		lists    int
	}{
		"nothing changes":      {func(*watch, *fleet.Recorded) {}, 0, 1},
		"minutes pass":         {func(*watch, *fleet.Recorded) { time.Sleep(2 * time.Minute) }, 1, 2},
		"another token":        {func(w *watch, _ *fleet.Recorded) { w.token.Store("dop_v1_rotated") }, 1, 1},
		"a droplet is missing": {func(w *watch, r *fleet.Recorded) { w.sim.Delete(r.Known[0].DropletID) }, 0, 2},
	} {
		inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
			known := fleet.Recorded{}
			for _, id := range w.add(2, "web") {
				known.Known = append(known.Known, fleet.Known{DropletID: id})
			}
			w.observe(known)
			tt.changes(w, &known)
			w.sim.ResetRequests()
			o, err := w.inv.ObserveAgain(w.t.Context(), known)
			r := w.sim.Requests()
			if err != nil || o.Account.UUID != w.sim.TeamUUID() || r[routeAccount] != tt.accounts || r[routeList] != tt.lists {
				t.Errorf("%s: %v, account %s, %v", name, err, o.Account.UUID, r)
			}
		})
	}
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) { // an account that has GPU droplets
		w.sim.Add(simulator.Droplet{Name: "gpu", Region: "tor1", Size: "gpu-l40sx1-48gb"})
		w.observe(fleet.Recorded{})
		if o, err := w.inv.ObserveAgain(w.t.Context(), fleet.Recorded{}); err != nil || len(o.Droplets) != 1 {
			t.Errorf("%d droplets, %v", len(o.Droplets), err)
		}
	})
}

// Whoever asks by itself does so soon, then ever more rarely up to its bound, and the more rarely, the more others do so at once.
func TestAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inv := inventory.New(inventory.Options{})
		wait := func(ago time.Duration) time.Duration {
			began := time.Now()
			if err := inv.Aside(t.Context(), began.Add(-ago), 30*time.Second); err != nil {
				t.Error(err)
			}
			return time.Since(began)
		}
		for ago, want := range map[time.Duration]time.Duration{0: time.Second, 80 * time.Second: 10 * time.Second, time.Hour: 30 * time.Second} {
			if got := wait(ago); got != want {
				t.Errorf("%v after it was asked for: waits %v, want %v", ago, got, want)
			}
		}
		var all sync.WaitGroup
		var longest atomic.Int64
		for range 12 {
			all.Go(func() {
				took := int64(wait(0))
				for was := longest.Load(); took > was && !longest.CompareAndSwap(was, took); was = longest.Load() {
				}
			})
		}
		all.Wait()
		if got := time.Duration(longest.Load()); got != 3*time.Second {
			t.Errorf("the last of twelve waits %v", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := inv.Aside(ctx, time.Now().Add(-time.Hour), time.Hour); err == nil {
			t.Error("a context that ended does not end the wait")
		}
	})
}

// What sagas ask one by one, without a pause, does not keep those who wait from their look.
func TestLoneQuestionsDoNotStopLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulator.New(simulator.Options{Limits: simulator.Unlimited(), Latency: time.Second})
		id := sim.Add(simulator.Droplet{Name: "web-1"}).ID
		budget := digitalocean.NewBudget(digitalocean.BudgetOptions{Concurrency: 1, Reserve: -1})
		api, err := digitalocean.New(digitalocean.Config{
			BaseURL: "http://127.0.0.1", Transport: sim.Transport(), Budget: budget, Token: func() (string, error) { return ourToken, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		inv := inventory.New(inventory.Options{
			Poll: api.Client(digitalocean.PriorityPoll), Lone: api.Client(digitalocean.PrioritySaga), Pace: budget.Pace, Gap: budget.Gap,
		})
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		defer func() {
			cancel()
			all.Wait()
			time.Sleep(time.Second) // until the simulator is done with the last request
		}()
		all.Go(func() { inv.Run(ctx) })
		for range 3 {
			all.Go(func() {
				for ctx.Err() == nil {
					inv.Shown(ctx, 1, time.Now())
				}
			})
		}
		patient, end := context.WithTimeout(ctx, time.Hour)
		defer end()
		for range 2 { // the first one has nothing before it to keep away from
			time.Sleep(10 * time.Second)
			began := time.Now()
			seen, err := inv.Look(patient, inventory.Query{ID: id, Due: began})
			if took := time.Since(began); err != nil || len(seen) != 1 || took > time.Minute {
				t.Errorf("%d droplets after %v: %v", len(seen), took, err)
			}
		}
	})
}
