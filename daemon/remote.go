package daemon

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"

	"arcadiad/control"
	"arcadiad/plan"
	"arcadiad/reconcile"
)

// Remote is a running daemon, reached through its control socket.
type Remote struct{ client *http.Client }

// Dial reaches the daemon behind the control socket; ErrNoDaemon where there is none.
func Dial(ctx context.Context, o Options) (*Remote, error) {
	socket := cmp.Or(o.Socket, SocketBeside(o.State))
	conn, err := dialSocket(ctx, socket)
	if err != nil {
		return nil, err
	}
	conn.Close()
	return &Remote{&http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dialSocket(ctx, socket) },
	}}}, nil
}

// post sends an order.
func (r *Remote) post(ctx context.Context, path string, o order) (*http.Response, error) {
	body, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://arcadiad"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the running daemon: %w", err)
	}
	return resp, nil
}

// stream sends an order and gives each reply to take, until it says no more.
func (r *Remote) stream(ctx context.Context, path string, o order, take func(reply) (more bool)) error {
	resp, err := r.post(ctx, path, o)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return refused(path, resp)
	}
	for dec := json.NewDecoder(resp.Body); ; {
		var answer reply
		if err := dec.Decode(&answer); err != nil {
			return fmt.Errorf("the daemon stopped in mid-answer; its sagas carry on at its next start: %w", err)
		}
		switch {
		case answer.Changed:
			return &changedError{answer.Error}
		case answer.Error != "":
			return errors.New(answer.Error)
		case !take(answer):
			return nil
		}
	}
}

// changedError is reconcile.ErrChanged in the words of the daemon.
type changedError struct{ words string }

func (e *changedError) Error() string        { return e.words }
func (e *changedError) Is(target error) bool { return target == reconcile.ErrChanged }

func (r *Remote) ask(ctx context.Context, path string, o order) (answer reply, err error) {
	err = r.stream(ctx, path, o, func(a reply) bool { answer = a; return false })
	return answer, err
}

// apply applies the fleet file of that hash; an empty hash means whichever is in force.
func (r *Remote) apply(ctx context.Context, c Conduct, hash string) (Applied, error) {
	look := func(ctx context.Context) (plan.Plan, error) {
		planned, err := r.ask(ctx, pathPlan, order{Hash: hash, Hurry: true})
		if err != nil {
			return plan.Plan{}, err
		}
		return plan.Plan(*planned.Plan), nil
	}
	planned, err := look(ctx)
	if err == nil {
		planned, err = awaitProof(ctx, c, planned, "the daemon goes on by itself", look)
	}
	if err != nil {
		return Applied{}, err
	}
	applied := Applied{Plan: planned, After: planned}
	if yes, err := confirmed(applied.Plan, c); err != nil || !yes {
		applied.Declined = !yes
		return applied, err
	}
	err = r.stream(ctx, pathApply, order{ID: applied.Plan.ID}, func(a reply) bool {
		if a.Progress != nil {
			c.Progress(*a.Progress)
		}
		if a.Done {
			applied.Failed, applied.After = a.Failed, plan.Plan(*a.Plan)
		}
		return !a.Done
	})
	return applied, err
}

// Sync asks for one inventory and gives the number of droplets seen.
func (r *Remote) Sync(ctx context.Context) (droplets int, err error) {
	a, err := r.ask(ctx, pathSync, order{})
	return a.Droplets, err
}

// Live asks how the daemon is.
func (r *Remote) Live(ctx context.Context) (control.Live, error) {
	a, err := r.ask(ctx, pathStatus, order{})
	if err != nil || a.Live == nil {
		return control.Live{}, err
	}
	return *a.Live, nil
}
