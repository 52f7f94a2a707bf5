package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
	"arcadiad/state/postgres"
	"arcadiad/state/postgres/cluster"
	"arcadiad/state/statetest"
)

func draft(n int, subject string) saga.Saga { return statetest.Draft(n, subject, noon) }

func liveSagas(t *testing.T, s *postgres.Store) int {
	t.Helper()
	return len(get(s.Live(t.Context()))(t))
}

// TestLaw11WhoLostTheLeaseCommitsNothing: what it hands in after that is not written, it sends nothing, and it learns why.
func TestLaw11WhoLostTheLeaseCommitsNothing(t *testing.T) {
	url := cluster.Database(t)
	s := open(t, url)
	must(t, s.Begin(t.Context(), draft(1, "web-1")))
	must(t, s.Leads())
	cluster.Exec(t, url, "UPDATE lease SET holder = 'another', epoch = epoch + 1, commits = commits + 1, host = 'db-2, process 7'")
	must(t, s.Check(t.Context())) // it cannot know yet
	if err := s.Begin(t.Context(), draft(2, "web-2")); !errors.Is(err, state.ErrLocked) || !strings.Contains(err.Error(), "db-2, process 7") {
		t.Errorf("the one that lost the lease was told: %v", err)
	}
	for what, err := range map[string]error{
		"check": s.Check(t.Context()), "commit": s.Commit(t.Context(), draft(1, "web-1"), nil), "pause": s.Pause(t.Context(), true), "send": s.Leads(),
	} {
		wantErr(t, what, err, state.ErrLocked)
	}
	if n := liveSagas(t, s); n != 1 {
		t.Errorf("%d sagas are live, want web-1 alone", n)
	}
}

// TestLaw11AnEmptiedDatabase is not filled again by one that has led there: it may be another one, for as long as a failover goes wrong.
func TestLaw11AnEmptiedDatabase(t *testing.T) {
	url := cluster.Database(t)
	s := open(t, url)
	cluster.Exec(t, url, "DROP TABLE lease")
	wantErr(t, "a commit", s.Pause(t.Context(), true), state.ErrSwapped)
	wantErr(t, "after it", s.Leads(), state.ErrSwapped)
	empty := cluster.Database(t)
	_, err := postgres.Open(t.Context(), empty, postgres.Options{Known: true})
	wantErr(t, "an empty one", err, state.ErrNone)
	_, err = postgres.OpenReader(t.Context(), empty)
	wantErr(t, "it again", err, state.ErrNone)
}

// TestLaw11AChallengerWaits for as long as the holder says that it trusts its lease. What it takes over looks before it sends.
func TestLaw11AChallengerWaits(t *testing.T) {
	url := cluster.Database(t)
	s := open(t, url)
	must(t, s.Begin(t.Context(), draft(1, "web-1")))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	says := slog.New(slog.NewTextHandler(onWrite(cancel), nil)) // that another one leads
	_, err := postgres.Open(ctx, url, postgres.Options{Lease: 10 * time.Millisecond, Log: says})
	wantErr(t, "beside a leader", err, state.ErrLocked)
	must(t, s.Begin(t.Context(), draft(2, "web-2")))
	must(t, s.Close())

	cluster.Exec(t, url, "UPDATE lease SET holder = 'dead', length = 500")
	clock := new(atomic.Int64) // it stands still but for the length that a challenger waits
	says = slog.New(slog.NewTextHandler(onWrite(func() { clock.Store(int64(time.Second)) }), nil))
	o := postgres.Options{Lease: 600 * time.Millisecond, OnItsWay: time.Hour, Log: says}
	next := get(postgres.OpenAt(t.Context(), url, o, clock))(t)
	defer next.Close()
	for _, sg := range get(next.Live(t.Context()))(t) {
		if sg.Labels[fleet.LabelCopied] == "" {
			t.Errorf("the saga of %s does not know that it was another one's", sg.Subject)
		}
	}
	if err := next.Leads(); err == nil || !strings.Contains(err.Error(), "1h0m0s") {
		t.Errorf("what the other one has sent may be on its way: %v", err)
	}
}

// onWrite is called when something is written.
type onWrite func()

func (do onWrite) Write(b []byte) (int, error) {
	do()
	return len(b), nil
}

// TestALeaseIsGivenBack by a store that is closed: the next one does not wait for hours, and its sagas go on as they are.
func TestALeaseIsGivenBack(t *testing.T) {
	url := cluster.Database(t)
	for n := range 3 {
		s := get(postgres.Open(t.Context(), url, postgres.Options{Lease: time.Hour}))(t)
		must(t, s.Leads())
		must(t, s.Begin(t.Context(), draft(n, fmt.Sprint("web-", n))))
		for _, sg := range get(s.Live(t.Context()))(t) {
			if sg.Labels[fleet.LabelCopied] != "" {
				t.Errorf("the saga of %s is in doubt, and was left in order", sg.Subject)
			}
		}
		must(t, s.Close())
	}
}

// TestLaw16ALeaseThatRanOut: nothing is sent when there was no commit for too long. A commit in time lets it go on; after a whole length it is
// too late, whatever the database says.
func TestLaw16ALeaseThatRanOut(t *testing.T) {
	clock := new(atomic.Int64)
	s := get(postgres.OpenAt(t.Context(), cluster.Database(t), postgres.Options{Lease: time.Hour}, clock))(t)
	defer s.Close()
	must(t, s.Leads())
	clock.Store(int64(50 * time.Minute))
	wantErr(t, "send in the margin", s.Leads(), state.ErrLapsed)
	must(t, s.Begin(t.Context(), draft(1, "web-1")))
	must(t, s.Leads())
	clock.Store(int64(110 * time.Minute))
	must(t, s.Begin(t.Context(), draft(2, "web-2"))) // it is written: nobody has taken the lease in this database
	wantErr(t, "send after a whole length", s.Leads(), state.ErrLapsed)
	wantErr(t, "check after a whole length", s.Check(t.Context()), state.ErrLapsed)
	wantErr(t, "another commit", s.Begin(t.Context(), draft(3, "web-3")), state.ErrLapsed)
}

