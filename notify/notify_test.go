package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/condition"
	"arcadiad/fleet"
	"arcadiad/plan"
)

// endpoint is a webhook in the process: it answers as told, and keeps what it took.
type endpoint struct {
	mu     sync.Mutex
	answer func(n int) (status int, err error) // of the n-th call, from 1; nil: 204
	header http.Header
	calls  []time.Time
	took   []Message
	ids    []string
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	e.calls = append(e.calls, time.Now())
	e.ids = append(e.ids, r.Header.Get("Idempotency-Key"))
	status := http.StatusNoContent
	if e.answer != nil {
		if status, err = e.answer(len(e.calls)); err != nil {
			return nil, err
		}
	}
	if status < 300 {
		var m Message
		if err := json.Unmarshal(body, &m); err != nil {
			return nil, err
		}
		e.took = append(e.took, m)
	}
	return &http.Response{StatusCode: status, Header: e.header, Body: http.NoBody}, nil
}

// lines are the events that came, as "raised stuck web-1 state".
func (e *endpoint) lines() (lines []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.took {
		for _, v := range m.Events {
			lines = append(lines, strings.Join([]string{string(v.What), string(v.Kind), v.Subject, v.State}, " "))
		}
	}
	e.took = nil
	return lines
}

// desk is a board with a notifier that runs, in a bubble.
type desk struct {
	*condition.Board
	t    *testing.T
	hook *endpoint
	n    *Notifier
	stop func()
}

func newDesk(t *testing.T, hook *endpoint, change func(*Options)) *desk {
	o := Options{Board: condition.NewBoard(), URL: func() (string, error) { return "https://hooks.example.com/secret-path", nil }, Transport: hook,
		Fleet: func() string { return "demo" }}
	if change != nil {
		change(&o)
	}
	d := &desk{Board: o.Board, t: t, hook: hook, n: New(o)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.n.Run(ctx)
	}()
	d.stop = func() {
		cancel()
		<-done
	}
	return d
}

// hears waits a while and demands what the webhook was told meanwhile.
func (d *desk) hears(want ...string) {
	d.t.Helper()
	time.Sleep(time.Minute)
	synctest.Wait()
	if got := d.hook.lines(); !slices.Equal(got, want) {
		d.t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func stuck(name, state string) condition.Condition {
	return condition.Condition{Kind: condition.Stuck, Subject: name, State: state, Summary: "saga is stuck: no room", Advice: "arcadiad saga show"}
}

// holding is a Set of the destroys that a rule holds.
func holding(rule string, names ...string) condition.Set {
	p := plan.Plan{ID: "3f2a9c51d0e7"}
	for _, name := range names {
		p.Actions = append(p.Actions, plan.Action{Kind: plan.Destroy, Name: name, Held: true, HeldBy: rule})
	}
	return condition.Of(condition.Input{Desired: &fleet.Fleet{}, Plan: p})
}

// held is how one of them is told.
func held(name, rule string) string {
	return fmt.Sprintf("held %s destroy %s 0 %s", name, rule, fleet.Spec{}.Hash())
}

// Once for each condition, until it changes or recovers.
func TestEachConditionIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, &endpoint{}, nil)
		defer d.stop()
		d.Settle(condition.Stuck)
		d.hears()
		d.Raise(stuck("web-1", "a"))
		d.Raise(stuck("web-2", "b"))
		d.hears("raised stuck web-1 a", "raised stuck web-2 b")
		d.Raise(stuck("web-1", "a")) // the next try failed too
		d.hears()
		d.Raise(stuck("web-1", "c"))
		d.hears("changed stuck web-1 c")
		d.Clear(condition.Stuck, "web-2", "")
		d.Clear(condition.Stuck, "web-3", "")
		d.hears("recovered stuck web-2 b")
		d.Raise(stuck("web-2", "b"))
		d.hears("raised stuck web-2 b")
	})
}

// Names stand in the order of people, as everywhere.
func TestConditionsAreSortedAsNamesAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, &endpoint{}, nil)
		defer d.stop()
		for _, name := range []string{"web-10", "web-2", "db"} {
			d.Raise(stuck(name, "a"))
		}
		d.hears("raised stuck db a", "raised stuck web-2 a", "raised stuck web-10 a")
	})
}

func TestWhatHappensTogetherIsToldTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook := &endpoint{}
		d := newDesk(t, hook, nil)
		defer d.stop()
		for i := range 150 {
			c := stuck(fmt.Sprintf("web-%03d", i), "a")
			c.Summary += fmt.Sprint(i)
			d.Raise(c)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(hook.took) != 1 || len(hook.took[0].Events) != mostEvents || hook.took[0].More != 50 {
			t.Fatalf("%d messages, want one with 100 events and 50 more", len(hook.took))
		}
		if text := hook.took[0].Text; strings.Count(text, "\n") > 2*mostLines+1 || !strings.HasSuffix(text, "and 130 more: arcadiad status") {
			t.Errorf("the text is\n%s", text)
		}
		if n := d.n.Undelivered(); n != 0 {
			t.Errorf("%d are not delivered", n)
		}
	})
}

// What reads alike but for the subject is one line.
func TestWordsOfManyAlike(t *testing.T) {
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var events []condition.Event
	for i := range 12 {
		events = append(events, condition.Event{What: condition.Raised, Condition: condition.Condition{Kind: condition.Held, Subject: fmt.Sprintf("web-%d", i+1), Summary: "destroy is held", Advice: "look", Since: since}})
	}
	events = append(events, condition.Event{What: condition.Raised, Condition: condition.Condition{Kind: condition.File, Summary: "bad", Since: since}}, condition.Event{What: condition.Recovered, Condition: condition.Condition{Kind: condition.Drift, Subject: "db", Summary: "odd", Well: "as recorded again", Since: since}})
	const want = `arcadiad
held web-1, web-2, web-3, web-4, web-5, web-6, web-7, web-8, web-9, web-10, and 2 more: destroy is held (since 2026-01-02 03:04 UTC)
    do: look
file: bad (since 2026-01-02 03:04 UTC)
recovered: drift db: as recorded again (it was so since 2026-01-02 03:04 UTC: odd)`
	if got := words("", events, false); got != want {
		t.Errorf("words:\n%s\nwant:\n%s", got, want)
	}
}

// An endpoint that is down is tried again with ever longer pauses, and is then told what is so by then; nothing piles up.
func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up atomic.Bool
		hook := &endpoint{answer: func(n int) (int, error) {
			switch {
			case up.Load():
				return 200, nil
			case n%2 == 0:
				return 503, nil
			}
			return 0, errors.New("connection refused")
		}}
		var outcomes []bool
		d := newDesk(t, hook, func(o *Options) { o.Observe = func(err error) { outcomes = append(outcomes, err == nil) } })
		defer d.stop()
		d.Settle(condition.Stuck)
		d.Raise(stuck("web-1", "a"))
		d.Raise(stuck("web-2", "a"))
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		for i := 1; i < len(hook.calls); i++ {
			want := min(maxBackoff, 5*time.Second<<(i-1))
			if got := hook.calls[i].Sub(hook.calls[i-1]); got != want {
				t.Errorf("pause %d: %v, want %v", i, got, want)
			}
		}
		if n := len(hook.calls); n < 10 || n > 20 {
			t.Errorf("%d calls in two hours", n)
		}
		if n := d.n.Undelivered(); n != 2 {
			t.Errorf("%d undelivered, want 2", n)
		}
		d.Clear(condition.Stuck, "web-1", "") // it recovered before anybody heard of it
		d.Raise(stuck("web-3", "a"))
		up.Store(true)
		time.Sleep(maxBackoff)
		d.hears("raised stuck web-2 a", "raised stuck web-3 a")
		if !slices.Contains(outcomes, false) || !outcomes[len(outcomes)-1] || len(outcomes) != len(hook.calls) {
			t.Errorf("outcomes %v of %d calls", outcomes, len(hook.calls))
		}
	})
}

func TestRetryAfterIsObeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook := &endpoint{header: http.Header{"Retry-After": {"600"}}, answer: func(n int) (int, error) {
			if n == 1 {
				return 429, nil
			}
			return 200, nil
		}}
		d := newDesk(t, hook, nil)
		defer d.stop()
		d.Raise(stuck("web-1", "a"))
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(hook.calls) != 2 || hook.calls[1].Sub(hook.calls[0]) != 10*time.Minute {
			t.Errorf("calls at %v", hook.calls)
		}
		if hook.ids[0] == "" || hook.ids[0] != hook.ids[1] {
			t.Errorf("ids %q, want the same message twice", hook.ids)
		}
	})
}

