package daemon

import (
	"slices"
	"sync"

	"arcadiad/control"
	"arcadiad/plan"
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

// shownPlans remembers the plans that were shown to people, by id: a yes is for the plan that its caller was shown, whatever others were
// shown since. The zero value is empty.
type shownPlans struct {
	mu    sync.Mutex
	plans []*plan.Plan // oldest first, each id once
}

// mostShown bounds how many plans are remembered. A yes to one that is forgotten goes ahead only if it is the present plan.
const mostShown = 32

// Store remembers a plan that was shown.
func (s *shownPlans) Store(p *plan.Plan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plans = slices.DeleteFunc(s.plans, func(old *plan.Plan) bool { return old.ID == p.ID })
	s.plans = append(s.plans[max(0, len(s.plans)+1-mostShown):], p)
}

// of finds the plan of that id. One that was never shown, or is forgotten, has nothing in it but its id.
func (s *shownPlans) of(id string) plan.Plan {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.plans {
		if p.ID == id {
			return *p
		}
	}
	return plan.Plan{ID: id}
}
