package daemon

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/simulator"
	"arcadiad/state/sqlite"
)

// estate is a converged fleet with an app on it that does nothing by itself: real time, a real SQLite file, the simulator in process.
type estate struct {
	h       *app
	sim     *simulator.Simulator
	desired fleet.Fleet
	path    string // of the state database
}

func newEstate(b *testing.B, n int) *estate {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	sim := simulator.New(simulator.Options{Activation: -1, Limits: plenty, DropletLimit: 10 * n})
	desired, err := fleetfile.Decode("fleet.yaml", []byte(many(n)), nil)
	if err != nil {
		b.Fatal(err)
	}
	for i, s := range desired.Specs {
		sim.Add(simulator.Droplet{Name: s.Name, Region: s.Region, Size: s.Size, Image: s.Image,
			Tags: []string{fleet.ManagedTag, fleet.FleetTag(desired.Name), fleet.SagaTag(fmt.Sprintf("%08x", i))}})
	}
	o, err := Options{State: filepath.Join(b.TempDir(), "arcadiad.db"), Token: func() (string, error) { return "t", nil }, Transport: sim.Transport(),
		WaitInterval: 10 * time.Millisecond, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}.withDefaults()
	if err != nil {
		b.Fatal(err)
	}
	store, err := sqlite.Open(ctx, o.State, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	e := &estate{sim: sim, desired: desired, path: o.State}
	if e.h, err = build(o, store, store, store); err != nil {
		b.Fatal(err)
	}
	var beside sync.WaitGroup
	if err := e.h.start(ctx, &beside); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		cancel()
		beside.Wait()
		e.h.engine.Wait()
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	e.h.loop.Use(fleetfile.Version{Fleet: desired})
	for e.pass(b).Plan.Summary.Unchanged < n { // the fleet is adopted
		e.h.engine.Wait()
	}
	return e
}

// pass is one whole pass, as the loop makes it.
func (e *estate) pass(b *testing.B) reconcile.Pass {
	b.Helper()
	p, err := e.h.planner.Plan(b.Context(), e.desired, true, fleet.Scope{})
	if err != nil {
		b.Fatal(err)
	}
	out, err := e.h.loop.Executor.Execute(b.Context(), p)
	if err != nil {
		b.Fatal(err)
	}
	return out.Pass
}

// BenchmarkPass is a pass over a fleet at which there is nothing to do: load, look, plan and save. The simulator's work is in it.
func BenchmarkPass(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("droplets=%d", n), func(b *testing.B) {
			e := newEstate(b, n)
			e.sim.ResetRequests()
			var p plan.Plan
			for b.Loop() {
				p = e.pass(b).Plan
			}
			b.ReportMetric(float64(e.sim.Requests().Total())/float64(b.N), "requests/op")
			if !p.Settled() || p.Summary.Unchanged != n {
				b.Fatalf("not at rest: %+v", p.Summary)
			}
		})
	}
}
