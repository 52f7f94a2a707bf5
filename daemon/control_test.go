package daemon

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"arcadiad/control"
	"arcadiad/fleetfile"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/simulator"
	"arcadiad/state"
)

// served is a daemon as a person has it: a real file, a real socket and the wall clock. It ends with the test.
func served(t *testing.T, file string, change ...func(*Options)) (Options, *simulator.Simulator) {
	sim := simulator.New(simulator.Options{Activation: -1})
	api := httptest.NewServer(sim)
	t.Cleanup(api.Close)
	dir := fastDir(t)
	o := Options{
		Fleet: filepath.Join(dir, "fleet.yaml"), State: filepath.Join(dir, "arcadiad.db"), APIURL: api.URL, Reserve: -1,
		WaitInterval: 20 * time.Millisecond, SecondLook: time.Millisecond,
		Token: func() (string, error) { return "dop_v1_test", nil },
	}
	for _, c := range change {
		c(&o)
	}
	save(t, o, file)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, o) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the daemon ended with: %v", err)
		}
	})
	until(t, "the daemon answers", func() bool {
		r, err := connect(t.Context(), o, control.Running)
		if err != nil {
			return false
		}
		st, err := r.Status(t.Context())
		return err == nil && st.Daemon.InForce != ""
	})
	return o, sim
}

func save(t *testing.T, o Options, file string) {
	t.Helper()
	if err := os.WriteFile(o.Fleet, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
}

// until polls for something that another goroutine brings about; only the test's own deadline ends it otherwise.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for !is() {
		select {
		case <-t.Context().Done():
			t.Fatalf("never came about: %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

var yes = control.Conduct{
	Confirm:  func(plan.Plan) (bool, error) { return true, nil },
	Progress: func(control.Progress) {},
}

// Who saves the file and asks for an apply in the same breath means the file as it is saved, though the daemon has not noticed yet.
func TestApplyBesideADaemonReadsTheFileAsItIs(t *testing.T) {
	o, sim := served(t, fleetOf("name: a"))
	for _, file := range []string{fleetOf("name: a", "name: b"), fleetOf("name: b"), fleetOf("name: b", "name: c, count: 3")} {
		save(t, o, file)
		applied, err := Apply(t.Context(), o, yes)
		if err != nil || !applied.Converged {
			t.Fatalf("apply: %+v, %v", applied, err)
		}
		desired, err := fleetfile.Load(o.Fleet)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(sim.Droplets()); got != len(desired.Specs) {
			t.Errorf("%d droplets right after the apply, want %d", got, len(desired.Specs))
		}
	}
}

// A daemon that watches another file does not apply its own in the place of yours.
func TestApplyBesideADaemonOfAnotherFile(t *testing.T) {
	o, sim := served(t, fleetOf())
	other := o
	other.Fleet = filepath.Join(t.TempDir(), "other.yaml")
	save(t, other, fleetOf("name: z"))
	if _, err := Apply(t.Context(), other, yes); err == nil || len(sim.Droplets()) != 0 {
		t.Errorf("apply of another file: %v, %d droplets", err, len(sim.Droplets()))
	}
	save(t, other, "droplets: nonsense")
	var bad fleetfile.Errors
	if _, err := Apply(t.Context(), other, yes); !errors.As(err, &bad) {
		t.Errorf("apply of a bad file: %v", err)
	}
}

// A second daemon on the same state, or a command that writes by itself, has no business there.
func TestLaw11OneWriter(t *testing.T) {
	o, _ := served(t, fleetOf("name: a"))
	if err := Run(t.Context(), o); !errors.Is(err, state.ErrLocked) {
		t.Errorf("a second daemon: %v", err)
	}
}

// A hundred people who ask for the plan at once cost two looks, and nobody waits for the next minute's requests.
func TestAHundredPlansAtOnceShareTheirLooks(t *testing.T) {
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: web, count: 3"))
		w.start()
		w.rest()
		time.Sleep(2 * time.Minute)
		var requests atomic.Int64
		w.meddle(func(r *http.Request, on http.RoundTripper) (*http.Response, error) {
			requests.Add(1)
			time.Sleep(100 * time.Millisecond)
			return on.RoundTrip(r)
		})
		if _, err := w.life.h.loop.Preview(context.Background(), false); err != nil {
			t.Fatal(err)
		}
		one := requests.Swap(0)
		began := time.Now()
		var all sync.WaitGroup
		var plans atomic.Pointer[reconcile.Pass]
		for range 100 {
			all.Go(func() {
				pass, err := w.life.h.loop.Preview(context.Background(), false)
				if err != nil || pass.Plan.ID == "" {
					t.Errorf("a plan: %v", err)
				}
				plans.Store(&pass)
			})
		}
		all.Wait()
		if n := requests.Load(); n > 2*one {
			t.Errorf("a hundred plans at once took %d requests, and one takes %d", n, one)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("they took %v", took)
		}
	})
}
