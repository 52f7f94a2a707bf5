package daemon

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

// The bound of law 19, as docs/architecture.md states it.
const (
	restWithin  = 3 * time.Hour
	staysAtRest = 75 * time.Minute // longer than any pause between two tries
)

// passesToRest is the bound in passes for a file of so many names.
func passesToRest(names int) int { return 20 + 8*names }

// lastWrite is the last write that was about a droplet.
type lastWrite struct {
	at     time.Time
	passes int // until then
	what   string
}

// wrote notes a write. The removal of the tag of a saga that is over touches no droplet, and what is kept goes when its time is over, at rest or
// not. The caller holds the lock.
func (w *watch) wrote(r *http.Request) {
	if id, err := strconv.ParseInt(strings.TrimPrefix(r.URL.Path, "/v2/droplets/"), 10, 64); err == nil && r.Method == http.MethodDelete && w.purged[id] {
		return
	}
	if r.Method == http.MethodDelete && strings.HasPrefix(r.URL.Path, "/v2/tags/") && !strings.HasSuffix(r.URL.Path, "/resources") {
		return
	}
	w.last = lastWrite{time.Now(), w.s.passes(), r.Method + " " + r.URL.Path}
}

func (w *watch) lastWrite() lastWrite {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

// passes is how many passes there have been, of all daemons.
func (s *soak) passes() int {
	s.counting.Lock()
	defer s.counting.Unlock()
	return s.tally["passes"]
}

// comeToRest lets the daemon alone, with a healthy API and a file that stays, and holds it to law 19.
func (s *soak) comeToRest() {
	began, passes := time.Now(), s.passes()
	wait := func(d time.Duration) {
		for end := time.Now().Add(d); time.Now().Before(end); {
			time.Sleep(time.Minute)
			synctest.Wait()
			s.watch.look()
			s.read()
		}
	}
	wait(restWithin)
	settled := s.watch.lastWrite()
	wait(staysAtRest)
	if last := s.watch.lastWrite(); last != settled {
		s.watch.broke("law 19", "%s, %v after the last fault and edit: %s", last.what, last.at.Sub(began), s.describe())
	}
	if settled.at.After(began) {
		took, after := settled.at.Sub(began), settled.passes-passes
		s.count(fmt.Sprintf("law 19: the last write came within %v", stepOf(took)))
		if names := len(s.version().Fleet.Specs); after > passesToRest(names) {
			s.watch.broke("law 19", "%s came %d passes after the last fault and edit", settled.what, after)
		}
	}
	s.resting()
}

// stepOf is a step of a scale of times.
func stepOf(took time.Duration) time.Duration {
	for _, step := range []time.Duration{time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 90 * time.Minute, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour} {
		if took <= step {
			return step
		}
	}
	return restWithin
}

// resting holds a world in which nothing more is to happen to law 19: all that is planned is held, all that is under way is stuck, and every
// name of the file has its droplet, or one of these tells why not.
func (w *world) resting() {
	w.t.Helper()
	p, live := w.life.h.loop.Last().Outcome.Pass.Plan, w.life.h.engine.Live()
	for _, a := range p.Actions {
		if !a.Held {
			w.t.Errorf("law 19: %s of %s is neither carried out nor held: %s", a.Kind, a.Name, w.describe())
		}
	}
	for _, g := range live {
		if g.Status != saga.Stuck {
			w.t.Errorf("law 19: saga %s of %s is %s: %s", g.ID[:8], g.Subject, g.Status, g.Error)
		}
	}
	recorded, err := w.reader().Load(context.Background())
	w.must(err)
	for _, spec := range w.version().Fleet.Specs {
		same := func(name string) bool { return strings.EqualFold(name, spec.Name) }
		has := slices.ContainsFunc(recorded.Records, func(r fleet.Record) bool {
			d, there := w.sim.Droplet(r.DropletID)
			return same(r.Name) && there && d.Status == "active"
		})
		told := slices.ContainsFunc(p.Actions, func(a plan.Action) bool { return same(a.Name) }) ||
			slices.ContainsFunc(live, func(g saga.Saga) bool { return same(g.Subject) }) ||
			slices.ContainsFunc(p.Warnings, func(text string) bool { return strings.Contains(text, spec.Name) }) ||
			slices.ContainsFunc(p.Released, func(r plan.Released) bool { return same(r.Name) }) ||
			slices.ContainsFunc(p.Drift, func(d plan.Drift) bool { return same(d.Name) })
		if !has && !told {
			w.t.Errorf("law 19: %s has no droplet, and nothing tells of it: %s", spec.Name, w.describe())
		}
	}
}
