package digitalocean_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/simulator"
)

// Each read scope is tried out by a request that wants it, and no other.
func TestTryFindsTheMissingScope(t *testing.T) {
	for _, missing := range digitalocean.ReadScopes() {
		sim := simulator.New(simulator.Options{})
		sim.SetFaults(simulator.Faults{WithoutScopes: []string{missing.Name}})
		c := probing(t, digitalocean.Config{BaseURL: "http://localhost", Transport: sim.Transport()})
		for _, s := range digitalocean.ReadScopes() {
			err := c.Try(t.Context(), s)
			if s == missing && !errors.Is(err, digitalocean.ErrForbidden) || s != missing && err != nil {
				t.Errorf("without %s, trying %s: %v", missing.Name, s.Name, err)
			}
		}
		if n := sim.Writes(); n != 0 {
			t.Errorf("%d writes", n)
		}
	}
}

func TestCount(t *testing.T) {
	sim := simulator.New(simulator.Options{})
	for range 3 {
		sim.Add(simulator.Droplet{Name: "plain"})
	}
	sim.Add(simulator.Droplet{Name: "gpu", Size: "gpu-h100x1-80gb"})
	n, err := probing(t, digitalocean.Config{BaseURL: "http://localhost", Transport: sim.Transport()}).Count(t.Context())
	if err != nil || n != 4 {
		t.Errorf("%d droplets, %v; want 4", n, err)
	}
}

func TestClock(t *testing.T) {
	for _, tt := range []struct {
		off  time.Duration // of the API's clock
		want time.Duration // of ours, about
	}{{0, 0}, {-time.Hour, time.Hour}, {time.Hour, -time.Hour}} {
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(tt.off).UTC().Format(http.TimeFormat))
			fmt.Fprint(w, `{"account":{"uuid":"a"}}`)
		}))
		defer api.Close()
		ahead, err := probing(t, digitalocean.Config{BaseURL: api.URL}).Clock(t.Context())
		if off := (ahead - tt.want).Abs(); err != nil || off > time.Minute || tt.want == 0 && ahead != 0 {
			t.Errorf("the API's clock is off by %v: ours is %v ahead, %v", tt.off, ahead, err)
		}
	}
}

func probing(t *testing.T, c digitalocean.Config) *digitalocean.Client {
	t.Helper()
	c.Token = func() (string, error) { return "dop_v1_test", nil }
	c.Budget = digitalocean.NewBudget(digitalocean.BudgetOptions{Reserve: 0.2})
	api, err := digitalocean.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return api.Client(digitalocean.PrioritySync)
}
