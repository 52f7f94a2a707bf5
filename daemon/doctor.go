package daemon

import (
	"context"

	"arcadiad/digitalocean"
	"arcadiad/doctor"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

// patient is what there is to examine; holds: this process has the state database's lock.
func (l *observer) patient(holds bool) doctor.Patient {
	return doctor.Patient{
		Fleet: l.o.Fleet, Secrets: l.o.secrets(), Token: l.o.Token, API: l.api.Client(digitalocean.PrioritySync), State: l.o.State, Holds: holds,
		Open:   func(ctx context.Context) (state.Reader, error) { return sqlite.OpenReader(ctx, l.o.State) },
		Holder: func() (string, error) { return sqlite.Holder(l.o.State) },
	}
}
