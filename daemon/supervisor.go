package daemon

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"arcadiad/condition"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/reconcile"
)

// supervisor tells the service manager how the daemon is, in the words of sd_notify(3):
//
//   - READY=1 when the first pass has ended. A pass that failed is one too: the daemon goes on trying, and a service manager that
//     stopped it for being slow would only take the sagas down with it. Until then each beat asks for more time.
//   - RELOADING=1 on SIGHUP, and READY=1 when the pass with the file as it is then has ended, or the file turned out to be bad.
//   - WATCHDOG=1 with every beat, as long as nothing hangs.
//   - STATUS= whenever it is another.
//   - STOPPING=1.
type supervisor struct {
	o         Options
	hung      func() error         // says what hangs
	attention func() condition.Set // is what wants attention
	again     chan struct{}        // has one element when there is something to look at

	mu        sync.Mutex
	ready     bool
	reloading reloadStage
	said      string // the last STATUS
	hangs     bool
}

// reloadStage is how far a reload has come.
type reloadStage int

const (
	noReload reloadStage = iota
	reloadRead
	reloadPass // the file was read; a pass with it is due
)

// The time between two beats: with a service manager that set none, and without one, when only the log hears of a daemon that hangs.
const (
	beatEvery = 10 * time.Second
	lookEvery = time.Minute
)

func newSupervisor(o Options, hung func() error, attention func() condition.Set) *supervisor {
	return &supervisor{o: o, hung: hung, attention: attention, again: make(chan struct{}, 1)}
}

// run tells until the context ends.
func (s *supervisor) run(ctx context.Context) {
	every := beatEvery
	if s.o.Notify == nil {
		every = lookEvery
	}
	if w := s.o.Watchdog; w > 0 {
		every = max(time.Millisecond, min(every, w/3))
	}
	beat := time.NewTicker(every)
	defer beat.Stop()
	s.beat(every)
	for {
		select {
		case <-ctx.Done():
			s.tell("STOPPING=1", "STATUS=Stopping; unfinished sagas continue at the next start")
			return
		case <-beat.C:
			s.beat(every)
		case <-s.again:
			s.update()
			select { // a thousand sagas that move at once are one status
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

// look asks for a new status soon.
func (s *supervisor) look() {
	if s.o.Notify == nil {
		return
	}
	select {
	case s.again <- struct{}{}:
	default:
	}
}

// beat says that the daemon lives, if it does.
func (s *supervisor) beat(every time.Duration) {
	err := s.hung()
	s.mu.Lock()
	first := err != nil && !s.hangs
	s.hangs = err != nil
	ready := s.ready
	s.mu.Unlock()
	if err != nil {
		if first {
			s.o.Log.Error("arcadiad hangs; its watchdog will restart it", "error", err)
			s.tell("STATUS=Hangs: " + line(err))
		}
		return
	}
	if s.o.Watchdog > 0 {
		s.tell("WATCHDOG=1")
	}
	if !ready {
		s.tell(fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", (3*every + startGrace).Microseconds()))
	}
	s.update()
}

// startGrace is by how much each beat before the first pass's end puts the end of the start off.
const startGrace = 30 * time.Second

// update tells the status, if it is another than before.
func (s *supervisor) update() {
	if s.o.Notify == nil {
		return
	}
	status := "STATUS=" + s.attention().Line()
	s.mu.Lock()
	same := s.said == status || s.hangs
	if !same {
		s.said = status
	}
	s.mu.Unlock()
	if !same {
		s.tell(status)
	}
}

// passed hears that a pass has ended.
func (s *supervisor) passed(r reconcile.Report) {
	s.mu.Lock()
	done := !s.ready
	s.ready = true
	if s.reloading == reloadPass && (strings.Contains(r.Trigger, reconcile.TriggerReload) || strings.Contains(r.Trigger, reconcile.TriggerFile)) {
		s.reloading, done = noReload, true
	}
	s.mu.Unlock()
	if done {
		s.tell("READY=1", "STATUS="+s.attention().Line())
	}
	s.look()
}

// reload hears that the fleet file is to be read again, before it is.
func (s *supervisor) reload() {
	s.mu.Lock()
	ready := s.ready
	if ready {
		s.reloading, s.said = reloadRead, ""
	}
	s.mu.Unlock()
	if ready { // a service that is starting reads the file anyway
		s.tell("RELOADING=1", "STATUS=Reading the fleet file again")
	}
}

// versions passes versions of the fleet file on, and notes them.
func (s *supervisor) versions(ctx context.Context, in <-chan fleetfile.Version) <-chan fleetfile.Version {
	out := make(chan fleetfile.Version)
	go func() {
		defer close(out)
		for {
			var v fleetfile.Version
			var ok bool
			select {
			case v, ok = <-in:
			case <-ctx.Done():
			}
			if !ok {
				return
			}
			s.mu.Lock()
			bad := v.Err != nil && s.reloading == reloadRead
			if s.reloading == reloadRead {
				s.reloading = reloadPass
			}
			if bad {
				s.reloading = noReload
			}
			s.mu.Unlock()
			select {
			case out <- v:
			case <-ctx.Done():
				return
			}
			if bad { // no pass follows a bad file
				s.tell("READY=1", "STATUS=The fleet file is not usable, the last good one stays in force: "+line(v.Err))
			}
			s.look()
		}
	}()
	return out
}

// tell sends some assignments at once.
func (s *supervisor) tell(assignments ...string) {
	if s.o.Notify == nil {
		return
	}
	if err := s.o.Notify(strings.Join(assignments, "\n")); err != nil {
		s.o.Log.Warn("the service manager could not be notified", "error", err)
	}
}

// line is an error as one line that is not too long for a status.
func line(err error) string { return fleet.Fit(err.Error(), 201) }
