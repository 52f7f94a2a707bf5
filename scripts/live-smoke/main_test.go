package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"arcadiad/scripts/stage/stagetest"
	"arcadiad/simulator"
)

const token = "token-of-the-smoke-test"

// scratch is where everything of the tests lies; run's own directories too.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "live-smoke-test-"); err != nil {
		panic(err)
	}
	os.Setenv("TMPDIR", scratch)
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// binary is the real one, built once.
var binary = sync.OnceValues(func() (string, error) { return stagetest.Build(scratch) })

// scene is an account with droplets of other people, one of them in another fleet of arcadiad's, served over loopback HTTP.
type scene struct {
	*simulator.Simulator
	url    string
	before []simulator.Droplet
	tags   []string
}

func newScene(t *testing.T) *scene {
	sim := simulator.New(simulator.Options{Token: token, Activation: 100 * time.Millisecond, Limits: simulator.Unlimited()})
	sim.Add(simulator.Droplet{Name: "mail", Tags: []string{"smoke"}})
	sim.Add(simulator.Droplet{Name: "web-1", Tags: []string{"managed-by-arcadia-cloud", "arcadia-fleet-theirs", "arcadia-saga-00112233"}})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return &scene{Simulator: sim, url: server.URL, before: sim.Droplets(), tags: sim.Tags()}
}

// smoke runs the command, and gives its error and what it printed.
func (s *scene) smoke(ctx context.Context, t *testing.T, answer string, args ...string) (string, error) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	getenv := func(name string) string {
		return map[string]string{"DIGITALOCEAN_ACCESS_TOKEN": token, "DIGITALOCEAN_API_URL": s.url}[name]
	}
	args = slices.Concat([]string{"--arcadiad", path, "--interval", "20ms"}, args, []string{"--", "--wait-interval", "50ms"})
	var out bytes.Buffer
	err = run(ctx, args, getenv, strings.NewReader(answer), &out)
	if bytes.Contains(out.Bytes(), []byte(token)) {
		t.Error("the token was printed")
	}
	return out.String(), err
}

// restored checks that the account is as it was, and that nothing of the run is left.
func (s *scene) restored(t *testing.T) {
	t.Helper()
	same := slices.EqualFunc(s.before, s.Droplets(), func(a, b simulator.Droplet) bool {
		return a.ID == b.ID && a.Name == b.Name && slices.Equal(a.Tags, b.Tags)
	})
	if !same {
		t.Errorf("the account holds %+v; it held %+v", s.Droplets(), s.before)
	}
	if !slices.Equal(s.tags, s.Tags()) {
		t.Errorf("tags: %q; there were %q", s.Tags(), s.tags)
	}
}

func TestProvisionsAndDestroys(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	out, err := s.smoke(t.Context(), t, "", "--yes")
	if err != nil || !strings.Contains(out, "PASSED: the account holds its 2 droplets, as before") {
		t.Fatalf("error %v\n%s", err, out)
	}
	s.restored(t)
	made := s.Requests()["POST /v2/droplets"]
	if made != 1 || len(s.Ended()) != 1 {
		t.Errorf("%d creates were sent and %d droplets destroyed; there should be one of each", made, len(s.Ended()))
	}
	if left, _ := filepath.Glob(filepath.Join(scratch, s.Ended()[0].Name+"-*")); len(left) > 0 {
		t.Errorf("its directory is left: %q", left)
	}
}

func TestCleansUpWhenInterrupted(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ctx, interrupt := context.WithCancelCause(t.Context())
	s.After(func(r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/v2/droplets" {
			interrupt(errors.New("interrupted by the test"))
		}
	})
	out, err := s.smoke(ctx, t, "", "--yes")
	if err == nil || !strings.Contains(err.Error(), "interrupted by the test") {
		t.Fatalf("error %v\n%s", err, out)
	}
	s.restored(t)
	if len(s.Ended()) != 1 {
		t.Errorf("%d droplets were destroyed; the create was done when the interrupt came\n%s", len(s.Ended()), out)
	}
}

func TestFailsWhenArcadiadFails(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.SetFaults(simulator.Faults{Quota422: true})
	out, err := s.smoke(t.Context(), t, "", "--yes")
	if err == nil || !strings.Contains(err.Error(), "arcadiad apply: exit code 1 instead of 0") {
		t.Fatalf("error %v\n%s", err, out)
	}
	if !strings.Contains(out, "the fleet file and the state database are kept in "+scratch) {
		t.Errorf("it does not say where the evidence is:\n%s", out)
	}
	s.restored(t)
}

func TestFailsWhenAnothersDropletIsGone(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.After(func(r *http.Request) {
		if r.Method == http.MethodDelete {
			s.Delete(s.before[0].ID)
		}
	})
	out, err := s.smoke(t.Context(), t, "", "--yes", "--lag", "1s")
	if err == nil || !strings.Contains(err.Error(), "none of this run's, is gone") {
		t.Fatalf("error %v\n%s", err, out)
	}
}

func TestAsksFirst(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"", "no\n", "y\n"} {
		s := newScene(t)
		out, err := s.smoke(t.Context(), t, answer)
		if err == nil || s.Writes() > 0 {
			t.Errorf("answer %q: error %v, %d writes\n%s", answer, err, s.Writes(), out)
		}
	}
}

func TestWantsATokenAndABinary(t *testing.T) {
	t.Parallel()
	none := func(string) string { return "" }
	if err := run(t.Context(), nil, none, nil, new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "DIGITALOCEAN_ACCESS_TOKEN") {
		t.Errorf("without a token: %v", err)
	}
	some := func(string) string { return token }
	err := run(t.Context(), []string{"--arcadiad", filepath.Join(scratch, "none")}, some, nil, new(bytes.Buffer))
	if err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("without a binary: %v", err)
	}
}
