package daemon

import (
	"context"
	"errors"
	"strings"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/reconcile"
)

// The commands, as cmd gives them: beside a daemon they ask it, else they do it themselves.

func connect(ctx context.Context, o Options, need control.Need) (*control.Client, error) {
	return control.Connect(ctx, control.Options{State: o.State, Socket: o.Socket, Need: need, File: func() (string, error) { return FileHash(o) },
		Local: func(ctx context.Context, beside bool) (control.Service, func() error, error) {
			return Local(ctx, o, need, beside)
		}})
}

func command(ctx context.Context, o Options, need control.Need, do func(*control.Client) error) error {
	c, err := connect(ctx, o, need)
	if err != nil {
		return err
	}
	return errors.Join(do(c), c.Close())
}

func Plan(ctx context.Context, o Options) (p plan.Plan, err error) {
	err = command(ctx, o, control.DryRun, func(c *control.Client) (err error) {
		p, err = c.Plan(ctx, control.PlanRequest{})
		return err
	})
	return p, err
}

func Apply(ctx context.Context, o Options, conduct control.Conduct) (applied control.Applied, err error) {
	err = command(ctx, o, control.Work, func(c *control.Client) (err error) {
		applied, err = control.Apply(ctx, c, conduct)
		return err
	})
	return applied, err
}

func Adopt(ctx context.Context, o Options, names []string, a control.Assent) (control.Handed, error) {
	return changeHands(ctx, o, control.OfferRequest{Kind: plan.TakeOver, Names: names}, a)
}

func Release(ctx context.Context, o Options, name string, a control.Assent) (control.Handed, error) {
	return changeHands(ctx, o, control.OfferRequest{Kind: plan.Release, Names: []string{name}}, a)
}

func changeHands(ctx context.Context, o Options, q control.OfferRequest, a control.Assent) (handed control.Handed, err error) {
	err = command(ctx, o, control.Work, func(c *control.Client) (err error) {
		handed, err = control.Transfer(ctx, c, q, a)
		return err
	})
	return handed, err
}

func Sync(ctx context.Context, o Options) (droplets int, err error) {
	err = command(ctx, o, control.Work, func(c *control.Client) (err error) {
		droplets, err = c.Sync(ctx)
		return err
	})
	return droplets, err
}

func Approve(ctx context.Context, o Options, planID string) error {
	return command(ctx, o, control.Order, func(c *control.Client) error { return c.Approve(ctx, planID) })
}

// changed tells whether a command was told that the plan has changed.
func changed(err error) bool {
	return err != nil && strings.Contains(err.Error(), reconcile.ErrChanged.Error())
}

// passAgreed carries out the plan of that id, to which a person said yes.
func (h *app) passAgreed(ctx context.Context, planID string) (reconcile.Outcome, error) {
	return h.passWithin(ctx, planID, h.shown.of(planID), fleet.Scope{})
}
