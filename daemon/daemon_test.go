package daemon

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/simulator"
)

var planText = plan.Options{}

func TestFollowsTheFile(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.addForeign("someone-elses")
		w.edit(fleetOf("name: bastion", "name: web, count: 3"))
		w.start()
		w.rest()
		w.check()
		w.edit(fleetOf("name: web, count: 2, size: s-1vcpu-2gb"))
		w.rest()
		w.check()
		w.edit(fleetOf())
		w.rest()
		w.check()
	})
}

// A droplet that is active in the 95th of 96 intervals is a droplet. The first ones have a poll more, for most are active by then.
func TestActiveOnThe95thPoll(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Activation: 94*5*time.Second + 2*time.Second}, func(w *world) {
		w.edit(fleetOf("name: slow"))
		w.start()
		w.rest()
		w.check()
		sagas := w.sagas()
		if len(sagas) != 1 || sagas[0].Status != saga.Completed {
			t.Fatalf("want one completed saga: %+v", sagas)
		}
		if n := w.sim.Requests()["GET /v2/droplets/{id}"]; n < 95 || n > 105 {
			t.Errorf("%d polls, want 95 and at most ten more", n)
		}
	})
}

// A droplet whose create action fails is destroyed again, and nothing of it is left.
func TestNeverActive(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.sim.SetFaults(simulator.Faults{ActionErrored: true})
		w.edit(fleetOf("name: never"))
		w.start()
		time.Sleep(96*5*time.Second + 30*time.Second)
		synctest.Wait()
		sagas := w.sagas()
		if len(sagas) != 1 || sagas[0].Status != saga.Compensated || !strings.Contains(sagas[0].Error, "errored") {
			t.Fatalf("want one compensated saga that names the errored action: %+v", sagas)
		}
		if left := w.sim.Droplets(); len(left) != 0 {
			t.Errorf("left behind: %+v", left)
		}
		for _, r := range w.resources() {
			if r.Status != fleet.StatusDeleted || r.DeletedAt.IsZero() || r.Recorded {
				t.Errorf("row of the droplet that never was: %+v", r)
			}
		}
	})
}

// A droplet that stays new while its create action is in progress gets an hour.
func TestStillInProgress(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Activation: 50 * time.Minute}, func(w *world) {
		w.edit(fleetOf("name: huge"))
		w.start()
		w.rest()
		w.check()
		if sagas := w.sagas(); len(sagas) != 1 || sagas[0].Status != saga.Completed {
			t.Errorf("want one completed saga: %+v", sagas)
		}
	})
}

// A day of cron ticks on a converged fleet costs 96 passes and not one write.
func TestADayOfCronTicks(t *testing.T) {
	t.Parallel()
	const droplets = 205
	hours := 24
	if underRace {
		hours = 3
	}
	inWorld(t, simulator.Options{}, func(w *world) {
		for i := range droplets - 2 {
			w.addForeign(fmt.Sprintf("theirs-%d", i+1))
		}
		w.edit(fleetOf("name: a", "name: b"))
		w.start()
		w.rest()
		w.check()
		time.Sleep(time.Until(time.Now().Truncate(15 * time.Minute).Add(15*time.Minute + 5*time.Second)))
		w.sim.ResetRequests()
		time.Sleep(time.Duration(hours) * time.Hour)
		synctest.Wait()
		passes, pages := 4*hours, (droplets+199)/200
		if got, want := w.sim.Requests().Total(), passes*(pages+2); got != want {
			t.Errorf("%d requests in %d hours, want %d passes of %d pages, the GPU page and the account: %d\n%v", got, hours, passes, pages, want, w.sim.Requests())
		}
		if n := w.sim.Writes(); n != 0 {
			t.Errorf("%d writes in %d hours at rest", n, hours)
		}
	})
}

