package digitalocean

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/simulator"
)

// An address is moved through the gate, after the intent, and read where it is.
func TestReservedIP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		sim := simulator.New(simulator.Options{ActionTime: time.Second})
		one, two := sim.Add(simulator.Droplet{Name: "one"}), sim.Add(simulator.Droplet{Name: "two"})
		ip := sim.ReserveIPIn("nyc3")
		c := newAPI(t, Config{BaseURL: "http://localhost", Transport: sim.Transport()}).Client(PrioritySaga)
		intents := 0
		intent := func(context.Context) error { intents++; return nil }
		reads := func(want fleet.Address) {
			t.Helper()
			if got, err := c.ReservedIP(ctx, ip); err != nil || got != want {
				t.Errorf("got %+v, %v; want %+v", got, err, want)
			}
		}
		reads(fleet.Address{IP: ip, Region: "nyc3"})
		for _, id := range []int64{one.ID, two.ID} { // from the first to the second right away
			before := sim.ReservedIPs()[0].Droplet
			a, err := c.AssignIP(ctx, ip, id, intent)
			if err != nil || a.Type != "assign_ip" || a.Status != ActionInProgress {
				t.Fatalf("%+v, %v", a, err)
			}
			reads(fleet.Address{IP: ip, Region: "nyc3", DropletID: before, Locked: true})
			if _, err := c.UnassignIP(ctx, ip, nil); !errors.Is(err, ErrPendingEvent) {
				t.Errorf("of a busy address: %v", err)
			}
			time.Sleep(time.Second)
			reads(fleet.Address{IP: ip, Region: "nyc3", DropletID: id})
			if a, err := c.Action(ctx, a.ID); err != nil || a.Status != ActionCompleted || a.Type != "assign_ip" {
				t.Errorf("%+v, %v", a, err)
			}
		}
		if _, err := c.AssignIP(ctx, ip, two.ID, intent); !errors.Is(err, ErrAlreadySo) {
			t.Errorf("where it is already: %v", err)
		}
		if _, err := c.AssignIP(ctx, ip, 1, intent); !errors.Is(err, ErrRejected) {
			t.Errorf("to nobody: %v", err)
		}
		if _, err := c.UnassignIP(ctx, ip, intent); err != nil {
			t.Errorf("unassign: %v", err)
		}
		time.Sleep(time.Second)
		if _, err := c.UnassignIP(ctx, ip, intent); !errors.Is(err, ErrAlreadySo) {
			t.Errorf("at nobody already: %v", err)
		}
		if intents != 6 {
			t.Errorf("%d intents", intents)
		}
		other := sim.ReserveIP(one.ID)
		if _, err := c.AssignIP(ctx, ip, one.ID, nil); !errors.Is(err, ErrRejected) || errors.Is(err, ErrAlreadySo) {
			t.Errorf("to a droplet that has %s: %v", other, err)
		}
		sim.ReleaseIP(ip)
		if _, err := c.ReservedIP(ctx, ip); !errors.Is(err, ErrNotFound) {
			t.Errorf("read what was released: %v", err)
		}
		if _, err := c.AssignIP(ctx, ip, two.ID, nil); !errors.Is(err, ErrNotFound) {
			t.Errorf("assign what was released: %v", err)
		}
		if err := sim.Script("POST /v2/reserved_ips/{ip}/actions", 1, simulator.Cut().After()); err != nil {
			t.Fatal(err)
		}
		if _, err := c.UnassignIP(ctx, other, nil); !errors.Is(err, ErrUnknown) {
			t.Errorf("cut: %v", err)
		}
		sim.ResetRequests()
		if _, err := c.AssignIP(ctx, other, two.ID, func(context.Context) error { return errors.New("no") }); !errors.Is(err, ErrNotSent) {
			t.Errorf("without its intent: %v", err)
		}
		for _, wrong := range []string{"", "203.0.113", "203.0.113.1/../2", "::1", "203.0.113.01", "web"} {
			_, read := c.ReservedIP(ctx, wrong)
			_, assign := c.AssignIP(ctx, wrong, two.ID, nil)
			_, unassign := c.UnassignIP(ctx, wrong, nil)
			for _, err := range []error{read, assign, unassign} {
				if !errors.Is(err, ErrRejected) {
					t.Errorf("%q: %v", wrong, err)
				}
			}
		}
		if _, err := c.AssignIP(ctx, other, 0, nil); !errors.Is(err, ErrRejected) || sim.Requests().Total() != 0 {
			t.Errorf("a droplet 0: %v, %v", err, sim.Requests())
		}
	})
}

// Who has the address is never made up: null is nobody, and silence is no answer.
func TestReservedIPThatIsNotWhole(t *testing.T) {
	for body, want := range map[string]error{
		`{"ip":"192.0.2.1","region":{"slug":"nyc3"},"droplet":null,"locked":false}`: nil,
		`{"ip":"192.0.2.1","droplet":{"id":5},"locked":true}`:                       nil,
		`{"ip":"192.0.2.1","locked":false}`:                                         ErrUnavailable,
		`{"ip":"192.0.2.1","droplet":{},"locked":false}`:                            ErrUnavailable,
		`{"ip":"192.0.2.1","droplet":{"id":"5"},"locked":false}`:                    ErrUnavailable,
		`{"ip":"192.0.2.1","droplet":null}`:                                         ErrUnavailable,
		`{"droplet":null,"locked":false}`:                                           ErrUnavailable,
		`{"ip":"192.0.2.2","droplet":null,"locked":false}`:                          ErrUnavailable,
		`null`: ErrUnavailable,
	} {
		single := newAPI(t, Config{Transport: inProcess(func(*http.Request) (*http.Response, error) { return reply(200, `{"reserved_ip":`+body+`}`), nil })})
		if got, err := single.Client(PriorityPoll).ReservedIP(t.Context(), "192.0.2.1"); !errors.Is(err, want) {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
		if body == `{"ip":"192.0.2.2","droplet":null,"locked":false}` {
			continue // whole, but another one
		}
		list := newAPI(t, Config{Transport: inProcess(func(*http.Request) (*http.Response, error) {
			return reply(200, `{"reserved_ips":[`+body+`],"meta":{"total":1}}`), nil
		})})
		if got, err := list.Client(PrioritySync).ReservedIPs(t.Context()); !errors.Is(err, want) || (len(got.Addresses) == 1) != (want == nil) {
			t.Errorf("%s in a list: %+v, %v", body, got, err)
		}
	}
}
