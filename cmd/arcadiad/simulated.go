package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"arcadiad/daemon"
	"arcadiad/simulator"
)

// hosting says how long a command that hosts the simulated account itself does so.
type hosting int

const (
	hostNever     hosting = iota // it asks nothing of an account
	hostBriefly                  // in the process alone: it is over in a moment
	hostForOthers                // on a loopback port too, which the account's file names, so that others see the same account
)

// How long a command waits for another that hosts the account and serves nobody, and how often it looks.
const (
	hostPatience = 10 * time.Second
	hostPause    = 50 * time.Millisecond
)

// The quick defaults of --simulate. Where the user sets --wait-interval, the simulated droplets keep step with it.
const (
	simulatedWait   = time.Second
	simulatedSettle = 10 * time.Second
)

// prepare turns the settings into options for a command that talks to the account. With --simulate that is the simulated one:
// whoever hosts it is used, else this process hosts it until done is called.
func (s *settings) prepare(ctx context.Context, log *slog.Logger, h hosting) (o daemon.Options, done func() error, err error) {
	o, done = s.options(log), func() error { return nil }
	if !s.simulate || h == hostNever {
		return o, done, nil
	}
	if err := s.mustBeSimulated(ctx); err != nil {
		return o, done, err
	}
	if !s.given("wait-interval") {
		o.WaitInterval = simulatedWait
	}
	if !s.given("create-settle") {
		o.CreateSettle = simulatedSettle
	}
	o.Token, o.TokenFrom = func() (string, error) { return "simulated", nil }, "" // never a real one
	url, sim, err := findAccount(ctx, accountFile(s.state), simulator.Options{Activation: o.WaitInterval, ActionTime: o.WaitInterval, Log: log}, h)
	switch {
	case err != nil:
		return o, done, err
	case sim == nil:
		o.APIURL, o.Dial = url, simulator.DialThrough(url)
		return o, done, nil
	case h == hostBriefly:
		o.APIURL, o.Transport, o.Dial = "http://localhost", sim.Transport(), sim.Dial
		return o, sim.Close, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return o, done, errors.Join(fmt.Errorf("host the simulated account: %w", err), sim.Close())
	}
	o.APIURL, o.Dial = "http://"+l.Addr().String(), sim.Dial
	stop := serveHTTP(l, sim)
	done = func() error { return errors.Join(sim.Close(), stop()) }
	if err := sim.SetListener(o.APIURL); err != nil {
		return o, done, errors.Join(err, done())
	}
	log.Info("hosting the simulated account", "url", o.APIURL, "file", accountFile(s.state))
	return o, done, nil
}

// accountFile is where the simulated account of a state database is kept: simulated.account.json for simulated.db.
func accountFile(database string) string {
	return strings.TrimSuffix(database, ".db") + ".account.json"
}

// mustBeSimulated refuses the state database of a real account before anything is done with it. The reverse, and all else, is the
// pin's business.
func (s *settings) mustBeSimulated(ctx context.Context) error {
	meta, err := daemon.MetaOf(ctx, s.state)
	if err != nil {
		if _, none := os.Stat(accountFile(s.state)); none == nil {
			return nil // it is that account's: a run brings one of an older arcadiad up to date, and all others say themselves what is wrong
		}
		return err
	}
	if meta.Account != "" && !meta.Simulated {
		return fmt.Errorf("%s belongs to the real account %s: --simulate does not touch it (remove --simulate, or use another --state)",
			s.state, meta.Account)
	}
	return nil
}

// findAccount finds the process that hosts the simulated account in a file, or makes this process host it. The file's lock decides:
// whoever has it hosts the account, so there are never two.
func findAccount(ctx context.Context, file string, o simulator.Options, h hosting) (url string, sim *simulator.Simulator, err error) {
	sim = simulator.New(o)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) && h == hostBriefly {
		return "", sim, nil // a look at an account that is not there yet does not make it
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", nil, fmt.Errorf("keep the simulated account: %w", err)
	}
	for began := time.Now(); ; {
		err := sim.Open(file)
		if err == nil {
			return "", sim, nil
		}
		if !errors.Is(err, simulator.ErrInUse) {
			return "", nil, err
		}
		if url, _ := simulator.Listener(file); url != "" && isSimulator(ctx, url) {
			return url, nil, nil
		}
		if time.Since(began) > hostPatience {
			return "", nil, fmt.Errorf("%w (try again when that has ended)", err)
		}
		select {
		case <-ctx.Done():
			return "", nil, ctx.Err()
		case <-time.After(hostPause):
		}
	}
}

// isSimulator tells whether a simulator listens there.
func isSimulator(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/simulator/requests", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.Header.Get(simulator.Header) != ""
}

// serveHTTP serves until stop is called, which cuts off whoever is still asking.
func serveHTTP(l net.Listener, h http.Handler) (stop func() error) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	return func() error {
		err := server.Close()
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}
}
