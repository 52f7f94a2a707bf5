// Package goldentest compares what a test made with what the repository keeps of it. With the flag -update it is written anew instead.
package goldentest

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write anew what the tests compare with: golden files, and tables of docs/")

// File compares with a whole file.
func File(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		write(t, path, string(got))
	}
	compare(t, path, read(t, path), string(got))
}

// Part compares with what stands in a page between the lines <!-- name: begin --> and <!-- name: end -->.
func Part(t *testing.T, page, name, got string) {
	t.Helper()
	begin, end := "<!-- "+name+": begin -->\n", "<!-- "+name+": end -->"
	before, rest, ok := strings.Cut(read(t, page), begin)
	old, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no part %s", page, name)
	}
	if *update {
		write(t, page, before+begin+got+end+after)
		return
	}
	compare(t, page, old, got)
}

func compare(t *testing.T, path, want, got string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s differs (%s with -update writes it anew; -want +got):\n%s", path, t.Name(), d)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
