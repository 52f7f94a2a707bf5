package sqlite_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"arcadiad/state"
	"arcadiad/state/sqlite"
)

func TestOpenMakesItsFilesPrivate(t *testing.T) {
	dir := filepath.Join(tempDir(t), "made", "by", "open")
	path := filepath.Join(dir, "arcadiad.db")
	s := open(t, path)
	must(t, s.Begin(t.Context(), draft(1, "web-1")))
	for file, want := range map[string]os.FileMode{dir: 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600, path + ".lock": 0o600} {
		if mode := get(os.Stat(file))(t).Mode().Perm(); mode != want {
			t.Errorf("%s has mode %o, want %o", file, mode, want)
		}
	}
	must(t, s.Close())
	must(t, os.Chmod(path, 0o644))
	open(t, path)
	wantEqual(t, "mode after a restore by hand", get(os.Stat(path))(t).Mode().Perm(), 0o600)
}

// TestLaw11OneWriter: the second is told who the first is, also when it comes by a link.
func TestLaw11OneWriter(t *testing.T) {
	dir := tempDir(t)
	path, link := filepath.Join(dir, "arcadiad.db"), filepath.Join(dir, "link.db")
	must(t, os.Symlink(path, link))
	cmd := daemon(t, path)
	for _, p := range []string{path, link} {
		_, err := sqlite.Open(t.Context(), p, sqlite.Options{})
		wantErr(t, err, state.ErrLocked)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprint("process ", cmd.Process.Pid)) {
			t.Errorf("the error does not name process %d: %v", cmd.Process.Pid, err)
		}
	}
	kill(t, cmd)
	s := open(t, link)
	wantEqual(t, "live sagas", len(get(s.Live(t.Context()))(t)), 1)
	_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	wantErr(t, err, state.ErrLocked)
}

// TestDatabasesThatCannotBeUsed: each is refused by both ways to open it, and left as it was.
// The daemon starts git now and then; what it starts must not hold the lock beyond the daemon's end.
func TestLaw11AClosedStoreIsFreeAtOnce(t *testing.T) {
	path := filepath.Join(tempDir(t), "arcadiad.db")
	s := open(t, path)
	letGo, err := s.ShareLock()
	if err != nil {
		t.Fatal(err)
	}
	defer letGo()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestDatabasesThatCannotBeUsed(t *testing.T) {
	used := func(t *testing.T, path string) {
		s := open(t, path)
		for n := range 200 {
			must(t, s.Begin(t.Context(), draft(n, fmt.Sprint("web-", n))))
		}
		must(t, s.Close())
	}
	for _, c := range []struct {
		name          string
		prepare       func(t *testing.T, path string)
		store, reader error
	}{
		{"not a database", func(t *testing.T, path string) {
			must(t, os.WriteFile(path, bytes.Repeat([]byte("fleet: demo\n"), 1000), 0o600))
		}, state.ErrCorrupt, state.ErrCorrupt},
		{"overwritten pages", func(t *testing.T, path string) {
			used(t, path)
			f := get(os.OpenFile(path, os.O_RDWR, 0))(t)
			size := get(f.Stat())(t).Size()
			_, err := f.WriteAt(bytes.Repeat([]byte{0xa5}, int(size)-2*4096), 2*4096)
			must(t, err)
			must(t, f.Close())
		}, state.ErrCorrupt, nil},
		{"of another program", func(t *testing.T, path string) { raw(t, path, "CREATE TABLE songs (title TEXT)") }, state.ErrForeign, state.ErrForeign},
		{"of a newer arcadiad", func(t *testing.T, path string) {
			used(t, path)
			raw(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, 1)", sqlite.Schema+1)
		}, state.ErrNewer, state.ErrNewer},
		{"a directory", func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o700)) }, state.ErrNotRegular, state.ErrNotRegular},
		{"a pipe", func(t *testing.T, path string) { must(t, syscall.Mkfifo(path, 0o600)) }, state.ErrNotRegular, state.ErrNotRegular},
		{"a link to nowhere", func(t *testing.T, path string) { must(t, os.Symlink("nowhere", path)) }, state.ErrNotRegular, state.ErrNotRegular},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(tempDir(t), "arcadiad.db")
			c.prepare(t, path)
			before := bytesOf(path)
			_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
			wantErr(t, err, c.store)
			if err != nil && !strings.Contains(err.Error(), "arcadiad.db") {
				t.Errorf("the error does not name the file: %v", err)
			}
			if c.reader != nil {
				_, err = sqlite.OpenReader(t.Context(), path)
				wantErr(t, err, c.reader)
			}
			if !bytes.Equal(bytesOf(path), before) {
				t.Error("the file was changed")
			}
		})
	}
}

// bytesOf reads a regular file; nothing else has bytes.
func bytesOf(path string) []byte {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return []byte(err.Error())
	}
	return b
}

// TestReadOnly: a user without rights is told what is missing, and nothing is made.
func TestReadOnly(t *testing.T) {
	for _, c := range []struct {
		name    string
		mode    os.FileMode
		at      string
		reading string
	}{
		{"a file for all to read", 0o444, "arcadiad.db", "reader: <nil>"},
		{"a private file", 0o400, "arcadiad.db", "reader: "},
		{"a directory that cannot be made", 0o444, "sub/arcadiad.db", "reader: no state database"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := tempDir(t)
			path := filepath.Join(dir, "arcadiad.db")
			s := open(t, path)
			must(t, s.Close())
			must(t, os.Remove(path+".lock"))
			must(t, os.Chmod(path, c.mode))
			must(t, os.Chmod(dir, 0o555))
			t.Cleanup(func() { os.Chmod(dir, 0o700) })
			before := contents(t, dir)
			_, says := start(t, roleStranger, filepath.Join(dir, c.at))
			var lines []string
			for says.Scan() {
				lines = append(lines, says.Text())
			}
			if len(lines) != 3 || !strings.HasPrefix(lines[0], c.reading) || lines[2] != "read-only: true" {
				t.Errorf("the stranger says %q", lines)
			}
			if after := contents(t, dir); !maps.Equal(before, after) {
				t.Errorf("files: %v, then %v", sizes(before), sizes(after))
			}
		})
	}
}

// TestAFailedOpenHoldsNothing: neither the lock nor a connection.
func TestAFailedOpenHoldsNothing(t *testing.T) {
	path := filepath.Join(tempDir(t), "arcadiad.db")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := sqlite.Open(ctx, path, sqlite.Options{})
	wantErr(t, err, context.Canceled)
	open(t, path)
}

func TestSchemaIsTheLastMigration(t *testing.T) {
	wantEqual(t, "migrations", get(sqlite.Migrations())(t), sqlite.Schema)
}
