package main

import (
	"bytes"
	"io"
	"regexp"
	"testing"
)

// Each part measures a tiny fleet with the real program, and says so in one line.
func TestFootprint(t *testing.T) {
	for name, part := range map[string]struct {
		args []string
		want string
	}{
		"rest": {[]string{"-rest", "3", "-waiting", "", "-saves", "0"},
			`^at rest, 3 droplets: resident [1-9][\d.]* MiB after 6 passes, at most [1-9][\d.]* MiB, [1-9][\d.]* MiB after 0s alone; ` +
				`a pass takes [\d.]+m?s of CPU, [\d.]+m?s of time, 3 requests \(15 in all\); at most [1-9][\d.]* MiB while it made them\n$`},
		"waiting": {[]string{"-rest", "", "-waiting", "3", "-saves", "0"},
			`^waiting, 3 sagas: resident [1-9][\d.]* MiB, at most [1-9][\d.]* MiB; after a kill they are loaded [1-9][\d.]*m?s after the start of the ` +
				`process, and all run after [1-9][\d.]*m?s \([\d.]+m?s of CPU\)\n$`},
		"saves": {[]string{"-rest", "", "-waiting", "", "-saves", "2"},
			`^a saved file, 2 times: in force after [\d.]+m?s \(at most [\d.]+m?s\), planned after [\d.]+m?s \(at most [\d.]+m?s\)\n$`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, err := binary()
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := run(t.Context(), append(append([]string{"footprint"}, part.args...), "-arcadiad", path, "-idle", "0s"), &out, io.Discard); err != nil {
				t.Fatal(err)
			}
			if !regexp.MustCompile(part.want).Match(out.Bytes()) {
				t.Errorf("it said %q", out.String())
			}
		})
	}
}
