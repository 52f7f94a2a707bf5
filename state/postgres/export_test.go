package postgres

import (
	"context"
	"sync/atomic"
	"time"

	"arcadiad/state/tables"
)

// OpenAt opens a store that takes clock for the time.
func OpenAt(ctx context.Context, url string, o Options, clock *atomic.Int64) (*Store, error) {
	o.clock = func() time.Duration { return time.Duration(clock.Load()) }
	return Open(ctx, url, o)
}

// Hold keeps the writer busy until it is let go, so that requests pile up.
func (s *Store) Hold() (letGo func()) {
	held, free, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		s.writer.Write(context.Background(), func(context.Context, *tables.Tx) error {
			close(held)
			<-free
			return nil
		})
	}()
	<-held
	return func() {
		close(free)
		<-done
	}
}

// Waiting is the number of requests in the queue.
func (s *Store) Waiting() int { return s.writer.Waiting() }
