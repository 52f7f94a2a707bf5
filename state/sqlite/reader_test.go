package sqlite_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"arcadiad/saga"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

// TestLaw11ReadersLeaveNoTrace: in each state that a database can be in, every read gives all that was committed, and afterwards
// the directory holds the same files with the same bytes.
func TestLaw11ReadersLeaveNoTrace(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, path string)
	}{
		{"after a clean stop", func(t *testing.T, path string) {
			s := open(t, path)
			must(t, s.Begin(t.Context(), draft(1, "web-1")))
			must(t, s.Close())
		}},
		{"beside a running daemon", func(t *testing.T, path string) { daemon(t, path) }},
		{"after a kill", func(t *testing.T, path string) { kill(t, daemon(t, path)) }},
		{"after a kill that left an empty -shm", func(t *testing.T, path string) {
			kill(t, daemon(t, path))
			must(t, os.Truncate(path+"-shm", 0))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(tempDir(t), "an odd?name#100%.db")
			c.prepare(t, path)
			before := contents(t, filepath.Dir(path))
			r := reader(t, path)
			for range 3 {
				if live := get(r.Sagas(t.Context(), saga.Filter{Live: true}))(t); len(live) != 1 {
					t.Errorf("%d live sagas", len(live))
				}
				get(r.Load(t.Context()))(t)
				get(r.Resources(t.Context()))(t)
				get(r.Saga(t.Context(), "00000001"))(t)
				m := get(r.Meta(t.Context()))(t)
				if m.Path != path || m.Schema != sqlite.Schema {
					t.Errorf("meta: %+v", m)
				}
			}
			if after := contents(t, filepath.Dir(path)); !maps.Equal(before, after) {
				t.Errorf("reading changed the files: %v, then %v", sizes(before), sizes(after))
			}
		})
	}
}

func sizes(files map[string]string) map[string]int {
	out := map[string]int{}
	for name, content := range files {
		out[name] = len(content)
	}
	return out
}

// TestReaderFollows: a reader that was made early sees what came later, whoever starts and stops in between.
func TestReaderFollows(t *testing.T) {
	path := filepath.Join(tempDir(t), "arcadiad.db")
	s := open(t, path)
	must(t, s.Close())
	r := reader(t, path)
	for n := 1; n <= 3; n++ {
		s := open(t, path)
		must(t, s.Begin(t.Context(), draft(n, "web-1")))
		wantEqual(t, "live sagas while open", len(get(r.Sagas(t.Context(), saga.Filter{Live: true}))(t)), 1)
		must(t, s.Commit(t.Context(), ended(draft(n, "web-1"), saga.Completed), nil))
		must(t, s.Close())
		wantEqual(t, "sagas", len(get(r.Sagas(t.Context(), saga.Filter{}))(t)), n)
	}
}

// TestReaderBesideABusyDaemon: every snapshot is whole while commits and checkpoints go on.
func TestReaderBesideABusyDaemon(t *testing.T) {
	path := filepath.Join(tempDir(t), "arcadiad.db")
	_, says := start(t, roleBusy, path)
	for says.Scan() && says.Text() != "begun 1" {
	}
	r := reader(t, path)
	reads := 0
	busy := false // at one read at least
	for says.Scan() {
		if says.Text() == fmt.Sprintf("ended %d", 1+reads*20) {
			reads++
			recorded := get(r.Load(t.Context()))(t)
			completed := 0
			busy = busy || len(recorded.Sagas) < busyWorkers*busySagas
			for _, sg := range recorded.Sagas {
				if sg.Completed() {
					completed++
				}
			}
			if completed == 0 || completed != len(recorded.Records) {
				t.Fatalf("%d sagas completed, %d recorded", completed, len(recorded.Records))
			}
		}
	}
	if reads < 10 || !busy {
		t.Errorf("%d reads, while it was busy: %v", reads, busy)
	}
}

func TestNoDatabase(t *testing.T) {
	dir := tempDir(t)
	must(t, os.WriteFile(filepath.Join(dir, "empty.db"), nil, 0o600))
	before := contents(t, dir)
	for _, name := range []string{"none.db", "no/such/directory/none.db", "empty.db"} {
		_, err := sqlite.OpenReader(t.Context(), filepath.Join(dir, name))
		if wantErr(t, err, state.ErrNone); !strings.Contains(fmt.Sprint(err), "check --state") {
			t.Errorf("%s: %v, which does not say what to look at", name, err)
		}
	}
	if after := contents(t, dir); !maps.Equal(before, after) {
		t.Errorf("files: %v, then %v", before, after)
	}
}

// A daemon that starts makes its database in steps, none of which is what a reader looks for.
func TestReaderBesideADaemonThatStarts(t *testing.T) {
	for range 10 {
		path := filepath.Join(tempDir(t), "arcadiad.db")
		must(t, os.WriteFile(path, nil, 0o600))
		begun, read := make(chan struct{}), make(chan error)
		go func() {
			close(begun)
			_, err := sqlite.OpenReader(t.Context(), path)
			read <- err
		}()
		<-begun
		open(t, path)
		must(t, <-read)
	}
}

// TestWalWithoutItsIndex: it cannot be read without making a file, so the reader says what mends it, and it does.
func TestWalWithoutItsIndex(t *testing.T) {
	path := filepath.Join(tempDir(t), "arcadiad.db")
	kill(t, daemon(t, path))
	must(t, os.Remove(path+"-shm"))
	if _, err := sqlite.OpenReader(t.Context(), path); err == nil {
		t.Error("read without the commits in the -wal file")
	}
	wantEqual(t, "live sagas", len(get(open(t, path).Live(t.Context()))(t)), 1)
}
