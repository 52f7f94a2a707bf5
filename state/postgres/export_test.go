package postgres

import (
	"context"
	"sync/atomic"
	"time"
)

// OpenAt opens a store that takes clock for the time.
func OpenAt(ctx context.Context, url string, o Options, clock *atomic.Int64) (*Store, error) {
	o.clock = func() time.Duration { return time.Duration(clock.Load()) }
	return Open(ctx, url, o)
}
