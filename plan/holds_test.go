package plan

import (
	"os"
	"strings"
	"testing"
)

// The runbook "Held" says of every rule what lets its actions go.
func TestLaw09TheRunbookHasEveryRule(t *testing.T) {
	page, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| held by |")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, r := range rules {
		found := false
		for row := range strings.Lines(table) {
			if cells := strings.Split(row, "|"); len(cells) > 3 && strings.Contains(cells[1], "`"+r.name+"`") {
				found = true
				if says := strings.Contains(row, "arcadiad approve PLAN") || strings.Contains(row, "#missing-droplets"); says != r.byPerson {
					t.Errorf("%s: an approval lifts it: %v, and the runbook says %v", r.name, r.byPerson, says)
				}
			}
		}
		if !found {
			t.Errorf("docs/operations.md does not say what lets go of what is held by %s", r.name)
		}
	}
}
