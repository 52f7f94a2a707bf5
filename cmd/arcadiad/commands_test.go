package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Each command runs in a script or in a block of a page, and is shown on a page.
func TestEveryCommandIsTriedAndShown(t *testing.T) {
	scripts, pages := read(t, "testdata/script/*.txtar"), read(t, "../../docs/*.md")+read(t, "../../README.md")
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			if sub.Hidden || sub.Name() == "help" || sub.IsAdditionalHelpTopicCommand() {
				continue
			}
			visit(sub)
			if sub.HasSubCommands() && !sub.Runnable() {
				continue
			}
			words := regexp.QuoteMeta(sub.CommandPath())
			if !regexp.MustCompile(`(?m)^([!?] )?exec `+words+`\b`).MatchString(scripts) && !regexp.MustCompile(`(?m)^\$ `+words+`\b`).MatchString(pages) {
				t.Errorf("no script and no page runs %s", sub.CommandPath())
			}
			if !regexp.MustCompile(words + `\b`).MatchString(pages) {
				t.Errorf("no page shows %s", sub.CommandPath())
			}
		}
	}
	visit(newRoot())
}

// read gives the text of the files of a pattern.
func read(t *testing.T, pattern string) string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("there is no %s: %v", pattern, err)
	}
	var all strings.Builder
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	return all.String()
}
