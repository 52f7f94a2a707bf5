package inventory_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"arcadiad/digitalocean"
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

// All addresses are known where their list is, those of nobody too, and none of them where it is not.
func TestAddresses(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		look := func(known bool, want map[string]fleet.Address) {
			t.Helper()
			a, _, err := w.inv.Attachments(w.t.Context(), 0)
			if err != nil || a.AddressesKnown != known || !maps.Equal(a.Addresses, want) {
				t.Errorf("known %v: %+v, %v", a.AddressesKnown, a.Addresses, err)
			}
			delete(a.Addresses, "203.0.113.1") // what is given out is not what is kept
			time.Sleep(time.Second)
		}
		look(true, nil)
		web := w.sim.Add(simulator.Droplet{Name: "web", Region: "syd1"})
		ip, spare := w.sim.ReserveIP(web.ID), w.sim.ReserveIPIn("nyc3")
		want := map[string]fleet.Address{ip: {IP: ip, Region: "syd1", DropletID: web.ID}, spare: {IP: spare, Region: "nyc3"}}
		look(true, want)
		look(true, want)
		w.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"reserved_ip:read"}})
		look(false, nil)
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

// The tags of load balancers and firewalls are known only where both lists are, each read within the age that the caller says.
func TestTagsOfAttachments(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		look := func(when string, known bool, balancers, firewalls string) {
			t.Helper()
			a, _, err := w.inv.Attachments(w.t.Context(), 5*time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if b, f := strings.Join(a.BalancerTags, " "), strings.Join(a.FirewallTags, " "); a.TagsKnown != known || b != balancers || f != firewalls {
				t.Errorf("%s: known %v, load balancers %q, firewalls %q", when, a.TagsKnown, b, f)
			}
			slices.Reverse(a.BalancerTags) // what is given out is not what is kept
		}
		look("nothing there", true, "", "")
		w.sim.AddLoadBalancer(simulator.LoadBalancer{Name: "a", Tag: "Web"})
		w.sim.AddLoadBalancer(simulator.LoadBalancer{Name: "b", Tag: "api"})
		w.sim.AddFirewall(simulator.Firewall{Name: "fw", Tags: []string{"web"}, SourceTags: []string{"Bastion"}})
		look("kept", true, "", "")
		for _, scope := range []string{"firewall:read", "load_balancer:read"} {
			time.Sleep(6 * time.Minute)
			w.sim.SetFaults(simulator.Faults{WithoutScopes: []string{scope}})
			look("without "+scope, false, "", "")
			w.sim.SetFaults(simulator.Faults{})
			look("with it again", true, "api web", "bastion web")
		}
		look("kept again", true, "api web", "bastion web")
	})
}

// blurred answers as the account does, but for the tags of firewalls, which it leaves out.
type blurred struct{ http.RoundTripper }

func (b blurred) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err != nil || r.URL.Path != "/v2/firewalls" {
		return resp, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	body = bytes.ReplaceAll(body, []byte(`"tags":["hidden"]`), []byte(`"tags":null`))
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return resp, err
}

// A firewall that does not say its tags may go by any.
func TestTagsThatAreNotTold(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		api, err := digitalocean.New(digitalocean.Config{
			BaseURL: "http://127.0.0.1", Transport: blurred{w.sim.Transport()}, Token: func() (string, error) { return ourToken, nil },
			Budget: digitalocean.NewBudget(digitalocean.BudgetOptions{Reserve: -1}),
		})
		if err != nil {
			t.Fatal(err)
		}
		w.inv = inventory.New(inventory.Options{Sync: api.Client(digitalocean.PrioritySync), Poll: api.Client(digitalocean.PriorityPoll)})
		w.sim.AddLoadBalancer(simulator.LoadBalancer{Name: "lb", Tag: "web"})
		w.sim.AddFirewall(simulator.Firewall{Name: "shown", Tags: []string{"db"}})
		if a, _, err := w.inv.Attachments(w.t.Context(), 0); err != nil || !a.TagsKnown || !slices.Equal(a.FirewallTags, []string{"db"}) {
			t.Errorf("%+v, %v", a, err)
		}
		w.sim.AddFirewall(simulator.Firewall{Name: "hidden", Tags: []string{"hidden"}})
		time.Sleep(time.Second)
		if a, _, err := w.inv.Attachments(w.t.Context(), 0); err != nil || a.TagsKnown || len(a.FirewallTags)+len(a.BalancerTags) != 0 {
			t.Errorf("%+v, %v", a, err)
		}
	})
}
