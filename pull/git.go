package pull

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"arcadiad/fleet"
)

// most is how long a pull may take. A server that sends nothing more would hold it up for good.
const most = 10 * time.Minute

// git runs git in the mirror of a directory.
type git struct {
	o    Options
	lock *os.File // every git inherits it: while one lives, no other pull begins

	gnupg string // home of gpg; empty: none is needed
}

// config holds for every git. That of the repository is written by nobody but this package.
var config = []string{
	"core.hooksPath=/dev/null",
	"core.fsmonitor=false",
	"core.attributesFile=/dev/null",
	"core.excludesFile=/dev/null",
	"core.fsync=all", // a commit that was fetched outlives a loss of power
	"credential.helper=",
	"fetch.recurseSubmodules=false",
	"submodule.recurse=false",
	"gc.auto=0",
	"maintenance.auto=false",
	"transfer.fsckObjects=true",
	"advice.detachedHead=false",
}

// run gives what git says on stdout. The error has the last lines that it said on stderr.
func (g git) run(ctx context.Context, extra []string, args ...string) (string, error) {
	var out bytes.Buffer
	err := g.to(ctx, &out, extra, args...)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(out.String()), nil
}

// to is run for an answer that may be long.
func (g git) to(ctx context.Context, out io.Writer, extra []string, args ...string) error {
	line := []string{"--git-dir=" + g.o.mirror(), "--no-pager", "--literal-pathspecs"}
	for _, c := range append(config[:len(config):len(config)], extra...) {
		line = append(line, "-c", c)
	}
	return g.plainly(ctx, out, "git", append(line, args...)...)
}

// plainly runs a program with a clean environment.
func (g git) plainly(ctx context.Context, out io.Writer, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = g.o.Into
	cmd.Env = g.environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // ssh and its like end with it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	if g.lock != nil {
		cmd.ExtraFiles = []*os.File{g.lock}
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &said
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("git took longer than %v", most)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("there is no %s on the PATH", name)
	}
	if text := lastLines(said.String()); text != "" {
		return errors.New(text)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// guesses are what git adds to an error of the other side, which has said more.
var guesses = []string{"Could not read from remote repository.", "Please make sure you have the correct access rights", "and the repository exists."}

// lastLines are the last lines that git said, as one, without its prefixes and without what drives a terminal: the server may have
// sent them.
func lastLines(text string) string {
	var lines []string
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = strings.TrimPrefix(strings.TrimPrefix(fleet.Fit(line, longest), "fatal: "), "error: ")
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "hint: ") && (len(lines) == 0 || !slices.Contains(guesses, line)) {
			lines = append(lines, line)
		}
	}
	const enough = 3
	return strings.Join(lines[max(0, len(lines)-enough):], "; ")
}

// longest is how many characters are kept of a line that git said, and of a name.
const longest = 300

// kept are the variables that git gets from outside: how to find programs and the way out to the network.
var kept = []string{"PATH", "TMPDIR", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"}

func (g git) environment() []string {
	env := []string{
		"GNUPGHOME=" + g.gnupg,
		"HOME=" + filepath.Join(g.o.Into, "nowhere"), "LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_ATTR_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS=", "GIT_NO_REPLACE_OBJECTS=1",
		"GIT_ALLOW_PROTOCOL=https:ssh:file", "GIT_SSH_VARIANT=ssh", "GIT_SSH_COMMAND=" + g.ssh(),
	}
	for _, name := range kept {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	if agent := os.Getenv("SSH_AUTH_SOCK"); agent != "" && g.o.Key == "" {
		env = append(env, "SSH_AUTH_SOCK="+agent)
	}
	return env
}

// ssh is the command line of ssh. It asks nobody anything, and talks to no host whose key it does not know.
func (g git) ssh() string {
	args := []string{"ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "UpdateHostKeys=no",
		"-o", "ConnectTimeout=30", "-o", "ServerAliveInterval=15", "-o", "ClearAllForwardings=yes"}
	if g.o.Key != "" {
		args = append(args, "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-i", g.o.Key)
	}
	if g.o.KnownHosts != "" {
		args = append(args, "-o", "UserKnownHostsFile="+sshPath(g.o.KnownHosts), "-o", "GlobalKnownHostsFile=/dev/null")
	}
	for i, arg := range args {
		args[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	return strings.Join(args, " ")
}

// sshPath is a path as the options of ssh want it: several may be there, with spaces between, and % begins a token.
func sshPath(path string) string {
	return `"` + strings.ReplaceAll(path, "%", "%%") + `"`
}
