package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"arcadiad/control"
	"arcadiad/doctor"
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

	pathOffer    = "/handover/offer"
	pathTransfer = "/handover"
	pathKnown    = "/known"
	pathBackup   = "/backup"
	pathDoctor   = "/doctor"
	pathToken    = "/token"
	pathMissed   = "/missed"
)

// order is the body of every request: what it is about.
type order struct {
	ID    string `json:"id,omitempty"`    // of a saga, or of a plan
	Hash  string `json:"hash,omitempty"`  // of the fleet file to plan for; empty: the one in force
	Hurry bool   `json:"hurry,omitempty"` // of /plan: what waits for time alone goes ahead

	Transfer *transferRequest `json:"errand,omitempty"`   // of a transfer
	Question *question        `json:"question,omitempty"` // of /known
	Token    string           `json:"token,omitempty"`    // of /token
}

// reply is the body of an answer; of /apply and /transfer, one of many.
type reply struct {
	Error    string             `json:"error,omitempty"`
	Changed  bool               `json:"changed,omitempty"` // the error is reconcile.ErrChanged
	Droplets int                `json:"droplets,omitempty"`
	Plan     *carried           `json:"plan,omitempty"`
	Progress *control.Progress  `json:"progress,omitempty"`
	Failed   []control.Progress `json:"failed,omitempty"`
	Live     *control.Live      `json:"live,omitempty"`
	Known    *knowledge         `json:"known,omitempty"`
	Report   *doctor.Report     `json:"report,omitempty"`
	Done     bool               `json:"done,omitempty"`

	Transfers []plan.Transfer `json:"handovers,omitempty"`
	Waiting   bool            `json:"waiting,omitempty"` // for writes to be let through again
}

// serve answers on the control socket until the context ends.
func (h *app) serve(ctx context.Context, l net.Listener) {
	mux := http.NewServeMux()
	handle := func(path string, f func(context.Context, order) (reply, error)) {
		most := int64(mostOrder)
		if path == pathOffer {
			most = maxTransferBody
		}
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			if o, ok := receive(w, r, most); ok {
				answer, err := f(r.Context(), o)
				send(w, answer, err)
			}
		})
	}
	handle(pathStatus, func(context.Context, order) (reply, error) { return reply{Live: h.live()}, nil })
	handle(pathPlan, func(ctx context.Context, o order) (reply, error) {
		if err := h.takeIn(ctx, o.Hash); err != nil {
			return reply{}, err
		}
		pass, err := h.loop.Preview(ctx, o.Hurry)
		h.shown.Store(&pass.Plan)
		return reply{Plan: bare(pass.Plan)}, err
	})
	handle(pathSync, func(ctx context.Context, _ order) (reply, error) {
		out, err := h.loop.Pass(ctx, reconcile.TriggerSync, false, "")
		if out.Saved && errors.Is(err, reconcile.ErrChanged) {
			err = nil // the file changed meanwhile: the inventory was taken all the same
		}
		return reply{Droplets: len(out.Pass.Observed.Droplets)}, err
	})
	handle(pathRetry, func(ctx context.Context, o order) (reply, error) { return reply{}, h.retry(ctx, o.ID) })
	handle(pathAbort, func(ctx context.Context, o order) (reply, error) { return reply{}, h.engine.Abort(ctx, o.ID) })
	handle(pathApprove, func(ctx context.Context, o order) (reply, error) { return reply{}, h.approve(ctx, o.ID) })
	handle(pathPause, func(ctx context.Context, _ order) (reply, error) { return reply{}, h.pause(ctx, true) })
	handle(pathResume, func(ctx context.Context, _ order) (reply, error) { return reply{}, h.pause(ctx, false) })
	handle(pathMissed, func(context.Context, order) (reply, error) { h.loop.Missed(); return reply{}, nil })
	handle(pathOffer, h.offer)
	mux.HandleFunc("POST "+pathTransfer, h.serveTransfer)
	handle(pathDoctor, func(ctx context.Context, _ order) (reply, error) { return reply{Report: h.examine(ctx)}, nil })
	handle(pathToken, func(ctx context.Context, o order) (reply, error) { return reply{}, h.takeToken(ctx, o.Token) })
	handle(pathKnown, func(ctx context.Context, o order) (reply, error) {
		if o.Question == nil {
			return reply{}, errors.New("what do you want to know?")
		}
		k, err := h.known(ctx, *o.Question)
		return reply{Known: &k}, err
	})
	mux.HandleFunc("POST "+pathApply, h.serveApply)
	mux.HandleFunc("POST "+pathBackup, h.serveBackup)

	server := newServer(mux)
	server.BaseContext = func(net.Listener) context.Context { return ctx }
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		server.Close() // whoever follows an apply is told by the broken stream; the sagas carry on at the next start
	}()
	server.Serve(l)
	<-stopped
}

// takeIn sees to it that the fleet file of that hash is in force: a file that was saved a moment ago may not be yet.
func (h *app) takeIn(ctx context.Context, hash string) error {
	ctx, cancel := context.WithTimeout(ctx, takeInTime)
	defer cancel()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for asked := false; ; {
		if desired, ok := h.loop.Desired(); hash == "" || ok && desired.Hash == hash {
			return nil
		}
		var reload chan<- struct{}
		if !asked {
			reload = h.reload
		}
		select {
		case reload <- struct{}{}:
			asked = true
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("the daemon has another fleet file in force than yours; it watches %s (is yours another file, or did it just change again?)", h.o.Fleet)
		}
	}
}

// takeInTime is how long the watcher gets to take in a file that was just saved: some debounces.
const takeInTime = 5 * time.Second

// serveApply streams the progress of an apply, one reply a line.
func (h *app) serveApply(w http.ResponseWriter, r *http.Request) {
	o, ok := receive(w, r, mostOrder)
	if !ok {
		return
	}
	flush := http.NewResponseController(w).Flush
	progress := func(p control.Progress) {
		send(w, reply{Progress: &p}, nil)
		flush()
	}
	after := func(ctx context.Context) (plan.Plan, error) {
		pass, err := h.loop.Preview(ctx, true)
		return pass.Plan, err
	}
	agreed := h.shown.of(o.ID)
	failed, remains, err := h.carry(r.Context(), agreed, progress, after, func(ctx context.Context, planID string) error {
		_, err := h.passWithin(ctx, planID, agreed)
		return err
	})
	send(w, reply{Failed: failed, Plan: bare(remains), Done: true}, err)
}

// passAgreed carries out the plan of that id, to which a person said yes.
func (h *app) passAgreed(ctx context.Context, planID string) (reconcile.Outcome, error) {
	return h.passWithin(ctx, planID, h.shown.of(planID))
}

// passWithin carries out the plan of that id. When the plan is another one by now, because the daemon has begun it by itself, it carries out
// what is left, as long as all of that is part of what the person agreed to.
func (h *app) passWithin(ctx context.Context, planID string, agreed plan.Plan) (reconcile.Outcome, error) {
	for {
		out, err := h.loop.Pass(ctx, reconcile.TriggerApply, true, planID)
		if !errors.Is(err, reconcile.ErrChanged) || out.Pass.Plan.ID == planID || len(agreed.Actions) == 0 || !out.Pass.Plan.Within(agreed) {
			return out, err
		}
		planID = out.Pass.Plan.ID
	}
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
