package digitalocean_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/simulator"
)

var spec = fleet.Spec{
	Name: "web-1", Region: "syd1", Size: "s-1vcpu-1gb", Image: "ubuntu-24-04-x64", Tags: []string{"web"}, Monitoring: true,
}

// open makes an API against the simulator, proved and with an open gate.
func open(t *testing.T, c digitalocean.Config) *digitalocean.API {
	t.Helper()
	c.Token = func() (string, error) { return "dop_v1_test", nil }
	c.Budget = digitalocean.NewBudget(digitalocean.BudgetOptions{Reserve: 0.2})
	a, err := digitalocean.New(c)
	if err != nil {
		t.Fatal(err)
	}
	account, err := a.Client(digitalocean.PrioritySync).Account(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !account.Simulated || account.UUID == "" {
		t.Fatalf("the simulated account reads %+v", account)
	}
	c.Budget.Writes(nil)
	return a
}

// One droplet's life, over a real socket.
func TestADropletsLifeInTheSimulator(t *testing.T) {
	sim := simulator.New(simulator.Options{Activation: -1, ActionTime: -1})
	server := httptest.NewServer(sim)
	defer server.Close()
	c, ctx := open(t, digitalocean.Config{BaseURL: server.URL}).Client(digitalocean.PrioritySaga), t.Context()

	made, err := c.Create(ctx, &spec, fleet.TagsOf("demo", "5f0c9a1e", 0, false, spec.Tags), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Get(ctx, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "web-1" || got.Status != fleet.StatusActive || got.Region != "syd1" || got.Size != "s-1vcpu-1gb" ||
		got.ImageSlug != "ubuntu-24-04-x64" || got.PublicIPv4 == "" || got.VPCUUID == "" || !got.HasFeature("monitoring") ||
		!got.Managed() || !got.HasTag("web") || got.CreatedAt.IsZero() {
		t.Errorf("it reads %+v", got)
	}
	for _, f := range []digitalocean.Filter{{}, {Tag: fleet.SagaTag("5f0c9a1e")}, {Name: "WEB-1"}} {
		l, err := c.List(ctx, f)
		if err != nil || len(l.Droplets) != 1 || !bytes.Equal(l.Droplets[0].Data, got.Data) {
			t.Errorf("%v: %+v, %v", f, l, err)
		}
	}
	if l, err := c.List(ctx, digitalocean.Filter{GPU: true}); err != nil || len(l.Droplets) != 0 {
		t.Errorf("gpu droplets: %+v, %v", l, err)
	}
	actions, err := c.Actions(ctx, made.ID)
	if err != nil || len(actions) != 1 || actions[0].Type != "create" || actions[0].Status != digitalocean.ActionCompleted {
		t.Errorf("actions: %+v, %v", actions, err)
	}
	if err := errors.Join(c.Tag(ctx, "late", made.ID), c.Untag(ctx, "web", made.ID)); err != nil {
		t.Error(err)
	}
	if got, err = c.Get(ctx, made.ID); err != nil || !got.HasTag("late") || got.HasTag("web") {
		t.Errorf("after tagging: %v, %v", got.Tags, err)
	}
	if err := c.DeleteTag(ctx, "late", nil); err != nil {
		t.Error(err)
	}
	if err := c.Destroy(ctx, made.ID, nil); err != nil {
		t.Error(err)
	}
	if _, err = c.Get(ctx, made.ID); !errors.Is(err, digitalocean.ErrNotFound) {
		t.Errorf("after the destroy: %v", err)
	}
}

// Whatever the wire does to a create, its error must not promise less than what happened.
func TestLaw04NoOutcomeIsTakenForLessThanItWas(t *testing.T) {
	for name, tt := range map[string]struct {
		effect simulator.Effect
		kind   digitalocean.Kind
		made   int
	}{
		"refused connection":  {simulator.Refuse(), digitalocean.ErrNotSent, 0},
		"cut":                 {simulator.Cut(), digitalocean.ErrUnknown, 0},
		"cut after the work":  {simulator.Cut().After(), digitalocean.ErrUnknown, 1},
		"truncated":           {simulator.Truncate(), digitalocean.ErrUnknown, 1},
		"redirect":            {simulator.Redirect(), digitalocean.ErrUnknown, 0},
		"hang":                {simulator.Hang(), digitalocean.ErrUnknown, 0},
		"hang after the work": {simulator.Hang().After(), digitalocean.ErrUnknown, 1},
		"500":                 {simulator.Status(500), digitalocean.ErrUnknown, 0},
		"500 after the work":  {simulator.Status(500).After(), digitalocean.ErrUnknown, 1},
		"502 of a proxy":      {simulator.HTML(502), digitalocean.ErrUnknown, 0},
		"408 after the work":  {simulator.Status(408).After(), digitalocean.ErrUnknown, 1},
		"429":                 {simulator.TooMany(time.Second), digitalocean.ErrRateLimited, 0},
		"422":                 {simulator.Status(422).Saying("You specified an invalid image for Droplet creation."), digitalocean.ErrRejected, 0},
		"403":                 {simulator.Status(403), digitalocean.ErrForbidden, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			sim := simulator.New(simulator.Options{})
			c := open(t, digitalocean.Config{Transport: sim.Transport()}).Client(digitalocean.PrioritySaga)
			sim.Script("POST /v2/droplets", 1, tt.effect)
			_, err := c.Create(t.Context(), &spec, nil, nil)
			if !errors.Is(err, tt.kind) {
				t.Errorf("%s: %v", name, err)
			}
			if n := len(sim.Droplets()); n != tt.made {
				t.Errorf("%s: %d droplets were made", name, n)
			}
			if len(sim.Droplets()) > 0 && !digitalocean.Uncertain(err) {
				t.Errorf("%s: a droplet is there, and the error is sure that none is: %v", name, err)
			}
		})
	}
}

// Issue 4, item 2: a thousand creates against the real limits, with looks and a sync beside them.
func TestAThousandCreatesAgainstTheRealLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulator.New(simulator.Options{Latency: 50 * time.Millisecond})
		a := open(t, digitalocean.Config{Transport: sim.Transport()})
		saga, sync := a.Client(digitalocean.PrioritySaga), a.Client(digitalocean.PrioritySync)
		began := time.Now()
		done := make(chan error)
		for i := range 1000 {
			go func() {
				s := spec
				s.Name = fmt.Sprintf("web-%d", i)
				_, err := saga.Create(t.Context(), &s, nil, nil)
				done <- err
			}()
		}
		listed := make(chan error, 1)
		go func() {
			_, err := sync.List(t.Context(), digitalocean.Filter{})
			listed <- err
		}()
		for range 1000 {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		// 200 a minute, and the account took one of the first minute's.
		if took := time.Since(began); took < 5*time.Minute || took > 5*time.Minute*105/100 {
			t.Errorf("took %v", took)
		}
		if err := <-listed; err != nil {
			t.Errorf("the sync: %v", err)
		}
		for _, r := range sim.RequestLog() {
			if r.Status == http.StatusTooManyRequests {
				t.Fatalf("%s %s was refused", r.Method, r.Path)
			}
		}
	})
}

