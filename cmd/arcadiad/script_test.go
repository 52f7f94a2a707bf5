package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"arcadiad/fleet"
	"arcadiad/simulator"
	"arcadiad/state/postgres/cluster"
	"arcadiad/state/sqlite"
)

func TestMain(m *testing.M) { testscript.Main(withCluster{m}, map[string]func(){"arcadiad": main}) }

// withCluster stops the PostgreSQL server of the scripts after them.
type withCluster struct{ tests *testing.M }

func (w withCluster) Run() int { return cluster.Run(w.tests) }

// The scripts run the real program against the simulator. Beside testscript's own commands they have those of commands.
func TestScripts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if ram, err := os.MkdirTemp("/dev/shm", "arcadiad"); err == nil { // databases fsync a lot
		dir = ram
		t.Cleanup(func() { os.RemoveAll(ram) })
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		WorkdirRoot:         dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                with(commands, "database", func(ts *testscript.TestScript, neg bool, args []string) { database(t, ts, neg, args) }),
		Condition:           condition,
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, "state"))
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("db", filepath.Join(e.WorkDir, "state", "arcadiad", "simulated.db"))
			e.Setenv("account", filepath.Join(e.WorkDir, "state", "arcadiad", "simulated.account.json"))
			examples, err := filepath.Abs("../../examples")
			if err != nil {
				return err
			}
			e.Setenv("examples", examples)
			port, err := freePort()
			if err != nil {
				return err
			}
			e.Setenv("port", strconv.Itoa(port))
			e.Setenv("quick", "--wait-interval=50ms")
			e.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector would have each process linger for a second
			return nil
		},
	})
}

// condition: [postgres] is there where PostgreSQL is installed.
func condition(name string) (bool, error) {
	if name != "postgres" {
		return false, fmt.Errorf("there is no condition %s", name)
	}
	return cluster.Installed(), nil
}

type command = func(ts *testscript.TestScript, neg bool, args []string)

func with(all map[string]command, name string, another command) map[string]command {
	all = maps.Clone(all)
	all[name] = another
	return all
}

// database sets $database to the URL of an empty PostgreSQL database.
func database(t *testing.T, ts *testscript.TestScript, neg bool, args []string) {
	plainly(ts, neg, len(args) == 0, "database")
	ts.Setenv("database", cluster.Database(t))
}

var commands = map[string]command{
	"exits":     exits,
	"until":     until,
	"api":       api,
	"listening": listening,
	"steps":     steps,
	"capture":   capture,
	"names":     names,
	"pinned":    pinned,
	"signal":    sendSignal,
	"manager":   manager,
	"told":      told,
	"rotate":    rotate,
}

// exits N CMD ARGS... runs a command and demands its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	plainly(ts, neg, len(args) >= 2, "exits N CMD ARGS...")
	if code := exitCode(ts, args[1:]); strconv.Itoa(code) != args[0] {
		ts.Fatalf("%s: exit code %d, want %s", strings.Join(args[1:], " "), code, args[0])
	}
}

// until WHAT CMD ARGS... runs a command again and again until it exits with WHAT, a number, or its stdout matches WHAT, a pattern.
// The command may be api, or visit. Only the last answer is shown.
func until(ts *testscript.TestScript, neg bool, args []string) {
	plainly(ts, neg, len(args) >= 2, "until CODE|PATTERN CMD ARGS...")
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	_, err = strconv.Atoi(args[0])
	byCode := err == nil
	const tries = 400
	said := ""
	pause := 100 * time.Millisecond // more often, and the account's rate limit would be used up
	for range tries {
		code := 0
		if said, code = quietly(ts, args[1:]); byCode && strconv.Itoa(code) == args[0] || !byCode && pattern.MatchString(said) {
			fmt.Fprint(ts.Stdout(), said)
			return
		}
		<-time.After(pause)
		if args[1] == "arcadiad" { // a process each time, which is in the way of what is waited for
			pause = min(pause*5/4, time.Second)
		}
	}
	ts.Fatalf("%s: it did not come to %s in %d tries; the last said:\n%s", strings.Join(args[1:], " "), args[0], tries, said)
}

// quietly runs a command without showing it. An api that is not there yet says nothing.
func quietly(ts *testscript.TestScript, args []string) (said string, code int) {
	if args[0] == "told" {
		return ts.ReadFile(toldFile), 0
	}
	if args[0] == "visit" {
		return visit(args[1]), 0
	}
	if args[0] == "api" {
		if url, err := simulator.Listener(ts.Getenv("account")); err == nil && url != "" {
			said, err = call(url, args[1:])
			if err != nil {
				return err.Error(), 1
			}
			return said, 0
		}
		return "", 1
	}
	path, err := exec.LookPath(args[0])
	ts.Check(err)
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "XDG_STATE_HOME", "GORACE"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out) + string(exit.Stderr), exit.ExitCode()
	}
	ts.Check(err)
	return string(out), 0
}

