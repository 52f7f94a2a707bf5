package daemon

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"arcadiad/simulator"
)

// A key of the account that is named by its fingerprint, after it was named by its id, replaces nothing.
func TestAKeyByItsFingerprintIsTheKeyByItsID(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		id, print := w.sim.AddKey("ops")
		other, _ := w.sim.AddKey("laptop")
		w.edit(fleetOf(fmt.Sprintf("name: web, count: 2, ssh_keys: [%d]", id)))
		w.start()
		w.rest()
		for _, keys := range []string{fmt.Sprintf("%q", print), fmt.Sprint(id)} {
			w.edit(fleetOf("name: web, count: 2, ssh_keys: [" + keys + "]"))
			w.rest()
			w.check()
			if w.posts() != 2 || w.deletes() != 0 {
				t.Fatalf("%s: %d creates, %d destroys", keys, w.posts(), w.deletes())
			}
		}
		w.edit(fleetOf(fmt.Sprintf("name: web, count: 3, ssh_keys: [%d, %q]", id, print)))
		time.Sleep(time.Hour)
		p := w.life.h.loop.Last().Outcome.Pass.Plan
		if w.posts() != 2 || len(p.Actions) != 1 || p.Actions[0].HeldBy != "preflight" || !strings.Contains(p.Actions[0].HeldReason, "one key twice") {
			t.Errorf("one key that is named twice: %s", w.describe())
		}
		w.edit(fleetOf(fmt.Sprintf("name: web, count: 2, ssh_keys: [%d, %d]", id, other)))
		w.rest()
		w.check()
		if w.posts() != 4 {
			t.Errorf("another key, and %d creates, want 4", w.posts())
		}
	})
}

// A key by its name is the key by its id, and what becomes of the name later changes no droplet: what is made is made with ids.
func TestAKeyByItsName(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		id, print := w.sim.AddKey("Ops")
		w.sim.AddKey("laptop")
		asks := func(count int, key string, posts int) {
			t.Helper()
			w.edit(fleetOf(fmt.Sprintf("name: web, count: %d, ssh_keys: [%s]", count, key)))
			w.rest()
			w.check()
			if w.posts() != posts || w.deletes() != 0 {
				t.Fatalf("%d with the key %s: %d creates, %d destroys; %s", count, key, w.posts(), w.deletes(), w.describe())
			}
		}
		held := func(count int, key string, posts int, why string) {
			t.Helper()
			w.edit(fleetOf(fmt.Sprintf("name: web, count: %d, ssh_keys: [%s]", count, key)))
			time.Sleep(20 * time.Minute)
			p := w.life.h.loop.Last().Outcome.Pass.Plan
			if w.posts() != posts || w.deletes() != 0 || len(p.Actions) == 0 || p.Actions[0].HeldBy != "preflight" || !strings.Contains(p.Actions[0].HeldReason, why) {
				t.Fatalf("%d with the key %s: %d creates; %s", count, key, w.posts(), w.describe())
			}
		}
		w.edit(fleetOf(fmt.Sprintf("name: web, count: 1, ssh_keys: [%d]", id)))
		w.start()
		asks(1, "ops", 1)
		asks(2, "ops", 2)
		w.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"ssh_key:read"}})
		time.Sleep(10 * time.Minute)
		held(3, "ops", 2, "give the token the scope ssh_key:read")
		w.sim.SetFaults(simulator.Faults{})
		asks(3, "ops", 3)

		w.call("PUT", fmt.Sprintf("/v2/account/keys/%d", id), `{"name":"ops-2026"}`)
		asks(3, "ops", 3) // nothing asks what the name means now
		held(4, "ops", 3, `the account has no SSH key named "ops"; it has "laptop", "ops-2026"`)
		asks(4, "ops-2026", 4)
		asks(4, fmt.Sprintf("%q", print), 4)
		w.call("DELETE", fmt.Sprintf("/v2/account/keys/%d", id), "")
		asks(4, fmt.Sprintf("%q", print), 4)
		held(4, "ops-2026", 4, `no SSH key named "ops-2026"`)
	})
}

// call is somebody else's request.
func (w *world) call(method, path, body string) {
	w.t.Helper()
	req, err := http.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	w.must(err)
	req.Header.Set("Authorization", "Bearer somebody")
	req.Header.Set("Content-Type", "application/json")
	resp, err := w.sim.Transport().RoundTrip(req)
	w.must(err)
	resp.Body.Close()
	if resp.StatusCode > 299 {
		w.t.Fatalf("%s %s: %s", method, path, resp.Status)
	}
}
