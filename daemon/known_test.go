package daemon

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"arcadiad/control"
	"arcadiad/saga"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

// Who may not read the database sees the same through the daemon as who may.
func TestKnownThroughTheSocket(t *testing.T) {
	t.Parallel()
	o, _ := served(t, fleetOf("name: web, count: 2"))
	if _, err := Apply(t.Context(), o, yes); err != nil {
		t.Fatal(err)
	}
	there, err := connect(t.Context(), o, control.Look)
	if err != nil {
		t.Fatal(err)
	}
	unserved := o
	unserved.Socket = filepath.Join(t.TempDir(), "none.sock")
	file, err := connect(t.Context(), unserved, control.Look)
	if err != nil {
		t.Fatal(err)
	}
	for client, runs := range map[*control.Client]bool{there: true, file: false} {
		if st, err := client.Status(t.Context()); err != nil || (st.Daemon != nil) != runs || st.DaemonError != "" {
			t.Errorf("the daemon is told of: %+v %q, %v; want %v", st.Daemon, st.DaemonError, err, runs)
		}
	}
	ask := func(k *control.Client) (all []any) {
		t.Helper()
		sagas, err := k.Sagas(t.Context(), saga.Filter{})
		if err != nil || len(sagas) != 2 {
			t.Fatalf("%d sagas, %v", len(sagas), err)
		}
		one, err1 := k.Saga(t.Context(), sagas[0].ID[:8])
		st, err2 := k.Status(t.Context())
		live, err3 := k.Sagas(t.Context(), saga.Filter{Live: true})
		calls, err4 := k.Calls(t.Context(), one.ID)
		if len(calls) == 0 {
			t.Error("the saga tells no request")
		}
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
		meta := st.Meta
		return []any{sagas, one, st.Resources, meta.Account, meta.Fleet, meta.Path, meta.Schema, len(live), calls}
	}
	if got, want := ask(there), ask(file); !reflect.DeepEqual(got, want) {
		t.Errorf("through the socket:\n%+v\nfrom the file:\n%+v", got, want)
	}
	if _, err := there.Saga(t.Context(), "ffffffff"); err == nil {
		t.Error("a saga that is not there was found")
	}
}

func TestBackupThroughTheSocket(t *testing.T) {
	t.Parallel()
	o, _ := served(t, fleetOf("name: web, count: 2"))
	if _, err := Apply(t.Context(), o, yes); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	save := func() error {
		return command(t.Context(), o, control.Look, func(c *control.Client) error {
			backup, err := c.Backup(t.Context())
			if err != nil {
				return err
			}
			return errors.Join(SaveBackup(t.Context(), path, backup), backup.Close())
		})
	}
	if err := save(); err != nil {
		t.Fatal(err)
	}
	if err := save(); !errors.Is(err, state.ErrExists) {
		t.Errorf("a second backup to the same file: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	copied, err := sqlite.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := copied.Load(t.Context())
	if err != nil || len(recorded.Records) != 2 {
		t.Errorf("%d records in the copy, %v", len(recorded.Records), err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(o.State), copies))
	if err != nil || len(left) != 0 {
		t.Errorf("left beside the database: %v, %v", left, err)
	}
}

// A token that is handed over is used by the next request: one of another account shuts the writes, the right one opens them again.
func TestHandToken(t *testing.T) {
	t.Parallel()
	o, sim := served(t, fleetOf())
	sim.AddAccount("another-teams")
	hand := func(token string) {
		t.Helper()
		if err := command(t.Context(), o, control.Running, func(c *control.Client) error { return c.Token(t.Context(), token) }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Sync(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	hand("another-teams")
	if _, err := Sync(t.Context(), o); err == nil {
		t.Error("the token of another account is as good")
	}
	hand("dop_v1_rotated")
	if _, err := Sync(t.Context(), o); err != nil {
		t.Error(err)
	}
	hand("dop_v1_rotated") // of a reload that rotates nothing
}
