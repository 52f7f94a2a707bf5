package daemon

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"
)

// fullDisk is set in the environment of the process whose disk fills up.
const fullDisk = "ARCADIAD_TEST_FULL_DISK"

// The disk fills up while sagas run: first the database cannot grow, then nothing at all can be written. It takes a process of its
// own, because the limit that plays the full disk holds for every file of the process.
func TestDiskFullWhileRunning(t *testing.T) {
	if os.Getenv(fullDisk) != "" {
		onScene(t, simulator.Options{Activation: time.Minute}, fillDisk)
		return
	}
	t.Parallel()
	cmd := exec.Command(os.Args[0], "-test.run=^TestDiskFullWhileRunning$", "-test.v")
	cmd.Env = append(os.Environ(), fullDisk+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestDiskFullWhileRunning") {
		t.Fatalf("%v\n%s", err, out)
	}
}

func fillDisk(s *scene) {
	s.edit(fleetOf("name: web, count: 5"))
	time.Sleep(20 * time.Second)
	synctest.Wait()
	sent := s.sim.Writes()
	if n := sent - s.writes; n != 3 {
		s.t.Fatalf("%d writes, want two creates and a destroy under way", n)
	}
	wal, err := os.Stat(s.o.State + "-wal")
	s.must(err)
	for _, space := range []int64{wal.Size(), 0} {
		s.limit(uint64(space))
		s.edit(fleetOf("name: web, count: 7")) // what cannot be written down is not begun
		s.linger()
		if n := s.sim.Writes() - sent; n != 0 {
			s.t.Errorf("%d writes to the cloud with a full disk", n)
		}
		s.allThereBut("db")
		s.says("journal write failed, the step will be run again", "pass failed", "free some space; nothing was half written")
	}
	s.limit(^uint64(0))
	s.mended(5)
	if left, err := filepath.Glob(s.o.State + "*journal"); err != nil || len(left) != 0 {
		s.t.Errorf("left behind: %v, %v", left, err)
	}
}

// limit bounds how far any file may be written.
func (s *scene) limit(bytes uint64) {
	s.t.Helper()
	var now syscall.Rlimit
	s.must(syscall.Getrlimit(syscall.RLIMIT_FSIZE, &now))
	now.Cur = min(bytes, now.Max)
	s.must(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now))
}

// allThereBut demands that every droplet of the mark is still there, but for the one that is to be destroyed.
func (s *scene) allThereBut(name string) {
	s.t.Helper()
	for _, d := range s.before {
		if _, there := s.sim.Droplet(d.ID); !there && d.Name != name {
			s.t.Errorf("%s (droplet %d) was destroyed", d.Name, d.ID)
		}
	}
}
