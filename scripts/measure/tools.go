package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"arcadiad/scripts/stage"
)

// tool is what takes a fleet through the steps.
type tool interface {
	name() string
	command(ctx context.Context, s *subject, step string) (*exec.Cmd, error)
}

// find gives the tools that there are. Only arcadiad must be.
func find(ctx context.Context, dir, binary string, parallelism int, diagnostics io.Writer) ([]tool, error) {
	path, err := program(binary)
	if err != nil {
		return nil, err
	}
	tools := []tool{&arcadiad{path, parallelism}}
	for _, program := range []string{"tofu", "terraform"} {
		path, err := exec.LookPath(program)
		if err != nil {
			fmt.Fprintf(diagnostics, "%s is not on the PATH: left out\n", program)
			continue
		}
		t := &terraform{program: program, path: path, dir: filepath.Join(dir, program), parallelism: parallelism}
		if err := t.init(ctx); err != nil {
			fmt.Fprintf(diagnostics, "%s cannot get its DigitalOcean provider: left out\n%v\n", program, err)
			continue
		}
		tools = append(tools, t)
	}
	return tools, nil
}

// arcadiad is the binary of this repository.
type arcadiad struct {
	path        string
	parallelism int
}

func (*arcadiad) name() string { return "arcadiad" }

func (a *arcadiad) command(ctx context.Context, s *subject, step string) (*exec.Cmd, error) {
	n, what := s.n, []string{"apply", "--yes"}
	switch step {
	case "plan":
		what = []string{"plan"}
	case "destroy":
		n = 0
	}
	file := filepath.Join(s.dir, "fleet.yaml")
	if err := os.WriteFile(file, stage.Fleet(n), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, a.path, append(what, "--fleet", file, "--state", filepath.Join(s.dir, "arcadiad.db"),
		"--api-url", s.account.URL, "--concurrency", strconv.Itoa(a.parallelism))...)
	cmd.Env = append(os.Environ(), "DIGITALOCEAN_ACCESS_TOKEN=compare")
	return cmd, nil
}

// terraform is terraform or tofu: they take the same commands.
type terraform struct {
	program, path, dir string
	parallelism        int
}

func (t *terraform) name() string { return t.program }

// configuration asks for the fleet that stage.Fleet asks for.
const configuration = `
terraform {
  required_providers {
    digitalocean = { source = "digitalocean/digitalocean" }
  }
}
variable "n" { type = number }
variable "url" { type = string }
provider "digitalocean" {
  token        = "compare"
  api_endpoint = var.url
}
resource "digitalocean_droplet" "g" {
  count  = var.n
  name   = "g-${count.index + 1}"
  region = "syd1"
  image  = "ubuntu-24-04-x64"
  size   = "s-1vcpu-1gb"
  tags   = ["stage"]
}
`

// init gets the provider, once for all subjects.
func (t *terraform) init(ctx context.Context) error {
	if err := os.Mkdir(t.dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(t.dir, "main.tf"), []byte(configuration), 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, t.path, "init", "-no-color", "-input=false")
	cmd.Dir = t.dir
	cost, output, err := stage.Run(cmd)
	if err != nil {
		return err
	}
	if cost.Exit != 0 {
		return fmt.Errorf("%s init: %s", t.program, ending(output))
	}
	return nil
}

func (t *terraform) command(ctx context.Context, s *subject, step string) (*exec.Cmd, error) {
	what := []string{"apply", "-auto-approve"}
	switch step {
	case "plan":
		what = []string{"plan"}
	case "destroy":
		what = []string{"destroy", "-auto-approve"}
	}
	cmd := exec.CommandContext(ctx, t.path, append(what, "-no-color", "-input=false", "-parallelism="+strconv.Itoa(t.parallelism),
		"-state="+filepath.Join(s.dir, "terraform.tfstate"), "-var=n="+strconv.Itoa(s.n), "-var=url="+s.account.URL)...)
	cmd.Dir = t.dir
	return cmd, nil
}
