package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

// Known is what the state database knows, for those who only look: status and saga. It is a state.Reader, or a *Remote, which asks the
// daemon: the database of a service may be read by nobody else.
type Known interface {
	Meta(ctx context.Context) (fleet.Meta, error)
	Resources(ctx context.Context) ([]fleet.Resource, error)
	Sagas(ctx context.Context, f saga.Filter) ([]saga.Saga, error)
	Saga(ctx context.Context, id string) (saga.Saga, error)
	Deviations(ctx context.Context) ([]fleet.Drift, error)
	Calls(ctx context.Context, sagaID string) ([]fleet.Call, error)
}

// askTime is how long a daemon may take to say that it is there, before the database is read without it.
const askTime = 5 * time.Second

// Look gives what the state database knows: through the daemon where one answers, else from the file. The error beside a Known is why
// a daemon that is there was not asked.
func Look(ctx context.Context, o Options) (k Known, daemonErr, err error) {
	o, err = o.withDefaults()
	if err != nil {
		return nil, nil, err
	}
	remote, daemonErr := Dial(ctx, o)
	if daemonErr == nil {
		asking, cancel := context.WithTimeout(ctx, askTime)
		defer cancel()
		if _, daemonErr = remote.Meta(asking); daemonErr == nil {
			return remote, nil, nil
		}
	}
	if errors.Is(daemonErr, ErrNoDaemon) {
		daemonErr = nil
	}
	r, err := sqlite.OpenReader(ctx, o.State)
	if err != nil {
		if daemonErr != nil {
			return nil, nil, daemonErr // the nearer way in
		}
		return nil, nil, err
	}
	return r, daemonErr, nil
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

// question is which part of what is known is asked for.
type question struct {
	Meta       bool         `json:"meta,omitempty"`
	Resources  bool         `json:"resources,omitempty"`
	Deviations bool         `json:"deviations,omitempty"`
	Sagas      *saga.Filter `json:"sagas,omitempty"`
	Saga       string       `json:"saga,omitempty"`
	Calls      string       `json:"calls,omitempty"` // of the saga of that whole id
}

// knowledge answers a question.
type knowledge struct {
	Meta       *fleet.Meta      `json:"meta,omitempty"`
	Resources  []fleet.Resource `json:"resources,omitempty"`
	Deviations []fleet.Drift    `json:"deviations,omitempty"`
	Sagas      []saga.Saga      `json:"sagas,omitempty"`
	Calls      []fleet.Call     `json:"calls,omitempty"`
}

// known answers from the store. Sagas come without their secrets.
func (h *app) known(ctx context.Context, q question) (k knowledge, err error) {
	switch {
	case q.Meta:
		var m fleet.Meta
		m, err = h.store.Meta(ctx)
		k.Meta = &m
	case q.Resources:
		k.Resources, err = h.store.Resources(ctx)
	case q.Deviations:
		k.Deviations, err = h.store.Deviations(ctx)
	case q.Sagas != nil:
		k.Sagas, err = h.store.Sagas(ctx, *q.Sagas)
	case q.Calls != "":
		k.Calls, err = h.store.Calls(ctx, q.Calls)
	default:
		var s saga.Saga
		s, err = h.store.Saga(ctx, q.Saga)
		k.Sagas = []saga.Saga{s}
	}
	return k, err
}

func (r *Remote) known(ctx context.Context, q question) (knowledge, error) {
	a, err := r.ask(ctx, pathKnown, order{Question: &q})
	if err == nil && a.Known == nil {
		err = errors.New("the running daemon gave no answer: is it of another version?")
	}
	if err != nil {
		return knowledge{}, err
	}
	return *a.Known, nil
}

// Calls gives the requests that were made for a saga.
func (r *Remote) Calls(ctx context.Context, sagaID string) ([]fleet.Call, error) {
	k, err := r.known(ctx, question{Calls: sagaID})
	return k.Calls, err
}

// Meta gives the database's own facts.
func (r *Remote) Meta(ctx context.Context) (fleet.Meta, error) {
	k, err := r.known(ctx, question{Meta: true})
	if err != nil || k.Meta == nil {
		return fleet.Meta{}, err
	}
	return *k.Meta, nil
}

// Resources gives every droplet that was ever seen.
func (r *Remote) Resources(ctx context.Context) ([]fleet.Resource, error) {
	k, err := r.known(ctx, question{Resources: true})
	return k.Resources, err
}

// Deviations gives what the last pass saw that was not as recorded.
func (r *Remote) Deviations(ctx context.Context) ([]fleet.Drift, error) {
	k, err := r.known(ctx, question{Deviations: true})
	return k.Deviations, err
}

// Sagas gives the sagas that pass the filter.
func (r *Remote) Sagas(ctx context.Context, f saga.Filter) ([]saga.Saga, error) {
	k, err := r.known(ctx, question{Sagas: &f})
	return k.Sagas, err
}

// Saga finds a saga by its id, or the first digits of it.
func (r *Remote) Saga(ctx context.Context, id string) (saga.Saga, error) {
	k, err := r.known(ctx, question{Saga: id})
	if err == nil && len(k.Sagas) != 1 {
		err = fmt.Errorf("the running daemon gave %d sagas for one", len(k.Sagas))
	}
	if err != nil {
		return saga.Saga{}, err
	}
	return k.Sagas[0], nil
}
