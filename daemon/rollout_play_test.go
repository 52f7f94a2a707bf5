package daemon

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/saga"
	"arcadiad/simulator"
)

const probed = "ready: {tcp: 22, within: 3m}"

// A group is changed a few at a time, whatever its size: with new droplets beside the old ones all serve at every moment; where the old one goes
// first, no more are out of service than may be.
func TestRollouts(t *testing.T) {
	for _, n := range []int{1, 2, 3, 8, 50} {
		if n > 8 && underRace {
			continue // a sweep
		}
		rolls(t, fmt.Sprintf("create first, %d", n), n, probed, "", hasty(), func(r *rolling) {
			r.change(newImage)
			r.goes()
			if surge := max(1, n/4); r.fewest < n || r.most > n+surge {
				r.t.Errorf("%d of %d served, with at most %d droplets", r.fewest, n, r.most)
			}
		})
		rolls(t, fmt.Sprintf("destroy first, %d", n), n, probed+", replace: destroy_first", "", hasty(), func(r *rolling) {
			r.change(newImage)
			r.goes()
			if down := max(1, n/4); r.fewest < n-down || r.most > n {
				r.t.Errorf("%d of %d served, with at most %d droplets", r.fewest, n, r.most)
			}
		})
	}
	rolls(t, "canary, pause", 8, probed+", rollout: {canary: 1, max_surge: 4, pause: 5m}", "", hasty(), func(r *rolling) {
		r.change(newImage)
		r.goes()
	})
	rolls(t, "resize in place, drained", 3, probed+", tags: [blue], resize: in_place, rollout: {drain: 45s}", "", hasty(), func(r *rolling) {
		r.sim.AddLoadBalancer(simulator.LoadBalancer{Name: "lb", Region: "syd1", Tag: "blue"})
		r.note("a load balancer selects droplets by the tag blue; the file asks for another size")
		r.keys += ", size: s-1vcpu-2gb"
		r.edit(r.file())
		r.goes()
	})
	rolls(t, "create first, drained", 3, probed+", tags: [blue], rollout: {drain: 45s}", "", hasty(), func(r *rolling) {
		r.sim.AddLoadBalancer(simulator.LoadBalancer{Name: "lb", Region: "syd1", Tag: "blue"})
		r.note("a load balancer selects droplets by the tag blue")
		r.change(newImage)
		r.goes()
	})
	rolls(t, "nothing is asked of a droplet but to be active", 3, "protect: false", "", hasty(), func(r *rolling) {
		r.change(newImage)
		r.goes()
	})
}

// One approval lets the whole rollout go; a scale-down meanwhile is judged by itself.
func TestRolloutIsApprovedOnce(t *testing.T) {
	const strict = "policy: {max_destroy: 25%}\ndroplets:\n  - {name: api, image: " + oldImage + "}\n"
	rolls(t, "approved once", 8, probed, strict, hasty(), func(r *rolling) {
		r.change(newImage)
		r.stops("max_destroy")
		r.note("a person approves the plan")
		r.must(r.life.h.approve(r.t.Context(), r.plan().ID))
		r.waits("half through", time.Hour, func() bool { return r.of(newImage) == 4 && r.serves(4) })
		r.count = 4
		r.note("the file asks for 4 instead of 8")
		r.edit(r.file())
		reason := r.stops("max_destroy")
		if !strings.Contains(reason, "4 of 9") {
			r.t.Errorf("the scale-down is held because %q", reason)
		}
		r.note("a person approves the plan")
		r.must(r.life.h.approve(r.t.Context(), r.plan().ID))
		r.goes()
	})
}

// serves tells whether that many members have a new droplet that serves, and no more old ones.
func (r *rolling) serves(n int) bool {
	fresh := 0
	for _, d := range r.droplets() {
		if !r.old[d.ID] && r.sim.Serves(d.ID) {
			fresh++
		}
	}
	return fresh == n
}

// stay demands that the group serves as it did: every old droplet is there, and on.
func (r *rolling) stay() {
	r.t.Helper()
	for id := range r.old {
		if !r.sim.Serves(id) {
			r.t.Errorf("the old droplet %d does not serve any more: %s", id, r.describe())
		}
	}
	if r.fewest < r.count {
		r.t.Errorf("at some time %d of %d served", r.fewest, r.count)
	}
}

