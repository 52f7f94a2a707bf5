package reconcile

import (
	"sync"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
)

// fileInForce is the last good version of the fleet file, and what is wrong with the newest if it is not that one (law 8).
type fileInForce struct {
	mu    sync.Mutex
	fleet *fleet.Fleet
	bad   error
}

func (f *fileInForce) get() (fleet.Fleet, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fleet == nil {
		return fleet.Fleet{}, false
	}
	return *f.fleet, true
}

func (f *fileInForce) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.bad
}

func (f *fileInForce) set(v fleetfile.Version) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bad = v.Err
	if v.Err == nil {
		f.fleet = &v.Fleet
	}
}
