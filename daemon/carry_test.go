package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/simulator"
)

// follower is a person who follows an apply.
type follower struct {
	asked   int
	batches []string // as they were told
	heard   func(control.Progress)
}

func (f *follower) conduct() control.Conduct {
	return control.Conduct{
		Confirm: func(plan.Plan) (bool, error) {
			f.asked++
			return true, nil
		},
		Progress: func(p control.Progress) {
			if b := p.Batch; b != nil {
				words := fmt.Sprintf("%s %d/%d, batch %d/%d", b.Group, b.Done, b.Total, b.Number, b.Of)
				if !b.NextAt.IsZero() {
					words += " waits"
				}
				if f.batches = append(f.batches, words); b.Left <= 0 {
					f.batches = append(f.batches, "no time is left")
				}
			}
			if f.heard != nil {
				f.heard(p)
			}
		},
	}
}

// applying runs an apply on a fleet that was of another image before, alone and beside a daemon, which begins by itself.
func applying(t *testing.T, policy string, stanzas []string, test func(w *world, f *follower, apply func(context.Context) (control.Applied, error))) {
	t.Helper()
	t.Parallel()
	after := strings.Replace(fleetOf(stanzas...), "max_destroy: 100%", "max_destroy: 100%"+policy, 1)
	before := strings.Replace(after, "ubuntu-24-04-x64", "ubuntu-22-04-x64", 1)
	for how, beside := range map[string]bool{"alone": false, "beside a daemon": true} {
		t.Run(how, func(t *testing.T) {
			inWorld(t, simulator.Options{Activation: 20 * time.Second}, func(w *world) {
				f := &follower{}
				if beside {
					w.file = before
					w.start()
					w.rest()
					test(w, f, func(ctx context.Context) (control.Applied, error) {
						w.edit(after)
						w.until("the edit is in force", func() bool {
							desired, ok := w.life.h.loop.Desired()
							return ok && desired.Hash == w.version().Hash
						})
						return control.Apply(ctx, w.beside(), f.conduct())
					})
					return
				}
				o := w.disk(before)
				_, err := Apply(context.Background(), o, f.conduct())
				w.must(err)
				*f = follower{}
				w.must(os.WriteFile(o.Fleet, []byte(after), 0o600))
				test(w, f, func(ctx context.Context) (control.Applied, error) { return Apply(ctx, o, f.conduct()) })
			})
		})
	}
}