// An image that does not come up costs one batch, and nobody notices: no old droplet is touched, what was made is destroyed, and the rollout
// stops until the file is mended.
func TestRolloutOfABadImageStopsItself(t *testing.T) {
	for i, n := range []int{8, 2} {
		if !visits(i) {
			continue
		}
		rolls(t, fmt.Sprintf("a bad image, %d", n), n, probed, "", hasty(), func(r *rolling) {
			f := r.sim.Faults()
			f.BadImages = []string{newImage}
			r.sim.SetFaults(f)
			r.change(newImage)
			r.stops("stopped")
			for range 40 { // nothing more comes of it
				r.lasts(3 * time.Minute)
				r.life.h.loop.Trigger("schedule", false)
			}
			if batch := max(1, n/4); r.posts() > batch || r.deletes() != r.posts() || len(r.droplets()) != n {
				r.t.Errorf("%d were made and %d destroyed, where a batch is %d: %s", r.posts(), r.deletes(), batch, r.describe())
			}
			r.stay()
			if p := r.plan(); len(p.Rollouts) != 1 || p.Rollouts[0].Failed == nil || !strings.Contains(p.Rollouts[0].Failed.Why, "did not become ready within 3m") {
				r.t.Errorf("what stopped it is not told: %+v", p.Rollouts)
			}
			writes := r.sim.Writes()
			r.change(oldImage)
			r.goes()
			if r.sim.Writes() != writes {
				r.t.Errorf("%d writes after the file was mended", r.sim.Writes()-writes)
			}
		})
	}
	rolls(t, "a bad image in the canary", 8, probed+", rollout: {canary: 1, max_surge: 4}", "", hasty(), func(r *rolling) {
		f := r.sim.Faults()
		f.BadImages = []string{newImage}
		r.sim.SetFaults(f)
		r.change(newImage)
		r.stops("stopped")
		if r.posts() != 1 || r.deletes() != 1 {
			r.t.Errorf("%d were made, and %d destroyed", r.posts(), r.deletes())
		}
		r.stay()
		r.change(thirdImage)
		r.goes()
	})
	rolls(t, "a bad image, destroy first", 8, probed+", replace: destroy_first", "", hasty(), func(r *rolling) {
		f := r.sim.Faults()
		f.BadImages = []string{newImage}
		r.sim.SetFaults(f)
		r.change(newImage)
		r.lasts(3 * time.Hour)
		gone := 0
		for id := range r.old {
			if !r.sim.Serves(id) {
				gone++
			}
		}
		if gone != 2 || r.fewest != 6 || r.posts() > 4 {
			r.t.Errorf("%d of the old droplets went, %d of 8 served, %d were made: %s", gone, r.fewest, r.posts(), r.describe())
		}
		r.change(thirdImage)
		r.goes()
		if r.fewest != 6 {
			r.t.Errorf("%d of 8 served", r.fewest)
		}
	})
	// The old droplet is another that passes its probe, so the new one is to blame.
	rolls(t, "a bad image of one without others", 1, probed, "policy: {max_destroy: 100%}\ndroplets:\n", hasty(), func(r *rolling) {
		f := r.sim.Faults()
		f.BadImages = []string{newImage}
		r.sim.SetFaults(f)
		r.change(newImage)
		r.stops("stopped")
		r.stay()
	})
	// With nobody to compare with, nobody is blamed: the new droplet stays, and a person is told.
	rolls(t, "a bad image of one without others, destroy first", 1, probed+", replace: destroy_first", "policy: {max_destroy: 100%}\ndroplets:\n", hasty(), func(r *rolling) {
		f := r.sim.Faults()
		f.BadImages = []string{newImage}
		r.sim.SetFaults(f)
		r.change(newImage)
		stuck := func() bool { live := r.life.h.engine.Live(); return len(live) == 1 && live[0].Status == saga.Stuck }
		r.waits("stuck", time.Hour, stuck)
		r.note("stuck: %s", withoutIDs(r.life.h.engine.Live()[0].Error))
		r.lasts(time.Hour)
		if r.posts() != 1 || r.deletes() != 1 || !stuck() {
			r.t.Errorf("%d made, %d destroyed: %s", r.posts(), r.deletes(), r.describe())
		}
		f.BadImages = nil
		r.sim.SetFaults(f)
		r.note("somebody mends it on the droplet")
		r.goes()
	})
}

