package control

import (
	"io"
	"net/http"
	"sync"
)

// InProcess carries requests to a handler in this process, and its answers back while they are being written. An interrupted request is
// still answered: by the words in which the handler ends.
func InProcess(h http.Handler) http.RoundTripper { return inProcess{h} }

type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	body, to := io.Pipe()
	w := &streamed{to: to, header: http.Header{}, begun: make(chan int, 1)}
	go func() {
		end := io.ErrUnexpectedEOF // of a handler that panics to break the answer off
		defer func() {
			if x := recover(); x != nil && x != http.ErrAbortHandler {
				panic(x)
			}
			r.Body.Close()
			w.WriteHeader(http.StatusOK)
			to.CloseWithError(end)
		}()
		p.handler.ServeHTTP(w, r)
		end = io.EOF
	}()
	status := <-w.begun
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: w.header, Body: body, Request: r}, nil
}

// streamed is an answer that is read while it is written.
type streamed struct {
	to     io.Writer
	header http.Header
	once   sync.Once
	begun  chan int // its status
}

func (s *streamed) Header() http.Header    { return s.header }
func (s *streamed) WriteHeader(status int) { s.once.Do(func() { s.begun <- status }) }

func (s *streamed) Write(b []byte) (int, error) {
	s.WriteHeader(http.StatusOK)
	return s.to.Write(b)
}
