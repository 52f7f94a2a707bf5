package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// use takes a slot for a request that takes so long and is answered with these headers.
func use(t *testing.T, b *Budget, p Priority, lasts time.Duration, status int, headers ...string) time.Time {
	t.Helper()
	s, err := b.acquire(t.Context(), p, false)
	if err != nil {
		t.Error(err)
		return time.Time{}
	}
	defer s.release()
	s.sent = true
	time.Sleep(lasts)
	return b.answered(status, reply(status, "", headers...).Header)
}

func TestSlotsGoByPriorityThenByArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{Concurrency: 1})
		var order []string
		var wg sync.WaitGroup
		wg.Go(func() { use(t, b, PrioritySync, time.Second, 200) })
		synctest.Wait()
		for i, p := range []Priority{PrioritySync, PriorityPoll, PrioritySaga, PrioritySync, PriorityPoll, PrioritySaga} {
			wg.Go(func() {
				s, err := b.acquire(t.Context(), p, false)
				if err != nil {
					t.Error(err)
					return
				}
				order = append(order, fmt.Sprint(p, i))
				s.release()
			})
			synctest.Wait()
		}
		wg.Wait()
		if got := strings.Join(order, ","); got != "0 2,0 5,1 1,1 4,2 0,2 3" {
			t.Errorf("served %s", got)
		}
	})
}

// A rush of writes leaves some slots to those who poll, fewer where the rate limits hold requests, and none to the sync.
func TestARushOfWritesDoesNotStarvePolls(t *testing.T) {
	for used, want := range map[int][]int{0: {15, 30, 45, 104}, 250: {24, 49, 74, 104}} {
		synctest.Test(t, func(t *testing.T) {
			b := NewBudget(BudgetOptions{Concurrency: 1})
			for range used {
				use(t, b, PrioritySaga, 200*time.Millisecond, 200)
			}
			var order []Priority
			var wg sync.WaitGroup
			wg.Go(func() { use(t, b, PrioritySaga, time.Second, 200) })
			synctest.Wait()
			for p, n := range map[Priority]int{PrioritySaga: 100, PriorityPoll: 3, PrioritySync: 1} {
				for range n {
					wg.Go(func() {
						s, err := b.acquire(t.Context(), p, false)
						if err != nil {
							t.Error(err)
							return
						}
						order = append(order, p)
						s.sent = true
						s.release()
					})
				}
			}
			wg.Wait()
			var at []int
			for i, p := range order {
				if p != PrioritySaga {
					at = append(at, i+1)
				}
			}
			if !slices.Equal(at, want) || order[103] != PrioritySync {
				t.Errorf("after %d requests polls and the sync were served as numbers %v, want %v and the sync last", used, at, want)
			}
		})
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{Reserve: 0.2})
		began := time.Now()
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { use(t, b, PriorityPoll, time.Second, 200) })
		}
		synctest.Wait()
		if s := b.State(); s.InFlight != 10 || s.Waiting != 90 {
			t.Errorf("%d in flight, %d waiting", s.InFlight, s.Waiting)
		}
		wg.Wait()
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("100 requests of a second took %v, ten at a time", took)
		}
	})
}

func TestAWaiterWhoseContextEndsLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{Concurrency: 1})
		var wg sync.WaitGroup
		wg.Go(func() { use(t, b, PrioritySaga, 10*time.Second, 200) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.acquire(ctx, PrioritySaga, false); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		// The slot comes free at the very moment at which this one gives up: whichever wins, no slot is lost.
		for range 50 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
				defer cancel()
				if s, err := b.acquire(ctx, PriorityPoll, false); err == nil {
					s.release()
				}
			})
		}
		wg.Wait()
		if s := b.State(); s.InFlight != 0 || s.Waiting != 0 || s.HourUsed != 1 {
			t.Errorf("left over: %+v", s)
		}
		use(t, b, PrioritySync, 0, 200)
	})
}

