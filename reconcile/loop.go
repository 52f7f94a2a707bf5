package reconcile

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/plan"
	"arcadiad/provision"
)

// Loop runs passes on triggers, one at a time.
type Loop struct {
	Planner  Planner
	Executor *Executor
	Sweeper  *provision.Sweeper // removes what tags are left behind, after a pass that had nothing to do; nil: they stay
	Schedule cron.Schedule      // of the inventory sync
	Log      *slog.Logger

	// Observe is told when a pass begins (of its report only the time and the trigger are known then) and when it has ended. The
	// loop waits for it. Nil: nobody is told.
	Observe func(r Report, ended bool)
	// Taken is told of every version of the fleet file, good or bad, when it is in force or refused. It must not block; nil: nobody is told.
	Taken func(fleetfile.Version)

	inForce  fileInForce
	pending  pending
	previews previews

	mu   sync.Mutex
	last Report
}

// Report is what the last pass came to.
type Report struct {
	At      time.Time
	Took    time.Duration
	Trigger string // all that asked for it, the first one first
	Outcome Outcome
	Err     error
	FileErr error // why the newest version of the fleet file is not in force; nil: it is
}

// The triggers of a pass, as logs show them.
const (
	TriggerStart    = "start"
	TriggerFile     = "file"
	TriggerSchedule = "schedule"
	TriggerReload   = "reload"
	TriggerEnded    = "sagas ended"
	TriggerLapsed   = "hold lapsed"
	TriggerMissing  = "droplet missing"
	TriggerRetry    = "retry"
	TriggerApply    = "apply"
	TriggerSync     = "sync"
	TriggerApprove  = "approve"
	TriggerPause    = "pause or resume"
)

// ErrNoFleet says that no fleet file is in force, so there is nothing to plan.
var ErrNoFleet = errors.New("no fleet file is in force")

// Desired gives the fleet file in force.
func (l *Loop) Desired() (fleet.Fleet, bool) { return l.inForce.get() }

// Last gives the report of the last pass; its time is zero before the first has ended. Of what the pass was made from it only has
// whether writes were paused.
func (l *Loop) Last() Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.last
	r.FileErr = l.inForce.err()
	return r
}

// Trigger asks for a pass soon. Asks for another pass are merged. Hurry: a person asked, so backoff holds nothing.
func (l *Loop) Trigger(why string, hurry bool) { l.pending.add(ask{why: why, hurry: hurry}) }

// Pass asks for a pass and waits for what it comes to. With a plan id, it only carries out that very plan; ErrChanged otherwise.
func (l *Loop) Pass(ctx context.Context, why string, hurry bool, planID string) (Outcome, error) {
	answer := make(chan Report, 1)
	l.pending.add(ask{why: why, hurry: hurry, planID: planID, answer: answer})
	select {
	case r := <-answer:
		return r.Outcome, r.Err
	case <-ctx.Done():
		return Outcome{}, ctx.Err()
	}
}

// Missed tells the loop that a look lacks a registered droplet: a pass is to count it, and to see to the next look (law 6).
func (l *Loop) Missed() { l.Trigger(TriggerMissing, false) }

// newlyMissing tells whether the look of a pass lacks a droplet that no saved look has lacked yet.
func (p Pass) newlyMissing() bool {
	return slices.ContainsFunc(p.Plan.Missing, func(m plan.Missing) bool {
		return !slices.ContainsFunc(p.Recorded.Absences, func(a fleet.Absence) bool { return a.DropletID == m.DropletID })
	})
}

// SagaEnded tells the loop that a saga has ended, and whether others still run. What it left undone, and what was asked of its name
// meanwhile, is the next pass's.
func (l *Loop) SagaEnded(busy bool) {
	// A pass per ended saga would cost a listing each; one when all are done, or every half minute, will do.
	delay := time.Second
	if busy {
		delay = 30 * time.Second
	}
	l.pending.addAfter(delay, ask{why: TriggerEnded})
}

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

// Use puts a version of the fleet file in force, if it is good.
func (l *Loop) Use(v fleetfile.Version) { l.inForce.set(v) }

// Follow takes in a version of the fleet file for those who run no passes by triggers: sagas under way go by it from now on.
func (l *Loop) Follow(ctx context.Context, v fleetfile.Version) { l.take(ctx, v, false) }

func (l *Loop) take(ctx context.Context, v fleetfile.Version, first bool) {
	before, had := l.inForce.get()
	if v.Err == nil {
		recorded, err := l.Planner.Load(ctx)
		if err == nil {
			err = errors.Join(l.Executor.inherit(ctx, v.Fleet, recorded), l.Executor.withdraw(ctx, v.Fleet, recorded))
		}
		if err != nil && ctx.Err() == nil {
			l.Log.Error("what the fleet file says of renamed groups and takes back of approvals is not recorded yet; the next pass does it", "error", err)
		}
	}
	l.Use(v)
	if l.Taken != nil {
		l.Taken(v)
	}
	if v.Err != nil {
		return
	}
	l.Log.Info("fleet file in force", "fleet", v.Fleet.Name, "droplets", len(v.Fleet.Specs), "hash", v.Fleet.Hash[:min(12, len(v.Fleet.Hash))])
	if err := l.Executor.Protect(ctx, v.Fleet); err != nil && ctx.Err() == nil {
		l.Log.Warn("what the fleet file protects could not be recorded; the next pass records it", "error", err)
	}
	switch {
	case first:
	case had && before.Hash == v.Fleet.Hash:
		l.Trigger(TriggerReload, true)
	default:
		l.Executor.Engine.WakeAll()
		l.Trigger(TriggerFile, true)
	}
}

// pass runs one pass for all that was asked, and answers those who wait for it.
func (l *Loop) pass(ctx context.Context, asks []ask) Report {
	began := time.Now()
	var whys []string
	hurry, planID := false, ""
	for _, a := range asks {
		if !slices.Contains(whys, a.why) {
			whys = append(whys, a.why)
		}
		hurry = hurry || a.hurry
		planID = cmp.Or(planID, a.planID)
	}
	r := Report{At: began, Trigger: strings.Join(whys, triggerComma)}
	l.observe(r, false)
	r.Outcome, r.Err = l.run(ctx, hurry, planID)
	r.Took = time.Since(began)
	l.keep(r)
	l.log(ctx, r)
	l.observe(r, true)
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

// keep remembers the report. What the pass was made from is let go: of ten thousand droplets that is a hundred megabytes, until the
// next pass.
func (l *Loop) keep(r Report) {
	p := r.Outcome.Pass
	r.Outcome.Pass = Pass{Plan: p.Plan, Hurry: p.Hurry, Recorded: fleet.Recorded{Paused: p.Recorded.Paused}}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = r
}

func (l *Loop) run(ctx context.Context, hurry bool, planID string) (Outcome, error) {
	desired, ok := l.inForce.get()
	if !ok {
		pass, err := l.Planner.Observe(ctx)
		if err == nil {
			err = l.Executor.Accept(ctx, pass, "")
		}
		return Outcome{Pass: pass, Saved: err == nil}, err
	}
	pass, err := l.Planner.Plan(ctx, desired, hurry)
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
		l.Log.Warn("tags of sagas that are over stay for another day", "error", err)
	}
}
