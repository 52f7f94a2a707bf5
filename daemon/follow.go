package daemon

import (
	"context"
	"time"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
)

// fresh gives the fleet file as it is at this moment, for a saga that is about to destroy something (law 17). One that cannot be used
// changes nothing: then the last good version stays in force, and so it does where versions of the file are handed in.
func (h *app) fresh() (fleet.Fleet, bool) {
	inForce, ok := h.loop.Desired()
	if !ok || h.o.Versions != nil || h.o.Fleet == "" {
		return inForce, ok
	}
	now, err := fleetfile.Load(h.o.Fleet, h.o.secrets()...)
	if err != nil {
		return inForce, true
	}
	return now, true
}

// followEvery is how often the fleet file is read by a command that carries out a plan without a daemon.
const followEvery = time.Second

// follow puts the fleet file in force, and each good version of it that is saved until the context ends: without a daemon nobody else
// watches it, and the sagas go by its present word. Wait returns when nothing is taken in any more.
func (h *app) follow(ctx context.Context, desired fleet.Fleet) (wait func()) {
	first := fleetfile.Version{Fleet: desired, Hash: desired.Hash}
	h.loop.Use(first)
	versions := h.o.Versions
	if versions == nil {
		versions = fleetfile.Poll(ctx, h.o.Fleet, followEvery, h.o.Log, h.o.secrets()...)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
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
					h.loop.Follow(ctx, v)
				}
				last = v.Hash
			}
		}
	}()
	return func() { <-done }
}

// FileHash reads the fleet file as it is, and gives its hash.
func FileHash(o Options) (string, error) {
	desired, err := fleetfile.Load(o.Fleet, o.secrets()...)
	return desired.Hash, err
}
