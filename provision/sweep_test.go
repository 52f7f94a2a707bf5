package provision

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/simulator"
)

// A tag that something bears is left alone, even where the listing showed nothing: the API is asked just before.
func TestSweepLooksFirst(t *testing.T) {
	const (
		used   = "5f0c9a1e000000000000000000000000"
		unused = "6f0c9a1e000000000000000000000000"
		absent = "7f0c9a1e000000000000000000000000"
	)
	synctest.Test(t, func(t *testing.T) {
		sim := simulator.New(simulator.Options{})
		bearer := sim.Add(simulator.Droplet{Name: "late", Tags: []string{fleet.SagaTag(used)}})
		sim.Delete(sim.Add(simulator.Droplet{Name: "gone", Tags: []string{fleet.SagaTag(unused)}}).ID)
		budget := digitalocean.NewBudget(digitalocean.BudgetOptions{})
		api, err := digitalocean.New(digitalocean.Config{
			BaseURL: "http://127.0.0.1", Token: func() (string, error) { return "dop_v1_test", nil }, Transport: sim.Transport(), Budget: budget,
		})
		if err != nil {
			t.Fatal(err)
		}
		cloud := api.Client(digitalocean.PrioritySync)
		if _, err := cloud.Account(t.Context()); err != nil {
			t.Fatal(err)
		}
		budget.Writes(nil)

		var labels []string
		s := &Sweeper{Cloud: cloud, Idle: budget.Idle, Log: slog.New(slog.DiscardHandler),
			Label: func(_ context.Context, id, label, _ string) error {
				labels = append(labels, fleet.Saga8(id)+" "+label+", requests: "+strings.Repeat("D", sim.Requests()["DELETE /v2/tags/{tag}"]))
				return nil
			}}
		var recorded fleet.Recorded
		for _, id := range []string{used, unused, absent} {
			recorded.Sagas = append(recorded.Sagas, fleet.Saga{
				ID: id, Kind: fleet.SagaProvision, Status: "compensated", EndedAt: time.Now().Add(-8 * 24 * time.Hour),
			})
		}
		removed, err := s.Sweep(t.Context(), recorded, fleet.Observed{})
		if err != nil || removed != 1 {
			t.Errorf("removed %d: %v", removed, err)
		}
		if d, _ := sim.Droplet(bearer.ID); !slices.Equal(d.Tags, []string{fleet.SagaTag(used)}) || !slices.Equal(sim.Tags(), d.Tags) {
			t.Errorf("tags of the bearer: %v, of the account: %v", d.Tags, sim.Tags())
		}
		if _, err := s.Sweep(t.Context(), recorded, fleet.Observed{}); err != nil {
			t.Error(err)
		}
		time.Sleep(sweepPause - time.Second)
		if n := sim.Requests()["GET /v2/tags/{tag}"]; n != 3 {
			t.Errorf("%d looks at three tags within a day", n)
		}
		// The intent is durable before the tag is deleted; that it is gone is noted after.
		want := []string{"6f0c9a1e swept, requests: ", "6f0c9a1e tag_gone, requests: D", "7f0c9a1e tag_gone, requests: D"}
		if !slices.Equal(labels, want) {
			t.Errorf("labels %q, want %q", labels, want)
		}
	})
}

// What is not over, not ours or not whole is not even looked at.
func TestSweepLeavesAlone(t *testing.T) {
	const id = "5f0c9a1e000000000000000000000000"
	now := time.Now()
	over := fleet.Saga{ID: id, Kind: fleet.SagaReplace, Status: "completed", EndedAt: now.Add(-watched)}
	saga := func(change func(*fleet.Saga)) fleet.Recorded {
		s := over
		change(&s)
		return fleet.Recorded{Sagas: []fleet.Saga{s}}
	}
	for _, c := range []struct {
		name     string
		recorded fleet.Recorded
		observed fleet.Observed
		want     int
	}{
		{"one that is over", saga(func(*fleet.Saga) {}), fleet.Observed{}, 1},
		{"still watched", saga(func(s *fleet.Saga) { s.EndedAt = now.Add(time.Second - watched) }), fleet.Observed{}, 0},
		{"live", saga(func(s *fleet.Saga) { s.Live = true }), fleet.Observed{}, 0},
		{"without an end", saga(func(s *fleet.Saga) { s.EndedAt = time.Time{} }), fleet.Observed{}, 0},
		{"gone already", saga(func(s *fleet.Saga) { s.TagGone = true }), fleet.Observed{}, 0},
		{"of a kind that makes nothing", saga(func(s *fleet.Saga) { s.Kind = fleet.SagaAdopt }), fleet.Observed{}, 0},
		{"of a record", fleet.Recorded{Sagas: []fleet.Saga{over}, Records: []fleet.Record{{DropletID: 7, SagaID: id}}}, fleet.Observed{}, 0},
		{"of a droplet, in whatever case", fleet.Recorded{Sagas: []fleet.Saga{over}},
			fleet.Observed{Droplets: []fleet.Droplet{{ID: 7, Tags: []string{"Arcadia-Saga-5F0C9A1E"}}}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := (&Sweeper{}).leftovers(c.recorded, c.observed, now); len(got) != c.want {
				t.Errorf("%d tags may go, want %d", len(got), c.want)
			}
		})
	}
	// Half an observation sends nothing: a request would fail on the missing client.
	if n, err := (&Sweeper{}).Sweep(t.Context(), saga(func(*fleet.Saga) {}), fleet.Observed{Partial: true}); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}
