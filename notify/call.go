package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"arcadiad/condition"
)

// CheckURL says why a URL cannot be a webhook's, without showing it: whoever knows it may post.
func CheckURL(s string) error {
	_, err := parse(strings.TrimSpace(s))
	return err
}

func parse(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("the webhook's URL is not a URL: something like https://hooks.example.com/… is expected")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, errors.New("the webhook's URL is plain http, which would show it to the network: use https, or a loopback address")
	}
	return u, nil
}

func loopback(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}

// newHTTP follows no redirect: the next host might get to know what the first should keep.
func newHTTP(transport http.RoundTripper) *http.Client {
	if transport == nil {
		transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// call tells the webhook of events, once. The error says nothing of the URL; wait is how long the endpoint asked to be left alone, and status what
// it answered.
func (n *Notifier) call(ctx context.Context, events []condition.Event) (status int, wait time.Duration, err error) {
	s, err := n.o.URL()
	if err != nil {
		return 0, 0, err
	}
	u, err := parse(strings.TrimSpace(s))
	if err != nil {
		return 0, 0, err
	}
	id, body, err := n.o.Format.body(n.o.Fleet(), events, time.Now())
	if err != nil {
		return 0, 0, fmt.Errorf("encode the notification: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, callTime, fmt.Errorf("no answer within %s", callTime))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return 0, 0, errors.New("the webhook's URL cannot be used")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", id)
	if n.o.UserAgent != "" {
		req.Header.Set("User-Agent", n.o.UserAgent)
	}
	resp, err := n.http.Do(req)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return 0, 0, cause
		}
		if outer, ok := errors.AsType[*url.Error](err); ok {
			err = outer.Err // the outer one shows the URL
		}
		if text := err.Error(); strings.Contains(text, u.RequestURI()) && u.RequestURI() != "/" {
			err = errors.New("the webhook could not be reached")
		}
		return 0, 0, err
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // so that the connection can be used again; what it says does not matter
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		return resp.StatusCode, 0, nil
	}
	hint := ""
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode <= 399:
		hint = " (redirects are not followed: give the final URL)"
	case resp.StatusCode == http.StatusBadRequest:
		hint = " (does it take this --notify-format?)"
	case resp.StatusCode == http.StatusForbidden, resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusGone:
		hint = " (was it revoked? put the new URL in its place; no restart is needed where it is in a file)"
	}
	return resp.StatusCode, retryAfter(resp.Header), fmt.Errorf("the webhook answered %d%s", resp.StatusCode, hint)
}

// retryAfter is what the endpoint asked for, in seconds; at most an hour.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Hour, time.Duration(min(seconds, 3600))*time.Second)
}
