package digitalocean

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// strict is a server's side of the rate limits: rolling windows, and the real headers.
type strict struct {
	mu       sync.Mutex
	log      []time.Time
	hour     int
	refused  int
	noHeader bool
}

func (s *strict) answer() (status int, headers []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	within := func(d time.Duration) int {
		i, _ := slices.BinarySearchFunc(s.log, now.Add(-d), func(a, b time.Time) int {
			if a.After(b) {
				return 1
			}
			return -1
		})
		return len(s.log) - i
	}
	status = 200
	if within(time.Minute) >= s.hour/20 {
		status, headers = 429, []string{"Retry-After: 5"}
	}
	if within(time.Hour) >= s.hour {
		status, headers = 429, nil
	}
	if status == 429 {
		s.refused++
	} else {
		s.log = append(s.log, now)
	}
	used := within(time.Hour)
	headers = append(headers, "RateLimit-Limit: "+strconv.Itoa(s.hour), "RateLimit-Remaining: "+strconv.Itoa(s.hour-used),
		"RateLimit-Reset: "+strconv.FormatInt(s.log[len(s.log)-used].Add(time.Hour).Unix(), 10))
	if s.noHeader {
		headers = nil
	}
	return status, headers
}

// others enters requests that are not ours.
func (s *strict) others(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.log = append(s.log, time.Now())
	}
}

// send is one request to the strict server: some time to get there, some time back.
func (s *strict) send(t *testing.T, b *Budget, p Priority, latency time.Duration) {
	slot, err := b.acquire(t.Context(), p, false)
	if err != nil {
		t.Error(err)
		return
	}
	defer slot.release()
	slot.sent = true
	time.Sleep(latency)
	status, headers := s.answer()
	time.Sleep(latency)
	b.answered(status, reply(status, "", headers...).Header)
}

func TestAThousandRequestsTakeWhatTheLimitLessTheReserveAllows(t *testing.T) {
	for _, tt := range []struct {
		reserve float64
		hour    int
		ideal   time.Duration // whole minutes that 1,000 requests need before the last lot may go
	}{
		{0.20, 5000, 4 * time.Minute},  // 200 a minute
		{-1, 5000, 3 * time.Minute},    // 250 a minute
		{0.50, 5000, 7 * time.Minute},  // 125 a minute
		{0.20, 10000, 2 * time.Minute}, // 400 a minute, learned
	} {
		synctest.Test(t, func(t *testing.T) {
			b := NewBudget(BudgetOptions{Reserve: tt.reserve})
			server := &strict{hour: tt.hour}
			server.send(t, b, PriorityPoll, 25*time.Millisecond)
			time.Sleep(2 * time.Hour)
			began := time.Now()
			var wg sync.WaitGroup
			for range 1000 {
				wg.Go(func() { server.send(t, b, PrioritySaga, 25*time.Millisecond) })
			}
			wg.Wait()
			took := time.Since(began)
			if took < tt.ideal || took > tt.ideal+tt.ideal*5/100 {
				t.Errorf("reserve %v: took %v, the limit allows %v", tt.reserve, took, tt.ideal)
			}
			if server.refused != 0 {
				t.Errorf("reserve %v: %d answers were 429", tt.reserve, server.refused)
			}
		})
	}
}

// A month of 500 changes a day (create and destroy), polls while they happen and syncs all the while, with people taking their
// share: none of our requests is refused.
func TestNo429OfOurOwnInThirtyDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{Reserve: 0.2})
		server := &strict{hour: 5000}
		rnd := rand.New(rand.NewPCG(1, 2))
		latency := func() time.Duration { return time.Duration(5+rnd.IntN(300)) * time.Millisecond }
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { // people: 400 an hour in bursts of 40, less than their 1,000 and their 50 a minute
			for ctx.Err() == nil {
				server.others(40)
				time.Sleep(6 * time.Minute)
			}
		})
		for day := range 30 {
			midnight := time.Now()
			// The changes come in lots: one at a time, or all at once.
			for lot := 500; lot > 0; {
				n := min(lot, []int{1, 20, 200, 500}[day%4])
				lot -= n
				for range n {
					wait, there := time.Duration(rnd.IntN(1000))*time.Millisecond, latency()
					wg.Go(func() {
						time.Sleep(wait)
						server.send(t, b, PrioritySaga, there)
					})
				}
				for range 3 {
					time.Sleep(b.Pace(5*time.Second, 1))
					server.send(t, b, PriorityPoll, latency())
				}
				for range 5 {
					server.send(t, b, PrioritySync, latency())
				}
				time.Sleep(time.Minute)
			}
			time.Sleep(24*time.Hour - time.Since(midnight))
		}
		stop()
		wg.Wait()
		if server.refused != 0 {
			t.Errorf("%d of %d requests were refused", server.refused, b.State().Sent)
		}
		if s := b.State(); s.Sent < 30*500 {
			t.Errorf("only %d requests went out", s.Sent)
		}
	})
}

func TestTheHourIsPacedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{Reserve: 0.2})
		server := &strict{hour: 5000}
		began := time.Now()
		var wg sync.WaitGroup
		for range 4100 {
			wg.Go(func() { server.send(t, b, PrioritySaga, time.Millisecond) })
		}
		time.Sleep(30 * time.Minute)
		if s := b.State(); s.HourUsed != 4000 || s.HourCap != 4000 || s.Waiting != 100 || s.Holding == "" {
			t.Errorf("after half an hour: %+v", s)
		} else if s.Remaining < 990 || s.Remaining > 1010 { // answers overtake each other, ten are in flight
			t.Errorf("after half an hour %d remain", s.Remaining)
		}
		if b.State().Stretch != maxStretch {
			t.Errorf("polls are stretched by %v", b.State().Stretch)
		}
		wg.Wait()
		if took := time.Since(began); took < time.Hour || took > time.Hour+time.Minute {
			t.Errorf("took %v", took)
		}
		if server.refused != 0 {
			t.Errorf("%d answers were 429", server.refused)
		}
	})
}

// Without any header the usual limits hold.
func TestAServerThatTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{Reserve: 0.2})
		server := &strict{hour: 5000, noHeader: true}
		began := time.Now()
		for range 401 {
			server.send(t, b, PrioritySaga, 0)
		}
		if took := time.Since(began); took < 2*time.Minute || took > 2*time.Minute+time.Second || server.refused != 0 {
			t.Errorf("took %v, %d refused", took, server.refused)
		}
		if s := b.State(); s.Remaining != -1 || s.Limit != 5000 || !s.Reset.IsZero() {
			t.Errorf("state: %+v", s)
		}
	})
}

func TestWhatPeopleAreLeftIsNotTouched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{Reserve: 0.2})
		left := 1003
		poll := func() {
			left--
			use(t, b, PriorityPoll, time.Second, 200, "RateLimit-Limit: 5000", "RateLimit-Remaining: "+strconv.Itoa(left))
		}
		began := time.Now()
		for range 3 {
			poll()
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("three requests took %v", took)
		}
		began = time.Now()
		for range 2 {
			poll() // squeezed: each is only there to ask for news
		}
		if took := time.Since(began); took != 2*(probeEvery+time.Second) {
			t.Errorf("two requests while squeezed took %v", took)
		}
		if s := b.State(); s.Remaining != 998 || s.Stretch != maxStretch {
			t.Errorf("state: %+v", s)
		}
		left = 3000 // people have stopped
		began = time.Now()
		for range 3 {
			poll()
		}
		if took := time.Since(began); took != probeEvery+3*time.Second {
			t.Errorf("three requests with news in the first took %v", took)
		}
	})
}

func TestSqueezedUntilTheReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{Reserve: 0.2})
		reset := time.Now().Add(10 * time.Minute)
		use(t, b, PriorityPoll, 0, 200, "RateLimit-Limit: 5000", "RateLimit-Remaining: 10", "RateLimit-Reset: "+strconv.FormatInt(reset.Unix(), 10))
		use(t, b, PriorityPoll, 0, 200)
		if !time.Now().Equal(reset) {
			t.Errorf("asked again %v after the reset", time.Since(reset))
		}
	})
}

func TestA429StopsEverythingAndThenOneAsks(t *testing.T) {
	const limit, none = "RateLimit-Limit: 5000", "RateLimit-Remaining: 0"
	for _, tt := range []struct {
		name    string
		headers func(now time.Time) []string
		pause   time.Duration
	}{
		{"a burst", func(time.Time) []string { return []string{limit, none, "Retry-After: 17"} }, 17*time.Second + edge},
		{"a burst with a date", func(now time.Time) []string {
			return []string{limit, none, "Retry-After: " + now.Add(20*time.Second).UTC().Format(http.TimeFormat)}
		}, 20*time.Second + edge},
		{"the hour", func(now time.Time) []string {
			return []string{limit, none, "RateLimit-Reset: " + strconv.FormatInt(now.Add(5*time.Minute).Unix(), 10)}
		}, 5*time.Minute + edge},
		{"the hour, by a clock that is ahead", func(now time.Time) []string {
			ahead := now.Add(10 * time.Minute)
			return []string{limit, none, "Date: " + ahead.UTC().Format(http.TimeFormat), "RateLimit-Reset: " + strconv.FormatInt(ahead.Add(time.Minute).Unix(), 10)}
		}, time.Minute + edge},
		{"a reset beyond reason", func(now time.Time) []string {
			return []string{"RateLimit-Reset: " + strconv.FormatInt(now.AddDate(1, 0, 0).Unix(), 10)}
		}, hour},
		{"a reset that is past", func(now time.Time) []string {
			return []string{"RateLimit-Reset: " + strconv.FormatInt(now.Add(-time.Minute).Unix(), 10)}
		}, blindPause},
		{"no header at all", func(time.Time) []string { return nil }, blindPause},
		{"no sense", func(time.Time) []string {
			return []string{"Retry-After: soon", "RateLimit-Reset: later", "RateLimit-Limit: -1"}
		}, blindPause},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := NewBudget(BudgetOptions{Reserve: 0.2})
			began := time.Now()
			until := use(t, b, PriorityPoll, 0, 429, tt.headers(began)...)
			if got := until.Sub(began); got != tt.pause {
				t.Errorf("%s: try again after %v, want %v", tt.name, got, tt.pause)
			}
			if s := b.State(); !s.Until.Equal(until) || s.Stretch != maxStretch {
				t.Errorf("%s: state %+v", tt.name, s)
			}
			var wg sync.WaitGroup
			ends := make([]time.Duration, 3)
			for i := range ends {
				wg.Go(func() {
					use(t, b, PrioritySaga, time.Second, 200, limit, "RateLimit-Remaining: 4000")
					ends[i] = time.Since(until)
				})
			}
			wg.Wait()
			slices.Sort(ends)
			if want := []time.Duration{time.Second, 2 * time.Second, 2 * time.Second}; !slices.Equal(ends, want) {
				t.Errorf("%s: after the pause, requests ended at %v, want %v", tt.name, ends, want)
			}
		})
	}
}

