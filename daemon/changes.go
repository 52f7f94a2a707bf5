package daemon

import (
	"context"
	"sync"
	"time"
)

// changes tells those who wait that something happened: a saga moved, or a pass ended. The zero changes is ready, and has seen one: 0 is for those
// who have seen nothing.
type changes struct {
	mu    sync.Mutex
	count int64         // less one
	next  chan struct{} // closed with the next one; nil: nobody waits
}

func (c *changes) touch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	if c.next != nil {
		close(c.next)
		c.next = nil
	}
}

// changedTime is how long one waits for a change at most: budget and times go on without one.
const changedTime = 5 * time.Second

// after waits until there were more changes than so many, and gives their number.
func (c *changes) after(ctx context.Context, seen int64) (int64, error) {
	c.mu.Lock()
	if now := c.count + 1; now != seen {
		c.mu.Unlock()
		return now, nil
	}
	if c.next == nil {
		c.next = make(chan struct{})
	}
	next := c.next
	c.mu.Unlock()
	select {
	case <-next:
	case <-time.After(changedTime):
	case <-ctx.Done():
		return seen, ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count + 1, nil
}