// A poll of many requests comes less often: at most half of a minute's requests are for polls.
func TestPaceFollowsWhatAPollCosts(t *testing.T) {
	b := NewBudget(BudgetOptions{Reserve: 0.2}) // 200 a minute are ours
	for requests, want := range map[int]time.Duration{0: 5 * time.Second, 1: 5 * time.Second, 8: 5 * time.Second, 50: 30 * time.Second, 500: 5 * time.Minute} {
		if got := b.Pace(5*time.Second, requests); got != want {
			t.Errorf("polls of %d requests come every %v, want %v", requests, got, want)
		}
	}
}

// Polls come quickly while most of the budget is free, at the usual time while writes are on their way, and rarely when it runs low.
func TestGapFollowsTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const least, usual = 500 * time.Millisecond, 5 * time.Second
		b := NewBudget(BudgetOptions{Reserve: 0.2}) // 200 a minute are ours
		is := func(when string, requests int, want time.Duration) {
			t.Helper()
			if got := b.Gap(least, usual, requests); got.Round(100*time.Millisecond) != want {
				t.Errorf("%s: %v, want %v", when, got, want)
			}
		}
		is("at first", 0, least)
		is("polls of five requests", 5, 3*time.Second)
		s, err := b.acquire(t.Context(), PrioritySaga, false)
		if err != nil {
			t.Fatal(err)
		}
		is("a saga's request is on its way", 0, usual)
		s.release()
		is("it has just ended", 0, usual)
		time.Sleep(usual / momentParts)
		is("a moment later", 0, least)
		spend := func(requests int) {
			for range requests {
				use(t, b, PrioritySync, 0, 200)
			}
		}
		spend(150)
		is("a quarter is free", 0, 2*time.Second)
		spend(50)
		is("nothing is free", 0, time.Minute)
	})
}

func TestStretchGrowsAsTheBudgetShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{Reserve: 0.2})
		last := 0.0
		for used := 0; used <= 4000; used += 200 {
			if used > 0 {
				for range 200 {
					use(t, b, PriorityPoll, 0, 200)
				}
				time.Sleep(61 * time.Second)
			}
			got := b.State().Stretch
			want := max(1, min(maxStretch, 0.5/max(1e-9, 1-float64(used)/4000)))
			if got < last || got < want*0.999 || got > want*1.001 {
				t.Errorf("%d requests used: stretched by %v, want %v", used, got, want)
			}
			last = got
		}
	})
}

func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{Concurrency: 1, Reserve: 0.2})
		if b.Idle() {
			t.Error("idle with a closed gate")
		}
		b.Writes(nil)
		if !b.Idle() {
			t.Error("not idle at the start")
		}
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { use(t, b, PrioritySaga, time.Second, 200) })
		}
		synctest.Wait()
		if b.Idle() {
			t.Error("idle while somebody waits")
		}
		wg.Wait()
		if !b.Idle() {
			t.Error("not idle after two requests")
		}
		for range 110 {
			use(t, b, PrioritySaga, 0, 200)
		}
		if b.Idle() {
			t.Error("idle with more than half of the minute's share used")
		}
		time.Sleep(2 * time.Minute)
		if !b.Idle() {
			t.Error("not idle two minutes later")
		}
	})
}

func TestTheReserveIsWhatIsAskedFor(t *testing.T) {
	for _, tt := range []struct {
		reserve float64
		hour    int
		minute  int
	}{{0, 5000, 250}, {0.2, 4000, 200}, {-1, 5000, 250}, {0.5, 2500, 125}, {7, 250, 12}} {
		if s := NewBudget(BudgetOptions{Reserve: tt.reserve}).State(); s.HourCap != tt.hour || s.MinCap != tt.minute {
			t.Errorf("reserve %v: %d an hour, %d a minute", tt.reserve, s.HourCap, s.MinCap)
		}
	}
	if s := NewBudget(BudgetOptions{Reserve: 0.2}).State(); s.Closed == nil || s.Stretch != 1 {
		t.Errorf("a new budget: %+v", s)
	}
}
