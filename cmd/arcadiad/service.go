package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"arcadiad/control"
	"arcadiad/daemon"
)

// place is where a daemon keeps its things.
type place struct {
	dir    string // of the state database
	socket string // control socket; empty: beside the state database
}

const (
	databaseName  = "arcadiad.db"
	simulatedName = "simulated.db"
	socketName    = "control.sock"
)

// service is a daemon that systemd runs on this machine.
type service struct {
	place
	unit             string // its name for systemctl
	fleet, tokenFile string
	passwordFile     string // of a state database that hosts share
	environment      string // the file with its settings
}

// systemService is where the package's systemd unit puts them: StateDirectory=, RuntimeDirectory=, and its configuration.
func systemService() service {
	return service{
		place:        place{dir: "/var/lib/arcadiad", socket: "/run/arcadiad/" + socketName},
		unit:         "arcadiad",
		fleet:        "/etc/arcadiad/fleet.yaml",
		tokenFile:    "/etc/arcadiad/token",
		passwordFile: "/etc/arcadiad/" + passwordCredential,
		environment:  "/etc/default/arcadiad",
	}
}

// fleetOf is the fleet file of the service: the one that its settings name, as far as they may be read.
func (s service) fleetOf() string {
	return cmp.Or(variableIn(s.environment, "ARCADIAD_FLEET"), s.fleet)
}

// here tells whether the service ever ran on this machine. Its directories may not be open to everybody, but they can be seen.
func (s service) here() bool {
	for _, path := range []string{s.dir, filepath.Dir(s.socket)} {
		if _, err := os.Lstat(path); err == nil {
			return true
		}
	}
	return false
}

// configured tells whether its package is installed, though it may never have run.
func (s service) configured() bool {
	_, err := os.Lstat(filepath.Dir(s.fleet))
	return err == nil
}

// ownPlace is where this user's own daemon keeps its things.
func ownPlace() (place, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) { // relative ones are to be ignored, says the XDG specification
		return place{dir: filepath.Join(dir, "arcadiad")}, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return place{}, errors.New("no place for the state database: HOME is not set (use --state or ARCADIAD_STATE)")
	}
	return place{dir: filepath.Join(home, ".local", "state", "arcadiad")}, nil
}

// unitPlace is what systemd gave to the process, if it runs as a service.
func unitPlace() (p place, ok bool) {
	// systemd gives all of StateDirectory= and RuntimeDirectory=, with colons between.
	p.dir, _, _ = strings.Cut(os.Getenv("STATE_DIRECTORY"), ":")
	if run, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":"); run != "" {
		p.socket = filepath.Join(run, socketName)
	}
	return p, p.dir != ""
}

const (
	stateVariable    = "ARCADIAD_STATE"
	passwordVariable = "PGPASSWORD" // as all programs that use PostgreSQL have it

	passwordCredential = "postgres-password" // as LoadCredential= of the service names it
)

// lendPassword gives a command the password of the service's state database, where it may be read and there is no other one.
func (s service) lendPassword() error {
	for _, variable := range []string{passwordVariable, "PGPASSFILE", "CREDENTIALS_DIRECTORY"} {
		if os.Getenv(variable) != "" {
			return nil
		}
	}
	password, err := os.ReadFile(s.passwordFile)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil // its user may need none, or the server tells
	}
	if err != nil {
		return fmt.Errorf("read the password of the state database: %w", err)
	}
	return os.Setenv(passwordVariable, strings.TrimSpace(string(password)))
}

// share takes a state database that hosts share. Only the control socket and a few files of the daemon are on this host. A password in the
// URL, which a managed database is given out with, becomes one of the environment: the URL is shown.
func (s *settings) share(p place, sys service) (err error) {
	if s.simulate {
		return errors.New("--simulate keeps its state in a file: for a database that hosts share, use arcadiad simulate and --api-url")
	}
	s.local = filepath.Join(p.dir, databaseName)
	if s.socket == "" {
		s.socket, s.socketGroup = cmp.Or(p.socket, control.SocketBeside(s.local)), p.socket != ""
	}
	var password string
	if s.state, password, err = daemon.StateWithout(s.state); err != nil {
		return err
	}
	if password != "" {
		if err := os.Setenv(passwordVariable, password); err != nil {
			return err
		}
	}
	if p == sys.place {
		if err := sys.lendPassword(); err != nil {
			return err
		}
	}
	return daemon.CheckState(s.state)
}

// findState finds the state database and the control socket where nobody named them: systemd's, this user's own, or those of the
// service on this machine, in this order. A daemon that is started by hand, and a simulated account, are always the user's own.
func (s *settings) findState(sys service) error {
	name := databaseName
	if s.simulate {
		name = simulatedName
	}
	p, unit := unitPlace()
	switch {
	case s.instance != "":
		p = sys.place
	case !unit:
		own, err := ownPlace()
		if err != nil && s.state == "" {
			return err
		}
		p = own
		_, err = os.Stat(filepath.Join(own.dir, name))
		none := errors.Is(err, fs.ErrNotExist)
		if !s.simulate && !s.starts && none && (sys.here() || s.examines && sys.configured()) {
			p = sys.place
		}
	}
	if s.state == "" && p == sys.place {
		s.state = variableIn(sys.environment, stateVariable)
	}
	if s.state == "" {
		s.state = filepath.Join(p.dir, name)
	}
	if daemon.Shared(s.state) {
		return s.share(p, sys)
	}
	if s.socket == "" {
		s.socket = control.SocketBeside(s.state)
		for _, known := range []place{p, sys.place} { // who names the service's database means the service
			if known.socket != "" && filepath.Clean(s.state) == filepath.Join(known.dir, databaseName) {
				s.socket, s.socketGroup = known.socket, true
				break
			}
		}
	}
	return nil
}