// An apply follows a rollout to its end, through the pauses between its batches, and tells of each batch. It asks once.
func TestApplyFollowsARollout(t *testing.T) {
	applying(t, "", []string{"name: web, count: 4, ready: {tcp: 22}, rollout: {canary: 1, max_surge: 2, pause: 10m}"},
		func(w *world, f *follower, apply func(context.Context) (control.Applied, error)) {
			began := time.Now()
			applied, err := apply(context.Background())
			if took := time.Since(began); err != nil || !applied.Converged || len(applied.Failed) > 0 || f.asked != 1 || took < 20*time.Minute || took > 26*time.Minute {
				w.t.Errorf("%v: converged %v after %v, asked %d times", err, applied.Converged, took, f.asked)
			}
			want := []string{
				"web 0/4, batch 1/3", "web 1/4, batch 2/3 waits", "web 1/4, batch 2/3", "web 3/4, batch 3/3 waits", "web 3/4, batch 3/3",
			}
			if got := slices.Compact(f.batches); !slices.Equal(got, want) {
				w.t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
}

// An apply ends with the member that stops its rollout, when what else goes on has ended: another group's rollout is not given up.
func TestApplyEndsWithAStoppedRollout(t *testing.T) {
	applying(t, "", []string{
		"name: db, count: 2, image: debian-12-x64, size: s-2vcpu-2gb",
		"name: web, count: 3, ready: {tcp: 22, within: 1m}", "name: api, count: 3, tags: [api], ready: {tcp: 80}, rollout: {pause: 2m}",
	}, func(w *world, _ *follower, apply func(context.Context) (control.Applied, error)) {
		w.sim.SetFaults(simulator.Faults{NeverReady: []string{"web-1"}})
		applied, err := apply(context.Background())
		if err != nil || applied.Converged || len(applied.Failed) != 1 || applied.Failed[0].Name != "web-1" {
			w.t.Fatalf("%v: converged %v, failed %+v", err, applied.Converged, applied.Failed)
		}
		if r := applied.After.Rollouts; len(r) != 1 || r[0].Group != "web" || r[0].HeldBy != plan.HoldStopped || applied.After.Summary.Replace != 3 {
			w.t.Errorf("remains: %+v", r)
		}
		if w.life != nil { // one alarm, and none of each droplet that is left
			tells := func(n int) func() bool {
				return func() bool {
					c := w.life.h.observability.board.Counts()
					return c[condition.Stopped] == n && c[condition.Held] == 0
				}
			}
			w.until("it is told", tells(1))
			_, err := w.life.h.orderRollout(context.Background(), control.RolloutOrder{Group: "web", Do: control.ResumeRollout})
			w.must(err)
			w.until("it is lifted", tells(0))
			w.until("it stops again", tells(1))
		}
		// Asked for again, it is held, and nothing is tried.
		writes := w.sim.Writes()
		applied, err = apply(context.Background())
		if err != nil || applied.Converged || len(applied.Failed) > 0 || w.sim.Writes() != writes {
			w.t.Errorf("%v: converged %v, failed %+v", err, applied.Converged, applied.Failed)
		}
	})
}

// An apply does not wait for a window: it says when one opens.
func TestApplyDoesNotWaitForAWindow(t *testing.T) {
	applying(t, `, windows: [{from: "22:00", to: "23:00"}]`, []string{"name: web, count: 4"}, func(w *world, f *follower, apply func(context.Context) (control.Applied, error)) {
		began, writes := time.Now(), w.sim.Writes()
		applied, err := apply(context.Background())
		if took := time.Since(began); err != nil || applied.Converged || len(applied.Failed) > 0 || f.asked != 0 || took > time.Minute || w.sim.Writes() != writes {
			w.t.Errorf("%v: %+v after %v", err, applied, took)
		}
		if r := applied.After.Rollouts; len(r) != 1 || !strings.Contains(r[0].Why, "window that opens at") || len(f.batches) > 0 {
			w.t.Errorf("remains: %+v, told %q", r, f.batches)
		}
	})
}

// Whoever interrupts an apply in a pause of its rollout leaves the rest to the daemon, or to the next apply, which asks first.
func TestApplyIsInterruptedInAPause(t *testing.T) {
	applying(t, "", []string{"name: web, count: 3, rollout: {pause: 10m}"}, func(w *world, f *follower, apply func(context.Context) (control.Applied, error)) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		f.heard = func(p control.Progress) {
			if p.Batch != nil && !p.Batch.NextAt.IsZero() {
				time.AfterFunc(time.Minute, cancel)
			}
		}
		if _, err := apply(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "interrupted between two batches; what is left goes on at ") {
			w.t.Fatalf("interrupted: %v", err)
		}
		if w.life != nil {
			time.Sleep(25 * time.Minute)
			records := w.reader()
			w.until("the daemon goes on", func() bool {
				rows, err := records.Rollouts(context.Background())
				return err == nil && len(rows) == 1 && rows[0].Phase == fleet.RolloutDone
			})
			return
		}
		*f = follower{}
		if applied, err := apply(context.Background()); err != nil || !applied.Converged || f.asked != 1 {
			w.t.Errorf("%v: converged %v, asked %d times", err, applied.Converged, f.asked)
		}
	})
}

// A plan that is made while a pass begins sagas does not take what they make for the work of another arcadiad.
func TestLaw16APlanBesideAPassKnowsItsSagas(t *testing.T) {
	t.Parallel()
	for ms := 0; ms < 3000; ms += 100 {
		inWorld(t, simulator.Options{Latency: 300 * time.Millisecond}, func(w *world) {
			w.file = fleetOf("name: web, count: 2")
			w.start()
			w.rest()
			w.edit(fleetOf("name: web, count: 5"))
			time.Sleep(time.Duration(ms) * time.Millisecond)
			p, err := w.beside().Plan(context.Background(), control.PlanRequest{})
			w.must(err)
			if slices.ContainsFunc(p.Warnings, func(s string) bool { return strings.Contains(s, "no saga of this state database created it") }) {
				t.Errorf("after %d ms: %q", ms, p.Warnings)
			}
			w.rest()
		})
	}
}

// An apply ends with a failure that stops no rollout, and tries nothing again. Neither does it wait for a rollout that somebody else began.
func TestApplyEnds(t *testing.T) {
	t.Parallel()
	t.Run("with a failure", func(t *testing.T) {
		inWorld(t, simulator.Options{}, func(w *world) {
			w.sim.SetFaults(simulator.Faults{NeverReady: []string{"web-2"}})
			f := &follower{}
			applied, err := Apply(context.Background(), w.disk(fleetOf("name: web, count: 3, ready: {tcp: 22, within: 1m}")), f.conduct())
			if err != nil || applied.Converged || len(applied.Failed) != 1 || applied.Failed[0].Name != "web-2" || w.sim.Requests()["POST /v2/droplets"] != 3 {
				t.Errorf("%v: failed %+v, %v", err, applied.Failed, w.sim.Requests())
			}
		})
	})
	t.Run("beside another rollout", func(t *testing.T) {
		inWorld(t, simulator.Options{Activation: 20 * time.Second}, func(w *world) {
			file := func(web, db string) string {
				return fleetOf("name: web, count: 2, size: "+web, "name: db, count: 2, tags: [db], rollout: {pause: 2h}, size: "+db)
			}
			w.file = file("s-1vcpu-1gb", "s-1vcpu-1gb")
			w.start()
			w.rest()
			w.edit(file("s-2vcpu-2gb", "s-1vcpu-1gb"))
			w.until("it begins", func() bool { return len(w.life.h.engine.Live()) > 0 })
			f, edited := &follower{}, false
			f.heard = func(p control.Progress) {
				if p.Name == "web-1" && !edited {
					edited = true
					w.edit(file("s-2vcpu-2gb", "s-2vcpu-2gb"))
				}
			}
			began := time.Now()
			applied, err := control.Apply(context.Background(), w.beside(), f.conduct())
			if took := time.Since(began); err != nil || applied.Converged || !edited || took > time.Hour || applied.After.Summary.Replace != 1 {
				t.Errorf("%v: edited %v, after %v, remains %+v", err, edited, took, applied.After.Rollouts)
			}
		})
	})
}
