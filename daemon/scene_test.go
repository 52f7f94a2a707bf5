package daemon

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"
	"arcadiad/view"
)

// scene is a world in which an operator has an accident: it remembers what was there, and hears what is said.
type scene struct {
	*world
	heard  *transcript
	token  atomic.Value // string
	before []simulator.Droplet
	writes int
}

// transcript is a log that a test reads.
type transcript struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(p)
}

func (t *transcript) take() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.b.Reset()
	return t.b.String()
}

// onScene runs a test in a bubble on a converged fleet of two groups, with a droplet of somebody else's beside it.
func onScene(t *testing.T, o simulator.Options, test func(s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, o)
		defer w.stop()
		s := &scene{world: w, heard: &transcript{}}
		s.token.Store("dop_v1_test")
		s.listen(w)
		w.addForeign("theirs", "precious")
		w.edit(fleetOf("name: db", "name: web, count: 3"))
		w.start()
		w.rest()
		s.mark()
		test(s)
	})
}

// listen has a world's log written down, and its token taken from the scene.
func (s *scene) listen(w *world) {
	w.log = slog.New(slog.NewTextHandler(s.heard, &slog.HandlerOptions{Level: slog.LevelInfo}))
	w.o.Log = w.log
	w.o.Token = func() (string, error) { return s.token.Load().(string), nil }
}

// mark remembers what is there now.
func (s *scene) mark() {
	s.heard.take()
	s.before, s.writes = s.sim.Droplets(), s.sim.Writes()
}

// linger lets two hours go by: eight cron ticks, and longer than any backoff.
func (s *scene) linger() {
	time.Sleep(2 * time.Hour)
	synctest.Wait()
}

// unharmed demands that nothing was written since the mark, and that every droplet is still there.
func (s *scene) unharmed() {
	s.t.Helper()
	if n := s.sim.Writes() - s.writes; n != 0 {
		s.t.Errorf("%d writes:\n%s", n, s.describe())
	}
	s.allThere()
}

// allThere demands that every droplet of the mark is still there.
func (s *scene) allThere() {
	s.t.Helper()
	for _, d := range s.before {
		if _, there := s.sim.Droplet(d.ID); !there {
			s.t.Errorf("%s (droplet %d) was destroyed", d.Name, d.ID)
		}
	}
}

// says demands that an operator can read each of these words: in the log since the mark, in the plan, or in the status.
func (s *scene) says(words ...string) {
	s.t.Helper()
	var b strings.Builder
	b.WriteString(s.heard.take())
	view.Plan(&b, s.life.h.loop.Last().Outcome.Pass.Plan, false)
	l := s.life.h.live()
	fmt.Fprintf(&b, "%s\n%s\n%s\n", l.PassError, l.FileError, l.Writes)
	for _, want := range words {
		if !strings.Contains(strings.ReplaceAll(b.String(), `\"`, `"`), want) {
			s.t.Errorf("nobody says %q; what is said:\n%s", want, b.String())
		}
	}
}

// mended lets the world come to rest after the accident was mended, and demands that all is as the file asks, at the cost of so
// many writes since the mark.
func (s *scene) mended(writes int) {
	s.t.Helper()
	s.rest()
	s.check()
	if n := s.sim.Writes() - s.writes; n != writes {
		s.t.Errorf("%d writes since the accident, want %d", n, writes)
	}
}

// said is what was logged since somebody last looked.
func (s *scene) said() string {
	s.linger()
	return s.heard.take()
}
