package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// lab runs tests on a source tree, as it is or with one file changed.
type lab struct {
	root    string
	timeout time.Duration
}

// change gives the file's path and its changed content.
func (l lab) change(m mutant) (path string, content []byte, err error) {
	path, err = filepath.Abs(filepath.Join(l.root, filepath.FromSlash(m.file)))
	if err != nil {
		return "", nil, err
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return "", nil, err
	}
	if n := strings.Count(string(source), m.old); n != 1 {
		return "", nil, fmt.Errorf("its text occurs %d times", n)
	}
	if m.old == m.new || len(m.tests) == 0 {
		return "", nil, errors.New("it changes nothing, or names no tests")
	}
	return path, []byte(strings.Replace(string(source), m.old, m.new, 1)), nil
}

// try runs the tests of a mutant. The error is that of the lab, not of the mutant.
func (l lab) try(ctx context.Context, m mutant) (outcome, error) {
	began := time.Now()
	path, content, err := l.change(m)
	if err != nil {
		return outcome{verdict: stale, detail: err.Error()}, nil
	}
	dir, err := os.MkdirTemp("", "mutant-")
	if err != nil {
		return outcome{}, err
	}
	defer os.RemoveAll(dir)
	changed, overlay := filepath.Join(dir, filepath.Base(path)), filepath.Join(dir, "overlay.json")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
	if err == nil {
		err = errors.Join(os.WriteFile(changed, content, 0o600), os.WriteFile(overlay, list, 0o600))
	}
	if err != nil {
		return outcome{}, err
	}
	o := outcome{verdict: survived, detail: "no test failed"}
	for _, s := range m.tests {
		output, failed, err := l.test(ctx, s, "-count=1", "-overlay="+overlay)
		if err != nil {
			return outcome{}, err
		}
		if o.output += output; !failed {
			continue
		}
		o.verdict, o.detail = killed, failure(output)
		if strings.Contains(output, "[build failed]") || strings.Contains(output, "[setup failed]") {
			o.verdict, o.detail = broken, "it does not compile"
		}
		break
	}
	o.took = time.Since(began)
	return o, nil
}

// healthy makes sure that tests exist and pass without a mutant.
func (l lab) healthy(ctx context.Context, s suite) error {
	output, failed, err := l.test(ctx, s)
	switch {
	case err != nil:
		return err
	case failed:
		return fmt.Errorf("go test %s -run %q fails without any mutant:\n%s", s.pkg, s.run, output)
	case strings.Contains(output, "no tests to run"), strings.Contains(output, "no test files"):
		return fmt.Errorf("go test %s -run %q runs no test", s.pkg, s.run)
	}
	return nil
}

// test runs tests, and tells whether any failed.
func (l lab) test(ctx context.Context, s suite, options ...string) (output string, failed bool, err error) {
	args := append([]string{"test", "-vet=off", "-failfast", "-timeout=" + l.timeout.String()}, options...)
	if s.run != "" {
		args = append(args, "-run="+s.run)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, s.pkg)...)
	cmd.Dir = l.root
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", false, ctx.Err()
	case errors.As(err, &exit):
		return string(out), true, nil
	}
	return string(out), false, err
}

var failedTest = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// failure names the first test that failed.
func failure(output string) string {
	if strings.Contains(output, "panic: test timed out") {
		return "tests that hang"
	}
	if m := failedTest.FindStringSubmatch(output); m != nil {
		return m[1]
	}
	if strings.Contains(output, "panic: ") {
		return "a panic"
	}
	return "a failure"
}
