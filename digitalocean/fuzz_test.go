package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"arcadiad/fleet"
)

// calls are the requests that arcadiad sends, each with whether it writes.
func calls() map[string]struct {
	write bool
	do    func(context.Context, *Client) error
} {
	type call = struct {
		write bool
		do    func(context.Context, *Client) error
	}
	none := func(context.Context) error { return nil }
	return map[string]call{
		"list": {false, func(ctx context.Context, c *Client) error {
			l, err := c.List(ctx, Filter{})
			if err == nil && len(l.Droplets) != l.Total {
				return fmt.Errorf("a listing of %d droplets says that they are %d", len(l.Droplets), l.Total)
			}
			for _, d := range l.Droplets {
				if d.ID <= 0 || len(d.Data) == 0 {
					return fmt.Errorf("a droplet without id or data: %+v", d)
				}
			}
			return err
		}},
		"get": {false, func(ctx context.Context, c *Client) error {
			d, err := c.Get(ctx, 7)
			if err == nil && d.ID != 7 {
				return fmt.Errorf("asked for droplet 7, got %d", d.ID)
			}
			return err
		}},
		"actions": {false, func(ctx context.Context, c *Client) error { _, err := c.Actions(ctx, 7); return err }},
		"account": {false, func(ctx context.Context, c *Client) error {
			a, err := c.Account(ctx)
			if err == nil && a.UUID == "" {
				return errors.New("an account without a uuid")
			}
			return err
		}},
		"create": {true, func(ctx context.Context, c *Client) error {
			d, err := c.Create(ctx, &demoSpec, []string{"a"}, none)
			if err == nil && d.ID <= 0 {
				return errors.New("a create without an id succeeded")
			}
			return err
		}},
		"destroy": {true, func(ctx context.Context, c *Client) error { return c.Destroy(ctx, 7, none) }},
		"tag":     {true, func(ctx context.Context, c *Client) error { return c.Tag(ctx, "a", 7) }},
		"untag":   {true, func(ctx context.Context, c *Client) error { return c.Untag(ctx, "a", 7) }},
	}
}

// Whatever the API, or whoever stands in its place, answers: a call ends, with a typed error in one line without a token or with a
// sound result; and no write is ever taken for undone that may have been done.
func FuzzAnswers(f *testing.F) {
	droplet, err := os.ReadFile("testdata/droplet.json")
	if err != nil {
		f.Fatal(err)
	}
	one := `{"droplet":` + string(droplet) + `}`
	for status, bodies := range map[int][]string{
		200: {
			"", "null", "[]", "{}", `{"droplet":null}`, `{"droplet":{"id":0}}`, `{"droplet":{"id":7}}`, `{"droplet":{"id":"7"}}`, one,
			one[:len(one)/2], `{"droplets":[],"meta":{"total":0}}`, `{"droplets":[],"links":{}}`, `{"droplets":[{"id":7}],"meta":{"total":1}}`,
			`{"droplets":[{"id":7},{"id":7}],"meta":{"total":2}}`, `{"droplets":[{"id":7}],"meta":{"total":-1}}`,
			`{"droplets":[{"id":7}],"links":{"pages":{"next":"x"}},"meta":{"total":2}}`,
			`{"actions":[{"id":1,"type":"create","started_at":"never"}],"links":{"pages":{"next":"x"}},"meta":{"total":9}}`,
			`{"droplets":{"id":7},"meta":{"total":1}}`, `{"droplet":{"id":7,"size":{"price_monthly":"free"},"tags":"a"}}`,
			`{"droplet":{"id":7,"size":{"price_monthly":"free"}}}`, `{"droplet":{"id":1e30}}`, strings.Repeat("[", 20_000), accountBody,
			`{"account":{"uuid":7}}`, `{"account":{"uuid":"u","team":[]}}`, "<html><body>Sign in to continue</body></html>",
		},
		202: {one, one[:len(one)-9], "<html>"},
		204: {"", "x"},
		307: {""},
		401: {`{"id":"unauthorized","message":"Unable to authenticate you"}`, "\x00\xff"},
		403: {`{"id":"forbidden","message":7}`, "[]"},
		404: {`{"id":"not_found","message":"` + secret + `"}`},
		408: {""},
		422: {`{"message":"Droplet already has a pending event."}`, `{"message":"a\nb\u0007c"}`, `{"message":null}`},
		429: {`{"id":"too_many_requests"}`},
		500: {"<html><title>500</title>", strings.Repeat("<", 9_000)},
		520: {"", "{"},
	} {
		for _, body := range bodies {
			f.Add(status, body, "")
		}
	}
	f.Add(429, "", "999999999999")
	f.Fuzz(func(t *testing.T, status int, body, retryAfter string) {
		if status < 200 || status > 999 {
			return // net/http does not give such answers to anybody
		}
		for name, call := range calls() {
			sent := 0
			a := newAPI(t, Config{Transport: inProcess(func(*http.Request) (*http.Response, error) {
				sent++
				return reply(status, body, "Retry-After: "+retryAfter, "RateLimit-Remaining: "+retryAfter), nil
			})})
			err := call.do(t.Context(), a.Client(PrioritySaga))
			checkVerdict(t, name, err)
			if call.write && sent > 1 && name != "tag" { // a tag that is not there is made first
				t.Errorf("%s: sent %d times", name, sent)
			}
			if call.write && err != nil && !Uncertain(err) && (status < 400 || status >= 500 || status == 408) && name != "tag" {
				t.Errorf("%s: status %d is taken for refused: %v", name, status, err)
			}
		}
	})
}

