package arcadiad_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"
)

// docs/architecture.md has the table of imports as mayImport has it. Commands are one row there, and scripts are none.
func TestDocumentedImports(t *testing.T) {
	page, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| \\[`(cmd|[a-z/]+?)(?:/arcadiad)?`\\]\\([^|]*\\|[^|]*\\|([^|]*)\\|$")
	name := regexp.MustCompile("`([a-z/]+)`")
	documented := map[string][]string{"scripts": nil}
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		documented[m[1]] = []string{}
		for _, n := range name.FindAllStringSubmatch(m[2], -1) {
			documented[m[1]] = append(documented[m[1]], n[1])
		}
		want, found := slices.Sorted(slices.Values(mayImport()[m[1]])), slices.Sorted(slices.Values(documented[m[1]]))
		if !slices.Equal(want, found) {
			t.Errorf("%s may import %v, and the page says %v", m[1], want, found)
		}
	}
	if want, found := slices.Sorted(maps.Keys(mayImport())), slices.Sorted(maps.Keys(documented)); !slices.Equal(want, found) {
		t.Errorf("the packages are %v, and the page has %v", want, found)
	}
}
