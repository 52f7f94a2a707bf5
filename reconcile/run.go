package reconcile

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/plan"
)

// Run takes in versions of the fleet file and runs passes until the context ends, or until the store is lost: a *LostError.
func (l *Loop) Run(ctx context.Context, versions <-chan fleetfile.Version) error {
	l.pending.init()
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	first := make(chan struct{})
	wg.Go(func() { l.takeVersions(ctx, versions, first) })
	select {
	case <-first:
	case <-ctx.Done():
		return nil
	}
	wg.Go(func() { l.tick(ctx) })
	l.Trigger(TriggerStart, false)
	failures := 0
	for {
		asks, ok := l.pending.take(ctx)
		if !ok {
			return nil
		}
		r := l.pass(ctx, asks)
		if ctx.Err() != nil {
			return nil
		}
		var lost *LostError
		if errors.As(r.Err, &lost) {
			return r.Err
		}
		next := nextPass{now: time.Now()}
		switch {
		case r.Err != nil && !errors.Is(r.Err, ErrChanged):
			failures++
			next.after(retryAfter(failures), TriggerRetry)
		case r.Err != nil:
			next.after(time.Second, TriggerRetry)
		default:
			failures = 0
			if r.Outcome.Withheld > 0 {
				next.after(30*time.Second, TriggerRetry)
			}
			if at := r.Outcome.Pass.Plan.Lapses; !at.IsZero() {
				next.after(max(time.Second, time.Until(at)), TriggerLapsed)
			}
		}
		if next.why != "" {
			l.pending.addAfter(next.delay, ask{why: next.why})
		}
	}
}

// nextPass keeps the earliest of several reasons for another pass.
type nextPass struct {
	now   time.Time
	why   string
	delay time.Duration
}

func (n *nextPass) after(d time.Duration, why string) {
	if n.why == "" || d < n.delay {
		n.why, n.delay = why, d
	}
}

// retryAfter is how long a failed pass waits for the next: 5 s, doubling up to 5 min.
func retryAfter(failures int) time.Duration {
	return min(5*time.Minute, 5*time.Second<<min(failures-1, 10))
}

// takeVersions puts good versions of the fleet file in force.
func (l *Loop) takeVersions(ctx context.Context, versions <-chan fleetfile.Version, first chan<- struct{}) {
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case v, ok := <-versions:
			if !ok {
				return
			}
			l.take(ctx, v, n == 0)
			if n == 0 {
				close(first)
			}
		}
	}
}

// tick triggers the inventory sync on its schedule.
func (l *Loop) tick(ctx context.Context) {
	for {
		wait, due := untilTick(l.Schedule, time.Now())
		if sleep(ctx, wait) != nil {
			return
		}
		if due {
			l.Trigger(TriggerSchedule, false)
		}
	}
}

// pass runs one pass for all that was asked, and answers those who wait for it.
func (l *Loop) pass(ctx context.Context, asks []ask) Report {
	began := time.Now()
	var whys []string
	hurry, planID, scope := false, "", fleet.Scope{}
	for _, a := range asks {
		if !slices.Contains(whys, a.why) {
			whys = append(whys, a.why)
		}
		hurry = hurry || a.hurry
		if a.planID != "" { // then it is alone
			planID, scope = a.planID, a.scope
		}
	}
	r := Report{At: began, Trigger: strings.Join(whys, triggerComma)}
	l.observe(r, false)
	r.Outcome, r.Err = l.run(ctx, hurry, planID, scope, slices.Equal(whys, []string{TriggerEnded}))
	r.Took = time.Since(began)
	l.log(ctx, r)
	told := l.toldOf(r)
	l.keep(told)
	l.observe(told, true)
	for _, a := range asks {
		if a.answer != nil {
			a.answer <- r
		}
	}
	return r
}

func (l *Loop) observe(r Report, ended bool) {
	if l.Observe != nil {
		l.Observe(r, ended)
	}
}

