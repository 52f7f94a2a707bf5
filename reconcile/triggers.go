package reconcile

import (
	"context"
	"strings"
	"sync"
	"time"

	"arcadiad/fleet"
)

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
	TriggerRollout  = "rollout"
	TriggerLease    = "lease"
)

// Triggers are all triggers of a pass.
func Triggers() []string {
	return []string{TriggerStart, TriggerFile, TriggerSchedule, TriggerReload, TriggerEnded, TriggerLapsed, TriggerMissing, TriggerRetry, TriggerApply,
		TriggerSync, TriggerApprove, TriggerPause, TriggerRollout, TriggerLease}
}

const triggerComma = ", "

// Report is what the last pass came to.
type Report struct {
	At      time.Time
	Took    time.Duration
	Trigger string // all that asked for it, the first one first
	Outcome Outcome
	Err     error
	FileErr error // why the newest version of the fleet file is not in force; nil: it is
}

// Woke is the trigger that came first: the one that the pass would not have been without.
func (r Report) Woke() string {
	first, _, _ := strings.Cut(r.Trigger, triggerComma)
	return first
}

// ask is somebody's wish for a pass.
type ask struct {
	why    string
	hurry  bool
	planID string      // carry out this very plan or none; empty: whatever the plan is
	scope  fleet.Scope // only with a planID
	answer chan Report // nil: nobody waits
}

// pending gathers asks until a pass takes them all. Asks that want a certain plan are taken alone.
type pending struct {
	mu    sync.Mutex
	asks  []ask
	timer *time.Timer // of the earliest ask that is to come later
	at    time.Time
	ready chan struct{}
	once  sync.Once
}

func (p *pending) init() { p.once.Do(func() { p.ready = make(chan struct{}, 1) }) }

func (p *pending) add(a ask) {
	p.init()
	p.mu.Lock()
	merged := false
	for i := range p.asks {
		if a.answer == nil && p.asks[i].answer == nil && p.asks[i].why == a.why {
			p.asks[i].hurry = p.asks[i].hurry || a.hurry
			merged = true
		}
	}
	if !merged {
		p.asks = append(p.asks, a)
	}
	p.mu.Unlock()
	select {
	case p.ready <- struct{}{}:
	default:
	}
}

// addAfter adds an ask later, unless another such ask comes earlier: one pass serves both.
func (p *pending) addAfter(d time.Duration, a ask) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := time.Now().Add(d)
	if p.timer != nil && p.at.After(time.Now()) && !at.Before(p.at) {
		return
	}
	if p.timer != nil {
		p.timer.Stop()
	}
	p.at = at
	p.timer = time.AfterFunc(d, func() { p.add(a) })
}

// take waits for asks and takes them: all that want no certain plan, or the first that does.
func (p *pending) take(ctx context.Context) ([]ask, bool) {
	for {
		p.mu.Lock()
		asks := p.asks
		p.asks = nil
		for i, a := range asks {
			if a.planID != "" {
				p.asks = append(append([]ask{}, asks[:i]...), asks[i+1:]...)
				asks = []ask{a}
				break
			}
		}
		p.mu.Unlock()
		if len(asks) > 0 {
			return asks, true
		}
		select {
		case <-ctx.Done():
			return nil, false
		case <-p.ready:
		}
	}
}
