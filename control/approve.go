package control

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"arcadiad/plan"
)

// leastPlanID is how many digits of a plan's id name the present one.
const leastPlanID = 4

// Approval is how an approval talks to the one who gives it.
type Approval struct {
	ID string // of the plan, or the beginning of it; empty: the present one's
	// Present makes the present plan where no daemon runs that has it.
	Present func(context.Context) (plan.Plan, error)
	// Confirm is asked before what the plan holds is let through.
	Confirm func(plan.Plan) (bool, error)
	// Unseen is asked instead where nobody can tell what is in a plan of that id, and why.
	Unseen func(id string, why error) (bool, error)
}

// Approve approves what is held in the plan of that id, and gives the whole id; empty: the person said no. A running daemon tells its present
// plan; without one it is made here, and the approval counts when the next apply or run has that plan. Where it cannot be made the id must be
// whole.
func Approve(ctx context.Context, c *Client, a Approval) (approved string, err error) {
	present := func(ctx context.Context) (plan.Plan, error) {
		p, err := planCall.ask(ctx, c.http, PlanRequest{}, nil)
		return plan.Plan(p), err
	}
	alone := c.close != nil
	if alone {
		present = a.Present
	}
	p, err := present(ctx)
	switch {
	case err == nil:
		return approve(ctx, c, a, p, alone)
	case !alone || !plan.IsID(a.ID) || ctx.Err() != nil:
		return "", err
	}
	if yes, err := a.Unseen(a.ID, err); err != nil || !yes {
		return "", err
	}
	return a.ID, c.Approve(ctx, a.ID)
}

// approve approves the present plan, if it is the one that is meant. A daemon refuses by itself what is not.
func approve(ctx context.Context, c *Client, a Approval, p plan.Plan, alone bool) (string, error) {
	id := a.ID
	if id == "" || len(id) >= leastPlanID && strings.HasPrefix(p.ID, strings.ToLower(id)) {
		id = p.ID
	}
	switch {
	case id == p.ID && p.Approvable():
		if yes, err := a.Confirm(p); err != nil || !yes {
			return "", err
		}
	case id == "":
		return "", errors.New("there is no plan with a held action: everything is as the file asks, or under way")
	case !alone || id == p.ID && p.Approved:
	case id == p.ID:
		return "", fmt.Errorf("nothing in plan %s can be approved%s", id, p.Unapprovable())
	case plan.IsID(id):
		return "", fmt.Errorf("plan %s is not the present one, which is %s (run arcadiad plan, then approve the id that it shows)", id, p.ID)
	}
	return id, c.Approve(ctx, id)
}
