package main

import (
	"strings"
	"testing"
)

func TestPrintRows(t *testing.T) {
	log := "=== RUN   TestRows\n    rows_test.go:36: row:destroy 10\t24\t1.20\t2.05 s\t3.73\n    rows_test.go:36: row:create 100\t111\t1.01\t7.30 s\t1.22\n" +
		"    rows_test.go:36: row:create 10\t20\t1.00\t6.80 s\t1.23\nPASS\n"
	var out strings.Builder
	if err := printRows(&out, strings.NewReader(log)); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"what requests of the least virtual time of the least",
		"create 10 20 1.00 6.80 s 1.23",
		"create 100 111 1.01 7.30 s 1.22",
		"destroy 10 24 1.20 2.05 s 3.73",
	}
	for i, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		if got := strings.Join(strings.Fields(line), " "); i >= len(want) || got != want[i] {
			t.Errorf("line %d: %q", i, got)
		}
	}
}
