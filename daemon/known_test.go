package daemon

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"

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
	there, daemonErr, err := Look(t.Context(), o)
	if err != nil || daemonErr != nil {
		t.Fatal(err, daemonErr)
	}
	if _, ok := there.(*Remote); !ok {
		t.Fatalf("beside a daemon the %T is asked", there)
	}
	file, err := sqlite.OpenReader(t.Context(), o.State)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(k Known) (all []any) {
		t.Helper()
		sagas, err := k.Sagas(t.Context(), saga.Filter{})
		if err != nil || len(sagas) != 2 {
			t.Fatalf("%d sagas, %v", len(sagas), err)
		}
		one, err1 := k.Saga(t.Context(), sagas[0].ID[:8])
		resources, err2 := k.Resources(t.Context())
		meta, err3 := k.Meta(t.Context())
		live, err4 := k.Sagas(t.Context(), saga.Filter{Live: true})
		calls, err5 := k.Calls(t.Context(), one.ID)
		if len(calls) == 0 {
			t.Error("the saga tells no request")
		}
		if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
			t.Fatal(err)
		}
		meta.LastSync = meta.LastSync.UTC().Truncate(0)
		return []any{sagas, one, resources, meta.Account, meta.Fleet, meta.Path, meta.Schema, len(live), calls}
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
	if err := Backup(t.Context(), o, path); err != nil {
		t.Fatal(err)
	}
	if err := Backup(t.Context(), o, path); !errors.Is(err, state.ErrExists) {
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

// The socket is its owner's alone, or the group's, from its first moment.
func TestSocketMode(t *testing.T) {
	for _, tt := range []struct {
		group bool
		want  fs.FileMode
	}{{false, 0o600}, {true, 0o660}} {
		path := filepath.Join(t.TempDir(), "control.sock")
		l, err := listen(path, tt.group)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != tt.want {
			t.Errorf("group %v: mode %v, %v; want %v", tt.group, info.Mode(), err, tt.want)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A token that is handed over is used by the next request: one of another account shuts the writes, the right one opens them again.
func TestHandToken(t *testing.T) {
	t.Parallel()
	o, sim := served(t, fleetOf())
	sim.AddAccount("another-teams")
	hand := func(token string) {
		t.Helper()
		h := o
		h.Token = func() (string, error) { return token, nil }
		if err := HandToken(t.Context(), h); err != nil {
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

	h := &app{}
	if err := h.takeToken(t.Context(), "from-nobody"); err == nil {
		t.Error("a token was taken from nobody knows whom")
	}
	if err := h.takeToken(context.WithValue(t.Context(), peerKey{}, os.Getuid()+1), "from-an-operator"); err == nil {
		t.Error("a token was taken from another user")
	}
}