func TestALateAnswerDoesNotEndTheCareAfterA429(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{Reserve: 0.2})
		var wg sync.WaitGroup
		wg.Go(func() { use(t, b, PriorityPoll, 2*time.Second, 200) }) // was on its way before
		synctest.Wait()
		until := use(t, b, PriorityPoll, 0, 429, "Retry-After: 5")
		wg.Wait()
		for range 2 {
			wg.Go(func() { use(t, b, PriorityPoll, time.Second, 200) })
		}
		wg.Wait()
		if got := time.Since(until); got != 2*time.Second {
			t.Errorf("two requests after the pause took %v, one by one", got)
		}
	})
}

// An earlier process may have filled the present minute. Nothing tells, so the first minute is taken slowly on a busy token.
func TestTheFirstMinuteOnABusyToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &strict{hour: 5000}
		for run := range 4 { // four processes, one after the other, each killed within the minute
			b := NewBudget(BudgetOptions{Reserve: 0.2})
			ctx, kill := context.WithTimeout(t.Context(), 10*time.Second)
			for range 300 {
				slot, err := b.acquire(ctx, PrioritySaga, false)
				if err != nil {
					break
				}
				slot.sent = true
				status, headers := server.answer()
				b.answered(status, reply(status, "", headers...).Header)
				slot.release()
			}
			kill()
			if run == 1 && server.refused != 0 {
				t.Errorf("a restart within the minute brought %d refusals", server.refused)
			}
			if s := b.State(); run == 0 && s.HourUsed != 200 || run == 1 && s.HourUsed != 50 {
				t.Errorf("process %d sent %d requests", run, s.HourUsed)
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
}

// What remains is known between two answers too: what goes out takes from it, what never left and what is an hour old gives back.
func TestWhatRemainsBetweenAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{Reserve: 0.2})
		use(t, b, PriorityPoll, 0, 200, "RateLimit-Limit: 5000", "RateLimit-Remaining: 4000")
		remains := func(want int) {
			t.Helper()
			if s := b.State(); s.Remaining != want {
				t.Errorf("%d remain, want %d", s.Remaining, want)
			}
		}
		var slots []*slot
		for range 3 {
			s, err := b.acquire(t.Context(), PrioritySaga, false)
			if err != nil {
				t.Fatal(err)
			}
			slots = append(slots, s)
		}
		remains(3997)
		b.answered(200, reply(200, "", "RateLimit-Limit: 5000", "RateLimit-Remaining: 3990").Header)
		remains(3988) // two more are on their way
		slots[0].sent = true
		for _, s := range slots {
			s.release()
		}
		remains(3990)
		time.Sleep(hour)
		remains(3992)
	})
}

// Requests in flight count for the windows before they end.
func TestRequestsInFlightCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, full := range []func(*limits, time.Time){
			func(l *limits, now time.Time) {
				for range 199 {
					l.lastMinute.add(now)
				}
			},
			func(l *limits, now time.Time) {
				for range 3999 {
					l.lastHour.add(now)
				}
			},
		} {
			l := newLimits(0.20)
			full(&l, time.Now())
			if _, why := l.next(time.Now(), 0); why != "" {
				t.Errorf("the last request of the window has to wait: %s", why)
			}
			if at, why := l.next(time.Now(), 1); why == "" || at.IsZero() {
				t.Errorf("one request too many may go, or has no time to wait for")
			}
		}
	})
}

// While others leave us nothing, a question that gets no answer is not asked again at once.
func TestAProbeWithoutAnAnswerWaitsToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{Reserve: 0.2})
		use(t, b, PriorityPoll, 0, 200, "RateLimit-Limit: 5000", "RateLimit-Remaining: 900")
		began := time.Now()
		for range 3 {
			s, err := b.acquire(t.Context(), PriorityPoll, false)
			if err != nil {
				t.Fatal(err)
			}
			s.sent = true
			s.release()
		}
		if took := time.Since(began); took != 3*probeEvery {
			t.Errorf("three questions without an answer took %v", took)
		}
	})
}