// withoutIDs is a message without what is another in each run.
func withoutIDs(s string) string {
	words := strings.Fields(s)
	for i, w := range words {
		if n, err := strconv.ParseInt(w, 10, 64); err == nil && n > 500_000_000 || len(w) == 9 && w[8] == '`' {
			words[i] = strings.Repeat("·", 3) + w[min(8, len(w)):]
			if err == nil {
				words[i] = "···"
			}
		}
	}
	return strings.Join(words, " ")
}

// The first member that fails stops the rollout of its group, wherever in it that is. What is changed stays so; a person resumes, and the rest
// goes.
func TestRolloutStopsAtAMemberThatFails(t *testing.T) {
	for name, tt := range map[string]struct {
		member string
		before int // that are changed by then
	}{"first": {"web-1", 1}, "in the middle": {"web-4", 3}, "last": {"web-8", 7}} {
		if name != "in the middle" && underRace {
			continue // a sweep
		}
		for _, order := range []string{"create_first", "destroy_first"} {
			rolls(t, fmt.Sprintf("the %s fails, %s", name, strings.ReplaceAll(order, "_", " ")), 8, probed+", rollout: {max_surge: 2, max_unavailable: 2}, replace: "+order, "", hasty(), func(r *rolling) {
				r.neverReady(tt.member)
				r.change(newImage)
				if order == "create_first" {
					r.stops("stopped")
					r.atLeast(8)
				} else { // its place is empty, and no other follows
					r.waits("stopped", time.Hour, func() bool { return r.stoppedBy(tt.member) })
					r.note("%s has failed", tt.member)
				}
				made := r.posts()
				r.lasts(time.Hour)
				if changed := r.of(newImage); order == "create_first" && (r.posts() != made || changed < tt.before-1 || changed > tt.before+1) {
					r.t.Errorf("%d are changed, %d made in the next hour: %s", changed, r.posts()-made, r.describe())
				}
				if r.fewest < 6 {
					r.t.Errorf("only %d of 8 served at some time", r.fewest)
				}
				r.sim.Before(nil)
				f := r.sim.Faults()
				f.NeverReady = nil
				r.sim.SetFaults(f)
				r.note("what was wrong is mended")
				r.resumes()
				r.retries()
				r.goes()
			})
		}
	}
}

// retries has a person retry what is stalled, as the hold says.
func (r *rolling) retries() {
	r.t.Helper()
	r.lasts(time.Minute)
	for _, a := range r.plan().Actions {
		if id := retryHint.FindStringSubmatch(a.HeldReason); a.HeldBy == "stalled" && id != nil {
			r.note("a person retries %s, which is stalled", a.Name)
			r.must(r.life.h.retry(r.t.Context(), id[1]))
		}
	}
}

// atLeast demands that so many members served at each moment.
func (r *rolling) atLeast(n int) {
	r.t.Helper()
	if r.fewest < n {
		r.t.Errorf("at some time %d of %d served", r.fewest, r.count)
	}
}

// stoppedBy tells whether the last plan says that a member stopped the rollout.
func (r *rolling) stoppedBy(name string) bool {
	return slices.ContainsFunc(r.plan().Rollouts, func(o plan.Rollout) bool { return o.Failed != nil && o.Failed.Name == name })
}

// neverReady keeps all new droplets of a name from serving.
func (r *rolling) neverReady(name string) {
	r.sim.Before(func(q *http.Request) {
		f := r.sim.Faults()
		for _, d := range r.sim.Named(name) {
			if id := strconv.FormatInt(d.ID, 10); !r.old[d.ID] && !slices.Contains(f.NeverReady, id) {
				f.NeverReady = append(f.NeverReady, id)
				r.sim.SetFaults(f)
			}
		}
	})
}

