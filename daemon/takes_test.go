package daemon

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/simulator"
	"arcadiad/view"
)

// attach hangs something of everything on a droplet.
func (w *world) attach(id int64) (ip string) {
	w.t.Helper()
	w.sim.AddFirewall(simulator.Firewall{Name: "ssh", Droplets: []int64{id}})
	w.sim.AddFirewall(simulator.Firewall{Name: "by-tag", Tags: []string{"web"}})
	w.sim.AddFirewall(simulator.Firewall{Name: "db", Sources: []int64{id}})
	w.sim.AddLoadBalancer(simulator.LoadBalancer{Name: "front", Region: "syd1", Droplets: []int64{id}})
	w.sim.AddLoadBalancer(simulator.LoadBalancer{Name: "tagged", Region: "syd1", Tag: "web"})
	if w.sim.Backup(id) == 0 {
		w.t.Fatalf("no backup of droplet %d", id)
	}
	return w.sim.ReserveIP(id)
}

// lastPlan is the plan of the last pass, and its text.
func (w *world) lastPlan() (plan.Plan, string) {
	w.t.Helper()
	p := w.life.h.loop.Last().Outcome.Pass.Plan
	var text bytes.Buffer
	w.must(view.Plan(&text, p, false))
	return p, text.String()
}

func (w *world) lists() (n int) {
	r := w.sim.Requests()
	return r["GET /v2/reserved_ips"] + r["GET /v2/firewalls"] + r["GET /v2/load_balancers"]
}

// A replace that waits for a person says what it takes along and what it leaves behind; and so it happens once it is approved.
func TestAPlanTellsTheSideEffectsOfADestroy(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		careful := func(stanza string) string {
			return strings.Replace(fleetOf(stanza), "max_destroy: 100%", "max_destroy: 0", 1)
		}
		w.edit(careful("name: web, tags: [web]"))
		w.start()
		w.rest()
		old := w.sim.Named("web")[0]
		ip := w.attach(old.ID)
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := w.lists(); n != 0 {
			t.Errorf("%d requests for what hangs on droplets of which none is to be destroyed", n)
		}

		w.edit(careful("name: web, tags: [web], size: s-1vcpu-2gb"))
		time.Sleep(time.Minute)
		synctest.Wait()
		p, text := w.lastPlan()
		for _, words := range []string{
			"side effects: deletes 1 backup; removes it from firewall ssh, the rules of firewall db and load balancer front (the new droplet is not added)\n",
			"leaves behind, unused and still billed: reserved IP " + ip + "\n",
		} {
			if !strings.Contains(text, words) {
				t.Errorf("the plan lacks %q:\n%s", words, text)
			}
		}
		if n := w.lists(); n != 3 {
			t.Errorf("%d requests for three lists", n)
		}
		time.Sleep(time.Hour) // the hold is planned again at each sync
		synctest.Wait()
		again, _ := w.lastPlan()
		if n := w.lists(); again.ID != p.ID || len(again.Actions) != 1 || !slices.EqualFunc(again.Actions[0].SideEffects, p.Actions[0].SideEffects, sameAttachment) || n > 3*6 {
			t.Errorf("an hour later plan %s takes %v; %d requests", again.ID, again.Actions, n)
		}

		w.must(w.life.h.store.Approve(w.t.Context(), p.ID))
		w.life.h.loop.Trigger(reconcile.TriggerApprove, true)
		w.rest()
		w.check()
		if now := w.sim.Named("web"); len(now) != 1 || now[0].ID == old.ID {
			t.Fatalf("not replaced: %+v", now)
		}
		if r := w.sim.ReservedIPs(); len(r) != 1 || r[0].IP != ip || r[0].Droplet != 0 {
			t.Errorf("reserved IPs: %+v", r)
		}
	})
}

func sameAttachment(a, b fleet.Attachment) bool {
	return a.Kind == b.Kind && a.ID == b.ID && a.Count == b.Count
}

// A token that may not read some of them is no failure: the plan says what could not be looked up.
func TestAPlanSaysWhatCouldNotBeLookedUp(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: web", "name: old"))
		w.start()
		w.rest()
		ip := w.attach(w.sim.Named("old")[0].ID)
		w.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"firewall:read", "load_balancer:read"}})
		var seen, text string
		w.edit(fleetOf("name: web"))
		for range 60 {
			time.Sleep(time.Second)
			synctest.Wait()
			if p, words := w.lastPlan(); len(p.Actions) > 0 {
				seen, text = p.ID, words
			}
		}
		if seen == "" {
			t.Fatal("no plan destroyed anything")
		}
		for _, words := range []string{ip, "could not be looked up: list firewalls: forbidden", "firewall:read", "could not be looked up: list load balancers: forbidden"} {
			if !strings.Contains(text, words) {
				t.Errorf("the plan lacks %q:\n%s", words, text)
			}
		}
		w.must(w.life.h.approve(w.t.Context(), seen)) // the reserved IP holds it
		w.rest()
		w.check()
		if n := len(w.sim.Named("old")); n != 0 {
			t.Errorf("%d left", n)
		}
	})
}
