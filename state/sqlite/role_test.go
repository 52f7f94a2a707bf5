package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"

	"arcadiad/saga"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

// Other processes are this test binary again, which plays a role instead of running tests.
const roleVariable = "ARCADIAD_STATE_TEST_ROLE"

const (
	roleDaemon   = "daemon"   // opens the store, writes a little, and waits to be killed
	roleBusy     = "busy"     // writes side by side, and says what was acknowledged
	roleStranger = "stranger" // as a user without rights: opens to read and to write, and says what comes of it
	nobody       = 65534
)

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := play(role, os.Args[1]); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func play(role, path string) error {
	ctx := context.Background()
	if role == roleStranger {
		return stranger(ctx, path)
	}
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	if role == roleBusy {
		return busy(ctx, s)
	}
	if err := s.Begin(ctx, draft(1, "web-1")); err != nil {
		return err
	}
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin) // until the parent is gone
	return err
}

// busyWorkers each do busySagas, one after the other.
const (
	busyWorkers = 8
	busySagas   = 200
)

// busy begins and ends sagas side by side. A line is written once the journal has acknowledged what it says.
func busy(ctx context.Context, s *sqlite.Store) error {
	var wg sync.WaitGroup
	errs := make([]error, busyWorkers)
	for worker := range errs {
		wg.Go(func() {
			for i := 1; i <= busySagas && errs[worker] == nil; i++ {
				n := worker*1_000_000 + i
				sg := draft(n, fmt.Sprint("web-", n))
				if errs[worker] = s.Begin(ctx, sg); errs[worker] != nil {
					return
				}
				fmt.Println("begun", n)
				rows := []any{droplet(int64(n), sg.Subject, at(1)), record(int64(n), sg.Subject)}
				if errs[worker] = s.Commit(ctx, ended(sg, saga.Completed), rows); errs[worker] == nil {
					fmt.Println("ended", n)
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func stranger(ctx context.Context, path string) error {
	if os.Getuid() == 0 {
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)); err != nil {
			return err
		}
	}
	_, err := sqlite.OpenReader(ctx, path)
	fmt.Println("reader:", err)
	_, err = sqlite.Open(ctx, path, sqlite.Options{})
	fmt.Println("store:", err)
	fmt.Println("read-only:", errors.Is(err, state.ErrReadOnly))
	return nil
}

// start starts another process in a role.
func start(t *testing.T, role, path string) (cmd *exec.Cmd, says *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd = exec.Command(self, path)
	cmd.Env = append(os.Environ(), roleVariable+"="+role, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		in.Close()
	})
	return cmd, bufio.NewScanner(out)
}

// daemon starts a process that has the database open and something in it.
func daemon(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	cmd, says := start(t, roleDaemon, path)
	if !says.Scan() || says.Text() != "ready" {
		t.Fatalf("the daemon says %q", says.Text())
	}
	return cmd
}

// kill leaves the database as a power cut would, but for the disk.
func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	must(t, cmd.Process.Kill())
	cmd.Wait() // tells that it was killed
}
