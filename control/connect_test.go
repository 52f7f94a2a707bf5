package control

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/plan"
	"arcadiad/saga"
)

// nobody is a service that tests answer single calls of.
type nobody struct{ Service }

func (nobody) Sagas(context.Context, saga.Filter) ([]saga.Saga, error) { return nil, nil }

// local is the service of this process, and remembers whether it was opened.
type local struct {
	nobody
	opened, closed, beside bool
	err                    error
	missing                bool // its plan misses a droplet
}

func (l *local) open(_ context.Context, beside bool) (Service, func() error, error) {
	l.opened, l.beside = true, beside
	return l, func() error { l.closed = true; return nil }, l.err
}

func (l *local) Status(context.Context) (Status, error) { return Status{}, nil }

func (l *local) Plan(context.Context, PlanRequest) (p plan.Plan, err error) {
	if l.missing {
		p.Missing = []plan.Missing{{Name: "web"}}
	}
	return p, nil
}

// Where no daemon runs each need is served by this process, but that for the daemon itself.
func TestConnectBesideNoDaemon(t *testing.T) {
	for need, want := range map[Need]bool{Look: true, Examine: true, DryRun: true, AccountOnly: true, Order: true, Work: true, Running: false} {
		var l local
		c, err := Connect(t.Context(), Options{State: filepath.Join(t.TempDir(), "arcadiad.db"), Need: need, Local: l.open})
		if l.opened != want || (err == nil) != want || l.beside || !want && !errors.Is(err, ErrNoDaemon) {
			t.Fatalf("need %d: opened %v, beside %v, %v", need, l.opened, l.beside, err)
		}
		if !want {
			continue
		}
		if st, err := c.Status(t.Context()); err != nil || st.DaemonError != "" {
			t.Errorf("need %d: %+v, %v", need, st, err)
		}
		if err := c.Close(); err != nil || !l.closed {
			t.Errorf("need %d is not closed: %v", need, err)
		}
	}
}

// Beside a daemon this process does a dry run alone, and the daemon hears of what it missed; for all else the daemon is asked.
func TestConnectBesideADaemon(t *testing.T) {
	told := make(chan struct{}, 1)
	socket := served(t, Handler(hears{told: told})).socket
	for _, need := range []Need{Look, Examine, DryRun, AccountOnly, Order, Work, Running} {
		l := local{missing: true}
		c, err := Connect(t.Context(), Options{Socket: socket, Need: need, Local: l.open})
		if err != nil || l.opened != (need == DryRun || need == AccountOnly) || l.beside != l.opened {
			t.Fatalf("need %d: opened %v, beside %v, %v", need, l.opened, l.beside, err)
		}
		if need == DryRun {
			if _, err := c.Plan(t.Context(), PlanRequest{}); err != nil {
				t.Error(err)
			}
			<-told
		}
	}
	l := local{err: ErrUnreadable}
	c, err := Connect(t.Context(), Options{Socket: socket, Need: DryRun, Local: l.open})
	if err != nil || c.close != nil {
		t.Errorf("only the daemon may read the state database, and is not asked: %v", err)
	}
}

type hears struct {
	nobody
	told chan struct{}
}

func (h hears) Missed(context.Context) error { h.told <- struct{}{}; return nil }

// A daemon of another version is told from one that is not there: the command says so, and never goes on alone.
func TestADaemonOfAnotherVersion(t *testing.T) {
	c := served(t, http.NotFoundHandler())
	for _, need := range []Need{Look, Examine, Order, Work, Running} {
		var l local
		c, err := Connect(t.Context(), Options{Socket: c.socket, Need: need, Local: l.open})
		if err == nil {
			err = c.Pause(t.Context(), true)
		}
		if !errors.Is(err, errVersion) || l.opened {
			t.Errorf("need %d: opened %v, %v", need, l.opened, err)
		}
	}
	old := served(t, Handler(nobody{}))
	if _, err := post(t.Context(), old.http, "/status", struct{}{}); !errors.Is(err, errVersion) {
		t.Errorf("an older command is answered: %v", err)
	}
}

