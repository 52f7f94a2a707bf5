package inventory_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/simulator"
)

// Three lists say what hangs on the droplets. They are kept for as long as the caller says.
func TestAttachmentsAreKept(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		web := w.sim.Add(simulator.Droplet{Name: "web"})
		look := func(want int) []fleet.AttachmentKind {
			t.Helper()
			before := w.sim.Requests().Total()
			a, n, err := w.inv.Attachments(w.t.Context(), 5*time.Minute)
			if err != nil || len(a.Unread) != 0 {
				t.Fatalf("%+v, %v", a, err)
			}
			if sent := w.sim.Requests().Total() - before; sent != want || n != want {
				t.Errorf("counted %d requests, sent %d; want %d", n, sent, want)
			}
			if time.Since(a.ReadAt) > 5*time.Minute {
				t.Errorf("read at %v", a.ReadAt)
			}
			var kinds []fleet.AttachmentKind
			for _, attached := range a.ByDroplet[web.ID] {
				kinds = append(kinds, attached.Kind)
			}
			return kinds
		}
		if kinds := look(3); len(kinds) != 0 {
			t.Errorf("%v on a bare droplet", kinds)
		}
		w.sim.ReserveIP(web.ID)
		w.sim.AddFirewall(simulator.Firewall{Name: "fw", Droplets: []int64{web.ID}})
		w.sim.AddLoadBalancer(simulator.LoadBalancer{Name: "lb", Droplets: []int64{web.ID}})
		time.Sleep(4 * time.Minute)
		if kinds := look(0); len(kinds) != 0 {
			t.Errorf("%v without asking", kinds)
		}
		time.Sleep(2 * time.Minute)
		all := []fleet.AttachmentKind{fleet.AttachedReservedIP, fleet.AttachedFirewall, fleet.AttachedLoadBalancer}
		if kinds := look(3); !slices.Equal(kinds, all) {
			t.Errorf("%v, want %v", kinds, all)
		}
		if kinds := look(0); !slices.Equal(kinds, all) { // what is given out is not what is kept
			t.Errorf("%v, want %v", kinds, all)
		}
	})
}

// What a token may not read is said in the same words each time, and the other lists count.
func TestAttachmentsThatCannotBeRead(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		web := w.sim.Add(simulator.Droplet{Name: "web"})
		w.sim.ReserveIP(web.ID)
		w.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"firewall:read", "load_balancer:read"}})
		first, _, err := w.inv.Attachments(w.t.Context(), time.Hour)
		if err != nil || len(first.ByDroplet[web.ID]) != 1 {
			t.Errorf("%+v, %v", first, err)
		}
		if u := first.Unread; len(u) != 2 || !strings.Contains(u[0], "firewall:read") || !strings.Contains(u[1], "load_balancer:read") {
			t.Errorf("unread %q does not name the scopes", u)
		}
		if again, n, _ := w.inv.Attachments(w.t.Context(), time.Hour); n != 2 || !slices.Equal(again.Unread, first.Unread) {
			t.Errorf("%d requests, and then %q", n, again.Unread)
		}
		w.sim.SetFaults(simulator.Faults{})
		if a, n, _ := w.inv.Attachments(w.t.Context(), time.Hour); n != 2 || len(a.Unread) != 0 {
			t.Errorf("with the scopes: %d requests, %+v", n, a)
		}
	})
}
