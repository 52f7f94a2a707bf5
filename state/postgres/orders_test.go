package postgres_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"arcadiad/state"
	"arcadiad/state/postgres"
	"arcadiad/state/postgres/cluster"
)

// TestOrders: whoever leads takes each of them once, and answers it.
func TestOrders(t *testing.T) {
	url := cluster.Database(t)
	leader := get(postgres.Open(t.Context(), url, postgres.Options{Lease: time.Second}))(t)
	defer leader.Close()
	ctx, stop := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() {
		leader.Answer(ctx, slog.New(slog.DiscardHandler), func(_ context.Context, request []byte) []byte {
			return []byte(strings.ToUpper(string(request)))
		})
	})
	var asked sync.WaitGroup
	for _, words := range []string{"pause", "approve\x00", "Grüße"} {
		asked.Go(func() {
			r := get(postgres.OpenReader(t.Context(), url))(t)
			answer, err := r.Ask(t.Context(), []byte(words), time.Minute)
			if err != nil || string(answer) != strings.ToUpper(words) {
				t.Errorf("%q is answered by %q: %v", words, answer, err)
			}
		})
	}
	asked.Wait()
	stop()
	ended.Wait()
	if n := cluster.Value(t, url, "SELECT count(*) FROM orders"); n != int64(0) {
		t.Errorf("%v orders are left", n)
	}

	r := get(postgres.OpenReader(t.Context(), url))(t)
	_, err := r.Ask(t.Context(), []byte("anybody?"), 10*time.Millisecond)
	wantErr(t, "nobody leads", err, state.ErrUnheard)
	canceled, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err = r.Ask(canceled, []byte("anybody?"), time.Hour)
	wantErr(t, "the one who asks goes away", err, context.Canceled)
	if n := cluster.Value(t, url, "SELECT count(*) FROM orders"); n != int64(0) {
		t.Errorf("%v orders are left that nobody waits for", n)
	}
}

// TestAnOldOrderIsNotTaken: whoever gave it was killed, and nobody knows whether it still holds.
func TestAnOldOrderIsNotTaken(t *testing.T) {
	url := cluster.Database(t)
	leader := get(postgres.Open(t.Context(), url, postgres.Options{Lease: time.Second}))(t)
	defer leader.Close()
	cluster.Exec(t, url, "INSERT INTO orders (request, asked_at) VALUES ('resume', now() - interval '3 minutes'), ('last', now())")
	ctx, stop := context.WithCancel(t.Context())
	leader.Answer(ctx, slog.New(slog.DiscardHandler), func(_ context.Context, request []byte) []byte {
		if string(request) != "last" {
			t.Errorf("taken: %q", request)
		}
		stop()
		return request
	})
}
