package main

import (
	"bytes"
	"io"
	"regexp"
	"testing"

	"arcadiad/scripts/stage/stagetest"
)

// Ten droplets go through the steps with the real program. Nobody waits until the droplets are old enough for a 404 to be believed, so
// the repair ends short of its aim, and the table must say so.
func TestCompare(t *testing.T) {
	dir := t.TempDir()
	path, err := stagetest.Build(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	t.Setenv("PATH", dir) // no other tool is there, whatever this machine has
	t.Setenv("ARCADIAD_WAIT_INTERVAL", "200ms")
	var out, diagnostics bytes.Buffer
	args := []string{"-arcadiad", path, "-n", "10", "-latency", "0s", "-activation", "1ms", "-settle", "0s"}
	if err := run(t.Context(), args, &out, &diagnostics); err != nil {
		t.Fatalf("%v\n%s", err, diagnostics.String())
	}
	const cost = ` +[\d.]+ s +[\d.]+ s +[1-9]\d* MiB +`
	want := `^0s a request, 1ms to active, no request limits

N +step +tool +requests +create +destroy +list +get +account +other +time +CPU +peak +
10 +apply +arcadiad +\d+ +10 +0 +\d+ +0 +\d+ +\d+` + cost + `
10 +plan +arcadiad +3 +0 +0 +2 +0 +1 +0` + cost + `
10 +repair +arcadiad +\d+ +0 +0 +\d+ +\d+ +\d+ +\d+` + cost + `exit 2, 5 droplets instead of 10
$`
	if !regexp.MustCompile(want).Match(out.Bytes()) {
		t.Errorf("it said\n%s", out.String())
	}
	for _, said := range []string{"tofu is not on the PATH: left out", "terraform is not on the PATH: left out", "repair of 10: exit 2"} {
		if !bytes.Contains(diagnostics.Bytes(), []byte(said)) {
			t.Errorf("it did not say %q, but\n%s", said, diagnostics.String())
		}
	}
}

func TestCompareRefuses(t *testing.T) {
	if err := run(t.Context(), []string{"-arcadiad", t.TempDir() + "/none"}, io.Discard, io.Discard); err == nil {
		t.Error("there is no binary, and no error")
	}
	if err := run(t.Context(), []string{"-arcadiad", t.TempDir(), "-n", "9"}, io.Discard, io.Discard); err == nil {
		t.Error("9 is a fleet size, of which 5 are destroyed")
	}
}
