package daemon

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/inventory"
)

// What the options say of the reserve is what the budget keeps; 0 is no word for the default.
func TestTheReserveReachesTheBudget(t *testing.T) {
	for _, tt := range []struct {
		reserve      float64
		hour, minute int // requests that are left to arcadiad
	}{{0, 5000, 250}, {-1, 4000, 200}, {0.2, 4000, 200}, {0.5, 2500, 125}} {
		o, err := Options{State: "unused", Reserve: tt.reserve, Token: func() (string, error) { return "dop_v1_test", nil }}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		l, err := newObserver(o, nothing, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if s := l.budget.State(); s.HourCap != tt.hour || s.MinCap != tt.minute {
			t.Errorf("reserve %v: %d an hour and %d a minute are arcadiad's, want %d and %d", tt.reserve, s.HourCap, s.MinCap, tt.hour, tt.minute)
		}
	}
}

func TestOptionsRefuseAScheduleThatNeverComes(t *testing.T) {
	if _, err := (Options{SyncSchedule: "0 0 30 2 *"}).withDefaults(); err == nil || err.Error() != `sync schedule "0 0 30 2 *" never comes` {
		t.Errorf("the options answer: %v", err)
	}
	if _, err := (Options{SyncSchedule: "often"}).withDefaults(); err == nil || !strings.Contains(err.Error(), "five fields") {
		t.Errorf("the options answer: %v", err)
	}
}

// Only a simulated account may have its droplets on this host: an answer of the real API must not make the daemon probe itself.
func TestOnlySimulatedDropletsAreOnLoopback(t *testing.T) {
	for _, tt := range []struct {
		url       string
		transport http.RoundTripper
		dialed    bool
	}{
		{"", nil, false}, {"https://api.example.com", nil, false}, {"http://127.0.0.1:8025", nil, true}, {"http://localhost", nil, true},
		{"https://[::1]:8025", nil, true}, {"", http.DefaultTransport, true},
	} {
		dialed := false
		o, err := Options{
			State: "unused", APIURL: tt.url, Transport: tt.transport, Token: func() (string, error) { return "dop_v1_test", nil },
			Dial: func(context.Context, string, string) (net.Conn, error) { dialed = true; return nil, io.EOF },
		}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		l, err := newObserver(o, nothing, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		l.inventory.Probe(t.Context(), []inventory.Target{{DropletID: 1, Address: "127.64.1.0", Ready: fleet.Ready{Port: 22}}}, time.Minute)
		if dialed != tt.dialed {
			t.Errorf("with an API at %q and transport %v a droplet on loopback is probed: %v", tt.url, tt.transport, dialed)
		}
	}
}
