package daemon

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/simulator"
	"arcadiad/state/postgres/cluster"
)

func TestMain(m *testing.M) { os.Exit(cluster.Run(m)) }

// operators are hosts that share a state database and a fleet file. Each is a process here, with a directory of its own.
type operators struct {
	t   *testing.T
	o   Options // without what is a host's own
	sim *simulator.Simulator
}

func sharing(t *testing.T, file string) *operators {
	sim := simulator.New(simulator.Options{Activation: -1})
	api := httptest.NewServer(sim)
	t.Cleanup(api.Close)
	p := &operators{t, Options{
		Fleet: filepath.Join(fastDir(t), "fleet.yaml"), State: cluster.Database(t), APIURL: api.URL, Reserve: -1, Lease: time.Second,
		WaitInterval: 20 * time.Millisecond, SecondLook: time.Millisecond, CreateSettle: 100 * time.Millisecond,
		Token: func() (string, error) { return "dop_v1_test", nil },
	}, sim}
	save(t, p.o, file)
	return p
}

// hostOf gives the options of one host.
func (p *operators) hostOf(name string) Options {
	o := p.o
	o.Local = filepath.Join(filepath.Dir(o.Fleet), name, "arcadiad.db")
	o.Socket = control.SocketBeside(o.Local)
	return o
}

// operates runs the daemon of a host until stop is called, or the test ends.
func (p *operators) operates(name string) (stop func()) {
	ctx, cancel := context.WithCancel(p.t.Context())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, p.hostOf(name)) }()
	ended := false
	stop = func() {
		cancel()
		if ended {
			return
		}
		ended = true
		if err := <-done; err != nil {
			p.t.Errorf("the daemon of %s ended with: %v", name, err)
		}
	}
	p.t.Cleanup(stop)
	return stop
}

// askedOf is what the daemon of a host says; false: none answers.
func (p *operators) askedOf(name string) (st control.Status, ok bool) {
	c, err := connect(p.t.Context(), p.hostOf(name), control.Running)
	if err != nil {
		return st, false
	}
	st, err = c.Status(p.t.Context())
	return st, err == nil
}

func (p *operators) leadsOn(name string) bool {
	st, ok := p.askedOf(name)
	return ok && st.Daemon != nil && st.Daemon.InForce != ""
}

func (p *operators) standsBy(name string) bool {
	st, ok := p.askedOf(name)
	return ok && st.Daemon == nil && st.Standby == os.Getpid() && st.Meta.Leader != nil && st.Meta.Leader.Host != ""
}

func (p *operators) onHost(host string, need control.Need, do func(*control.Client) error) {
	p.t.Helper()
	if err := command(p.t.Context(), p.hostOf(host), need, do); err != nil {
		p.t.Fatal(err)
	}
}

// TestSharedOneLeads, and the others stand by: what is asked of them, or of a host without a daemon, is done by the one who leads. When it stops
// the next one goes on where it was.
func TestSharedOneLeads(t *testing.T) {
	t.Parallel() // most of it is waiting
	p := sharing(t, fleetOf("name: web, count: 2"))
	stop := p.operates("one")
	until(t, "one leads", func() bool { return p.leadsOn("one") })
	p.operates("two")
	until(t, "two stands by", func() bool { return p.standsBy("two") })
	until(t, "the fleet is there", func() bool {
		st, _ := p.askedOf("two")
		return len(st.Resources) == 2 && len(st.Sagas) == 0
	})

	alice := fleet.AsPerson(t.Context(), fleet.Person{Name: "alice", Reason: "the disk is full"})
	for _, host := range []string{"two", "three"} { // beside a daemon that stands by, and without one
		p.onHost(host, control.Order, func(c *control.Client) error { return c.Pause(alice, true) })
		if st, _ := p.askedOf("one"); !strings.Contains(st.Daemon.Writes, "paused") || st.Meta.PausedBy.Name != "alice" || st.Meta.PausedBy.Reason != "the disk is full" {
			t.Errorf("paused from %s: writes %q, by %v", host, st.Daemon.Writes, st.Meta.PausedBy)
		}
		p.onHost(host, control.Order, func(c *control.Client) error { return c.Pause(alice, false) })
		if n, err := Sync(t.Context(), p.hostOf(host)); err != nil || n != 2 {
			t.Errorf("sync from %s saw %d droplets: %v", host, n, err)
		}
		err := command(t.Context(), p.hostOf(host), control.Order, func(c *control.Client) error { return c.Abort(t.Context(), "0000000000000000") })
		if err == nil || !strings.Contains(err.Error(), "no live saga") {
			t.Errorf("an order from %s that cannot be carried out: %v", host, err)
		}
	}
	p.onHost("three", control.Work, func(c *control.Client) error {
		_, err := control.Transfer(t.Context(), c, control.OfferRequest{Kind: plan.Release, Names: []string{"web-2"}}, assent)
		return err
	})
	save(t, p.o, fleetOf("name: web, count: 3"))
	if applied, err := Apply(t.Context(), p.hostOf("two"), yes); err != nil || len(applied.Failed) != 0 {
		t.Errorf("apply from two: %+v: %v", applied, err)
	}

	stop()
	until(t, "two leads", func() bool { return p.leadsOn("two") })
	p.onHost("two", control.Running, func(c *control.Client) error { _, err := c.Sync(t.Context()); return err })
	if creates := p.sim.Requests()["POST /v2/droplets"]; creates != 3 {
		t.Errorf("%d creates for web-1, web-2 and web-3", creates)
	}
}

