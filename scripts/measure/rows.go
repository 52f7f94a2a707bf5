package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"text/tabwriter"
)

// rowPackages have tests named TestRows…, which log rows: "row:" and, parted by tabs, what was done, its requests, the time that it took, and
// behind each of these its ratio to the least that it takes.
var rowPackages = []string{"./daemon"}

// rows prints what creates and destroys take in virtual time, by the tests that hold them to it.
func rows(ctx context.Context, out, diagnostics io.Writer) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-count=1", "-v", "-run", "^TestRows"}, rowPackages...)...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, diagnostics
	err := cmd.Run()
	if err != nil {
		diagnostics.Write(log.Bytes())
		err = fmt.Errorf("go test: %w", err)
	}
	return cmp.Or(printRows(out, &log), err)
}

func printRows(out io.Writer, log io.Reader) error {
	var all []string
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if _, row, ok := strings.Cut(lines.Text(), "row:"); ok {
			all = append(all, row)
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b string) int {
		verb, n := number(a)
		other, m := number(b)
		return cmp.Or(strings.Compare(verb, other), cmp.Compare(n, m), strings.Compare(a, b))
	})
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\trequests\tof the least\tvirtual time\tof the least")
	for _, row := range all {
		fmt.Fprintln(w, row)
	}
	return w.Flush()
}

// number gives the first two words of a row: what is done, and with how many.
func number(row string) (verb string, n int) {
	fmt.Sscan(row, &verb, &n)
	return verb, n
}
