package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"syscall"
	"time"

	"arcadiad/plan"
)

// The bounds of the control socket. Whoever may use it is trusted with the fleet, and not with the daemon's memory.
const (
	maxRequest   = 64 << 10         // bytes of a request's body
	maxTransfer  = 8 << 20          // bytes of one that lists droplets which change hands
	maxTransfers = 10_000           // droplets in that list
	maxHeader    = 16 << 10         // bytes of a request's header
	maxAtOnce    = 256              // requests that are answered at the same time
	requestTime  = 10 * time.Second // to send a request
	idleTime     = 10 * time.Second // between two requests on one connection
	maxRefusal   = 1 << 10          // bytes that are read of an answer that refuses
	askTime      = 5 * time.Second  // for a daemon to say that it is there, before a command that only looks does without it
	waitTime     = 30 * time.Second // for the same, before all other commands end
)

// bounded is the control socket's server. Writing an answer has no time limit: an apply is followed for as long as it takes.
func bounded(handler http.Handler) *http.Server {
	places := make(chan struct{}, maxAtOnce)
	return &http.Server{
		ConnContext: withPeer, ReadTimeout: requestTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case places <- struct{}{}:
				defer func() { <-places }()
				handler.ServeHTTP(w, r)
			default:
				refuse(w, http.StatusServiceUnavailable, "the daemon answers %d requests already: try again in a moment", maxAtOnce)
			}
		}),
	}
}

// receive reads a request of at most so many bytes, to its end: net/http lifts the time limit for reading there. False: it was refused,
// and the answer says why.
func receive(w http.ResponseWriter, r *http.Request, most int64, q any) (ok bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		refuse(w, http.StatusRequestEntityTooLarge, "the request is larger than %d KiB", most>>10)
	case errors.Is(err, os.ErrDeadlineExceeded):
		refuse(w, http.StatusRequestTimeout, "the request was not sent whole within %v", requestTime)
	case err != nil:
		refuse(w, http.StatusBadRequest, "the request could not be read: %v", err)
	default:
		if err = json.Unmarshal(body, q); err != nil {
			refuse(w, http.StatusBadRequest, "the request is malformed: %v", err)
		}
	}
	return err == nil
}

// TransferList is what a person agreed to in a transfer. A short text can say a list that takes a hundred times its room, so the length
// is checked while it is read.
type TransferList []plan.Transfer

func (l *TransferList) UnmarshalJSON(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	if start, err := dec.Token(); err != nil || start != json.Delim('[') && start != nil {
		return errors.Join(err, errors.New("a list is expected"))
	}
	for *l = nil; dec.More(); {
		if len(*l) == maxTransfers {
			return fmt.Errorf("more than %d droplets in one request", maxTransfers)
		}
		var h plan.Transfer
		if err := dec.Decode(&h); err != nil {
			return err
		}
		*l = append(*l, h)
	}
	return nil
}

// refuse answers in words that the other end shows as they are.
func refuse(w http.ResponseWriter, status int, format string, args ...any) {
	w.Header().Set("Connection", "close")
	http.Error(w, fmt.Sprintf(format, args...), status)
}

// errVersion is what a command says to a daemon that does not know what is asked of it.
var errVersion = errors.New("the running daemon is of another version than this arcadiad: restart it (sudo systemctl restart arcadiad)")

// unanswered is why an answer did not come, or not whole.
func unanswered(err error) error {
	switch {
	case errors.Is(err, errSilent):
		return errUnheard
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("the daemon stopped before its answer was complete; its sagas continue at its next start: %w", err)
	}
	return fmt.Errorf("ask the running daemon: %w", err)
}

// errSilent is why an answer is not waited for any longer. What was asked may be done all the same, as soon as the daemon goes on.
var (
	errSilent  = fmt.Errorf("nothing comes from the running daemon: %w", context.DeadlineExceeded)
	errUnheard = fmt.Errorf("%w; it may still do what it was asked (check its log, then restart it: its sagas continue)", errSilent)
)

// refused is why a request was not answered, as the other end sees it.
func refused(resp *http.Response) error {
	if resp.StatusCode == http.StatusNotFound {
		return errVersion
	}
	said, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	if err != nil || len(said) == 0 {
		return fmt.Errorf("the running daemon refuses %s: %s", resp.Request.URL.Path, resp.Status)
	}
	return fmt.Errorf("the running daemon: %s", bytes.TrimSpace(said))
}
