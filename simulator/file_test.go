package simulator_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"
)

func open(t *testing.T, path string, o simulator.Options) *simulator.Simulator {
	t.Helper()
	s := simulator.New(o)
	if err := s.Open(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// A demo goes on where it stopped: droplets, tags, keys, faults, the pending actions and lags, and the next ids.
func TestTheAccountSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "made", "account.json")
		s := open(t, path, simulator.Options{Activation: time.Minute})
		c := inProcess(t, s, "any")
		s.SetFaults(simulator.Faults{TagVisibleAfter: 2 * time.Minute, IPAfterActive: time.Minute})
		settled := s.Add(simulator.Droplet{Name: "settled", Tags: []string{"old"}, Backups: true})
		young := create(t, c, "young", "new")
		gone := create(t, c, "gone")
		_, err := c.Droplets.Delete(context.Background(), gone.ID)
		must(t, 0, err)
		key, _ := s.AddKey("me")
		truth, uuid, vpc := s.Droplets(), s.UUID(), s.VPC("syd1")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}

		time.Sleep(90 * time.Second)
		s = open(t, path, simulator.Options{Activation: time.Hour})
		c = inProcess(t, s, "any")
		if s.UUID() != uuid || s.VPC("syd1") != vpc || s.Faults().TagVisibleAfter != 2*time.Minute {
			t.Error("the account is another one")
		}
		if got := s.Droplets(); len(got) != 2 || got[1].Status != "active" || got[0].Name != truth[0].Name {
			t.Errorf("droplets: %+v", got)
		}
		if v := look(t, c, young.ID, "young", "new"); v != (sight{found: true, listed: true, byName: true, active: true}) {
			t.Errorf("active since half a minute, tags and address late: %+v", v)
		}
		if v := look(t, c, int(settled.ID), "settled", "old"); v != (sight{true, true, true, true, true, true, true}) {
			t.Errorf("settled: %+v", v)
		}
		time.Sleep(30 * time.Second)
		if v := look(t, c, young.ID, "young", "new"); v != (sight{true, true, true, true, true, true, true}) {
			t.Errorf("when all lags are over: %+v", v)
		}
		if next := create(t, c, "next"); next.ID <= gone.ID {
			t.Errorf("id %d was given out before", next.ID)
		}
		keys, _, err := c.Keys.List(context.Background(), nil)
		if len(must(t, keys, err)) != 1 || int64(keys[0].ID) != key {
			t.Errorf("keys: %v", keys)
		}
	})
}

// What was answered is on disk: a copy of the file taken at any answer has it.
func TestEachAnswerIsDurable(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "account.json")
	s := open(t, path, simulator.Options{})
	c := inProcess(t, s, "any")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			d, _, err := c.Droplets.Create(context.Background(), request("web-"+itoa(i)))
			if err != nil {
				t.Error(err)
				return
			}
			b, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(b), `"id":`+itoa(d.ID)+",") {
				t.Errorf("droplet %d was answered and is not on disk: %v", d.ID, err)
			}
		})
	}
	wg.Wait()
	copied := filepath.Join(dir, "copy.json")
	b, err := os.ReadFile(path)
	must(t, b, err)
	if err := os.WriteFile(copied, b, 0o600); err != nil {
		t.Fatal(err)
	}
	names := func(s *simulator.Simulator) (out []string) {
		for _, d := range s.Droplets() {
			out = append(out, d.Name)
		}
		return out
	}
	if got := names(open(t, copied, simulator.Options{})); len(got) != 20 || !reflect.DeepEqual(got, names(s)) {
		t.Errorf("after a crash: %v", got)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".account.json.*")); len(left) != 0 {
		t.Errorf("temporary files stayed: %v", left)
	}
}

func TestOneProcessPerAccount(t *testing.T) {
	path := filepath.Join(t.TempDir(), "account.json")
	if url, err := simulator.Listener(path); url != "" || err != nil {
		t.Errorf("without a file: %q %v", url, err)
	}
	s := open(t, path, simulator.Options{})
	if err := s.SetListener("http://127.0.0.1:8025"); err != nil {
		t.Fatal(err)
	}
	if err := simulator.New(simulator.Options{}).Open(path); !errors.Is(err, simulator.ErrInUse) {
		t.Errorf("a second opening: %v", err)
	}
	if url, err := simulator.Listener(path); url != "http://127.0.0.1:8025" || err != nil {
		t.Errorf("listener %q %v", url, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if url, err := simulator.Listener(path); url != "" || err != nil {
		t.Errorf("after the close: %q %v", url, err)
	}
	open(t, path, simulator.Options{})
}

func TestAForeignFileIsLeftAlone(t *testing.T) {
	for _, content := range []string{"", "{", `{"droplets":[]}`, `{"arcadiad_simulator":99}`} {
		path := filepath.Join(t.TempDir(), "account.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := simulator.New(simulator.Options{}).Open(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v", content, err)
		}
		if b, _ := os.ReadFile(path); string(b) != content {
			t.Errorf("%q became %q", content, b)
		}
	}
}
