package control

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
)

// Handler answers the calls of the protocol from a service. The context of each call has the person who asks ([fleet.PersonOf]).
func Handler(s Service) http.Handler {
	mux := http.NewServeMux()
	statusCall.serve(mux, plain(func(ctx context.Context, _ struct{}) (Status, error) { return s.Status(ctx) }))
	changedCall.serve(mux, plain(s.Changed))
	sagasCall.serve(mux, plain(s.Sagas))
	sagaCall.serve(mux, plain(s.Saga))
	callsCall.serve(mux, plain(s.Calls))
	planCall.serve(mux, plain(func(ctx context.Context, q PlanRequest) (wirePlan, error) {
		p, err := s.Plan(ctx, q)
		return toWire(p), err
	}))
	applyCall.serve(mux, func(ctx context.Context, q ApplyRequest, progress func(Progress)) (wireApplyAnswer, error) {
		a, err := s.Apply(ctx, q, progress)
		return wireApplyAnswer{a.Failed, toWire(a.Remains)}, err
	})
	offerCall.serve(mux, plain(s.Offer))
	transferCall.serve(mux, s.Transfer)
	importCall.serve(mux, plain(s.Import))
	syncCall.serve(mux, plain(func(ctx context.Context, _ struct{}) (int, error) { return s.Sync(ctx) }))
	missedCall.serve(mux, done(func(ctx context.Context, _ struct{}) error { return s.Missed(ctx) }))
	approveCall.serve(mux, done(s.Approve))
	pauseCall.serve(mux, done(s.Pause))
	retryCall.serve(mux, done(s.Retry))
	abortCall.serve(mux, done(s.Abort))
	rolloutsCall.serve(mux, plain(func(ctx context.Context, _ struct{}) ([]Rollout, error) { return s.Rollouts(ctx) }))
	rolloutCall.serve(mux, plain(s.OrderRollout))
	tokenCall.serve(mux, done(func(ctx context.Context, token string) error {
		if !fromOwner(ctx) {
			return errors.New("only root may give the daemon another token (use sudo)")
		}
		return s.Token(ctx, token)
	}))
	doctorCall.serve(mux, plain(s.Doctor))
	mux.HandleFunc("POST "+backupPath, func(w http.ResponseWriter, r *http.Request) { serveBackup(s, w, r) })
	return named(mux)
}

// plain is a call without progress.
func plain[Q, A any](answer func(context.Context, Q) (A, error)) func(context.Context, Q, func(Progress)) (A, error) {
	return func(ctx context.Context, q Q, _ func(Progress)) (A, error) { return answer(ctx, q) }
}

// done is a call without an answer.
func done[Q any](do func(context.Context, Q) error) func(context.Context, Q, func(Progress)) (struct{}, error) {
	return plain(func(ctx context.Context, q Q) (struct{}, error) { return struct{}{}, do(ctx, q) })
}

func serveBackup(s Service, w http.ResponseWriter, r *http.Request) {
	if !receive(w, r, maxRequest, &struct{}{}) {
		return
	}
	backup, err := s.Backup(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer backup.Close()
	w.Header().Set("Content-Type", "application/vnd.sqlite3")
	if _, err := io.Copy(w, backup); err != nil {
		panic(http.ErrAbortHandler) // the other end must not take it for whole
	}
}

// Serve answers on a control socket until the context ends. Who follows an apply then is told by the broken stream; the sagas carry on at
// the next start. Who looks does without this daemon: that it ends is no answer.
func Serve(ctx context.Context, l net.Listener, h http.Handler) {
	server := bounded(h)
	server.BaseContext = func(net.Listener) context.Context { return context.WithValue(ctx, endKey{}, ctx.Done()) }
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		server.Close()
	}()
	server.Serve(l)
	<-stopped
}
