package daemon

import (
	"context"
	"sync"
	"time"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/reconcile"
)

// followEvery is how often the fleet file is read by a command that carries out a plan without a daemon.
const followEvery = time.Second

// follow puts the fleet file in force, and each good version of it that is saved until the context ends: without a daemon nobody else
// watches it, and the sagas go by its present word.
func follow(ctx context.Context, loop *reconcile.Loop, desired fleet.Fleet, o Options, beside *sync.WaitGroup) {
	first := fleetfile.Version{Fleet: desired, Hash: desired.Hash}
	loop.Use(first)
	versions := o.Versions
	if versions == nil {
		versions = fleetfile.Poll(ctx, o.Fleet, followEvery, o.Log, o.secrets()...)
	}
	beside.Go(func() {
		last := first.Hash
		for {
			select {
			case <-ctx.Done():
				return
			case v, ok := <-versions:
				if !ok {
					return
				}
				if v.Hash != last {
					loop.Follow(ctx, v)
				}
				last = v.Hash
			}
		}
	})
}

// FileHash reads the fleet file as it is, and gives its hash.
func FileHash(o Options) (string, error) {
	desired, err := fleetfile.Load(o.Fleet, o.secrets()...)
	return desired.Hash, err
}
