package digitalocean_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"arcadiad/digitalocean"
	"arcadiad/simulator"
)

// A listing that moved proves nothing, but what its pages showed is there.
func TestLaw07AMovedListShowsWhatWasSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulator.New(simulator.Options{})
		for range 401 {
			sim.Add(simulator.Droplet{Name: "web"})
		}
		sim.SetFaults(simulator.Faults{PageShift: 1})
		c := open(t, digitalocean.Config{Transport: sim.Transport()}).Client(digitalocean.PriorityPoll)
		l, err := c.List(t.Context(), digitalocean.Filter{})
		if !errors.Is(err, digitalocean.ErrMoved) || l.Droplets != nil || len(l.Seen) != 400 || l.Pages != 2 {
			t.Errorf("%d droplets, %d seen on %d pages, %v", len(l.Droplets), len(l.Seen), l.Pages, err)
		}
	})
}

// Proved tells whose the token is as it is now, and asks nothing.
func TestLaw10ProvedFollowsTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulator.New(simulator.Options{})
		token := "dop_v1_one"
		a, err := digitalocean.New(digitalocean.Config{
			Transport: sim.Transport(), Budget: digitalocean.NewBudget(digitalocean.BudgetOptions{Reserve: 0.2}),
			Token: func() (string, error) { return token, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		c := a.Client(digitalocean.PriorityPoll)
		step := func(what, want string) {
			t.Helper()
			before := sim.Requests().Total()
			if got := c.Proved(); got != want || sim.Requests().Total() != before {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
		}
		step("before any answer", "")
		account, err := c.Account(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		step("after /v2/account", account.UUID)
		token = "dop_v1_two"
		step("another token", "")
		token = ""
		step("none", "")
		token = "dop_v1_one"
		step("the first again", account.UUID)
		sim.Revoke(token)
		if _, err := c.Get(t.Context(), 1); !errors.Is(err, digitalocean.ErrUnauthorized) {
			t.Fatal(err)
		}
		step("refused", "")
	})
}
