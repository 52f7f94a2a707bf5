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
func (h *app) keepTidy(ctx context.Context) {
	keep := state.Retention{Sagas: max(0, h.o.KeepSagas), Deleted: max(0, h.o.KeepDeleted)}
	for wait := tidyFirst; ; wait = tidyEvery {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		removed, err := h.store.Retain(ctx, keep)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			h.o.Log.Warn("the state database could not be tidied; trying again tomorrow", "error", err)
		case removed != state.Removed{}:
			h.o.Log.Info("the state database was tidied", "sagas", removed.Sagas, "approvals", removed.Approvals, "deleted_droplets", removed.Deleted)
		}
	}
}
