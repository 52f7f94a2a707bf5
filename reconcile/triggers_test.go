package reconcile

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestAsksAreMergedAndHurryWins(t *testing.T) {
	var p pending
	for range 3 {
		p.add(ask{why: TriggerFile})
	}
	p.add(ask{why: TriggerFile, hurry: true})
	p.add(ask{why: TriggerSchedule})
	asks, ok := p.take(t.Context())
	if !ok || len(asks) != 2 || asks[0].why != TriggerFile || !asks[0].hurry || asks[1].why != TriggerSchedule {
		t.Errorf("took %+v, %v", asks, ok)
	}
}

// Whoever wants a certain plan gets a pass alone, and the others the one after it.
func TestAnAskForACertainPlanIsTakenAlone(t *testing.T) {
	var p pending
	p.add(ask{why: TriggerSchedule})
	p.add(ask{why: TriggerApply, planID: "abc", answer: make(chan Report, 1)})
	p.add(ask{why: TriggerEnded})
	first, _ := p.take(t.Context())
	second, _ := p.take(t.Context())
	if len(first) != 1 || first[0].planID != "abc" || len(second) != 2 {
		t.Errorf("took %+v, then %+v", first, second)
	}
}

func TestTakeEndsWithItsContext(t *testing.T) {
	var p pending
	p.init()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok := p.take(ctx); ok {
		t.Error("took something where nothing was asked")
	}
}

// Of several passes that are to come later, the earliest serves all; one that has fired does not stand in the way of the next.
func TestLaterAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pending
		p.init()
		began := time.Now()
		next := func() (string, time.Duration) {
			asks, _ := p.take(t.Context())
			return asks[0].why, time.Since(began)
		}
		p.addAfter(time.Hour, ask{why: TriggerLapsed})
		p.addAfter(time.Second, ask{why: TriggerEnded})
		p.addAfter(time.Minute, ask{why: TriggerRetry})
		if why, after := next(); why != TriggerEnded || after != time.Second {
			t.Errorf("%s after %v", why, after)
		}
		p.addAfter(time.Minute, ask{why: TriggerRetry})
		if why, after := next(); why != TriggerRetry || after != time.Minute+time.Second {
			t.Errorf("%s after %v", why, after)
		}
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if len(p.asks) != 0 {
			t.Errorf("an ask that was replaced came all the same: %+v", p.asks)
		}
	})
}

func TestLaw14FailedPassesBackOff(t *testing.T) {
	var last time.Duration
	for failures := 1; failures < 100; failures++ {
		d := retryAfter(failures)
		if d < last || d < 5*time.Second || d > 5*time.Minute {
			t.Fatalf("after %d failures: %v, before: %v", failures, d, last)
		}
		last = d
	}
	if last != 5*time.Minute {
		t.Errorf("it grows to %v", last)
	}
}