// TestLaw16LostCommitsAreNoticed: a database that was put back, as by a failover, is not written to by one that knows more than it.
func TestLaw16LostCommitsAreNoticed(t *testing.T) {
	url := cluster.Database(t)
	s := open(t, url)
	must(t, s.Begin(t.Context(), draft(1, "web-1")))
	cluster.Exec(t, url, "UPDATE lease SET commits = commits - 1")
	for range 2 {
		if err := s.Begin(t.Context(), draft(2, "web-2")); !errors.Is(err, state.ErrSwapped) || !strings.Contains(err.Error(), "lost commits") {
			t.Errorf("a write after lost commits: %v", err)
		}
	}
	if n := liveSagas(t, s); n != 1 {
		t.Errorf("%d sagas are live, want web-1 alone", n)
	}
}

// TestLaw03ALostAnswerToACommit: the connection breaks while a commit is on its way. The store finds out what became of it, so its own answer
// is never in doubt.
func TestLaw03ALostAnswerToACommit(t *testing.T) {
	p := newProxy(t)
	s := open(t, p.url)
	for n, c := range []struct {
		how  cut
		kept bool
	}{{cutBefore, false}, {cutAfter, true}, {cutBefore, false}, {cutAfter, true}} {
		p.onCommit(c.how)
		before := liveSagas(t, s)
		err := s.Begin(t.Context(), draft(n+1, fmt.Sprint("web-", n)))
		if kept := liveSagas(t, s) > before; (err == nil) != c.kept || kept != c.kept {
			t.Errorf("cut %d: the answer is %v, and kept: %v, want: %v", c.how, err, kept, c.kept)
		}
	}
	must(t, s.Begin(t.Context(), draft(9, "web-9")))
}

// TestNothingThatAPoolerBreaks: behind one that gives each transaction another connection there is nothing that lasts longer: no prepared
// statement has a name, and what is set is set for the transaction.
func TestNothingThatAPoolerBreaks(t *testing.T) {
	p := newProxy(t)
	s := open(t, p.url)
	must(t, s.Begin(t.Context(), draft(1, "web-1")))
	must(t, s.Commit(t.Context(), statetest.Ended(draft(1, "web-1"), saga.Completed), nil))
	get(s.Load(t.Context()))(t)
	get(postgres.OpenReader(t.Context(), p.url))(t)
	session := regexp.MustCompile(`(?i)^Q(set|listen|declare|prepare|lock|load|create temp)\b|advisory|set_config\([^()]*false\)`)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.all) < 20 {
		t.Errorf("only %d messages were seen", len(p.all))
	}
	for _, m := range p.all {
		named := m[0] == 'P' && m[1] != 0 || m[0] == 'D' && len(m) > 2 && m[2] != 0
		if named || session.MatchString(m) {
			t.Errorf("it needs a connection of its own: %q", m)
		}
	}
}

// TestManyStartOnANewDatabase: they make its tables at the same moment, and lead one after the other.
func TestManyStartOnANewDatabase(t *testing.T) {
	url := cluster.Database(t)
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			s, err := postgres.Open(t.Context(), url, postgres.Options{Lease: 6 * time.Second})
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(s.Begin(t.Context(), draft(i+1, fmt.Sprint("web-", i))), s.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := liveSagas(t, open(t, url)); n != 3 {
		t.Errorf("%d sagas are live", n)
	}
}

// TestLaw06AnotherHostProvesAnew: no time of another host's clock helps to prove that a droplet is gone. What is proved stays proved.
func TestLaw06AnotherHostProvesAnew(t *testing.T) {
	url := cluster.Database(t)
	s := open(t, url)
	lacks := func(id int64, gone time.Time) fleet.Absence {
		return fleet.Absence{DropletID: id, Since: noon, LastAt: noon.Add(time.Minute), Looks: 2, Witnessed: 2, Process: "p", GoneAt: gone}
	}
	o := fleet.Observed{BeganAt: noon.Add(time.Minute), EndedAt: noon.Add(time.Minute), Absences: []fleet.Absence{lacks(1, time.Time{}), lacks(2, noon.Add(time.Minute))}}
	for id := range int64(2) {
		must(t, s.Save(t.Context(), fleet.Observed{BeganAt: noon, EndedAt: noon, Droplets: []fleet.Droplet{{ID: id + 1, Name: "web", Status: fleet.StatusActive}}}))
	}
	must(t, s.Save(t.Context(), o))
	absent := func(s *postgres.Store) (ids []int64) {
		for _, a := range get(s.Load(t.Context()))(t).Absences {
			ids = append(ids, a.DropletID)
		}
		return ids
	}
	if ids := absent(s); len(ids) != 2 {
		t.Fatalf("absent: %v", ids)
	}
	must(t, s.Close())
	s = open(t, url)
	if ids := absent(s); len(ids) != 2 {
		t.Errorf("absent after a restart on the same host: %v", ids)
	}
	must(t, s.Close())
	cluster.Exec(t, url, "UPDATE lease SET host = 'elsewhere, process 1'")
	if ids := absent(open(t, url)); len(ids) != 1 || ids[0] != 2 {
		t.Errorf("absent on another host: %v", ids)
	}
}
