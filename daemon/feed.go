package daemon

import (
	"sync"

	"arcadiad/control"
)

// feed passes progress on to whoever follows it. A follower that does not keep up loses the oldest.
type feed struct {
	mu        sync.Mutex
	followers map[chan control.Progress]bool
}

// followBuffer is how much progress a follower may fall behind: enough for a few thousand sagas that all start at once.
const followBuffer = 1 << 14

func (f *feed) send(p control.Progress) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.followers {
		for sent := false; !sent; {
			select {
			case c <- p:
				sent = true
			default:
				select {
				case <-c:
				default:
				}
			}
		}
	}
}

// follow gives all progress from now on, until stop.
func (f *feed) follow() (progress <-chan control.Progress, stop func()) {
	c := make(chan control.Progress, followBuffer)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.followers == nil {
		f.followers = map[chan control.Progress]bool{}
	}
	f.followers[c] = true
	return c, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.followers, c)
	}
}
