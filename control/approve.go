package control

import (
	"context"
	"errors"
	"strings"

	"arcadiad/plan"
)

// leastPlanID is how many digits of a plan's id name the present one.
const leastPlanID = 4

// Approve approves what is held in the plan of that id, and gives the whole id. A running daemon tells its present plan, of which the
// beginning of the id is enough, or no id; it is confirmed first. Without a daemon nobody knows a plan: the id must be whole, and the plan that
// has it counts when it comes.
func Approve(ctx context.Context, c *Client, id string, confirm func(plan.Plan) (bool, error)) (approved string, err error) {
	if c.close != nil {
		return id, c.Approve(ctx, id)
	}
	told, err := planCall.ask(ctx, c.http, PlanRequest{}, nil)
	if err != nil {
		return id, err
	}
	p := plan.Plan(told)
	if id == "" || len(id) >= leastPlanID && strings.HasPrefix(p.ID, strings.ToLower(id)) {
		id = p.ID
	}
	if id == p.ID && p.Approvable() {
		if yes, err := confirm(p); err != nil || !yes {
			return "", err
		}
	}
	if id == "" {
		return "", errors.New("there is no plan with a held action: everything is as the file asks, or under way")
	}
	return id, c.Approve(ctx, id)
}
