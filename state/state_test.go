package state_test

import (
	"os"
	"path/filepath"
	"testing"

	"arcadiad/saga"
	"arcadiad/saga/sagatest"
	"arcadiad/state"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(playRole(role, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// tempDir is a directory in memory where there is one: these tests are about what is written, not about how fast a disk is.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "arcadiad-state-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// open opens a store that is closed at the end of the test, which may close it before.
func open(t *testing.T, path string) *state.Store {
	t.Helper()
	s, err := state.Open(t.Context(), path, state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func fresh(t *testing.T) *state.Store { return open(t, filepath.Join(tempDir(t), "arcadiad.db")) }

func TestJournalConformance(t *testing.T) {
	sagatest.TestJournal(t, func(t *testing.T) saga.Journal { return fresh(t) })
}
