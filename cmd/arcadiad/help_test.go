package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// Each help text fits a terminal of 80 columns, and no command explains a common flag: `arcadiad help flags` does.
func TestHelpFits(t *testing.T) {
	help := func(cmd *cobra.Command) string {
		var b bytes.Buffer
		cmd.SetOut(&b)
		if err := cmd.Help(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		text := help(cmd)
		for line := range strings.SplitSeq(text, "\n") {
			if utf8.RuneCountInString(line) > helpWidth {
				t.Errorf("%s: %d columns: %s", cmd.CommandPath(), utf8.RuneCountInString(line), line)
			}
		}
		if explained := strings.Contains(text, "--state FILE"); explained != (cmd.Name() == "flags") {
			t.Errorf("%s: explains --state: %v", cmd.CommandPath(), explained)
		}
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(newRoot())
}
