package provision

import (
	"context"
	"sync"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// core is what all steps share.
type core struct {
	o *Options
	fleetFile
	live  func() []saga.Saga // those that the engine runs
	taken *takings
	moves chan struct{} // holds one element while an address is looked at and moved
}

// takings are the droplets that sagas of this process took out of service. A saga takes the lock for its last check and the intent
// together, so that of several that ask at once no more go than may.
type takings struct {
	mu       sync.Mutex
	last     map[int64]taking
	relieved map[int64]time.Time // when a droplet went, or was drained, whose replacement serves in its place
}

// taking is the last time that a droplet was taken out of service.
type taking struct {
	at     time.Time // when the intent was durable
	ends   bool      // it is destroyed
	drains bool      // it only leaves its load balancers
}

// The steps, by what they are about.
type (
	createSteps   struct{ destroySteps } // what a saga made is destroyed on the way back
	waitSteps     struct{ *core }
	registerSteps struct{ *core }
	destroySteps  struct{ *core }
	alterSteps    struct{ *core } // by actions of the API
	addressSteps  struct{ *core } // a reserved IP moves
	tagSteps      struct{ *core }
	drainSteps    struct{ tagSteps }
	endSteps      struct { // what goes before a droplet is destroyed
		destroySteps
		acts alterSteps
	}
	transferSteps struct{ tagSteps }      // a droplet changes hands by its tags
	restoreSteps  struct{ transferSteps } // a droplet comes back out of quarantine
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

// pause waits; the error is the context's.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// later is the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// checkpointLooks is how many looks pass between two notes of how many there were: a restart repeats fewer than that. A process that
// loaded the saga notes the first few, too, see noteLook: it may die as soon as the one before did.
const checkpointLooks = 12

// noteLook tells whether the number of looks is noted after so many of this try, of a saga that was loaded from the journal.
func noteLook(looks int) bool { return looks < checkpointLooks && looks&(looks-1) == 0 }
