package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/simulator"
)

// soak is one random world: an account that misbehaves, a daemon or two, people who edit the file, and people at the console.
type soak struct {
	*world
	seed     uint64
	rng      *rand.Rand
	watch    *watch
	serving  *serving
	template []byte
	second   *world // another daemon with a database of its own on the same fleet; nil: there was none yet
	clone    *world // a daemon on a copy of the database; nil: there was none

	counting sync.Mutex
	tally    tally
	told     []string // what happened, for those who ask

	token    string
	good     string         // the last good version of the file
	backup   []byte         // the database as it was some day
	helped   map[string]int // rounds in which a person saw to a stuck saga
	faultSet simulator.Faults
	names    map[string]string // what the groups are called that get new names
	deaths   int               // of daemons that crashed
	lastPass time.Time         // of the plan that was counted last
	began    time.Time

	addresses []string // the account's reserved IPs, in the worlds that have some
}

func (s *soak) count(what string) {
	s.counting.Lock()
	defer s.counting.Unlock()
	s.tally[what]++
}

func (s *soak) clock() time.Duration { return time.Since(s.began).Round(time.Millisecond) }

func (s *soak) tell(format string, args ...any) {
	line := fmt.Sprintf("%10v  ", s.clock()) + fmt.Sprintf(format, args...)
	s.told = append(s.told, line)
	s.log.Info("SOAK " + line)
}

func (s *soak) story() string { return strings.Join(s.told, "\n") }

func (s *soak) between(a, b time.Duration) time.Duration {
	return a + time.Duration(s.rng.Int64N(int64(b-a)))
}

func (s *soak) oneIn(n int) bool { return s.rng.IntN(n) == 0 }

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// prepare makes a world ready to be played: watched, listened to, and with a copy of the template for a database.
func (s *soak) prepare(w *world) {
	if s.token == "" {
		s.token, s.began = "dop_v1_test", time.Now()
	}
	w.o.Token = func() (string, error) {
		s.watch.mu.Lock()
		defer s.watch.mu.Unlock()
		return s.token, nil
	}
	w.log = slog.New(ear{w.log.Handler(), &s.counting, s.tally})
	w.o.Log = w.log
	s.watch.overhear(w)
	w.wire = func(next http.RoundTripper) http.RoundTripper { return wire{s.watch, w, s.serving.onWire(w, next)} }
	w.must(os.WriteFile(w.o.State, s.template, 0o600))
}

// live is the story of the world: what happens, one event after the other, with some time between them.
func (s *soak) live() {
	for i := range s.rng.IntN(4) {
		s.stranger(fmt.Sprintf("theirs-%d", i+1))
	}
	if s.oneIn(3) {
		s.stranger(pick(s.rng, []string{"a", "b", "web-1"}))
	}
	if s.oneIn(50) {
		for i := range 205 {
			s.stranger(fmt.Sprintf("crowd-%d", i+1))
		}
	}
	s.balance()
	s.reserves()
	s.saveFile(s.randomFile())
	s.healthy()
	if s.oneIn(2) {
		s.misbehave()
	}
	s.up(s.world)
	all, weight := events(), 0
	for _, e := range all {
		weight += e.weight
	}
	for range 3 + s.rng.IntN(8) {
		s.letTimePass()
		s.movesAddress()
		s.bringsBack()
		n := s.rng.IntN(weight)
		for _, e := range all {
			if n -= e.weight; n < 0 {
				if e.do(s) {
					s.count("event " + e.name)
				}
				break
			}
		}
	}
	s.letTimePass()
}

// letTimePass lets some time pass: mostly seconds, so that events meet sagas in mid-step.
func (s *soak) letTimePass() {
	switch s.rng.IntN(10) {
	case 0:
		s.sleep(s.between(5*time.Minute, 40*time.Minute))
	case 1, 2:
		s.sleep(s.between(time.Minute, 5*time.Minute))
	default:
		s.sleep(s.between(0, 45*time.Second))
	}
}

// sleep waits, brings a daemon that died up again, and looks at the plans that are made meanwhile.
func (s *soak) sleep(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(min(10*time.Second, time.Until(end)))
		synctest.Wait()
		s.watch.look()
		for _, w := range s.worlds() {
			if w.life != nil && w.life.taps.dead() {
				s.crashed(w)
				s.up(w)
			}
		}
		s.read()
	}
}

// crashed buries a daemon that died.
func (s *soak) crashed(w *world) {
	last := w.life.taps.last()
	if strings.Contains(last, "POST /v2/droplets") {
		s.count("law 03: crashed between intent and commit of a create")
	}
	s.deaths++
	s.tell("the daemon died at %q", last)
	w.stop()
}

func (s *soak) up(w *world) {
	if w.life == nil {
		w.startWith(&taps{crash: -1})
	}
}

// down stops a daemon in good order, or buries it.
func (s *soak) down(w *world) {
	if w.life != nil {
		w.life.taps.liveOn()
		w.stop()
	}
}

