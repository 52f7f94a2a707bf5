package daemon

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/simulator"
)

// conditions are what status shows beside the daemon, of one kind.
func (w *world) conditions(kind condition.Kind) (list []condition.Condition) {
	w.t.Helper()
	st, err := running{w.life.h, w.life.h.store}.Status(context.Background())
	w.must(err)
	for _, c := range st.Conditions {
		if c.Kind == kind {
			list = append(list, c)
		}
	}
	return list
}

// A create that the API refuses is told of within a second, by status, webhook, metrics and /readyz alike, with why and when it is tried again; a
// command that reads the state database alone tells it too. What is well again says so.
func TestAFailedCreateIsToldAtOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		h := w.withHook()
		w.sim.SetFaults(simulator.Faults{Size422: true})
		w.edit(fleetOf("name: web, count: 1"))
		w.start()
		w.until("the create has failed", func() bool { return len(w.sagas()) > 0 && !w.sagas()[0].Status.Live() })
		time.Sleep(time.Second)
		synctest.Wait()
		got := w.conditions(condition.Failed)
		at := w.sagas()[0].EndedAt.Add(time.Minute).UTC().Format("tried again at 15:04:05 UTC")
		if len(got) != 1 || got[0].Subject != "web-1" || !strings.HasPrefix(got[0].Summary, "create failed once: ") || !strings.HasSuffix(got[0].Summary, at) ||
			!strings.Contains(got[0].Summary, "status 422") {
			t.Fatalf("%+v, want web-1, why, and %q", got, at)
		}
		w.shows(`arcadiad_conditions{kind="failed"} 1`, `arcadiad_conditions{kind="held"} 0`)
		if _, page := w.get("/readyz"); !strings.Contains(page, "attention: ok: failed web-1") {
			t.Errorf("/readyz: %s", page)
		}
		c, err := control.Connect(context.Background(), control.Options{State: w.o.State, Socket: w.o.Socket, Need: control.Look, Local: func(ctx context.Context, beside bool) (control.Service, func() error, error) {
			return Local(ctx, w.o, control.Look, beside)
		}})
		w.must(err)
		if alone, err := c.Status(context.Background()); err != nil || len(alone.Conditions) != 1 || alone.Conditions[0].State != got[0].State ||
			!strings.HasSuffix(alone.Conditions[0].Summary, "the next arcadiad run or apply tries again") {
			t.Errorf("without a daemon: %+v, %v", alone.Conditions, err)
		}
		w.told(h, 5*time.Second, "raised failed web-1")
		w.sim.SetFaults(simulator.Faults{})
		w.told(h, 5*time.Minute, "recovered failed web-1")
	})
}

// A refused token is told of with its cure as soon as the API has said so, and is over with the next answer.
func TestARefusedTokenIsToldAtOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		h := w.withHook()
		exchange := w.bears("dop_v1_first")
		w.edit(fleetOf("name: web, count: 1"))
		w.start()
		w.rest()
		w.told(h, time.Minute)
		w.sim.Revoke("dop_v1_first")
		w.life.h.loop.Trigger("schedule", false)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := w.conditions(condition.Token); len(got) != 1 || !strings.Contains(got[0].Advice, "https://cloud.digitalocean.com/account/api/tokens") ||
			!strings.Contains(got[0].Advice, "arcadiad doctor") {
			t.Errorf("%+v", got)
		}
		w.told(h, 5*time.Second, "raised token")
		exchange("dop_v1_second")
		w.life.h.loop.Trigger("schedule", false)
		w.told(h, time.Minute, "recovered token")
	})
}

// Who watches is told of a change when it happens, and else looks again after a while.
func TestWatchersAreToldOfChanges(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: web, count: 1"))
		w.start()
		w.rest()
		r := running{w.life.h, w.life.h.store}
		wait := func(seen int64) (now int64, took time.Duration) {
			began := time.Now()
			now, err := r.Changed(context.Background(), seen)
			w.must(err)
			return now, time.Since(began)
		}
		seen, took := wait(0)
		if seen == 0 || took != 0 {
			t.Errorf("the first look: %d after %s", seen, took)
		}
		if now, took := wait(seen); now != seen || took != changedTime {
			t.Errorf("nothing happened: %d after %d, after %s", now, seen, took)
		}
		go func() {
			time.Sleep(time.Second)
			w.life.h.loop.Trigger("schedule", false)
		}()
		if now, took := wait(seen); now <= seen || took < time.Second || took >= changedTime {
			t.Errorf("a pass: %d after %d, after %s", now, seen, took)
		}
	})
}
