package daemon

import (
	"context"
	"time"

	"arcadiad/state"
)

// How often the state database is tidied, and how long after the start first: a daemon that is started every day tidies too.
const (
	tidyEvery = 24 * time.Hour
	tidyFirst = 10 * time.Minute
)

// keepTidy removes from the state database what is over for long, once a day, until the context ends.
func keepTidy(ctx context.Context, s state.Store, o Options) {
	keep := state.Retention{Sagas: max(0, o.KeepSagas), Deleted: max(0, o.KeepDeleted)}
	for wait := tidyFirst; ; wait = tidyEvery {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		removed, err := s.Retain(ctx, keep)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			o.Log.Warn("old rows could not be removed from the state database; trying again tomorrow", "error", err)
		case removed != state.Removed{}:
			o.Log.Info("old rows were removed from the state database", "sagas", removed.Sagas, "approvals", removed.Approvals, "rollouts", removed.Rollouts, "deleted_droplets", removed.Deleted)
		}
	}
}
