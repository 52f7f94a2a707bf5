package control

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
)

// call is one call of the protocol, which is HTTP with JSON bodies: a request of type Q is posted to a path, and answered by an A.
type call[Q, A any] struct {
	path string
	most int64 // bytes of a request; 0: maxRequest
}

// line is one line of an answer: progress, or the last one, which has the answer or an error.
type line[A any] struct {
	Progress *Progress `json:"progress,omitempty"`
	Answer   A         `json:"answer,omitzero"`
	Error    string    `json:"error,omitempty"`
}

// serve answers the call.
func (c call[Q, A]) serve(mux *http.ServeMux, answer func(context.Context, Q, func(Progress)) (A, error)) {
	mux.HandleFunc("POST "+c.path, func(w http.ResponseWriter, r *http.Request) {
		var q Q
		if !receive(w, r, cmp.Or(c.most, maxRequest), &q) {
			return
		}
		send := func(l line[A]) {
			json.NewEncoder(w).Encode(l)
			http.NewResponseController(w).Flush()
		}
		a, err := answer(r.Context(), q, func(p Progress) { send(line[A]{Progress: &p}) })
		if err != nil && ending(r.Context()) {
			panic(http.ErrAbortHandler)
		}
		if err != nil {
			send(line[A]{Error: err.Error()})
			return
		}
		send(line[A]{Answer: a})
	})
}

// ask makes the call. Progress is told of what comes before the answer.
func (c call[Q, A]) ask(ctx context.Context, to *http.Client, q Q, progress func(Progress)) (none A, err error) {
	resp, err := post(ctx, to, c.path, q)
	if err != nil {
		return none, err
	}
	defer resp.Body.Close()
	for dec := json.NewDecoder(resp.Body); ; {
		var l line[A]
		if err := dec.Decode(&l); err != nil {
			return none, unanswered(err)
		}
		switch {
		case l.Error != "":
			return none, &toldError{l.Error, context.Cause(ctx)}
		case l.Progress == nil:
			return l.Answer, nil
		}
		if progress != nil {
			progress(*l.Progress)
		}
	}
}

// toldError is an error in the words of the one who was asked. It is an interruption too, if the one who asked was interrupted.
type toldError struct {
	words       string
	interrupted error
}

func (e *toldError) Error() string { return e.words }
func (e *toldError) Unwrap() error { return e.interrupted }

// post sends a request.
func post(ctx context.Context, to *http.Client, path string, q any) (*http.Response, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://arcadiad"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := to.Do(signed(req))
	if e, ok := errors.AsType[*url.Error](err); ok {
		return nil, unanswered(e.Err) // what it adds is the same for every call
	}
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, refused(resp)
	}
	return resp, nil
}

// endKey is where the context of a request has the end of the daemon that answers it.
type endKey struct{}

// ending tells whether the daemon that answers a request ends.
func ending(ctx context.Context) bool {
	end, _ := ctx.Value(endKey{}).(<-chan struct{})
	select {
	case <-end:
		return true
	default:
		return false
	}
}
