package daemon

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"arcadiad/simulator"
)

// A database of yesterday knows neither what was made since nor what was destroyed.
func TestAccidentARestoredDatabase(t *testing.T) {
	t.Parallel()
	onScene(t, simulator.Options{Activation: time.Minute}, func(s *scene) {
		s.edit(fleetOf("name: db", "name: old", "name: web, count: 4")) // caught in mid-create
		time.Sleep(20 * time.Second)
		s.stop()
		backup := s.files()
		s.start()
		s.rest()
		s.edit(fleetOf("name: db, size: s-2vcpu-2gb", "name: new, size: s-2vcpu-2gb", "name: web, count: 5"))
		s.rest()
		time.Sleep(24 * time.Hour)
		s.stop()
		s.restore(backup)
		s.mark()
		s.start()
		s.linger()
		s.unharmed()
		s.mended(0)
	})
}

func (w *world) restore(files []string) {
	w.t.Helper()
	w.loseDatabase()
	for _, f := range files {
		name, content, _ := strings.Cut(f, "\x00")
		if strings.Contains(name, ".lock") {
			continue
		}
		w.must(os.WriteFile(filepath.Join(filepath.Dir(w.o.State), name), []byte(content), 0o600))
	}
}

func TestAccidentADatabaseOfAnotherFleet(t *testing.T) {
	t.Parallel()
	onScene(t, simulator.Options{}, func(s *scene) {
		s.stop()
		s.loseDatabase()
		good := s.file
		s.file = strings.Replace(fleetOf(), "fleet: test", "fleet: other", 1)
		s.start()
		s.rest()
		s.stop() // the database is the other fleet's now
		s.mark()
		s.file = good
		s.start()
		s.linger()
		s.unharmed()
		s.says("the state database belongs to fleet other, and the fleet file is for fleet test", "use another --state")
		s.stop()
		s.loseDatabase()
		s.start()
		s.mended(0)
	})
}

// The database is lost at every point of a replace: neither of the pair is destroyed, and no third is made, until a person says so.
func TestAccidentDatabaseLostDuringAReplace(t *testing.T) {
	t.Parallel()
	visited := 0
	for at := 0; !t.Failed(); at += stride() {
		survived := false
		onScene(t, simulator.Options{}, func(s *scene) {
			s.stop()
			s.file = fleetOf("name: db, size: s-2vcpu-2gb", "name: web, count: 3")
			tap := &taps{crash: at}
			s.startWith(tap)
			s.rested()
			survived = !tap.ended
			s.stop()
			if survived {
				return
			}
			s.loseDatabase()
			s.mark()
			s.start()
			s.linger()
			s.unharmed()
			if len(s.sim.Named("db")) == 2 || s.sim.Named("db")[0].Size == "s-1vcpu-1gb" {
				p := s.life.h.loop.Last().Outcome.Pass.Plan
				s.says("held by origin", "no saga of this state database created it", "arcadiad approve "+p.ID)
				s.must(s.life.h.approve(context.Background(), p.ID))
			}
			s.rest()
			s.check()
			if t.Failed() {
				t.Errorf("crashed at point %d of:\n%s", at, numbered(tap.points))
			}
		})
		if survived {
			break
		}
		visited++
	}
	if visited < max(1, 10/stride()) {
		t.Errorf("only %d points were visited", visited)
	}
}

// A second operator has a database of his own, the same account, the same fleet name, and another idea of the fleet.
func TestAccidentTwoOperators(t *testing.T) {
	t.Parallel()
	onScene(t, simulator.Options{}, func(s *scene) {
		second := &world{t: s.t, sim: s.sim, o: s.o, log: s.log, foreign: s.foreign}
		second.o.State = filepath.Join(fastDir(t), "second.db")
		second.file = fleetOf("name: cache", "name: db, size: s-2vcpu-2gb", "name: web, count: 2")
		second.start()
		defer second.stop()
		s.linger()
		s.allThere()
		if n := s.sim.Writes() - s.writes; n != 1 { // his cache
			t.Errorf("%d writes, want one", n)
		}
		p := s.life.h.loop.Last().Outcome.Pass.Plan
		s.says("another arcadiad works on fleet test, stop one of the two", "unknown origin", "held by origin")
		if len(p.HeldBack()) != 1 || p.HeldBack()[0].Name != "cache" {
			t.Errorf("the first holds %+v", p.HeldBack())
		}
		theirs := second.life.h.loop.Last().Outcome.Pass.Plan
		if got := len(theirs.HeldBack()); got != 2 {
			t.Errorf("the second holds %d actions, want the replace of db and the destroy of web-3: %+v", got, theirs.HeldBack())
		}
	})
}
