package daemon

import (
	"strconv"
	"sync"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// Progress is one transition of a saga, as those who watch an apply see it.
type Progress struct {
	Saga      string    `json:"saga"`
	Kind      string    `json:"kind"`
	Name      string    `json:"name"`
	What      string    `json:"what"` // see saga.What
	Status    string    `json:"status"`
	Step      string    `json:"step"`
	Steps     int       `json:"steps"`   // how many the saga has
	StepNo    int       `json:"step_no"` // from 1
	Reverse   bool      `json:"reverse"` // it goes back
	Attempt   int       `json:"attempt"` // from 1
	DropletID int64     `json:"droplet_id,omitempty"`
	IP        string    `json:"ip,omitempty"`
	Error     string    `json:"error,omitempty"`
	Began     time.Time `json:"began"` // the saga
	Ended     bool      `json:"ended"`
}

func progressOf(e saga.Event) Progress {
	s := e.Saga
	p := Progress{
		Saga: s.ID, Kind: s.Kind, Name: s.Subject, What: string(e.What), Status: string(s.Status), Step: e.Step, Steps: len(s.Steps),
		StepNo: min(s.Step+1, len(s.Steps)), Reverse: s.Reverse, Attempt: e.Attempt, IP: s.Labels[fleet.LabelIP], Began: s.CreatedAt,
		Ended: e.What == saga.EventEnded,
	}
	p.DropletID, _ = strconv.ParseInt(s.Labels[fleet.LabelDroplet], 10, 64)
	if e.Err != nil {
		p.Error = e.Err.Error()
	} else if p.Status == string(saga.Compensated) {
		p.Error = s.Error
	}
	return p
}

// Failed tells whether the saga ended without its work done, or is stuck.
func (p Progress) Failed() bool {
	return p.Status == string(saga.Stuck) || p.Ended && p.Status == string(saga.Compensated)
}

// feed passes progress on to whoever follows it. A follower that does not keep up loses the oldest.
type feed struct {
	mu        sync.Mutex
	followers map[chan Progress]bool
}

// followBuffer is how much progress a follower may fall behind: enough for a few thousand sagas that all start at once.
const followBuffer = 1 << 14

func (f *feed) send(p Progress) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.followers {
		for {
			select {
			case c <- p:
			default:
				select {
				case <-c:
				default:
				}
				continue
			}
			break
		}
	}
}

// follow gives all progress from now on, until stop.
func (f *feed) follow() (progress <-chan Progress, stop func()) {
	c := make(chan Progress, followBuffer)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.followers == nil {
		f.followers = map[chan Progress]bool{}
	}
	f.followers[c] = true
	return c, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.followers, c)
	}
}
