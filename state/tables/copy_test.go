package tables

import (
	"crypto/sha256"
	"strings"
	"testing"
)

// TestLaw16ACopyIsCompared: a table with fewer rows, or with others, is named.
func TestLaw16ACopyIsCompared(t *testing.T) {
	hash := func(values ...any) (h [sha256.Size]byte) {
		t.Helper()
		sum := sha256.New()
		for _, v := range values {
			if err := add(sum, v); err != nil {
				t.Fatal(err)
			}
		}
		return [sha256.Size]byte(sum.Sum(nil))
	}
	alike := map[[sha256.Size]byte]bool{}
	different := [][]any{{}, {nil}, {nil, nil}, {"a"}, {[]byte("a")}, {"a", "b"}, {"ab"}, {"", "ab"}, {int64(0)}, {""}, {int64(1), nil}, {nil, int64(1)}}
	for _, values := range different {
		alike[hash(values...)] = true
	}
	if len(alike) != len(different) {
		t.Errorf("%d lists of values have %d hashes", len(different), len(alike))
	}

	want := []Content{{"sagas", 2, hash("a")}, {"grants", 1, hash("b")}}
	if err := Differ(want, []Content{{"sagas", 2, hash("a")}, {"grants", 1, hash("b")}}); err != nil {
		t.Error(err)
	}
	for _, got := range [][]Content{{want[0]}, {want[0], {"grants", 2, hash("b")}}, {want[0], {"grants", 1, hash("c")}}} {
		if err := Differ(want, got); err == nil || !strings.Contains(err.Error(), "the table grants") {
			t.Errorf("%v: %v", got, err)
		}
	}
}