// Nobody who raises a condition waits for an endpoint that hangs, and the notifier ends when it is told to.
func TestAHangingEndpointHoldsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, nil, func(o *Options) {
			o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})
		})
		d.Raise(stuck("web-1", "a"))
		time.Sleep(gather + time.Second)
		began := time.Now()
		for i := range 10_000 {
			d.Raise(stuck("web-2", fmt.Sprint(i)))
		}
		d.stop()
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %v", took)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A restart tells nothing again, concludes nothing before it knows, and tells what recovered meanwhile.
func TestMemoryOutlivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "told.json")
		life := func() *desk { return newDesk(t, &endpoint{}, func(o *Options) { o.Memory = file }) }
		d := life()
		d.Raise(stuck("web-1", "a"))
		d.Replace(holding("lost", "web-2", "web-3"), condition.Passes)
		d.hears("raised stuck web-1 a", "raised "+held("web-2", "lost"), "raised "+held("web-3", "lost"))
		d.stop()
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the memory: %v, %v", info, err)
		}

		d = life()
		d.hears()
		d.Raise(stuck("web-1", "a"))
		d.Settle(condition.Stuck)
		d.hears()
		d.Replace(holding("volumes", "web-3"), condition.Passes)
		d.hears("changed "+held("web-3", "volumes"), "recovered "+held("web-2", "lost"))
		d.stop()

		d = life()
		d.Settle(condition.Stuck)
		d.hears("recovered stuck web-1 a")
		d.stop()
	})
}

// A memory that cannot be used costs a repetition, nothing else.
func TestSpoiltMemory(t *testing.T) {
	for _, spoilt := range []string{"", "{", `{"version":2}`, "null", "[]"} {
		synctest.Test(t, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "told.json")
			if err := os.WriteFile(file, []byte(spoilt), 0o600); err != nil {
				t.Fatal(err)
			}
			d := newDesk(t, &endpoint{}, func(o *Options) { o.Memory = file })
			d.Raise(stuck("web-1", "a"))
			d.hears("raised stuck web-1 a")
			d.stop()
			d = newDesk(t, &endpoint{}, func(o *Options) { o.Memory = file })
			d.Raise(stuck("web-1", "a"))
			d.hears()
			d.stop()
		})
	}
}

// Over a real socket, as the endpoint sees it.
func TestOverTheWire(t *testing.T) {
	type call struct {
		method, kind, agent string
		body                map[string]any
	}
	calls := make(chan call, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		c := call{r.Method, r.Header.Get("Content-Type"), r.UserAgent(), nil}
		if err := json.NewDecoder(r.Body).Decode(&c.body); err != nil {
			t.Error(err)
		}
		calls <- c
	}))
	defer server.Close()
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for format, check := range map[Format]func(map[string]any){
		JSON: func(body map[string]any) {
			events := body["events"].([]any)
			event := events[0].(map[string]any)
			want := map[string]any{"event": "raised", "kind": "stuck", "subject": "web-1", "state": "a", "summary": "saga is stuck: <no> room & air",
				"advice": "arcadiad saga show 5f0c9a1e", "since": "2026-01-02T03:04:05Z"}
			if len(events) != 1 || fmt.Sprint(event) != fmt.Sprint(want) {
				t.Errorf("events %v, want %v", events, want)
			}
			if body["fleet"] != "demo" || body["version"] != 1.0 || body["id"] == "" || !strings.Contains(body["text"].(string), "web-1") {
				t.Errorf("message %v", body)
			}
		},
		Slack: func(body map[string]any) {
			const want = "*arcadiad, fleet demo*\n*stuck web-1*: saga is stuck: &lt;no&gt; room &amp; air (since 2026-01-02 03:04 UTC)\n    do: arcadiad saga show 5f0c9a1e"
			if len(body) != 1 || body["text"] != want {
				t.Errorf("slack %q, want %q", body["text"], want)
			}
		},
	} {
		board := condition.NewBoard()
		told := make(chan error, 1)
		n := New(Options{Board: board, URL: func() (string, error) { return server.URL + "/hook\n", nil }, Format: format, UserAgent: "arcadiad/test",
			Fleet: func() string { return "demo" }, Observe: func(err error) { told <- err }})
		n.gather = 0
		board.Raise(condition.Condition{Kind: condition.Stuck, Subject: "web-1", State: "a", Summary: "saga is\nstuck: <no> room & air", Advice: "arcadiad saga show 5f0c9a1e", Since: since})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			n.Run(ctx)
		}()
		got := <-calls
		if err := <-told; err != nil {
			t.Error(err)
		}
		if got.method != http.MethodPost || got.kind != "application/json" || got.agent != "arcadiad/test" {
			t.Errorf("%s: %+v", format, got)
		}
		check(got.body)
		cancel()
		<-done
	}
}