// api METHOD PATH [BODY] asks the simulator that serves $account; its answer is stdout.
func api(ts *testscript.TestScript, neg bool, args []string) {
	plainly(ts, neg, len(args) == 2 || len(args) == 3, "api METHOD PATH [BODY]")
	said, err := call(listener(ts), args)
	ts.Check(err)
	fmt.Fprint(ts.Stdout(), said)
}

// visit gives the status that a URL is answered with, or that the connection is refused.
func visit(url string) string {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Get(url)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case err != nil:
		return err.Error()
	}
	resp.Body.Close()
	return strconv.Itoa(resp.StatusCode)
}

// freePort is a port that nobody listens on at the moment.
func freePort() (int, error) {
	l, err := net.Listen("tcp4", "127.127.255.254:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// capture NAME PATTERN sets an environment variable to the first group of a pattern in the last stdout.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	plainly(ts, neg, len(args) == 2, "capture NAME PATTERN")
	found := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("no %s in:\n%s", args[1], ts.ReadFile("stdout"))
	}
	ts.Setenv(args[0], found[1])
}

// names gives the name and the id of each droplet of the simulated account on stdout, sorted by name.
func names(ts *testscript.TestScript, neg bool, args []string) {
	plainly(ts, neg, len(args) == 0, "names")
	said, err := call(listener(ts), []string{"GET", "/v2/droplets?per_page=200"})
	ts.Check(err)
	var listed struct {
		Droplets []struct {
			ID   int64
			Name string
		}
	}
	ts.Check(json.Unmarshal([]byte(said), &listed))
	lines := make([]string, len(listed.Droplets))
	for i, d := range listed.Droplets {
		lines[i] = fmt.Sprintf("%s %d\n", d.Name, d.ID)
	}
	slices.Sort(lines)
	fmt.Fprint(ts.Stdout(), strings.Join(lines, ""))
}

// sendSignal: signal SIGNAL COMMAND sends a signal to the arcadiad that runs COMMAND in the background.
func sendSignal(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]os.Signal{"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}
	plainly(ts, neg, len(args) == 2 && signals[args[0]] != nil, "signal HUP|INT|TERM|KILL COMMAND")
	for _, cmd := range ts.BackgroundCmds() {
		if len(cmd.Args) > 1 && cmd.Args[1] == args[1] {
			ts.Check(cmd.Process.Signal(signals[args[0]]))
			return
		}
	}
	ts.Fatalf("no arcadiad %s runs in the background", args[1])
}

// pinned FILE UUID makes a state database that belongs to a real account.
func pinned(ts *testscript.TestScript, neg bool, args []string) {
	plainly(ts, neg, len(args) == 2, "pinned FILE UUID")
	store, err := sqlite.Open(context.Background(), ts.MkAbs(args[0]), sqlite.Options{})
	ts.Check(err)
	ts.Check(errors.Join(store.Pin(context.Background(), fleet.Account{UUID: args[1]}, "demo"), store.Close()))
}

const toldFile = "told.txt"

// manager listens as systemd does on $NOTIFY_SOCKET, and writes down what it is told, for told.
func manager(ts *testscript.TestScript, neg bool, args []string) {
	plainly(ts, neg, len(args) == 0, "manager")
	file, err := os.Create(ts.MkAbs(toldFile))
	ts.Check(err)
	socket := ts.MkAbs("notify.sock")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	ts.Check(err)
	ended := make(chan error, 1)
	go func() {
		message := make([]byte, 1<<16)
		for {
			n, err := conn.Read(message)
			if err == nil {
				_, err = fmt.Fprintf(file, "%s\n", message[:n])
			}
			if err != nil {
				ended <- err
				return
			}
		}
	}()
	ts.Defer(func() {
		ts.Check(conn.Close())
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			ts.Check(err)
		}
		ts.Check(file.Close())
	})
	ts.Setenv("NOTIFY_SOCKET", socket)
}

// told gives what the manager was told on stdout.
func told(ts *testscript.TestScript, neg bool, args []string) {
	plainly(ts, neg, len(args) == 0, "told")
	fmt.Fprint(ts.Stdout(), ts.ReadFile(toldFile))
}

// rotate FILE TOKEN puts another file with a token in the place of the one that is there.
func rotate(ts *testscript.TestScript, neg bool, args []string) {
	plainly(ts, neg, len(args) == 2, "rotate FILE TOKEN")
	path := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(path+".new", []byte(args[1]+"\n"), 0o600))
	ts.Check(os.Rename(path+".new", path))
}

func plainly(ts *testscript.TestScript, neg, ok bool, usage string) {
	if neg || !ok {
		ts.Fatalf("usage: %s", usage)
	}
}

func exitCode(ts *testscript.TestScript, args []string) int {
	err := ts.Exec(args[0], args[1:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

func listener(ts *testscript.TestScript) string {
	url, err := simulator.Listener(ts.Getenv("account"))
	ts.Check(err)
	return url
}

func call(url string, args []string) (string, error) {
	body := ""
	if len(args) == 3 {
		body = args[2]
	}
	req, err := http.NewRequest(args[0], url+args[1], strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer console")
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s: %s", args[0], args[1], resp.Status, said)
	}
	return string(said), err
}
