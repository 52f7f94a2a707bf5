//go:build manual

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// With the tag manual the program is another one: it writes the man pages and the completions of shells into a directory, from the
// commands themselves, for packages. The program that is packaged has none of this.
//
//	go run -tags manual ./cmd/arcadiad DIR
func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: manual DIR")
		os.Exit(exitFailed)
	}
	if err := writeManual(newRoot(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "manual:", err)
		os.Exit(exitFailed)
	}
}

func writeManual(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root.DisableAutoGenTag = true
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	date := time.Now()
	if epoch, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil { // the same source, the same package
		date = time.Unix(epoch, 0).UTC()
	}
	header := &doc.GenManHeader{Section: "1", Source: "arcadiad", Manual: "arcadiad", Date: &date}
	return errors.Join(
		doc.GenManTree(root, header, dir),
		root.GenBashCompletionFileV2(filepath.Join(dir, "arcadiad.bash"), true),
		root.GenZshCompletionFile(filepath.Join(dir, "_arcadiad")),
		root.GenFishCompletionFile(filepath.Join(dir, "arcadiad.fish"), true),
	)
}
