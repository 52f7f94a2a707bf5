package daemon

import (
	"context"
	"errors"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

// statusOf gives what a state database knows.
func statusOf(ctx context.Context, r state.Reader) (st control.Status, err error) {
	if st.Meta, err = r.Meta(ctx); err != nil {
		return control.Status{}, err
	}
	if st.Resources, err = r.Resources(ctx); err != nil {
		return control.Status{}, err
	}
	if st.Sagas, err = r.Sagas(ctx, saga.Filter{Live: true}); err != nil {
		return control.Status{}, err
	}
	st.Deviations, err = r.Deviations(ctx)
	return st, err
}

// MetaOf gives what the state database at path says of itself, whether a daemon runs or not; where there is none, it says nothing.
func MetaOf(ctx context.Context, path string) (fleet.Meta, error) {
	r, err := sqlite.OpenReader(ctx, path)
	if errors.Is(err, state.ErrNone) {
		return fleet.Meta{}, nil
	}
	if err != nil {
		return fleet.Meta{}, err
	}
	return r.Meta(ctx)
}