func TestLaw10PinOutlivesEveryToken(t *testing.T) {
	sim := simulator.New(simulator.Options{})
	token := "dop_v1_ours"
	other := sim.AddAccount("dop_v1_theirs")
	b := digitalocean.NewBudget(digitalocean.BudgetOptions{Reserve: 0.2})
	a, err := digitalocean.New(digitalocean.Config{Transport: sim.Transport(), Budget: b, Token: func() (string, error) { return token, nil }})
	if err != nil {
		t.Fatal(err)
	}
	c := a.Client(digitalocean.PrioritySaga)
	prove := func() string {
		account, err := c.Account(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return account.UUID
	}
	write := func() error {
		_, err := c.Create(t.Context(), &spec, nil, nil)
		return err
	}
	b.Writes(nil)
	a.Pin(prove())
	if err := write(); err != nil {
		t.Fatal(err)
	}
	token = "dop_v1_theirs"
	theirs := prove()
	if err := write(); !errors.Is(err, digitalocean.ErrNotSent) || len(other.Droplets()) != 0 {
		t.Errorf("a token of another account wrote, or: %v", err)
	}
	a.Pin(theirs)
	if err := write(); err != nil || len(other.Droplets()) != 1 {
		t.Errorf("pinned to their account: %v", err)
	}
}
