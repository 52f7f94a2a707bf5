package control

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"arcadiad/saga"
)

// listening is the way to a daemon that may hang. An answer may take as long as it takes, if the daemon goes on to say that it is there: it is
// asked that all the while, and an answer breaks off when it says nothing for so long.
type listening struct {
	to       http.RoundTripper
	patience time.Duration
}

func (l *listening) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, stop := context.WithCancelCause(r.Context())
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(askTime):
			}
			if errors.Is(probe(ctx, l.to, l.patience), errSilent) {
				stop(errSilent)
			}
		}
	}()
	resp, err := l.to.RoundTrip(r.WithContext(ctx))
	if err != nil {
		stop(err)
		return nil, context.Cause(ctx) // the first of the two reasons
	}
	resp.Body = &heard{resp.Body, stop, func() bool { return errors.Is(context.Cause(ctx), errSilent) }}
	return resp, nil
}

// probe asks for next to nothing, and tells why there is no answer.
func probe(ctx context.Context, to http.RoundTripper, patience time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errSilent)
	defer cancel()
	_, err := sagasCall.ask(ctx, &http.Client{Transport: to}, saga.Filter{Live: true, Limit: 1}, nil)
	if err != nil && errors.Is(context.Cause(ctx), errSilent) {
		return errSilent
	}
	return err
}

// heard is an answer that breaks off when the daemon falls silent.
type heard struct {
	io.ReadCloser
	stop   context.CancelCauseFunc
	silent func() bool
}

func (h *heard) Read(b []byte) (n int, err error) {
	if n, err = h.ReadCloser.Read(b); err != nil && h.silent() {
		err = errSilent
	}
	return n, err
}

func (h *heard) Close() error {
	h.stop(nil)
	return h.ReadCloser.Close()
}
