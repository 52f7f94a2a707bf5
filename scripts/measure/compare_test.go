package main

import (
	"bytes"
	"regexp"
	"testing"
)

// Ten droplets go through the steps with the real program. Nobody waits until the droplets are old enough for a 404 to be believed, so
// the repair ends short of its aim, and the table must say so.
func TestCompare(t *testing.T) {
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", scratch) // no other tool is there, whatever this machine has
	var out, diagnostics bytes.Buffer
	args := []string{"compare", "-arcadiad", path, "-n", "10", "-latency", "0s", "-activation", "1ms", "-settle", "0s"}
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
