package provision

import (
	"context"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// core is what all steps share.
type core struct {
	o *Options
	fleetFile
}

// The steps, by what they are about.
type (
	createSteps   struct{ destroySteps } // what a saga made is destroyed on the way back
	waitSteps     struct{ *core }
	registerSteps struct{ *core }
	destroySteps  struct{ *core }
	alterSteps    struct{ *core } // by actions of the API
	tagSteps      struct{ *core }
	transferSteps struct{ tagSteps } // a droplet changes hands by its tags
)

// stepFunc is one direction of a step.
type stepFunc = func(context.Context, *saga.Run, *work) error

// step makes a step whose requests are known to be the saga's.
func step(name string, run, compensate stepFunc) saga.Step {
	traced := func(f stepFunc) stepFunc {
		if f == nil {
			return nil
		}
		return func(ctx context.Context, r *saga.Run, w *work) error { return f(digitalocean.For(ctx, r.ID()), r, w) }
	}
	return saga.Typed(name, traced(run), traced(compensate))
}

// keepFacts keeps facts in the labels of a saga: those that are known, and these in any case.
func keepFacts(run *saga.Run, f fleet.Facts, anyway ...string) {
	for label, value := range f.Labels(anyway...) {
		run.SetLabel(label, value)
	}
}