// log says in one line what a pass came to.
func (l *Loop) log(ctx context.Context, r Report) {
	p := r.Outcome.Pass
	attrs := []any{"trigger", r.Trigger, "duration", r.Took.Round(time.Millisecond)}
	if r.Err != nil {
		if ctx.Err() != nil {
			return // a shutdown is not a failure
		}
		l.Log.Error("pass failed", append(attrs, "error", r.Err)...)
		return
	}
	attrs = append(attrs, "droplets", len(p.Observed.Droplets), "requests", p.Observed.Requests)
	if p.Plan.ID == "" {
		l.Log.Info("synced; no fleet file is in force", attrs...)
		return
	}
	s := p.Plan.Summary
	attrs = append(attrs, "plan", p.Plan.ID, "unchanged", s.Unchanged, "provision", s.Provision, "replace", s.Replace, "destroy", s.Destroy,
		"adopt", s.Adopt, "update", s.Update, "held", s.Held, "drifted", s.Drifted, "missing", s.Missing, "in_flight", s.InFlight, "started", len(r.Outcome.Started))
	l.Log.Info("pass", attrs...)
}

// toldOf is what others than the one who asked are told of a pass. A droplet that a person has replaced is in no plan of the daemon's own, so
// what holds it is nothing that waits for anybody once the command has ended: they are told of the plan before.
func (l *Loop) toldOf(r Report) Report {
	if r.Outcome.Pass.Scope.Replace != 0 {
		r.Outcome.Pass.Plan = l.Last().Outcome.Pass.Plan
	}
	return r
}

// keep remembers the report. What the pass was made from is let go: of ten thousand droplets that is a hundred megabytes, until the
// next pass.
func (l *Loop) keep(r Report) {
	p := r.Outcome.Pass
	r.Outcome.Pass = Pass{Plan: p.Plan, Hurry: p.Hurry, Recorded: fleet.Recorded{Paused: p.Recorded.Paused}}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = r
}

// run runs a pass. Ended: only because sagas have ended.
func (l *Loop) run(ctx context.Context, hurry bool, planID string, scope fleet.Scope, ended bool) (Outcome, error) {
	desired, ok := l.inForce.get()
	if !ok {
		pass, err := l.Planner.Observe(ctx)
		if err == nil {
			err = l.Executor.Accept(ctx, pass, "")
		}
		return Outcome{Pass: pass, Saved: err == nil}, err
	}
	plans := l.Planner.Plan
	if ended {
		plans = l.Planner.PlanAgain
	}
	pass, err := plans(ctx, desired, hurry, scope)
	if err != nil {
		var pin *plan.PinError
		if errors.As(err, &pin) {
			l.Executor.Gate("", err) // law 10: a mismatch stops every write, the sagas' too
		}
		return Outcome{Pass: pass}, err
	}
	if planID != "" && pass.Plan.ID != planID {
		return Outcome{Pass: pass}, ErrChanged
	}
	out, err := l.Executor.Execute(ctx, pass)
	if err == nil {
		l.explain(ctx, &out)
		l.sweep(ctx, out)
	}
	return out, err
}

// sweep removes tags that are left behind, when there is nothing else to do. That it fails is no failure of the pass.
func (l *Loop) sweep(ctx context.Context, out Outcome) {
	live := slices.ContainsFunc(out.Pass.Recorded.Sagas, func(s fleet.Saga) bool { return s.Live })
	if l.Sweeper == nil || live || len(out.Started) > 0 {
		return
	}
	if _, err := l.Sweeper.Sweep(ctx, out.Pass.Recorded, out.Pass.Observed); err != nil && ctx.Err() == nil {
		l.Log.Warn("the tags of ended sagas stay for another day", "error", err)
	}
}

// explain asks what did the deviations that are new, when there is nothing else to do, and remembers the answers. That it fails is no
// failure of the pass.
func (l *Loop) explain(ctx context.Context, out *Outcome) {
	list := noticed(out.Pass)
	if len(list) == 0 || len(out.Started) > 0 {
		return
	}
	explained, asked, err := l.Executor.Inventory.Explain(ctx, list, out.Pass.Recorded.Sagas)
	out.Pass.Observed.Requests += asked
	if asked > 0 {
		if kept := l.Executor.Store.Notice(ctx, explained); kept != nil {
			err = kept
		}
	}
	if err != nil && ctx.Err() == nil {
		l.Log.Warn("the cause of drift is not known yet; asking again in a later pass", "error", err)
	}
}