// TestSharedLeadIsLost: an arcadiad whose lease somebody has taken sends nothing more, stands by, and leads again when that one is silent.
func TestSharedLeadIsLost(t *testing.T) {
	t.Parallel()
	p := sharing(t, fleetOf("name: a"))
	p.operates("one")
	until(t, "one leads", func() bool { return p.leadsOn("one") })
	before, _ := p.askedOf("one")
	cluster.Exec(t, p.o.State, "UPDATE lease SET holder = 'stranger', host = 'elsewhere, process 1', epoch = epoch + 1, length = 3000")
	until(t, "one stands by", func() bool { return p.standsBy("one") })
	save(t, p.o, fleetOf("name: a", "name: b"))
	until(t, "one leads again", func() bool { return p.leadsOn("one") })
	after, _ := p.askedOf("one")
	if was, is := before.Meta.Leader, after.Meta.Leader; is.Epoch != was.Epoch+2 || is.Host != was.Host {
		t.Errorf("the leader was %+v, and is %+v", was, is)
	}
	until(t, "b is there", func() bool {
		st, _ := p.askedOf("one")
		return len(st.Resources) == 2
	})
}

// TestSharedDatabaseIsAway for longer than the lease: the gate is shut and says why, and all goes on when the database is back.
func TestSharedDatabaseIsAway(t *testing.T) {
	t.Parallel()
	p := sharing(t, fleetOf("name: a"))
	p.operates("one")
	until(t, "one leads", func() bool { return p.leadsOn("one") })
	back := cluster.Hold(t, p.o.State, "SELECT FROM lease FOR UPDATE")
	until(t, "the gate is shut", func() bool {
		st, ok := p.askedOf("one")
		return ok && st.Daemon != nil && strings.Contains(st.Daemon.Writes, "lease on the state database has run out")
	})
	back()
	save(t, p.o, fleetOf("name: a", "name: b"))
	until(t, "b is there", func() bool {
		st, ok := p.askedOf("one")
		return ok && st.Daemon != nil && len(st.Resources) == 2 && st.Daemon.Writes == ""
	})
}

// TestSharedWithoutALeader: a command does the work itself where nobody leads, and takes the lease of one that is dead.
func TestSharedWithoutALeader(t *testing.T) {
	t.Parallel()
	p := sharing(t, fleetOf("name: a"))
	if applied, err := Apply(t.Context(), p.hostOf("one"), yes); err != nil || len(applied.Failed) != 0 {
		t.Fatalf("%+v: %v", applied, err)
	}
	p.onHost("two", control.Order, func(c *control.Client) error { return c.Pause(t.Context(), true) })
	cluster.Exec(t, p.o.State, "UPDATE lease SET holder = 'dead', host = 'elsewhere, process 1', length = 100")
	p.onHost("two", control.Order, func(c *control.Client) error { return c.Pause(t.Context(), false) })
	var meta fleet.Meta
	p.onHost("two", control.Look, func(c *control.Client) error {
		st, err := c.Status(t.Context())
		meta = st.Meta
		return err
	})
	if !meta.PausedAt.IsZero() || meta.Leader == nil || meta.Leader.Host != "" {
		t.Errorf("paused %v, leader %+v", meta.PausedAt, meta.Leader)
	}
}

// TestSharedStandbyIsNotReady: whoever looks for the one that leads finds it by /readyz.
func TestSharedStandbyIsNotReady(t *testing.T) {
	t.Parallel()
	p := sharing(t, fleetOf("name: a"))
	p.operates("one")
	until(t, "one leads", func() bool { return p.leadsOn("one") })
	o := p.hostOf("two")
	o.Log = slog.New(slog.DiscardHandler)
	h := (&standby{o: o}).web()
	for path, want := range map[string]struct {
		code  int
		reads string
	}{
		"/healthz": {200, "standing by"}, "/readyz": {503, "the leader is "}, "/": {503, "the leader is "}, "/droplet/a": {503, "the leader is "}, "/metrics": {200, "arcadiad_leading 0"},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		if w.Code != want.code || !strings.Contains(w.Body.String(), want.reads) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
