package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"gopkg.in/yaml.v3"

	"arcadiad/simulator"
)

// listening NAME sets an environment variable to the URL of the simulator that serves $account.
func listening(ts *testscript.TestScript, neg bool, args []string) {
	plainly(ts, neg, len(args) == 1, "listening NAME")
	url, err := simulator.Listener(ts.Getenv("account"))
	ts.Check(err)
	ts.Setenv(args[0], url)
}

// steps FILE DIR writes the shell parts of a CI definition into a directory: one file for each step of GitHub's, or for each job of
// GitLab's.
func steps(ts *testscript.TestScript, neg bool, args []string) {
	plainly(ts, neg, len(args) == 2, "steps FILE DIR")
	data, err := os.ReadFile(args[0])
	ts.Check(err)
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct{ Name, Run string }
		}
	}
	ts.Check(yaml.Unmarshal(data, &workflow))
	scripts := map[string]string{}
	for _, job := range workflow.Jobs {
		for _, s := range job.Steps {
			if s.Run != "" {
				scripts[s.Name] = s.Run
			}
		}
	}
	if len(workflow.Jobs) == 0 {
		var jobs map[string]struct {
			Before []string `yaml:"before_script"`
			Script []string
		}
		ts.Check(yaml.Unmarshal(data, &jobs))
		for name, job := range jobs {
			scripts[name] = strings.Join(append(job.Before, job.Script...), "\n")
		}
	}
	ts.Check(os.MkdirAll(ts.MkAbs(args[1]), 0o700))
	for name, script := range scripts {
		if strings.Contains(script, "${{") { // what a stranger wrote into a title would be run
			ts.Fatalf("step %s of %s puts an expression into its shell", name, args[0])
		}
		ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[1]), name+".sh"), []byte(script), 0o600))
	}
}