// Commands that only look do without a daemon that hangs, and tell of it.
func TestADaemonThatHangs(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	c := served(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer close(release)
	var l local
	began := time.Now()
	looks, err := Connect(t.Context(), Options{Socket: c.socket, Need: Look, Local: l.open})
	if took := time.Since(began); err != nil || !l.opened || took < askTime {
		t.Fatalf("opened %v after %v, %v", l.opened, took, err)
	}
	if st, err := looks.Status(t.Context()); err != nil || !strings.Contains(st.DaemonError, "deadline exceeded") {
		t.Errorf("status: %q, %v", st.DaemonError, err)
	}
	var alone local
	if c, err := Connect(t.Context(), Options{Socket: c.socket, Need: Work, Local: alone.open}); err != nil || alone.opened || c.close != nil {
		t.Errorf("a command that works does it beside the daemon: %v", err)
	}
}

// The daemon's token is taken from root and from the daemon's own user, and from nobody else.
func TestATokenComesFromTheOwner(t *testing.T) {
	for ctx, want := range map[context.Context]bool{
		t.Context(): false,
		context.WithValue(t.Context(), peerKey{}, os.Getuid()+1): false,
		context.WithValue(t.Context(), peerKey{}, os.Getuid()):   true,
		context.WithValue(t.Context(), peerKey{}, 0):             true,
	} {
		err := NewClient(InProcess(Handler(owned{}))).Token(ctx, "another")
		if (err == nil) != want || err != nil && !strings.Contains(err.Error(), "only root may") {
			t.Errorf("want %v: %v", want, err)
		}
	}
}

type owned struct{ nobody }

func (owned) Token(context.Context, string) error { return nil }

// In one process progress comes while the work goes on, and an interruption is answered by the work itself.
func TestInProcessStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		began := time.Now()
		heard := time.Duration(0)
		_, err := NewClient(InProcess(Handler(works{}))).Apply(ctx, ApplyRequest{Plan: "3f2a9c51d0e7"}, func(p Progress) {
			heard = time.Since(began)
			interrupt()
		})
		if heard != time.Second || time.Since(began) != 4*time.Second {
			t.Errorf("progress after %v, the end after %v", heard, time.Since(began))
		}
		if !errors.Is(err, context.Canceled) || err.Error() != "3 sagas carry on" {
			t.Errorf("the error is %v", err)
		}
	})
}

type works struct{ nobody }

func (works) Apply(ctx context.Context, _ ApplyRequest, progress func(Progress)) (ApplyAnswer, error) {
	time.Sleep(time.Second)
	progress(Progress{Saga: "5f0c9a1e"})
	<-ctx.Done()
	time.Sleep(3 * time.Second) // what is on the wire ends
	return ApplyAnswer{}, errors.New("3 sagas carry on")
}

// A copy that breaks off is not taken for whole.
func TestABackupThatBreaksOff(t *testing.T) {
	for name, c := range map[string]*Client{"socket": served(t, Handler(breaks{})), "in process": NewClient(InProcess(Handler(breaks{})))} {
		body, err := c.Backup(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(body); err == nil {
			t.Errorf("%s: %d bytes are all", name, len(got))
		}
		body.Close()
	}
}

type breaks struct{ nobody }

func (breaks) Backup(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(io.MultiReader(strings.NewReader(strings.Repeat("x", 100<<10)), broken{})), nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the disk is failing") }

// A daemon that is killed before its answer begins has stopped, whatever the socket calls that.
func TestADaemonThatIsKilled(t *testing.T) {
	c := served(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	if err := c.Pause(t.Context(), true); err == nil || !strings.Contains(err.Error(), "the daemon stopped before its answer was complete") {
		t.Error(err)
	}
}

// Who has no token asks the daemon, which has one. Where none runs, that is said.
func TestConnectWithoutAToken(t *testing.T) {
	socket := served(t, Handler(hears{})).socket
	none := &TokenlessError{errors.New("no API token")}
	for _, need := range []Need{DryRun, AccountOnly} {
		c, err := Connect(t.Context(), Options{Socket: socket, Need: need, Local: (&local{err: none}).open})
		if err != nil || c.unasked != nil || c.close != nil {
			t.Errorf("need %d: the daemon is not asked: %v", need, err)
		}
		_, err = Connect(t.Context(), Options{Socket: socket, Need: need, Local: (&local{err: errors.New("a bad token")}).open})
		if err == nil || err.Error() != "a bad token" {
			t.Errorf("need %d: a token that is there and wrong: %v", need, err)
		}
		_, err = Connect(t.Context(), Options{State: filepath.Join(t.TempDir(), "arcadiad.db"), Need: need, Local: (&local{err: none}).open})
		if !errors.Is(err, none) || !strings.HasSuffix(err.Error(), "no API token; and no daemon is running that could be asked instead") {
			t.Errorf("need %d: no daemon runs: %v", need, err)
		}
	}
}
