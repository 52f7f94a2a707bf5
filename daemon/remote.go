package daemon

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"arcadiad/control"
	"arcadiad/state/postgres"
)

// takeTime is how long the leader gets to take an order.
const takeTime = 30 * time.Second

// remote carries calls to the leader as rows of the state database that both have, and its answers back. An answer comes whole, when all is done.
type remote struct{ database *postgres.Reader }

func (w remote) RoundTrip(r *http.Request) (*http.Response, error) {
	var request bytes.Buffer
	if err := r.Write(&request); err != nil {
		return nil, err
	}
	answer, err := w.database.Ask(r.Context(), request.Bytes(), takeTime)
	if err != nil {
		return nil, fmt.Errorf("ask the arcadiad that leads: %w", err)
	}
	return http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), r)
}

// answerRemote answers calls that came as rows.
func answerRemote(h http.Handler) func(ctx context.Context, request []byte) []byte {
	return func(ctx context.Context, request []byte) []byte {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(request)))
		var answer bytes.Buffer
		if err == nil {
			var resp *http.Response
			if resp, err = control.InProcess(h).RoundTrip(r.WithContext(ctx)); err == nil {
				resp.ProtoMajor, resp.ProtoMinor, resp.ContentLength = 1, 1, -1
				err = resp.Write(&answer)
			}
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) { // what broke off is read as far as it came
			answer.Reset()
			words := err.Error()
			fmt.Fprintf(&answer, "HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%s", len(words), words)
		}
		return answer.Bytes()
	}
}
