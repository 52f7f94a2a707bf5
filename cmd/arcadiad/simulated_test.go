package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"arcadiad/simulator"
)

func TestOneHostOfTheSimulatedAccount(t *testing.T) {
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "state", "simulated.account.json")

	// A look at an account that is not there does not make it.
	_, host, err := findAccount(ctx, file, simulator.Options{}, hostBriefly)
	if err != nil || host == nil {
		t.Fatalf("host %v, error %v, want a host", host, err)
	}
	if _, err := os.Stat(filepath.Dir(file)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the look left something: %v", err)
	}

	_, host, err = findAccount(ctx, file, simulator.Options{}, hostForOthers)
	if err != nil || host == nil {
		t.Fatalf("host %v, error %v, want a host", host, err)
	}
	// Nobody else becomes a host meanwhile, but everybody finds this one once it listens.
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, second, err := findAccount(gone, file, simulator.Options{}, hostForOthers); second != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("a second host %v, error %v, want none and %v", second, err, context.Canceled)
	}
	server := httptest.NewServer(host)
	if err := host.SetListener(server.URL); err != nil {
		t.Fatal(err)
	}
	for _, h := range []hosting{hostBriefly, hostForOthers} {
		url, second, err := findAccount(ctx, file, simulator.Options{}, h)
		if err != nil || second != nil || url != server.URL {
			t.Errorf("url %q, host %v, error %v, want %q", url, second, err, server.URL)
		}
	}

	// Once it is gone, its URL means nothing any more, even if somebody listens there.
	account := host.UUID()
	if err := host.Close(); err != nil {
		t.Fatal(err)
	}
	_, next, err := findAccount(ctx, file, simulator.Options{}, hostBriefly)
	server.Close()
	if err != nil || next == nil {
		t.Fatalf("host %v, error %v, want a host", next, err)
	}
	if next.UUID() != account {
		t.Errorf("account %s, want %s from the file", next.UUID(), account)
	}
	if err := next.Close(); err != nil {
		t.Fatal(err)
	}
}

// Whoever hosts the simulated account, and whoever uses it there, reaches its droplets at the addresses that it shows.
func TestSimulatedDropletsAreReached(t *testing.T) {
	state := filepath.Join(t.TempDir(), "simulated.db")
	var droplet simulator.Droplet
	prepare := func(h hosting) (dial func(context.Context, string, string) (net.Conn, error), done func() error) {
		t.Helper()
		cmd := &cobra.Command{}
		s := newSettings(cmd, usesState|usesAPI, slog.LevelWarn)
		if err := cmd.ParseFlags([]string{"--simulate", "--state", state}); err != nil {
			t.Fatal(err)
		}
		if err := s.fill(); err != nil {
			t.Fatal(err)
		}
		o, done, err := s.prepare(t.Context(), slog.New(slog.DiscardHandler), h)
		if err != nil {
			t.Fatal(err)
		}
		return o.Dial, done
	}
	reached := func(who string, dial func(context.Context, string, string) (net.Conn, error)) {
		t.Helper()
		for _, ip := range []string{droplet.PublicIPv4, droplet.PrivateIPv4} {
			conn, err := dial(t.Context(), "tcp4", ip+":22")
			if err != nil {
				t.Errorf("%s: %v", who, err)
				continue
			}
			conn.Close()
		}
	}
	sim := simulator.New(simulator.Options{})
	if err := sim.Open(accountFile(state)); err != nil {
		t.Fatal(err)
	}
	droplet = sim.Add(simulator.Droplet{Name: "web-1"})
	if err := sim.Close(); err != nil {
		t.Fatal(err)
	}
	dial, done := prepare(hostBriefly)
	reached("who hosts it briefly", dial)
	if err := done(); err != nil {
		t.Fatal(err)
	}
	dial, done = prepare(hostForOthers)
	reached("who hosts it for others", dial)
	dial, doneToo := prepare(hostBriefly)
	reached("who uses it", dial)
	if err := errors.Join(doneToo(), done()); err != nil {
		t.Fatal(err)
	}
}

// A second signal ends the daemon while a create is on the wire, which the first would wait for.
func TestSecondSignalExitsAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	database := filepath.Join(dir, "simulated.db")
	sim := simulator.New(simulator.Options{})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	created := make(chan struct{}, 1)
	sim.After(func(r *http.Request) {
		if r.Method == http.MethodPost {
			created <- struct{}{}
		}
	})
	fleetFile := filepath.Join(dir, "fleet.yaml")
	const one = "{version: 1, fleet: demo, droplets: [{name: web, region: syd1, size: s-1vcpu-1gb, image: ubuntu-24-04-x64}]}\n"
	if err := errors.Join(os.WriteFile(fleetFile, []byte(one), 0o600), sim.Open(accountFile(database)), sim.SetListener(server.URL),
		sim.Script("POST /v2/droplets", 1, simulator.Effect{Do: "hang", AfterWork: true})); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("arcadiad", "run", "--simulate", "--state", database, "--fleet", fleetFile, "--wait-interval", "50ms")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-created
	for _, s := range []os.Signal{syscall.SIGTERM, os.Interrupt} { // two alike could arrive as one
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	err := cmd.Wait()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != 128+int(syscall.SIGTERM) && exit.ExitCode() != 128+int(syscall.SIGINT) {
		t.Errorf("%v, want exit code 130 or 143:\n%s", err, stderr.String())
	}
}
