package daemon

import (
	"context"
	"fmt"
	"sync"
	"time"

	"arcadiad/fleet"
	"arcadiad/reconcile"
	"arcadiad/saga"
)

// How long the daemon may be without a sign of life before it counts as hung.
const (
	// workPatience is for passes and steps. The longest that they wait by design is for the next look at the account.
	workPatience = 10 * time.Minute
	// callPatience is for one call of the state database.
	callPatience = 2 * time.Minute
)

// watchdog tells a daemon that works, or rests, from one that hangs.
//
//   - Work is a pass, or a try of a saga's step. While there is work, something must come of it now and then: a request
//     to the API, a commit, an end. A rate limit excuses.
//   - A call of the state database must return.
//   - At rest there must be a pass whenever one is due.
type watchdog struct {
	patience time.Duration

	mu    sync.Mutex
	beat  time.Time            // the last sign of life
	sent  int64                // requests that had been sent when last looked
	work  map[string]time.Time // what is under way, since when
	calls map[*call]struct{}
	last  time.Time     // when the last pass began
	due   time.Duration // after that the next must begin
}

// call is one call of the state database that has not returned.
type call struct {
	what  string
	began time.Time
}

func newWatchdog(patience time.Duration) *watchdog {
	return &watchdog{patience: patience, beat: time.Now(), work: map[string]time.Time{}, calls: map[*call]struct{}{}}
}

// sign notes a sign of life.
func (p *watchdog) sign() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.beat = time.Now()
}

// begin and end frame a piece of work.
func (p *watchdog) begin(work string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.beat = time.Now()
	p.work[work] = p.beat
}

func (p *watchdog) end(work string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.beat = time.Now()
	delete(p.work, work)
}

// scheduled says that a pass began, and how long after it another must have begun at the latest.
func (p *watchdog) scheduled(began time.Time, due time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.due = began, due
}

// database frames a call of the state database.
func (p *watchdog) database(what string) (returned func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := &call{what, time.Now()}
	p.calls[c] = struct{}{}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.calls, c)
		p.beat = time.Now()
	}
}

// hung says what hangs; nil: nothing does. It must be asked every minute or so. Sent is how many requests went to the API so far:
// each has a timeout, so while they go out somebody lives. Held tells whether a rate limit holds them back.
func (p *watchdog) hung(sent int64, held bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if sent != p.sent {
		p.sent, p.beat = sent, time.Now()
	}
	for c := range p.calls {
		if d := time.Since(c.began); d > callPatience {
			return fmt.Errorf("the state database has not answered (%s) for %s", c.what, d.Round(time.Second))
		}
	}
	if held {
		return nil
	}
	silent := time.Since(p.beat)
	for work, began := range p.work {
		if silent > p.patience && time.Since(began) > p.patience {
			return fmt.Errorf("%s is under way, and has made no progress for %s", work, silent.Round(time.Second))
		}
	}
	// By the monotonic clock: a clock that was set, or a machine that slept, is no reason to start again.
	if late := time.Since(p.last) - p.due; len(p.work) == 0 && !p.last.IsZero() && late > p.patience {
		return fmt.Errorf("a pass has been due for %s, and none has begun", late.Round(time.Second))
	}
	return nil
}

// watchedJournal and watchedStore watch the calls of the state database.
type watchedJournal struct {
	watchdog *watchdog
	saga.Journal
}

func (j watchedJournal) Begin(ctx context.Context, sagas ...saga.Saga) error {
	defer j.watchdog.database("start sagas")()
	return j.Journal.Begin(ctx, sagas...)
}

func (j watchedJournal) Commit(ctx context.Context, s saga.Saga, rows []any) error {
	defer j.watchdog.database("commit a step")()
	return j.Journal.Commit(ctx, s, rows)
}

func (j watchedJournal) Live(ctx context.Context) ([]saga.Saga, error) {
	defer j.watchdog.database("load the live sagas")()
	return j.Journal.Live(ctx)
}

type watchedStore struct {
	watchdog *watchdog
	reconcile.Store
}

func (s watchedStore) Load(ctx context.Context) (fleet.Recorded, error) {
	defer s.watchdog.database("load the recorded state")()
	return s.Store.Load(ctx)
}

func (s watchedStore) Save(ctx context.Context, o fleet.Observed) error {
	defer s.watchdog.database("save the observation")()
	return s.Store.Save(ctx, o)
}

func (s watchedStore) Forget(ctx context.Context, droplets []int64) error {
	defer s.watchdog.database("forget droplets that are gone")()
	return s.Store.Forget(ctx, droplets)
}

func (s watchedStore) Record(ctx context.Context, records []fleet.Record) error {
	defer s.watchdog.database("update records")()
	return s.Store.Record(ctx, records)
}

func (s watchedStore) Notice(ctx context.Context, list []fleet.Deviation) error {
	defer s.watchdog.database("notice drift")()
	return s.Store.Notice(ctx, list)
}

func (s watchedStore) Pin(ctx context.Context, account fleet.Account, fleetName string) error {
	defer s.watchdog.database("compare the pin")()
	return s.Store.Pin(ctx, account, fleetName)
}

func (s watchedStore) Grant(ctx context.Context, planID string, grants []fleet.Grant) ([]fleet.Grant, error) {
	defer s.watchdog.database("keep an approval")()
	return s.Store.Grant(ctx, planID, grants)
}

func (s watchedStore) Withdraw(ctx context.Context, grants []int64) error {
	defer s.watchdog.database("withdraw an approval")()
	return s.Store.Withdraw(ctx, grants)
}

func (s watchedStore) Lapse(ctx context.Context, keepPlan string) ([]string, error) {
	defer s.watchdog.database("drop approvals of other plans")()
	return s.Store.Lapse(ctx, keepPlan)
}

func (s watchedStore) Inherit(ctx context.Context, heirs map[int64]string) error {
	defer s.watchdog.database("record new names")()
	return s.Store.Inherit(ctx, heirs)
}

func (s watchedStore) ChangeRollout(ctx context.Context, r fleet.Rollout, was fleet.RolloutPhase) error {
	defer s.watchdog.database("change a rollout")()
	return s.Store.ChangeRollout(ctx, r, was)
}

func (s watchedStore) SetLabel(ctx context.Context, sagaID, label, value string) error {
	defer s.watchdog.database("label a saga")()
	return s.Store.SetLabel(ctx, sagaID, label, value)
}

func (s watchedStore) Check(ctx context.Context) error {
	defer s.watchdog.database("check the lock of the store")()
	return s.Store.Check(ctx)
}
