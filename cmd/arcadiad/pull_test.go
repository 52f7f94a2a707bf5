package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// arcadiad runs a command in this process, and gives what it says and its exit code.
func arcadiad(t *testing.T, args ...string) (out, said string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	code = conclude(&stderr, root.ExecuteContext(t.Context()))
	return stdout.String(), stderr.String(), code
}

// As arcadiad-pull@.service runs it: all from the environment, and credentials that may be left out.
func TestPullCommand(t *testing.T) {
	dir := t.TempDir()
	credentials := filepath.Join(dir, "credentials")
	err := os.Mkdir(credentials, 0o700)
	for name, text := range map[string]string{"deploy-key": "none\n", "known-hosts": "none", "signers": "none"} {
		err = errors.Join(err, os.WriteFile(filepath.Join(credentials, name), []byte(text), 0o600))
	}
	for _, args := range []string{"init -q -b main work", "-C work -c user.name=Ann -c user.email=ann@example.com commit -q --allow-empty -m empty"} {
		cmd := exec.Command("git", strings.Fields(args)...)
		cmd.Dir = dir
		err = errors.Join(err, cmd.Run())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", credentials)
	t.Setenv("ARCADIAD_PULL_REPO", "file://"+dir+"/work")
	t.Setenv("ARCADIAD_PULL_INTO", filepath.Join(dir, "host"))
	for _, want := range []string{filepath.Join(dir, "host", "current") + " has changed", "Nothing new"} {
		if out, said, code := arcadiad(t, "pull"); code != 0 || !strings.HasPrefix(out, want+": main is at ") || !strings.HasSuffix(out, ", empty\n") {
			t.Errorf("exit code %d, %q, %q; want %s", code, out, said, want)
		}
	}
	for want, args := range map[string][]string{
		"--verify needs a file with the keys that may sign": {"--verify"},
		"it has no branch and no tag gone":                  {"--ref", "gone"},
		"is expected":                                       {"--repo", "ext::sh"},
		`--instance "../x": lower case letters, digits`:     {"--instance", "../x"},
	} {
		if out, said, code := arcadiad(t, append([]string{"pull"}, args...)...); code != exitFailed || !strings.Contains(said, want) {
			t.Errorf("%q: exit code %d, %q, %q; want %s", args, code, out, said, want)
		}
	}
}

// --instance sets the defaults, and no more than them.
func TestInstance(t *testing.T) {
	noToken(t)
	for _, name := range []string{"ARCADIAD_FLEET", "ARCADIAD_STATE", "ARCADIAD_SOCKET", "ARCADIAD_INSTANCE", "STATE_DIRECTORY", "HOME", "XDG_STATE_HOME"} {
		t.Setenv(name, "") // systemd gives its own commands no home
	}
	const state, config = "/var/lib/arcadiad-instances/blue/arcadiad.db", "/etc/arcadiad/blue/"
	for args, want := range map[string]string{
		"--instance blue":                  config + "fleet.yaml " + state + " /run/arcadiad-instances/blue/control.sock " + config + "token",
		"--instance blue --fleet x.yaml":   "x.yaml " + state + " /run/arcadiad-instances/blue/control.sock " + config + "token",
		"--instance blue --token-file t":   config + "fleet.yaml " + state + " /run/arcadiad-instances/blue/control.sock t",
		"--instance blue --state /x/y.db":  config + "fleet.yaml /x/y.db /x/y.sock " + config + "token",
		"--instance blue --socket /s":      config + "fleet.yaml " + state + " /s " + config + "token",
		"--instance Blue":                  "lower case letters",
		"--instance blue/green":            "lower case letters",
		"--instance blue-":                 "lower case letters",
		"--instance a23456789-123456789-1": "lower case letters",
		"--instance blue --simulate":       "exclude each other",
		"--instance a23456789-123456789 --fleet x": "x /var/lib/arcadiad-instances/a23456789-123456789/arcadiad.db " +
			"/run/arcadiad-instances/a23456789-123456789/control.sock /etc/arcadiad/a23456789-123456789/token",
	} {
		s := newSettings(&cobra.Command{}, usesFleet|usesState|usesAPI, 0)
		err := s.flags.Parse(strings.Fields(args))
		if err == nil {
			err = s.fill()
		}
		got := fmt.Sprint(s.fleet, " ", s.state, " ", s.socket, " ", s.tokenFile)
		if err != nil {
			got = err.Error()
		}
		if got != want && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("%s: %s, want %s", args, got, want)
		}
	}
	t.Setenv("DIGITALOCEAN_TOKEN", "word")
	s := newSettings(&cobra.Command{}, usesFleet|usesState|usesAPI, 0)
	if err := errors.Join(s.flags.Set("instance", "blue"), s.fill()); err != nil || s.tokenFile != "" {
		t.Errorf("a token of the environment: %q, %v", s.tokenFile, err)
	}
}

// What the file with a unit's settings says of the fleet file.
func TestFleetOfAService(t *testing.T) {
	file := filepath.Join(t.TempDir(), "environment")
	sys := service{fleet: "/etc/fleet.yaml", environment: file}
	for text, want := range map[string]string{
		"":                          "/etc/fleet.yaml",
		"#ARCADIAD_FLEET=/x\n":      "/etc/fleet.yaml",
		"A=b\nARCADIAD_FLEET=/x":    "/x",
		"ARCADIAD_FLEET=\"/x y\"\n": "/x y",
		"ARCADIAD_FLEET=/x\nARCADIAD_FLEET='/y'\n": "/y",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := sys.fleetOf(); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