// The file changes in mid-rollout: the rollout is superseded, and a new one counts the mixed group.
func TestRolloutIsEditedUnderWay(t *testing.T) {
	for _, order := range []string{"create_first", "destroy_first"} {
		rolls(t, "edited under way, "+strings.ReplaceAll(order, "_", " "), 8, probed+", replace: "+order, "", hasty(), func(r *rolling) {
			r.change(newImage)
			r.waits("in its second batch", time.Hour, func() bool { return r.serves(2) && r.posts() == 4 })
			r.change(thirdImage)
			r.goes()
			if r.fewest < map[string]int{"create_first": 8, "destroy_first": 6}[order] {
				r.t.Errorf("at some time %d of 8 served", r.fewest)
			}
		})
	}
	rolls(t, "back under way", 8, probed, "", hasty(), func(r *rolling) {
		r.change(newImage)
		r.waits("in its second batch", time.Hour, func() bool { return r.serves(2) && r.posts() == 4 })
		r.change(oldImage)
		r.goes()
		r.atLeast(8)
	})
}

// A process that is killed in each batch, in another phase of it each time, goes on where it was.
func TestRolloutIsKilledInEachBatch(t *testing.T) {
	for _, order := range []string{"create_first", "destroy_first"} {
		rolls(t, "killed in each batch, "+strings.ReplaceAll(order, "_", " "), 8, probed+", replace: "+order, "", hasty(), func(r *rolling) {
			r.stop()
			r.startWith(&taps{crash: -1})
			r.rough = true
			r.change(newImage)
			for batch, after := range []time.Duration{time.Second, 30 * time.Second, 63 * time.Second, 75 * time.Second} {
				r.waits("in its next batch", time.Hour, func() bool { return r.posts() > 2*batch || r.deletes() > 2*batch })
				r.lasts(after)
				r.life.taps.crashSoon(batch)
				r.waits("killed", time.Hour, r.life.taps.dead)
				r.stop()
				r.note("killed")
				r.lasts(7 * time.Second)
				r.startWith(&taps{crash: -1})
			}
			r.goes()
			if r.fewest < map[string]int{"create_first": 8, "destroy_first": 6}[order] || r.posts() != 8 || r.deletes() != 8 {
				r.t.Errorf("%d served, %d made, %d destroyed", r.fewest, r.posts(), r.deletes())
			}
		})
	}
}

// Where the account has room for fewer than the surge, fewer go at a time; where it has none, the hold says so.
func TestRolloutAtTheDropletLimit(t *testing.T) {
	rolls(t, "room for one more", 8, probed, "", hasty(), func(r *rolling) {
		r.sim.SetDropletLimit(10)
		r.note("the account may have 10 droplets, and has 9")
		r.change(newImage)
		r.goes()
		if r.most > 9 {
			r.t.Errorf("%d droplets at once", r.most)
		}
		r.atLeast(8)
	})
	rolls(t, "no room at all", 8, probed, "", hasty(), func(r *rolling) {
		r.sim.SetDropletLimit(9)
		r.note("the account may have 9 droplets, and has 9")
		r.change(newImage)
		r.stops("account_limit")
		r.lasts(time.Hour)
		r.stay()
		r.sim.SetDropletLimit(12)
		r.note("the account may have 12 droplets")
		r.goes()
		r.atLeast(8)
	})
}

// What people switch off meanwhile is replaced at once, and nothing that serves goes until it is back.
func TestRolloutWhileMembersAreSwitchedOff(t *testing.T) {
	for _, order := range []string{"create_first", "destroy_first"} {
		rolls(t, "switched off meanwhile, "+strings.ReplaceAll(order, "_", " "), 8, probed+", replace: "+order, "", hasty(), func(r *rolling) {
			r.change(newImage)
			r.waits("in its second batch", time.Hour, func() bool { return r.serves(2) && r.posts() >= 3 })
			for _, name := range []string{"web-1", "web-6", "web-7", "web-8"} {
				r.sim.PowerOff(r.sim.Named(name)[0].ID)
				r.note("somebody switches %s off", name)
			}
			if order == "create_first" {
				r.note("whether web-3 or web-4 goes first is chance")
				r.blind = true
			}
			r.lasts(20 * time.Minute)
			r.note("somebody switches web-1 on")
			r.sim.PowerOn(r.sim.Named("web-1")[0].ID)
			r.goes()
		})
	}
}

