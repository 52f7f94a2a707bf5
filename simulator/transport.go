package simulator

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"syscall"
)

// Transport carries requests to the simulator inside the process, without sockets, so that it works in a testing/synctest
// bubble. It honours the request's context and its httptrace hooks, and fails with the kinds of errors that net/http gives.
func (s *Simulator) Transport() http.RoundTripper { return transport{s} }

type transport struct{ s *Simulator }

// RoundTrip serves one request.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	body, err := readRequest(req)
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil {
		trace = &httptrace.ClientTrace{}
	}
	if trace.GetConn != nil {
		trace.GetConn(req.URL.Host)
	}
	e := t.s.decide(req)
	if e.Do == "refuse" {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: inProcess{req.URL.Host}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	if trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	if trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	if trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}

	served, hangUp := context.WithCancel(context.WithValue(ctx, effectKey{}, e))
	type outcome struct {
		w     *wire
		whole bool
	}
	done := make(chan outcome, 1)
	go func() {
		defer hangUp()
		w := &wire{header: http.Header{}}
		defer func() {
			switch p := recover(); p {
			case nil:
				done <- outcome{w, true}
			case http.ErrAbortHandler:
				done <- outcome{w, false}
			default:
				panic(p)
			}
		}()
		t.s.ServeHTTP(w, serverRequest(served, req, body))
	}()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case o := <-done:
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if !o.whole && o.w.status == 0 {
			return nil, fmt.Errorf("the connection was cut before an answer came: %w", io.EOF)
		}
		if trace.GotFirstResponseByte != nil {
			trace.GotFirstResponseByte()
		}
		return o.w.response(req, o.whole), nil
	}
}

// decide takes the effect for a request before there is a connection. The simulator's own paths meet none.
func (s *Simulator) decide(req *http.Request) Effect {
	route := s.routeOf(req)
	if route == "" {
		return Pass()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.effect(req.Method, route)
}

// readRequest reads and closes the request's body, as a RoundTripper must.
func readRequest(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

// serverRequest is the request as the server gets it.
func serverRequest(ctx context.Context, req *http.Request, body []byte) *http.Request {
	r := req.Clone(ctx)
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	r.RequestURI = req.URL.RequestURI()
	if r.Host == "" {
		r.Host = req.URL.Host
	}
	if req.URL.Scheme == "https" {
		r.TLS = &tls.ConnectionState{}
	}
	r.URL = &url.URL{Path: req.URL.Path, RawPath: req.URL.RawPath, RawQuery: req.URL.RawQuery}
	r.RemoteAddr = "in-process"
	r.Pattern = ""
	return r
}

type inProcess struct{ host string }

func (inProcess) Network() string  { return "tcp" }
func (a inProcess) String() string { return a.host }

// wire takes what the handler writes.
type wire struct {
	header http.Header
	sent   http.Header // the headers at the time of WriteHeader
	status int
	body   bytes.Buffer
}

func (w *wire) Header() http.Header { return w.header }

func (w *wire) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *wire) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// FlushError makes the wire flushable for http.ResponseController; there is nothing to flush.
func (w *wire) FlushError() error { return nil }

func (w *wire) response(req *http.Request, whole bool) *http.Response {
	w.WriteHeader(http.StatusOK)
	length := int64(w.body.Len())
	var body io.Reader = bytes.NewReader(w.body.Bytes())
	if !whole {
		length = -1
		body = io.MultiReader(body, broken{})
	}
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)),
		StatusCode: w.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        w.sent,
		Body:          &answerBody{ctx: req.Context(), Reader: body},
		ContentLength: length,
		Request:       req,
	}
}

// broken ends a body as a connection that was cut does.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// answerBody fails once the request's context has ended, as a body from the wire does.
type answerBody struct {
	ctx context.Context
	io.Reader
}

func (b *answerBody) Read(p []byte) (int, error) {
	if b.ctx.Err() != nil {
		return 0, context.Cause(b.ctx)
	}
	return b.Reader.Read(p)
}

func (b *answerBody) Close() error { return nil }
