package daemon

import (
	"context"

	"arcadiad/control"
	"arcadiad/plan"
	"arcadiad/state/postgres"
)

// elsewhere is the service where another host leads: what only the leader can do is asked of it, through the state database, and what can be
// read is read here.
type elsewhere struct {
	*alone
	leader *control.Client
}

func newElsewhere(o Options, r *postgres.Reader) elsewhere {
	return elsewhere{&alone{reader: r, o: o, beside: true, end: func() error { return nil }}, control.NewClient(remote{r})}
}

func (e elsewhere) Plan(ctx context.Context, q control.PlanRequest) (plan.Plan, error) {
	if q.Apply {
		return e.leader.Plan(ctx, q)
	}
	return e.alone.Plan(ctx, q)
}

func (e elsewhere) Apply(ctx context.Context, q control.ApplyRequest, progress func(control.Progress)) (control.ApplyAnswer, error) {
	return e.leader.Apply(ctx, q, progress)
}

func (e elsewhere) Offer(ctx context.Context, q control.OfferRequest) ([]plan.Transfer, error) {
	return e.leader.Offer(ctx, q)
}

func (e elsewhere) Transfer(ctx context.Context, q control.TransferRequest, progress func(control.Progress)) (control.TransferAnswer, error) {
	return e.leader.Transfer(ctx, q, progress)
}

func (e elsewhere) OrderRollout(ctx context.Context, q control.RolloutOrder) (control.Rollout, error) {
	return e.leader.OrderRollout(ctx, q)
}

func (e elsewhere) Sync(ctx context.Context) (droplets int, err error) { return e.leader.Sync(ctx) }
func (e elsewhere) Missed(ctx context.Context) error                   { return e.leader.Missed(ctx) }
func (e elsewhere) Approve(ctx context.Context, planID string) error {
	return e.leader.Approve(ctx, planID)
}
func (e elsewhere) Pause(ctx context.Context, paused bool) error { return e.leader.Pause(ctx, paused) }
func (e elsewhere) Retry(ctx context.Context, sagaID string) error {
	return e.leader.Retry(ctx, sagaID)
}
func (e elsewhere) Abort(ctx context.Context, sagaID string) error {
	return e.leader.Abort(ctx, sagaID)
}