// read counts the laws that show in the newest plan.
func (s *soak) read() {
	if s.life == nil || s.life.h.loop.Last().At.Equal(s.lastPass) {
		return
	}
	last := s.life.h.loop.Last()
	s.lastPass = last.At
	p := last.Outcome.Pass.Plan
	if len(p.InFlight) > 0 {
		s.count("law 02: planned around a live saga")
	}
	if len(p.Released) > 0 {
		s.count("law 01: a released droplet kept its name")
	}
	for _, d := range p.Drift {
		for _, c := range d.Changes {
			if c.Field == "name" {
				s.count("law 02: a renamed droplet stayed registered")
			}
		}
	}
	for _, w := range p.Warnings {
		if strings.Contains(w, "arcadia") && strings.Contains(w, "tag:read") {
			s.count("law 01: a blind token wrote nothing")
		}
	}
	s.readUpdates(p)
	s.readRollouts(p)
	for _, a := range p.Actions {
		held := map[string]string{
			"max_destroy": "law 09: max_destroy held", "protect": "law 09: protect held", "volumes": "law 09: volumes held", "max_droplets": "law 09: max_droplets held",
			"backoff": "law 14: backoff held", "stalled": "law 14: stalled", "origin": "law 16: unknown origin was held",
			"lost": "law 06: the loss of many was held", "rename": "law 17: a rename that leads nowhere was held", "name_taken": "law 09: name_taken held",
			"turn": "law 18: the group's turn was waited for",
		}
		if law, ok := held[a.HeldBy]; ok && a.Held {
			s.count(law)
		}
		for prefix, law := range map[string]string{
			"duplicate": "law 05: a duplicate was to go", "late arrival": "law 05: a late arrival was to go",
		} {
			if strings.HasPrefix(a.Reason, prefix) {
				s.count(law)
			}
		}
		if a.Kind == plan.Provision && strings.HasSuffix(a.Reason, "is gone") {
			s.count("law 06: a registered droplet was proved gone")
		}
	}
}

// userSecret marks user data, which must not stay in the database.
const userSecret = "#!/do-not-keep-this-"

// saveFile saves a version of the fleet file, for all daemons.
func (s *soak) saveFile(file string) {
	s.file = file
	v := s.version()
	if v.Err == nil {
		s.good = file
		s.watch.file(v.Fleet)
	}
	for _, w := range s.worlds() {
		w.file = file
		if w.life != nil && !w.life.taps.dead() {
			w.life.versions <- v
		}
	}
	s.tell("saved the file: %s", strings.ReplaceAll(strings.TrimPrefix(file, s.head()), "\n", " "))
}

// stranger is a droplet of somebody else.
func (s *soak) stranger(name string) simulator.Droplet {
	var tags []string
	switch s.rng.IntN(4) {
	case 0:
		tags = []string{"web"}
	case 1:
		tags = []string{fleet.ManagedTag, fleet.FleetTag("another")}
	case 2:
		tags = []string{fleet.FleetTag("test")}
	}
	d := s.addForeign(name, tags...)
	s.watch.mu.Lock()
	s.watch.foreign[d.ID] = true
	s.watch.mu.Unlock()
	s.tell("somebody else has droplet %d %s %v", d.ID, name, tags)
	return d
}

// ours picks a droplet that a daemon made.
func (s *soak) ours() (simulator.Droplet, bool) {
	var of []simulator.Droplet
	for _, d := range s.sim.Droplets() {
		if !s.watch.isForeign(d.ID) {
			of = append(of, d)
		}
	}
	if len(of) == 0 {
		return simulator.Droplet{}, false
	}
	return pick(s.rng, of), true
}

func (w *watch) isForeign(id int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.foreign[id]
}

func (w *watch) isCopy(id int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.copies[id]
}

// console lets the console user do something to one of our droplets.
func (s *soak) console(what string, do func(d simulator.Droplet)) bool {
	d, ok := s.ours()
	if !ok {
		return false
	}
	s.tell("console: %s droplet %d %s (%s)", what, d.ID, d.Name, d.Status)
	do(d)
	return true
}

// liveSaga picks a live saga of the first daemon.
func (s *soak) liveSaga() (saga.Saga, bool) {
	if s.life == nil || s.life.taps.dead() {
		return saga.Saga{}, false
	}
	live := s.life.h.engine.Live()
	if len(live) == 0 {
		return saga.Saga{}, false
	}
	return pick(s.rng, live), true
}

// another opens a second daemon on the same fleet, with a database of its own, or stops it.
func (s *soak) another() bool {
	if s.second == nil {
		s.second = &world{t: s.t, sim: s.sim, o: s.o, file: s.file, log: slog.New(slog.DiscardHandler)}
		s.second.o.State = filepath.Join(filepath.Dir(s.o.State), "second.db")
		s.prepare(s.second)
	}
	if s.second.life != nil {
		s.tell("the second daemon stops")
		s.down(s.second)
		return true
	}
	s.tell("a second daemon starts")
	s.forget()
	s.up(s.second)
	return true
}

// worlds are all daemons there have been.
func (s *soak) worlds() []*world {
	return slices.DeleteFunc([]*world{s.world, s.second, s.clone}, func(w *world) bool { return w == nil })
}

func (s *soak) ctx() context.Context { return context.Background() }
