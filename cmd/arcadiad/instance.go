package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Where the units of instances have their things, each in a directory of its name. These directories are no part of those of
// arcadiad.service: systemd moves that one's state elsewhere as a whole, and removes its runtime directory when it stops.
const (
	instanceConfig = "/etc/arcadiad"
	instanceState  = "/var/lib/arcadiad-instances"
	instanceRun    = "/run/arcadiad-instances"
	pullDir        = "/var/lib/arcadiad-pull"
)

// instances are the names that arcadiad@.service takes: its user is called arcadia-NAME, and a name of a user has at most 31 characters.
var instances = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$`)

// instanceService is where arcadiad@NAME.service puts its things.
func instanceService(name string) service {
	config := filepath.Join(instanceConfig, name)
	return service{
		place:        place{dir: filepath.Join(instanceState, name), socket: filepath.Join(instanceRun, name, socketName)},
		unit:         "arcadiad@" + name,
		fleet:        filepath.Join(config, "fleet.yaml"),
		tokenFile:    filepath.Join(config, "token"),
		passwordFile: filepath.Join(config, passwordCredential),
		environment:  filepath.Join(config, "environment"),
	}
}

// system is the service that the command is about: that of --instance, or the one that has no name.
func (s *settings) system() service {
	if s.instance != "" {
		return instanceService(s.instance)
	}
	return systemService()
}

// asInstance takes what belongs to the instance where nobody named anything else.
func (s *settings) asInstance() error {
	if !instances.MatchString(s.instance) {
		return fmt.Errorf("--instance %q: lower case letters, digits and dashes are expected, at most 20 of them", s.instance)
	}
	if s.simulate {
		return errors.New("--instance and --simulate exclude each other: a simulated account has a state of its own")
	}
	sys := instanceService(s.instance)
	if !s.given("fleet") {
		s.fleet = sys.fleetOf()
	}
	if !tokenGiven() {
		s.tokenFile = cmp.Or(s.tokenFile, sys.tokenFile)
	}
	s.pull.Into = cmp.Or(s.pull.Into, filepath.Join(pullDir, s.instance))
	return nil
}

// variableIn gives the value of a variable in a file of settings for systemd; empty: it is not there, or may not be read.
func variableIn(file, name string) (value string) {
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), name+"="); ok {
			value = strings.Trim(strings.TrimSpace(v), `"'`) // the last one counts
		}
	}
	return value
}
