package digitalocean

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestLaw03IntentComesLastBeforeTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		b := NewBudget(BudgetOptions{Concurrency: 1})
		a := newAPI(t, Config{Budget: b, Transport: inProcess(func(r *http.Request) (*http.Response, error) {
			order = append(order, r.Method)
			time.Sleep(time.Second)
			if r.Method == http.MethodDelete {
				return reply(204, ""), nil
			}
			return reply(200, `{"droplet":{"id":1}}`), nil
		})})
		c := a.Client(PrioritySaga)
		go func() { _, _ = c.Get(t.Context(), 1) }()
		synctest.Wait()
		began := time.Now()
		err := c.Destroy(t.Context(), 1, func(context.Context) error {
			order = append(order, "intent")
			if waited := time.Since(began); waited != time.Second {
				t.Errorf("the intent was called after %v, not when the request got its slot", waited)
			}
			if s := b.State(); s.InFlight != 1 || s.Waiting != 0 {
				t.Errorf("the intent was called without the slot: %+v", s)
			}
			return nil
		})
		if err != nil || len(order) != 3 || order[1] != "intent" || order[2] != http.MethodDelete {
			t.Errorf("%v: %v", order, err)
		}
	})
}

func TestLaw03NoIntentNoWrite(t *testing.T) {
	sent := 0
	b := NewBudget(BudgetOptions{})
	var may error
	a := newAPI(t, Config{Budget: b, May: func() error { return may }, Transport: inProcess(func(*http.Request) (*http.Response, error) {
		sent++
		return reply(204, ""), nil
	})})
	c := a.Client(PrioritySaga)
	full, paused, led := errors.New("disk full"), errors.New("paused by a person"), errors.New("another one leads")
	ctx, cancel := context.WithCancel(t.Context())
	for _, tt := range []struct {
		name   string
		intent func(context.Context) error
		want   error
	}{
		{"the journal fails", func(context.Context) error { return full }, full},
		{"the gate closes meanwhile", func(context.Context) error { b.Writes(paused); return nil }, paused},
		{"the lead is lost meanwhile", func(context.Context) error { may = led; return nil }, led},
		{"the context ends meanwhile", func(context.Context) error { cancel(); return nil }, context.Canceled},
	} {
		b.Writes(nil)
		may = nil
		err := c.Destroy(ctx, 1, tt.intent)
		if !errors.Is(err, ErrNotSent) || !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if s := b.State(); sent != 0 || s.HourUsed != 0 || s.InFlight != 0 {
		t.Errorf("%d requests went out; %+v", sent, s)
	}
}

func TestLaw12ClosingTheGateFreesQueuedWritesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(BudgetOptions{Concurrency: 1})
		a := newAPI(t, Config{Budget: b, Transport: inProcess(func(r *http.Request) (*http.Response, error) {
			time.Sleep(10 * time.Second)
			if r.Method == http.MethodDelete {
				return reply(204, ""), nil
			}
			return reply(200, `{"droplet":{"id":1}}`), nil
		})})
		c := a.Client(PrioritySaga)
		began := time.Now()
		type end struct {
			err   error
			after time.Duration
		}
		ends := make([]chan end, 3)
		for i, call := range []func() error{
			func() error { return c.Destroy(t.Context(), 1, nil) }, // on the wire
			func() error { // queued
				return c.Destroy(t.Context(), 2, func(context.Context) error { t.Error("an intent was called"); return nil })
			},
			func() error { _, err := c.Get(t.Context(), 1); return err }, // a queued read
		} {
			ends[i] = make(chan end, 1)
			go func() { ends[i] <- end{call(), time.Since(began)} }()
			synctest.Wait()
		}
		stop := errors.New("arcadiad is stopping")
		b.Writes(stop)
		if err := c.Destroy(t.Context(), 3, nil); !errors.Is(err, stop) || time.Since(began) != 0 {
			t.Errorf("a write at the closed gate: after %v: %v", time.Since(began), err)
		}
		if e := <-ends[1]; !errors.Is(e.err, ErrNotSent) || !errors.Is(e.err, stop) || e.after != 0 {
			t.Errorf("the queued write: after %v: %v", e.after, e.err)
		}
		if e := <-ends[0]; e.err != nil || e.after != 10*time.Second {
			t.Errorf("the write on the wire: after %v: %v", e.after, e.err)
		}
		if e := <-ends[2]; e.err != nil || e.after != 20*time.Second {
			t.Errorf("the queued read: after %v: %v", e.after, e.err)
		}
	})
}

func TestLaw12AWriteOnTheWireGetsThreeSeconds(t *testing.T) {
	for _, tt := range []struct {
		lasts time.Duration
		kind  error
		ends  time.Duration
	}{
		{2 * time.Second, nil, 3 * time.Second},
		{time.Minute, ErrUnknown, 4 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := newAPI(t, Config{Transport: inProcess(func(r *http.Request) (*http.Response, error) {
				select {
				case <-time.After(tt.lasts + time.Second):
					return reply(204, ""), nil
				case <-r.Context().Done():
					return nil, r.Context().Err()
				}
			})})
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := a.Client(PrioritySaga).Destroy(ctx, 1, nil)
			if (tt.kind == nil) != (err == nil) || tt.kind != nil && !errors.Is(err, tt.kind) || time.Since(began) != tt.ends {
				t.Errorf("ended after %v: %v", time.Since(began), err)
			}
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the context's error is lost: %v", err)
			}
			began = time.Now()
			ctx, cancel = context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := a.Client(PrioritySaga).Get(ctx, 1); !errors.Is(err, ErrUnavailable) || time.Since(began) != time.Second {
				t.Errorf("a read ended after %v: %v", time.Since(began), err)
			}
		})
	}
}