// checkVerdict holds an outcome against what callers and logs rely on.
func checkVerdict(t *testing.T, name string, err error) {
	t.Helper()
	if err == nil || errors.Is(err, ErrMoved) {
		return
	}
	var typed *Error
	if !errors.As(err, &typed) {
		t.Errorf("%s: %v", name, err)
		return
	}
	said := err.Error()
	if strings.Contains(said, secret) || strings.ContainsFunc(said, unicode.IsControl) || len(said) > 4_000 {
		t.Errorf("%s: not fit for a log: %q", name, said)
	}
}

// endless is a body that goes on for ever.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += len(p)
	return len(p), nil
}

func (e *endless) Close() error { return nil }

// A body without an end is read up to a bound, and one that drips ends with the request's time.
func TestBodiesAreBounded(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusBadGateway} {
		body := &endless{}
		a := newAPI(t, Config{Transport: inProcess(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: body}, nil
		})})
		_, err := a.Client(PrioritySync).List(t.Context(), Filter{})
		if !errors.Is(err, ErrUnavailable) || status == http.StatusOK && !strings.Contains(err.Error(), "larger than 32 MiB") {
			t.Errorf("status %d: %v", status, err)
		}
		if body.read > 64<<20 {
			t.Errorf("status %d: %d bytes were read", status, body.read)
		}
	}
	body := &endless{}
	a := newAPI(t, Config{Transport: inProcess(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusAccepted, Header: http.Header{}, Body: body}, nil
	})})
	if _, err := a.Client(PrioritySaga).Create(t.Context(), &demoSpec, nil, nil); !errors.Is(err, ErrUnknown) {
		t.Errorf("a create whose answer has no end: %v", err)
	}
}

func TestDrippingBodiesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, call := range calls() {
			a := newAPI(t, Config{Transport: inProcess(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: dripping{r.Context()}}, nil
			})})
			began := time.Now()
			err := call.do(t.Context(), a.Client(PrioritySaga))
			if took := time.Since(began); took > DefaultWriteTimeout+time.Second {
				t.Errorf("%s took %v", name, took)
			}
			if want := map[bool]Kind{false: ErrUnavailable, true: ErrUnknown}[call.write]; !errors.Is(err, want) || !strings.Contains(err.Error(), "no answer within") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// dripping gives a byte a second until the request's context ends, as a body from the wire does.
type dripping struct{ ctx context.Context }

func (d dripping) Read(p []byte) (int, error) {
	select {
	case <-d.ctx.Done():
		return 0, context.Cause(d.ctx)
	case <-time.After(time.Second):
		p[0] = ' '
		return 1, nil
	}
}

func (d dripping) Close() error { return nil }

// A list that names one more page for ever comes to an end.
func TestListsWithoutEnd(t *testing.T) {
	pages := 0
	a := newAPI(t, Config{Budget: NewBudget(BudgetOptions{Reserve: -1}), Transport: inProcess(func(r *http.Request) (*http.Response, error) {
		pages++
		if strings.HasSuffix(r.URL.Path, "/actions") {
			return reply(200, `{"actions":[{"id":1}],"links":{"pages":{"next":"x"}},"meta":{"total":3}}`), nil
		}
		return reply(200, fmt.Sprintf(`{"droplets":[{"id":%d}],"links":{"pages":{"next":"x"}},"meta":{"total":3}}`, pages)), nil
	})})
	if _, err := a.Client(PrioritySaga).Actions(t.Context(), 7); !errors.Is(err, ErrUnavailable) || pages > 5 {
		t.Errorf("actions: %d pages, %v", pages, err)
	}
	pages = 0
	if _, err := a.Client(PrioritySaga).List(t.Context(), Filter{}); err == nil || pages > 5 {
		t.Errorf("droplets: %d pages, %v", pages, err)
	}
}

// The price rides along with the droplet; one that is not a number is unknown, and spoils nothing.
func TestPriceRidesAlong(t *testing.T) {
	for body, want := range map[string]float64{
		`{"droplet":{"id":7,"size":{"price_monthly":12.0}}}`:   12,
		`{"droplet":{"id":7,"size":{"price_monthly":"free"}}}`: 0,
		`{"droplet":{"id":7,"size":{"price_monthly":-3}}}`:     0,
		`{"droplet":{"id":7,"size":null}}`:                     0,
		`{"droplet":{"id":7}}`:                                 0,
	} {
		a := newAPI(t, Config{Transport: inProcess(func(*http.Request) (*http.Response, error) { return reply(200, body), nil })})
		if d, err := a.Client(PriorityPoll).Get(t.Context(), 7); err != nil || d.Price.Monthly != fleet.Dollars(want) {
			t.Errorf("%s: %v, %v", body, d.Price.Monthly, err)
		}
	}
}
