package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"
)

// Where nobody names a state database: systemd's own, the user's own, the service's.
func TestFindState(t *testing.T) {
	dir := t.TempDir()
	sys := service{
		place: place{dir: filepath.Join(dir, "lib"), socket: filepath.Join(dir, "run", "control.sock")},
		fleet: filepath.Join(dir, "etc", "fleet.yaml"),
	}
	var (
		home     = filepath.Join(dir, "home")
		own      = filepath.Join(home, "arcadiad", "arcadiad.db")
		ownSock  = filepath.Join(home, "arcadiad", "arcadiad.sock")
		services = filepath.Join(dir, "lib", "arcadiad.db")
	)
	make := func(t *testing.T, path string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name          string
		installed     bool // the service ran on this machine
		configured    bool // its package is installed
		examines      bool // the command is doctor
		own           bool // the user has a database
		starts        bool // the command is run
		simulate      bool
		given         string // --state
		unit          bool   // systemd started the process
		state, socket string
		group         bool
	}{
		{name: "nothing there", state: own, socket: ownSock},
		{name: "a service", installed: true, state: services, socket: sys.socket, group: true},
		{name: "a service that never ran", configured: true, state: own, socket: ownSock},
		{name: "doctor, and a service that never ran", configured: true, examines: true, state: services, socket: sys.socket, group: true},
		{name: "doctor, and no service", examines: true, state: own, socket: ownSock},
		{name: "a service, and one's own", installed: true, own: true, state: own, socket: ownSock},
		{name: "run starts one's own", installed: true, starts: true, state: own, socket: ownSock},
		{name: "a simulated one is one's own", installed: true, simulate: true, state: filepath.Join(home, "arcadiad", "simulated.db"),
			socket: filepath.Join(home, "arcadiad", "simulated.sock")},
		{name: "the service's by name", own: true, given: services, state: services, socket: sys.socket, group: true},
		{name: "any by name", installed: true, given: "/x/y.db", state: "/x/y.db", socket: "/x/y.sock"},
		{name: "within the unit", starts: true, unit: true, state: filepath.Join(dir, "unit", "arcadiad.db"),
			socket: filepath.Join(dir, "unitrun", "control.sock"), group: true},
		{name: "within the unit, by name", starts: true, unit: true, given: "/x/y.db", state: "/x/y.db", socket: "/x/y.sock"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("XDG_STATE_HOME", home)
			t.Setenv("STATE_DIRECTORY", "")
			t.Setenv("RUNTIME_DIRECTORY", "")
			if tt.unit {
				t.Setenv("STATE_DIRECTORY", filepath.Join(dir, "unit")+":"+dir)
				t.Setenv("RUNTIME_DIRECTORY", filepath.Join(dir, "unitrun")+":"+dir)
			}
			for path, there := range map[string]bool{services: tt.installed, own: tt.own, sys.fleet: tt.configured} {
				if there {
					make(t, path)
				}
				t.Cleanup(func() { os.RemoveAll(filepath.Dir(path)) })
			}
			s := &settings{state: tt.given, starts: tt.starts, simulate: tt.simulate, examines: tt.examines}
			if err := s.findState(sys); err != nil {
				t.Fatal(err)
			}
			if s.state != tt.state || s.socket != tt.socket || s.socketGroup != tt.group {
				t.Errorf("state %s, socket %s, group %v; want %s, %s, %v", s.state, s.socket, s.socketGroup, tt.state, tt.socket, tt.group)
			}
		})
	}
}

func TestDays(t *testing.T) {
	for given, want := range map[string]string{"90d": "90d", "7": "7d", "forever": "forever", "0d": "", "-1d": "", "1h": "", "": ""} {
		s := newSettings(&cobra.Command{}, usesDaemon, slog.LevelInfo)
		err := s.flags.Set("keep-sagas", given)
		if got := s.flags.Lookup("keep-sagas").Value.String(); (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%q: %s, %v; want %q", given, got, err, want)
		}
	}
}
