package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"arcadiad/plan"
	"arcadiad/reconcile"
)

// The control socket speaks HTTP with JSON bodies. It is arcadiad's own: both ends are this program.
const (
	pathStatus  = "/status"
	pathPlan    = "/plan"
	pathApply   = "/apply"
	pathSync    = "/sync"
	pathRetry   = "/saga/retry"
	pathAbort   = "/saga/abort"
	pathApprove = "/approve"
	pathPause   = "/pause"
	pathResume  = "/resume"
)

// order is the body of every request: what it is about.
type order struct {
	ID string `json:"id,omitempty"` // of a saga, or of a plan
}

// reply is the body of an answer; of /apply, one of many.
type reply struct {
	Error    string     `json:"error,omitempty"`
	Changed  bool       `json:"changed,omitempty"` // the error is reconcile.ErrChanged
	Droplets int        `json:"droplets,omitempty"`
	Plan     *carried   `json:"plan,omitempty"`
	Progress *Progress  `json:"progress,omitempty"`
	Failed   []Progress `json:"failed,omitempty"`
	Live     *Live      `json:"live,omitempty"`
	Done     bool       `json:"done,omitempty"`
}

// serve answers on the control socket until the context ends.
func (h *house) serve(ctx context.Context, l net.Listener) {
	mux := http.NewServeMux()
	handle := func(path string, f func(context.Context, order) (reply, error)) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			var o order
			if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			answer, err := f(r.Context(), o)
			send(w, answer, err)
		})
	}
	handle(pathStatus, func(context.Context, order) (reply, error) { return reply{Live: h.live()}, nil })
	handle(pathPlan, func(ctx context.Context, _ order) (reply, error) {
		pass, err := h.loop.Preview(ctx, true)
		return reply{Plan: bare(pass.Plan)}, err
	})
	handle(pathSync, func(ctx context.Context, _ order) (reply, error) {
		out, err := h.loop.Pass(ctx, reconcile.TriggerSync, false, "")
		return reply{Droplets: len(out.Pass.Observed.Droplets)}, err
	})
	handle(pathRetry, func(ctx context.Context, o order) (reply, error) { return reply{}, h.retry(ctx, o.ID) })
	handle(pathAbort, func(ctx context.Context, o order) (reply, error) { return reply{}, h.engine.Abort(ctx, o.ID) })
	handle(pathApprove, func(ctx context.Context, o order) (reply, error) { return reply{}, h.approve(ctx, o.ID) })
	handle(pathPause, func(ctx context.Context, _ order) (reply, error) { return reply{}, h.pause(ctx, true) })
	handle(pathResume, func(ctx context.Context, _ order) (reply, error) { return reply{}, h.pause(ctx, false) })
	mux.HandleFunc("POST "+pathApply, h.serveApply)

	server := &http.Server{Handler: mux, BaseContext: func(net.Listener) context.Context { return ctx }, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		server.Close() // whoever follows an apply is told by the broken stream; the sagas carry on at the next start
	}()
	server.Serve(l)
	<-stopped
}

// serveApply streams the progress of an apply, one reply a line.
func (h *house) serveApply(w http.ResponseWriter, r *http.Request) {
	var o order
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	flush := http.NewResponseController(w).Flush
	progress := func(p Progress) {
		send(w, reply{Progress: &p}, nil)
		flush()
	}
	after := func(ctx context.Context) (plan.Plan, error) {
		pass, err := h.loop.Preview(ctx, true)
		return pass.Plan, err
	}
	failed, remains, err := h.carry(r.Context(), progress, after, func(ctx context.Context) (reconcile.Outcome, error) {
		return h.loop.Pass(ctx, reconcile.TriggerApply, true, o.ID)
	})
	send(w, reply{Failed: failed, Plan: bare(remains), Done: true}, err)
}

func send(w http.ResponseWriter, answer reply, err error) {
	if err != nil {
		answer.Error, answer.Changed = err.Error(), errors.Is(err, reconcile.ErrChanged)
	}
	json.NewEncoder(w).Encode(answer)
}

// carried is a plan as the socket carries it: whole, so that the other end can render it, unlike its JSON for programs.
type carried plan.Plan

// bare is a plan without the texts of user_data, which nobody needs to render it.
func bare(p plan.Plan) *carried {
	actions := make([]plan.Action, len(p.Actions))
	copy(actions, p.Actions)
	for i := range actions {
		actions[i].Spec.UserData = ""
	}
	p.Actions = actions
	return (*carried)(&p)
}
