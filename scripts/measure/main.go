package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

// run is the whole command.
func run(ctx context.Context, args []string, out, diagnostics io.Writer) error {
	switch {
	case len(args) > 0 && args[0] == "footprint":
		return footprint(args[1:], out, diagnostics)
	case len(args) > 0 && args[0] == "compare":
		return compare(ctx, args[1:], out, diagnostics)
	case len(args) > 0 && args[0] == "rows":
		return rowsOf(ctx, args[1:], out, diagnostics)
	}
	return errors.New("what shall be measured? footprint, compare or rows")
}

// program gives the path of the binary to measure.
func program(binary string) (string, error) {
	path, err := filepath.Abs(binary)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("there is no binary to measure (make build): %w", err)
	}
	return path, nil
}

// sizes reads the numbers of a list, each of them at least as large as the least; an empty list has none.
func sizes(list string, least int) (all []int, err error) {
	if list == "" {
		return nil, nil
	}
	for size := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(size)
		if err != nil || n < least {
			return nil, fmt.Errorf("%q is no size; %d is the least", size, least)
		}
		all = append(all, n)
	}
	return all, nil
}
