package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"arcadiad/fleet"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

// A backup taken while everybody writes is one moment of the database: all of a transaction, or nothing.
func TestBackupWhileWriting(t *testing.T) {
	dir := tempDir(t)
	s := open(t, filepath.Join(dir, "arcadiad.db"))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for n := int64(1); ctx.Err() == nil; n++ {
				id := int64(w)*1_000_000 + n
				sg := draft(int(id), fmt.Sprintf("web-%d", id))
				if s.Begin(ctx, sg) == nil {
					// The saga's end, its record and its droplet are one transaction.
					_ = s.Commit(ctx, ended(sg, "completed"), []any{droplet(id, sg.Subject, noon), record(id, sg.Subject)})
				}
			}
		})
	}
	path := filepath.Join(dir, "copy.db")
	r := reader(t, filepath.Join(dir, "arcadiad.db"))
	must(t, s.Backup(t.Context(), filepath.Join(dir, "by-the-store.db")))
	must(t, r.Backup(t.Context(), path))
	stop()
	writers.Wait()

	for _, path := range []string{path, filepath.Join(dir, "by-the-store.db")} {
		info, err := os.Stat(path)
		must(t, err)
		wantEqual(t, "mode", info.Mode().Perm(), 0o600)
		for _, beside := range []string{"-wal", "-shm", ".lock"} {
			if _, err := os.Stat(path + beside); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s beside the backup: %v", beside, err)
			}
		}
		facts := get(reader(t, path).Load(t.Context()))(t)
		done := 0
		for _, sg := range facts.Sagas {
			if sg.Completed() {
				done++
			}
		}
		wantEqual(t, "records and completed sagas", len(facts.Records), done)
		wantEqual(t, "droplets and completed sagas", len(facts.Known), done)
		back := open(t, path) // it can be put to use
		must(t, back.Begin(t.Context(), draft(77_000_000, "new")))
	}
	entries := get(filepath.Glob(filepath.Join(dir, ".*")))(t)
	wantEqual(t, "files left behind", strings.Join(entries, " "), "")
}

// After a clean stop, and after a kill, the backup is taken without a trace on the database.
func TestBackupBesideNobody(t *testing.T) {
	dir := tempDir(t)
	s := open(t, filepath.Join(dir, "arcadiad.db"))
	commit(t, s, droplet(7, "web-1", noon))
	killed := filepath.Join(dir, "killed.db")
	for _, suffix := range []string{"", "-wal", "-shm"} { // as a killed process leaves them
		must(t, os.WriteFile(killed+suffix, get(os.ReadFile(filepath.Join(dir, "arcadiad.db"+suffix)))(t), 0o600))
	}
	must(t, s.Close())
	for _, path := range []string{filepath.Join(dir, "arcadiad.db"), killed} {
		before := get(os.ReadFile(path))(t)
		must(t, reader(t, path).Backup(t.Context(), path+".backup"))
		if !bytes.Equal(before, get(os.ReadFile(path))(t)) {
			t.Errorf("%s was changed by its backup", path)
		}
		wantEqual(t, "droplets", len(get(reader(t, path+".backup").Resources(t.Context()))(t)), 1)
	}
}

func TestBackupNeverOverwrites(t *testing.T) {
	dir := tempDir(t)
	s := open(t, filepath.Join(dir, "arcadiad.db"))
	path := filepath.Join(dir, "copy.db")
	must(t, os.WriteFile(path, []byte("precious"), 0o644))
	wantErr(t, s.Backup(t.Context(), path), state.ErrExists)
	wantErr(t, sqlite.Receive(t.Context(), path, strings.NewReader("")), state.ErrExists)
	must(t, os.Remove(path))
	must(t, os.Symlink(filepath.Join(dir, "nowhere"), path))
	wantErr(t, s.Backup(t.Context(), path), state.ErrExists)
	must(t, os.Remove(path))
	wantErr(t, s.Backup(t.Context(), filepath.Join(dir, "no", "such", "dir")), fs.ErrNotExist)

	t.Chdir(dir)
	must(t, s.Backup(t.Context(), "copy.db"))
	whole := get(os.ReadFile(path))(t)
	must(t, sqlite.Receive(t.Context(), path+".2", bytes.NewReader(whole)))
	if !bytes.Equal(whole, get(os.ReadFile(path+".2"))(t)) {
		t.Error("what was received is not what was sent")
	}
	for what, sent := range map[string][]byte{"nothing": nil, "a half": whole[:len(whole)/2], "another file": []byte("no database")} {
		if err := sqlite.Receive(t.Context(), path+".3", bytes.NewReader(sent)); err == nil {
			t.Errorf("%s was taken for a backup", what)
		}
		if _, err := os.Lstat(path + ".3"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s left a file: %v", what, err)
		}
	}
	must(t, s.Close())
	wantErr(t, s.Backup(t.Context(), path+".4"), state.ErrClosed)
}

// A saga that lives needs its user_data after a restore; of one that ended nothing is left in the copy, though the -wal file beside
// the database may still hold it.
func TestLaw15BackupHoldsOnlyLiveSecrets(t *testing.T) {
	dir := tempDir(t)
	s := open(t, filepath.Join(dir, "arcadiad.db"))
	over, live := draft(1, "over"), draft(2, "live")
	over.Secret, live.Secret = []byte("secret-of-the-ended"), []byte("secret-of-the-live")
	must(t, s.Begin(t.Context(), over, live))
	must(t, s.Commit(t.Context(), ended(over, "completed"), []any{fleet.Unrecorded{DropletID: 1}}))
	must(t, s.Backup(t.Context(), filepath.Join(dir, "copy.db")))
	text := get(os.ReadFile(filepath.Join(dir, "copy.db")))(t)
	wantEqual(t, "the ended saga's secret is there", bytes.Contains(text, over.Secret), false)
	wantEqual(t, "the live saga's secret is there", bytes.Contains(text, live.Secret), true)
}
