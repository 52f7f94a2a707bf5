package sqlite_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state/sqlite"
)

// The columns of a saga that a bad disk, or a person with a tool, may spoil. Each holds text or a number.
var spoilable = []string{
	"sagas.id", "sagas.kind", "sagas.subject", "sagas.subject_key", "sagas.status", "sagas.step", "sagas.step_index", "sagas.steps",
	"sagas.reverse", "sagas.superseded", "sagas.begun", "sagas.attempts", "sagas.not_before", "sagas.error", "sagas.labels",
	"sagas.context", "sagas.created_at", "sagas.updated_at", "sagas.ended_at",
	"saga_steps.saga_id", "saga_steps.position", "saga_steps.name", "saga_steps.status", "saga_steps.attempts", "saga_steps.error",
	"saga_steps.started_at", "saga_steps.ended_at",
}

// harmless are the columns whose text is for people alone: whatever is in them, the saga runs on.
var harmless = []string{"sagas.error", "saga_steps.error"}

// spoil writes a value over a column of a saga's row, or of the row of its first step, past all checks but the types of SQLite. It
// tells whether the column took it.
func spoil(t testing.TB, path, column, id string, value any) bool {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=5000&_foreign_keys=off")
	must(t, err)
	defer db.Close()
	table, name, _ := strings.Cut(column, ".")
	where := "id = ?"
	if table == "saga_steps" {
		where = "saga_id = ? AND position = 0"
	}
	_, err = db.Exec("UPDATE "+table+" SET "+name+" = ? WHERE "+where, value, id)
	return err == nil
}

type note struct{ Done []string }

// runAll runs what is live in the database with steps of the kind that draft makes, and gives the sagas when each has ended or is
// stuck.
func runAll(t testing.TB, s *sqlite.Store) map[string]saga.Saga {
	t.Helper()
	e := saga.New(s, saga.Options{})
	step := func(name string) saga.Step {
		return saga.Typed(name, func(_ context.Context, _ *saga.Run, n *note) error {
			n.Done = append(n.Done, name)
			return nil
		}, func(context.Context, *saga.Run, *note) error { return nil })
	}
	e.Define(fleet.SagaProvision, step("CreateDroplet"), step("WaitDropletActive"))
	ctx, stop := context.WithCancel(context.Background())
	must(t, e.Resume(ctx))
	time.Sleep(2 * time.Hour) // longer than any pause that a row can ask for
	synctest.Wait()
	found := map[string]saga.Saga{}
	for _, x := range e.Live() {
		if x.Status != saga.Stuck {
			t.Errorf("saga %q of %q neither ended nor is it stuck: %s", x.ID, x.Subject, x.Status)
		}
		found[x.Subject] = x
	}
	stop()
	e.Wait()
	for _, x := range get(s.Sagas(context.Background(), saga.Filter{}))(t) {
		if _, live := found[x.Subject]; !live {
			found[x.Subject] = x
		}
	}
	return found
}

// checkSpoilt spoils one column of one of two sagas and holds the rest against it: the neighbour completes, everything can still be
// read and shown, the spoilt one is stuck or completes, and its name stays taken for as long as it lives.
func checkSpoilt(t *testing.T, column string, value any) {
	path := filepath.Join(tempDir(t), "arcadiad.db")
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s := get(sqlite.Open(ctx, path, sqlite.Options{}))(t)
		defer s.Close()
		bad, good := draft(1, "bad"), draft(2, "good")
		must(t, s.Begin(ctx, bad, good))
		if !spoil(t, path, column, bad.ID, value) {
			return // SQLite itself refused the value
		}
		recorded, err := s.Load(ctx)
		if err != nil {
			t.Fatalf("%s = %#v: nothing can be planned: %v", column, value, err)
		}
		taken := map[string]bool{}
		for _, f := range recorded.Sagas {
			taken[fleet.Key(f.Name)] = taken[fleet.Key(f.Name)] || f.Live
		}
		live := get(s.Live(ctx))(t)
		if _, err := json.Marshal(live); err != nil {
			t.Errorf("%s = %#v: the sagas cannot be shown: %v", column, value, err)
		}
		if len(live) == 2 && !taken["bad"] {
			t.Errorf("%s = %#v: the saga lives, and its name is free: %v", column, value, taken)
		}
		if g := runAll(t, s)["good"]; g.Status != saga.Completed {
			t.Errorf("%s = %#v: the neighbour is %s: %s", column, value, g.Status, g.Error)
		}
	})
}

func TestSpoiltRowsAreStuckAlone(t *testing.T) {
	for _, column := range spoilable {
		for _, value := range []any{"\xff\x00\xfe", "", int64(-1), int64(7), int64(1) << 62, []byte{0, 1, 2}, `{"a":`, "9999-12-31T23:59:59Z"} {
			t.Run(fmt.Sprintf("%s=%v", column, value), func(t *testing.T) {
				t.Parallel()
				checkSpoilt(t, column, value)
			})
		}
	}
}

// Random text in a column that matters is noticed: the saga does not run on as if nothing were wrong.
func TestSpoiltColumnsAreNoticed(t *testing.T) {
	for _, column := range spoilable {
		t.Run(column, func(t *testing.T) {
			path := filepath.Join(tempDir(t), "arcadiad.db")
			s := open(t, path)
			sg := draft(1, "bad")
			must(t, s.Begin(t.Context(), sg))
			if !spoil(t, path, column, sg.ID, "\xff\x00\xfe") && !spoil(t, path, column, sg.ID, int64(77)) {
				t.Fatal("the column takes neither text nor a number")
			}
			noticed := false
			for _, x := range get(s.Live(t.Context()))(t) {
				noticed = noticed || x.Undecodable != "" || x.Kind != sg.Kind
			}
			if desired := !slices.Contains(harmless, column) && column != "sagas.attempts" && column != "saga_steps.attempts"; noticed != desired {
				t.Errorf("noticed: %v, want %v", noticed, desired)
			}
		})
	}
}

func FuzzSagaRows(f *testing.F) {
	for i := range spoilable {
		f.Add(uint8(i), "\xff\x00", int64(-3), false)
		f.Add(uint8(i), `["CreateDroplet"]`, int64(1)<<40, true)
	}
	f.Add(uint8(4), "completed", int64(0), false)
	f.Add(uint8(14), `{"droplet":"x"}`, int64(0), false)
	f.Add(uint8(15), `{"Done":7}`, int64(0), false)
	f.Fuzz(func(t *testing.T, which uint8, text string, number int64, asNumber bool) {
		var value any = text
		if asNumber {
			value = number
		}
		checkSpoilt(t, spoilable[int(which)%len(spoilable)], value)
	})
}