// Dry runs and second applies, as the commands do them.
func TestPlanAndApply(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, simulator.Options{})
		w.o.Transport = w.sim.Transport()
		w.o.Fleet = filepath.Join(t.TempDir(), "fleet.yaml")
		w.must(os.WriteFile(w.o.Fleet, []byte(fleetOf("name: web, count: 2")), 0o600))
		ctx := context.Background()

		p, err := Plan(ctx, w.o)
		if err != nil || p.Summary.Provision != 2 || p.Settled() {
			t.Fatalf("first plan: %+v, %v", p.Summary, err)
		}
		if _, err := os.Stat(w.o.State); !os.IsNotExist(err) || w.sim.Writes() != 0 {
			t.Errorf("a dry run made a database (%v) or %d writes", err, w.sim.Writes())
		}

		asked := 0
		conduct := control.Conduct{
			Confirm:  func(plan.Plan) (bool, error) { asked++; return asked > 1, nil },
			Progress: func(control.Progress) {},
		}
		applied, err := Apply(ctx, w.o, conduct)
		if err != nil || !applied.Declined || w.sim.Writes() != 0 {
			t.Errorf("declined: %+v, %v, %d writes", applied, err, w.sim.Writes())
		}
		applied, err = Apply(ctx, w.o, conduct)
		if err != nil || !applied.Converged || asked != 2 {
			t.Errorf("applied: %+v, %v", applied, err)
		}
		if n := w.sim.Writes(); n != 2 {
			t.Errorf("%d writes for two droplets", n)
		}

		before := w.files()
		p, err = Plan(ctx, w.o)
		if err != nil || !p.Settled() {
			t.Errorf("plan after apply: %+v, %v", p, err)
		}
		if after := w.files(); !slices.Equal(before, after) {
			t.Errorf("a dry run changed files:\n%v\n%v", before, after)
		}
		applied, err = Apply(ctx, w.o, conduct)
		if err != nil || !applied.Converged || asked != 2 || w.sim.Writes() != 2 {
			t.Errorf("second apply: %+v, %v, asked %d times, %d writes", applied, err, asked, w.sim.Writes())
		}
		w.file = fleetOf("name: web, count: 2")
		w.check()
	})
}

// files are the names and contents of all that lies beside the state database.
func (w *world) files() []string {
	w.t.Helper()
	entries, err := os.ReadDir(filepath.Dir(w.o.State))
	w.must(err)
	var files []string
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(filepath.Dir(w.o.State), e.Name()))
		w.must(err)
		files = append(files, e.Name()+"\x00"+string(content))
	}
	return files
}

func (w *world) sagas() []saga.Saga {
	w.t.Helper()
	sagas, err := w.reader().Sagas(context.Background(), saga.Filter{})
	w.must(err)
	return sagas
}

func (w *world) resources() []fleet.Resource {
	w.t.Helper()
	resources, err := w.reader().Resources(context.Background())
	w.must(err)
	return resources
}

// What cannot work is refused before there is a database of it.
func TestAURLThatIsRefusedLeavesNoDatabase(t *testing.T) {
	dir := fastDir(t)
	o := Options{
		State: filepath.Join(dir, "arcadiad.db"), APIURL: "http://192.0.2.1", Fleet: filepath.Join(dir, "fleet.yaml"),
		Token: func() (string, error) { return "dop_v1_test", nil },
	}
	if err := os.WriteFile(o.Fleet, []byte(fleetOf("name: a")), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, do := range map[string]func() error{
		"run":   func() error { return Run(t.Context(), o) },
		"sync":  func() error { _, err := Sync(t.Context(), o); return err },
		"apply": func() error { _, err := Apply(t.Context(), o, control.Conduct{}); return err },
	} {
		if err := do(); err == nil || !strings.Contains(err.Error(), "plain http") {
			t.Errorf("%s: %v", what, err)
		}
		files, err := os.ReadDir(dir)
		if err != nil || len(files) != 1 {
			t.Errorf("%s left %v, %v", what, files, err)
		}
	}
}
