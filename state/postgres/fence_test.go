package postgres_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

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

// TestLaw11WhoeverOpenedLastWrites: what another one hands in after that is not committed, and it learns why.
func TestLaw11WhoeverOpenedLastWrites(t *testing.T) {
	url := cluster.Database(t)
	first := open(t, url)
	must(t, first.Begin(t.Context(), draft(1, "web-1")))
	second := open(t, url)
	must(t, first.Check(t.Context())) // it cannot know yet
	if err := first.Begin(t.Context(), draft(2, "web-2")); !errors.Is(err, state.ErrLocked) || !strings.Contains(err.Error(), "process") {
		t.Errorf("the one that lost the right to write was told: %v", err)
	}
	for what, err := range map[string]error{
		"check": first.Check(t.Context()), "commit": first.Commit(t.Context(), draft(1, "web-1"), nil), "pause": first.Pause(t.Context(), true),
	} {
		if !errors.Is(err, state.ErrLocked) {
			t.Errorf("%s: %v", what, err)
		}
	}
	must(t, second.Begin(t.Context(), draft(3, "web-3")))
	if n := liveSagas(t, second); n != 2 {
		t.Errorf("%d sagas are live, want web-1 and web-3", n)
	}
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

// TestManyStartOnANewDatabase: they make its tables at the same moment. All start, and the last of them writes.
func TestManyStartOnANewDatabase(t *testing.T) {
	url := cluster.Database(t)
	stores := make([]*postgres.Store, 4)
	var wg sync.WaitGroup
	for i := range stores {
		wg.Go(func() {
			s, err := postgres.Open(t.Context(), url, postgres.Options{})
			if err == nil {
				stores[i] = s
			} else if !errors.Is(err, state.ErrLocked) { // taken over by another one before it was done
				t.Error(err)
			}
		})
	}
	wg.Wait()
	write := 0
	for i, s := range stores {
		if s == nil {
			continue
		}
		if err := s.Begin(t.Context(), draft(i+1, fmt.Sprint("web-", i))); err == nil {
			write++
		} else if !errors.Is(err, state.ErrLocked) {
			t.Error(err)
		}
		must(t, s.Close())
	}
	if write != 1 {
		t.Errorf("%d of them write", write)
	}
}