// A test message says that nothing is wrong; the answer is told, whatever it is.
func TestATestMessage(t *testing.T) {
	hook := &endpoint{answer: func(n int) (int, error) { return []int{0, 202, 404}[n], nil }}
	o := Options{URL: func() (string, error) { return "https://hooks.example.com/secret-path", nil }, Transport: hook}
	if status, err := Test(t.Context(), o); err != nil || status != 202 {
		t.Errorf("%d, %v", status, err)
	}
	if got := hook.lines(); len(got) != 1 || got[0] != "test test  test" {
		t.Errorf("told %q", got)
	}
	if status, err := Test(t.Context(), o); err == nil || status != 404 || !strings.Contains(err.Error(), "404") || strings.Contains(err.Error(), "secret-path") {
		t.Errorf("%d, %v", status, err)
	}
}

// The URL is as good as a password: it is in no log and no error, whatever goes wrong.
func TestLaw15WebhookURLIsASecret(t *testing.T) {
	const path = "/services/T000/B000/verysecret"
	refusing := httptest.NewServer(nil)
	refusing.Close() // nobody listens there any more
	redirecting := httptest.NewServer(http.RedirectHandler("http://127.0.0.1:1"+path, http.StatusTemporaryRedirect))
	defer redirecting.Close()
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no such hook "+r.URL.Path, http.StatusNotFound)
	}))
	defer failing.Close()
	for name, o := range map[string]Options{
		"refused":    {URL: func() (string, error) { return refusing.URL + path, nil }},
		"redirected": {URL: func() (string, error) { return redirecting.URL + path, nil }},
		"not found":  {URL: func() (string, error) { return failing.URL + path, nil }},
		"plain http": {URL: func() (string, error) { return "http://hooks.example.com" + path, nil }},
		"no URL":     {URL: func() (string, error) { return "verysecret\x7f:", nil }},
		"told by the transport": {URL: func() (string, error) { return "https://hooks.example.com" + path, nil },
			Transport: roundTrip(func(r *http.Request) (*http.Response, error) { return nil, fmt.Errorf("cannot reach %s", r.URL) })},
	} {
		var log bytes.Buffer
		failed := make(chan error, 1)
		o.Board, o.Log = condition.NewBoard(), slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		ctx, cancel := context.WithCancel(t.Context())
		o.Observe = func(err error) { failed <- err }
		n := New(o)
		n.gather = 0
		o.Board.Raise(stuck("web-1", "a"))
		done := make(chan struct{})
		go func() {
			defer close(done)
			n.Run(ctx)
		}()
		err := <-failed
		cancel()
		<-done
		if err == nil {
			t.Errorf("%s: it was delivered", name)
			continue
		}
		if text := err.Error() + log.String(); strings.Contains(text, "verysecret") {
			t.Errorf("%s: the URL shows: %s", name, text)
		}
	}
}

func TestCheckURL(t *testing.T) {
	for url, ok := range map[string]bool{
		"https://hooks.example.com/a": true, "http://127.0.0.1:8080/a": true, "http://localhost/": true, "http://[::1]:1/": true,
		"http://hooks.example.com/a": false, "ftp://hooks.example.com": false, "hooks.example.com": false, "": false, "https://": false, "https:///a": false,
	} {
		if err := CheckURL(url); (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		}
	}
}
