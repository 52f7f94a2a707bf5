package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A state database that an older arcadiad wrote is brought up to date by the run that is told to use it with a simulated account, if the account
// is that database's. Nothing else is taken for a simulated one.
func TestSimulatedStateOfAnOlderArcadiad(t *testing.T) {
	old, err := os.ReadFile("../../state/sqlite/testdata/schema-9.db")
	if err != nil {
		t.Fatal(err)
	}
	s := &settings{state: filepath.Join(t.TempDir(), "simulated.db")}
	if err := os.WriteFile(s.state, old, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.mustBeSimulated(t.Context()); err == nil {
		t.Error("it may be a real account's")
	}
	if err := os.WriteFile(accountFile(s.state), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.mustBeSimulated(t.Context()); err != nil {
		t.Error(err)
	}
}
