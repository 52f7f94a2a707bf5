package reconcile

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
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

// Pass asks for a pass and waits for what it comes to. With a plan id, it only carries out that very plan; ErrChanged otherwise. A scope other
// than the zero one goes with a plan id.
func (l *Loop) Pass(ctx context.Context, why string, hurry bool, planID string, scope fleet.Scope) (Outcome, error) {
	answer := make(chan Report, 1)
	l.pending.add(ask{why: why, hurry: hurry, planID: planID, scope: scope, answer: answer})
	select {
	case r := <-answer:
		return r.Outcome, r.Err
	case <-ctx.Done():
		return Outcome{}, ctx.Err()
	}
}

// Preview plans without executing, on the fleet file in force. Those who ask for the same plan at the same time share one look at the
// account. It begins after the last of them has asked, so nobody is shown an account as it was before. Where a pass begins sagas meanwhile, it
// looks once more: what they make would be taken for another arcadiad's.
func (l *Loop) Preview(ctx context.Context, hurry bool) (Pass, error) {
	return l.PreviewOf(ctx, hurry, fleet.Scope{})
}

// PreviewOf is a preview of a pass that a person asks more of, or less.
func (l *Loop) PreviewOf(ctx context.Context, hurry bool, scope fleet.Scope) (Pass, error) {
	desired, ok := l.Desired()
	if !ok {
		return Pass{}, errors.Join(ErrNoFleet, l.inForce.err())
	}
	return l.previews.share(ctx, previewKey{desired.Hash, hurry, scope.String()}, func(ctx context.Context) (Pass, error) {
		pass, err := l.planBeside(ctx, desired, hurry, scope)
		if pass.newlyMissing() {
			l.Missed()
		}
		return pass, err
	})
}

// planBeside plans beside passes, which begin sagas.
func (l *Loop) planBeside(ctx context.Context, desired fleet.Fleet, hurry bool, scope fleet.Scope) (Pass, error) {
	const most = 5 // who begins sagas all the time is planned for as they are
	for tries := 1; ; tries++ {
		begun := l.Executor.Engine.Begun()
		pass, err := l.Planner.Plan(ctx, desired, hurry, scope)
		if err != nil || tries == most || l.Executor.Engine.Begun() == begun {
			return pass, err
		}
	}
}

// Missed tells the loop that a look lacks a registered droplet: a pass is to count it, and to see to the next look (law 6).
func (l *Loop) Missed() { l.Trigger(TriggerMissing, false) }

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
			l.Log.Error("renamed groups and withdrawn approvals could not be recorded; the next pass does it", "error", err)
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
