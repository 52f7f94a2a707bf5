package simulator_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"

	"github.com/digitalocean/godo"
)

// Whatever was done in whatever order, under whatever lags: once they are over, each listing shows exactly the truth.
func TestListingsComeTrue(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			ctx := context.Background()
			s := simulator.New(simulator.Options{Seed: seed, Limits: simulator.Unlimited()})
			s.SetFaults(simulator.Faults{
				TagVisibleAfter: 40 * time.Second, ListVisibleAfter: 15 * time.Second, IPAfterActive: 10 * time.Second, Get404For: 5 * time.Second,
				VanishAfter202: 20 * time.Second, DeleteLag: 20 * time.Second, DeleteListLag: 20 * time.Second,
				Chance: map[string]float64{"tag_visible_after": 0.5, "list_visible_after": 0.5, "get_404_for": 0.3, "vanish_after_202": 0.1, "delete_lag": 0.5, "delete_list_lag": 0.5},
			})
			c := inProcess(t, s, "any")
			rng := rand.New(rand.NewPCG(seed, 1))
			pick := func(list ...string) string { return list[rng.IntN(len(list))] }
			any := func() int64 {
				if list := s.Droplets(); len(list) > 0 {
					return list[rng.IntN(len(list))].ID
				}
				return 0
			}
			for range 150 {
				// Errors are part of the game: what is not there yet answers 404.
				switch id := any(); rng.IntN(9) {
				case 0, 1, 2:
					req := request(pick("a", "b", "C"), pick("t1", "T1", "t2"), pick("t2", "t3"))
					if rng.IntN(5) == 0 {
						req.Region, req.Size = "tor1", "gpu-l40sx1-48gb"
					}
					_, _, _ = c.Droplets.Create(ctx, req)
				case 3:
					_, _ = c.Droplets.Delete(ctx, int(id))
				case 4:
					_, _ = c.Tags.TagResources(ctx, pick("t1", "t3"), &godo.TagResourcesRequest{Resources: []godo.Resource{{ID: fmt.Sprint(id), Type: godo.DropletResourceType}}})
				case 5:
					s.Untag(id, pick("t1", "t2"))
				case 6:
					_, _, _ = c.DropletActions.Rename(ctx, int(id), pick("b", "d"))
				case 7:
					s.DeleteTag(pick("t1", "t2", "t3"))
				case 8:
					s.Rename(id, pick("a", "d"))
				}
				time.Sleep(time.Duration(rng.IntN(4000)) * time.Millisecond)
			}
			time.Sleep(time.Hour)
			if len(s.Droplets()) < 5 {
				t.Fatalf("seed %d: only %d droplets are left: too few to tell anything", seed, len(s.Droplets()))
			}
			check := func(what string, list []godo.Droplet, _ *godo.Response, err error) {
				t.Helper()
				var got, want []int64
				for _, d := range must(t, list, err) {
					got = append(got, int64(d.ID))
				}
				for _, d := range slices.Backward(s.Droplets()) {
					gpu := strings.HasPrefix(d.Size, "gpu-")
					kind, arg, _ := strings.Cut(what, " ")
					if kind == "standard" && !gpu || kind == "gpus" && gpu || kind == "name" && !gpu && strings.EqualFold(d.Name, arg) || kind == "tag" && d.HasTag(arg) {
						want = append(want, d.ID)
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("seed %d: %s: the API shows %v, true is %v", seed, what, got, want)
				}
			}
			all := &godo.ListOptions{PerPage: 200}
			listed := func(what string) func([]godo.Droplet, *godo.Response, error) {
				return func(l []godo.Droplet, r *godo.Response, err error) { t.Helper(); check(what, l, r, err) }
			}
			listed("standard")(c.Droplets.List(ctx, all))
			listed("gpus")(c.Droplets.ListWithGPUs(ctx, all))
			for _, name := range []string{"a", "b", "c", "d"} {
				listed("name " + name)(c.Droplets.ListByName(ctx, name, all))
			}
			for _, tag := range []string{"t1", "t2", "t3"} {
				listed("tag " + tag)(c.Droplets.ListByTag(ctx, tag, all))
			}
			for _, d := range s.Droplets() {
				got := get(t, c, int(d.ID))
				if got.Name != d.Name || got.Status != "active" || !slices.Equal(got.Tags, d.Tags) && len(got.Tags)+len(d.Tags) > 0 {
					t.Errorf("seed %d: shown %s %s %v, true is %s %v", seed, got.Name, got.Status, got.Tags, d.Name, d.Tags)
				}
			}
		})
	}
}

// Everything may be called at the same time: the race detector watches.
func TestAllAtOnce(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{Activation: -1, Limits: simulator.Unlimited()})
	var wg sync.WaitGroup
	for worker := range 4 {
		c := inProcess(t, s, "any")
		wg.Go(func() {
			for i := range 10 {
				name := fmt.Sprintf("w%d-%d", worker, i)
				d, _, err := c.Droplets.Create(ctx, request(name, "t", name))
				if err != nil {
					t.Error(err)
					return
				}
				if _, _, err := c.Droplets.ListByTag(ctx, "t", nil); err != nil {
					t.Error(err)
				}
				s.SetFaults(simulator.Faults{SlugRetired: i%2 == 0})
				s.Tag(int64(d.ID), "extra")
				s.Requests()
				s.Droplets()
				if i%3 == 0 {
					if _, err := c.Droplets.Delete(ctx, d.ID); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if there, ended := len(s.Droplets()), len(s.Ended()); there != 24 || ended != 16 {
		t.Errorf("%d droplets there, %d ended; want 24 and 16", there, ended)
	}
}
