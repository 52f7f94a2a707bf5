package control

import (
	"context"
	"fmt"
	"slices"
	"time"

	"arcadiad/plan"
)

// Applied is what an apply came to.
type Applied struct {
	Plan  plan.Plan `json:"plan"`    // what was to be done
	After plan.Plan `json:"remains"` // what remains

	// Converged: the fleet is as the file asks. It is not while something recorded is missing, though there is nothing to do about that yet.
	Converged bool       `json:"converged"`
	Declined  bool       `json:"declined"` // the person said no
	Failed    []Progress `json:"failed"`   // sagas that ended undone, or are stuck
}

// Conduct is how an apply talks to the one who asked for it.
type Conduct struct {
	// Only is what is applied; the zero Only: all.
	Only
	// Planned is told of the plan, before anything is asked; its error ends the apply. Nil: nobody is.
	Planned func(plan.Plan) error
	// Confirm is asked once, before anything is written, if there is something to do.
	Confirm func(plan.Plan) (bool, error)
	// Waiting is told of a plan that droplets are missing in, when the apply waits until they show again or are proved gone; nil: nobody is.
	Waiting func(plan.Plan)
	// Progress is told of every transition of a saga, and of every batch of a rollout.
	Progress func(Progress)
}

// Apply plans, asks, carries the plan out and waits for its sagas.
func Apply(ctx context.Context, s Service, c Conduct) (Applied, error) {
	p, err := proved(ctx, s, c)
	if err != nil {
		return Applied{}, err
	}
	if c.Planned != nil {
		if err := c.Planned(p); err != nil {
			return Applied{}, err
		}
	}
	applied := Applied{Plan: p, After: p, Failed: []Progress{}}
	if yes, err := confirmed(p, c); err != nil || !yes {
		applied.Declined = !yes
		return applied, err
	}
	q := ApplyRequest{Plan: p.ID, Only: c.Only, Droplet: p.Asked, Approve: c.Replace && p.Approvable()}
	answer, err := s.Apply(ctx, q, c.Progress)
	applied.Failed, applied.After = append(applied.Failed, answer.Failed...), c.of(answer.Remains)
	applied.Converged = len(applied.Failed) == 0 && applied.After.Settled() && applied.After.Summary.Missing == 0
	return applied, err
}

// proved plans again and again until every droplet that is missing shows again or is proved gone (law 6): only then is there a plan to ask
// about.
func proved(ctx context.Context, s Service, c Conduct) (plan.Plan, error) {
	for {
		p, err := s.Plan(ctx, PlanRequest{Apply: true, Only: c.Only})
		if p = c.of(p); err != nil || p.NextLook.IsZero() {
			return p, err
		}
		if c.Waiting != nil {
			c.Waiting(p)
		}
		select {
		case <-time.After(max(time.Second, time.Until(p.NextLook))):
		case <-ctx.Done():
			return p, fmt.Errorf("interrupted before it was certain what is gone; what has been observed is kept, and the next apply continues from it: %w",
				context.Cause(ctx))
		}
	}
}

// of is the part of a plan that is applied.
func (o Only) of(p plan.Plan) plan.Plan {
	if len(o.Names) == 0 {
		return p
	}
	return plan.Only(p, o.Names)
}

// confirmed asks, if there is something to ask about: what waits for its turn would be carried out too, and who has a droplet replaced
// approves that along with it.
func confirmed(p plan.Plan, c Conduct) (bool, error) {
	if !p.Free() && !(c.Replace && p.Approvable()) && !slices.ContainsFunc(p.Actions, plan.Action.InTurn) {
		return true, nil
	}
	return c.Confirm(p)
}
