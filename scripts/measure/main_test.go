package main

import (
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"arcadiad/scripts/stage/stagetest"
)

var scratch string // where everything of the tests lies

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "measure-test-"); err != nil {
		panic(err)
	}
	os.Setenv("TMPDIR", scratch)
	os.Setenv("ARCADIAD_WAIT_INTERVAL", "200ms")
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

var binary = sync.OnceValues(func() (string, error) { return stagetest.Build(scratch) })

// What cannot be measured is refused, before anything runs.
func TestRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"":                              "what shall be measured?",
		"compare -arcadiad /none":       "no binary",
		"compare -arcadiad . -n 9":      `"9" is no size; 10 is the least`,
		"footprint -arcadiad /none":     "no binary",
		"footprint -arcadiad . -rest x": `"x" is no size`,
	} {
		if err := run(t.Context(), strings.Fields(args), io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", args, err, want)
		}
	}
}
