package main

import (
	"os"
	"path/filepath"
	"testing"
)

// The table keeps up with the source: every text is where it is looked for, once, and every suite is of a package that has tests.
func TestTheTableFits(t *testing.T) {
	l := lab{root: filepath.Join("..", "..")}
	seen := map[string]bool{}
	for _, m := range mutants() {
		if _, _, err := l.change(m); err != nil {
			t.Errorf("%v: %v", m, err)
		}
		if m.law < 1 || m.law > 20 || seen[m.String()] {
			t.Errorf("%v: there is no such law, or two such mutants", m)
		}
		seen[m.String()] = true
		for _, s := range m.tests {
			if found, err := filepath.Glob(filepath.Join(l.root, s.pkg, "*_test.go")); err != nil || len(found) == 0 {
				t.Errorf("%v: %s has no tests", m, s.pkg)
			}
		}
	}
}

// A lab tells what became of a mutant.
func TestVerdicts(t *testing.T) {
	root := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":      "module demo\n\ngo 1.24\n",
		"sum.go":      "package demo\n\nfunc Sum(a, b int) int { return a + b }\n\nfunc Idle() int { return 1 }\n",
		"more.go":     "package demo\n\nvar spare = 1\n\nvar _ = spare\n",
		"sum_test.go": "package demo\n\nimport \"testing\"\n\nfunc TestSum(t *testing.T) {\n\tif Sum(1, 2) != 3 {\n\t\tt.Error(\"wrong\")\n\t}\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := lab{root: root, timeout: defaultTimeout}
	all := []suite{{pkg: "."}}
	for _, tt := range []struct {
		m       mutant
		verdict string
		detail  string
	}{
		{mutant{file: "sum.go", old: "a + b", new: "a - b", tests: all}, killed, "TestSum"},
		{mutant{file: "sum.go", old: "return 1", new: "return 2", tests: all}, survived, "no test failed"},
		{mutant{file: "sum.go", old: "a + b", new: "a + c", tests: all}, broken, "it does not compile"},
		{mutant{file: "sum.go", old: "a * b", new: "a + b", tests: all}, stale, "its text occurs 0 times"},
		{mutant{file: "sum.go", old: "int", new: "int64", tests: all}, stale, "its text occurs 3 times"},
		{mutant{file: "sum.go", old: "a + b", new: "a + b", tests: all}, stale, "it changes nothing, or names no tests"},
		{mutant{file: "sum.go", old: "a + b", new: "a - b"}, stale, "it changes nothing, or names no tests"},
		{mutant{file: "sum.go", old: "return a + b", new: "panic(a + b)", tests: all}, killed, "TestSum"},
	} {
		o, err := l.try(t.Context(), tt.m)
		if err != nil || o.verdict != tt.verdict || o.detail != tt.detail {
			t.Errorf("%q for %q: %s (%s), %v; want %s (%s)\n%s", tt.m.new, tt.m.old, o.verdict, o.detail, err, tt.verdict, tt.detail, o.output)
		}
	}
	if err := l.healthy(t.Context(), suite{pkg: "."}); err != nil {
		t.Error(err)
	}
	if err := l.healthy(t.Context(), suite{pkg: ".", run: "TestOfNobody"}); err == nil {
		t.Error("a suite without tests is healthy")
	}
}