// While this host's own network is down nobody is blamed, and nothing is taken out of service.
func TestRolloutWhileTheNetworkIsDown(t *testing.T) {
	for _, order := range []string{"create_first", "destroy_first"} {
		rolls(t, "our own network is down, "+strings.ReplaceAll(order, "_", " "), 8, probed+", replace: "+order, "", hasty(), func(r *rolling) {
			r.change(newImage)
			r.waits("in its second batch", time.Hour, func() bool { return r.serves(2) && r.posts() >= 4 })
			r.lasts(30 * time.Second)
			f := r.sim.Faults()
			f.Unreachable = []string{simulator.Everything}
			r.sim.SetFaults(f)
			r.note("no probe gets through any more")
			deleted := r.deletes()
			r.lasts(time.Hour)
			if r.deletes() != deleted {
				r.t.Errorf("%d were destroyed meanwhile", r.deletes()-deleted)
			}
			f.Unreachable = nil
			r.sim.SetFaults(f)
			r.note("they get through again; what follows is timed by chance")
			r.blind = true
			r.goes()
			if r.posts() != 8 {
				r.t.Errorf("%d droplets were made for 8", r.posts())
			}
		})
	}
}

// What takes droplets out of service waits for its window; what has begun goes on.
func TestRolloutInWindows(t *testing.T) {
	const windows = "policy: {max_destroy: 100%, windows: [{from: \"00:00\", to: \"00:03\"}, {from: \"02:00\", to: \"06:00\"}]}\ndroplets:\n  - {name: api, image: " + oldImage + ", ready: {tcp: 80}}\n"
	rolls(t, "in windows", 8, probed, windows, hasty(), func(r *rolling) {
		r.change(newImage)
		r.goes()
	})
}

// Fifty droplets, five at a time, each active after 40 s and in service 20 s later: the whole takes no more than ten batches by themselves, within a
// tenth. Beside the pages of its looks it costs little more than its writes.
func TestRolloutOfFifty(t *testing.T) {
	var one, all time.Duration
	for n, took := range map[int]*time.Duration{5: &one, 50: &all} {
		if n > 5 && underRace {
			continue // a sweep
		}
		inWorld(t, hasty(), func(w *world) {
			r := &rolling{world: w, count: n, keys: probed + ", rollout: {max_surge: 5}", image: oldImage, old: map[int64]bool{}, blind: true}
			w.sim.SetFaults(simulator.Faults{ReadyAfter: 20 * time.Second})
			w.edit(r.file())
			w.start()
			w.rest()
			r.began = time.Now()
			w.sim.ResetRequests()
			var passes atomic.Int64
			observe := w.life.h.loop.Observe
			w.life.h.loop.Observe = func(p reconcile.Report, ended bool) {
				if observe(p, ended); ended {
					passes.Add(1)
				}
			}
			r.change(newImage)
			*took = r.goes()
			requests, writes := w.sim.Requests(), w.sim.Writes()
			looks := int(*took/(5*time.Second)) + int(passes.Load()) // at most: sagas share one every 5 s
			// A look is the two listings of the account, and the account itself where an absence is to be proved. A pass that creates reads the
			// listing of the fleet's tag beside them.
			if pages := requests["GET /v2/droplets"]; pages > 2*looks+int(passes.Load()) {
				r.t.Errorf("%d droplets: %d pages in %d looks", n, pages, looks)
			}
			rest := requests.Total() - requests["GET /v2/droplets"] - requests["GET /v2/account"]
			if batches := n / 5; requests["GET /v2/account"] > 3*batches+3 || passes.Load() > int64(batches)+3 {
				r.t.Errorf("%d droplets: %d looks at the account, %d passes", n, requests["GET /v2/account"], passes.Load())
			}
			if writes != 3*n || 10*rest > 11*writes+10*4 { // create, shutdown, DELETE; and once what a first pass reads
				r.t.Errorf("%d droplets: %d writes, and %d requests beside the pages: %v", n, writes, rest, requests)
			}
			r.t.Logf("%d droplets took %v, %d passes: %v", n, *took, passes.Load(), requests)
		})
	}
	if !underRace && (all > 11*one || all < 9*one) {
		t.Errorf("ten batches took %v, one by itself %v", all, one)
	}
}
