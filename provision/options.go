package provision

import (
	"context"
	"log/slog"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/inventory"
)

// Options of the droplet sagas.
type Options struct {
	Cloud     *digitalocean.Client // writes, and the few reads that must not be shared
	Inventory *inventory.Inventory

	// Desired gives the fleet file in force; false: none is. Sagas ask it before their first cloud write and at step boundaries
	// (law 17).
	Desired func() (fleet.Fleet, bool)
	// Fresh gives the fleet file as it is at this moment, and where that cannot be used the last good version; false: there is none.
	// Sagas ask it right before each DELETE and each power off. Default: Desired.
	Fresh func() (fleet.Fleet, bool)
	// Record gives a droplet's record as it is now, nil without one; default: none has one.
	Record func(ctx context.Context, dropletID int64) (*fleet.Record, error)

	// Records gives the records of all droplets as they are now; default: there are none.
	Records func(ctx context.Context) ([]fleet.Record, error)

	// WaitAttempts is how many answered looks a new droplet gets to become active before its create action is asked; default 96.
	WaitAttempts int
	// WaitLongest is how many answered looks it gets while its create action is still in progress; default 720, an hour at 5 s.
	WaitLongest int
	// Settle is how long an unanswered create is looked for before it may be sent again; default 2 min.
	Settle time.Duration
	// WriteTimeout is how long a create that was cut off by a crash may still be under way: as long as the API client lets a write
	// be; default 75 s, which is the client's own.
	WriteTimeout time.Duration
	// Visibility is how long absence must last to prove anything where no accepted DELETE explains it; default 5 min.
	Visibility time.Duration

	Log *slog.Logger
}
