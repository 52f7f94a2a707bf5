package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
)

// beginning is a fleet file in the making, as a person begins one.
type beginning struct {
	fleet, name, count, region, size, image, keys string
}

// questions are what init asks, in this order; each answer has a flag, too.
func (b *beginning) questions() []struct {
	flag, asks string
	answer     *string
	standard   string
} {
	return []struct {
		flag, asks string
		answer     *string
		standard   string
	}{
		{"as", "Name of the fleet, for the tags of its droplets", &b.fleet, "demo"},
		{"region", "Region (doctl compute region list)", &b.region, "nyc3"},
		{"image", "Image (doctl compute image list --public)", &b.image, "ubuntu-24-04-x64"},
		{"size", "Size (doctl compute size list)", &b.size, "s-1vcpu-1gb"},
		{"name", "Name of the first group of droplets", &b.name, "web"},
		{"count", "How many of them", &b.count, "1"},
		{"ssh-keys", "SSH keys of root by name or id, with commas between (doctl compute ssh-key list); empty: none", &b.keys, ""},
	}
}

// file is the text of the fleet file.
func (b beginning) file() []byte {
	var s strings.Builder
	fmt.Fprintf(&s, fleetfile.SchemaLine+`#
# What there should be. "arcadiad plan" shows what would change; docs/fleet-file.md and man fleet.yaml explain the keys.
version: 1
fleet: %s
defaults:
  region: %s
  image: %s
  size: %s
`, quoted(b.fleet), quoted(b.region), quoted(b.image), quoted(b.size))
	keys := slices.DeleteFunc(fleet.Words(strings.Split(b.keys, ","), strings.TrimSpace), func(key string) bool { return key == "" })
	if len(keys) > 0 {
		fmt.Fprintf(&s, "  ssh_keys: [%s]\n", strings.Join(fleet.Words(keys, quoted), ", "))
	}
	fmt.Fprintf(&s, "droplets:\n  - name: %s\n", quoted(b.name))
	if b.count != "1" {
		fmt.Fprintf(&s, "    count: %s\n", quoted(b.count))
	}
	s.WriteString("policy:\n  max_destroy: 25% # more than that in one pass waits for your approval\n")
	return []byte(s.String())
}

// plainWord is what YAML takes as it is; all else an answer can be is quoted.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]*$`)

func quoted(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}

// check says what is wrong with the answers so far; the rest has its standards.
func (b beginning) check() error {
	for _, q := range b.questions() {
		*q.answer = cmp.Or(*q.answer, q.standard)
	}
	_, err := fleetfile.Decode("fleet.yaml", b.file(), func(string) ([]byte, error) { return nil, fs.ErrNotExist })
	if problems, ok := errors.AsType[fleetfile.Errors](err); ok { // their places are of a file that is not there
		err = errors.New(problems[0].Message)
		if hint := problems[0].Hint; hint != "" {
			err = fmt.Errorf("%w (%s)", err, hint)
		}
	}
	return err
}

func initCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a first fleet file, by a few questions",
		Long: `Write a first fleet file, fleet.yaml unless you name another, and its JSON Schema for editors beside it. On a terminal it asks a
few questions; each has a flag, and a default. Without a terminal flags and defaults alone decide. Nothing in the account is changed, and no file is overwritten.

With --import the file describes the droplets that the account has already, as arcadiad import does.`,
		Example: `  arcadiad init
  arcadiad init --as shop --name web --count 3 --region fra1
  arcadiad init --import`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("init takes one file, got %d", len(args))
			}
			return nil
		},
	}
	var b beginning
	for _, q := range b.questions() {
		cmd.Flags().Var(text(q.answer, "", "TEXT"), q.flag, strings.ToLower(q.asks[:1])+q.asks[1:])
		mustComplete(cmd, q.flag, cobra.NoFileCompletions)
	}
	existing := cmd.Flags().Bool("import", false, "describe the droplets that the account has")
	s := newSettings(cmd, usesState|usesAPI, slog.LevelWarn)
	cmd.ValidArgsFunction = completeYAML
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		path := append(args, "fleet.yaml")[0]
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return existsAlready(path, err)
		}
		if *existing {
			return importFleet(cmd, s, path, "", control.ImportRequest{Fleet: cmp.Or(b.fleet, "imported")})
		}
		if terminal(cmd.InOrStdin()) != nil {
			if err := b.ask(cmd); err != nil {
				return err
			}
		}
		return b.write(cmd.OutOrStdout(), path)
	}
	return cmd
}

// ask asks what no flag said, each until the answer can be one.
func (b *beginning) ask(cmd *cobra.Command) error {
	answers, stderr := bufio.NewReader(cmd.InOrStdin()), cmd.ErrOrStderr()
	for _, q := range b.questions() {
		for !cmd.Flags().Changed(q.flag) {
			fmt.Fprintf(stderr, "%s", q.asks)
			if q.standard != "" {
				fmt.Fprintf(stderr, " [%s]", q.standard)
			}
			fmt.Fprint(stderr, ": ")
			line, err := readLine(cmd.Context(), answers)
			if err != nil {
				fmt.Fprintln(stderr)
				return err
			}
			*q.answer = strings.TrimSpace(line)
			if err := b.check(); err != nil {
				fmt.Fprintf(stderr, "  %s\n", err)
				continue
			}
			break
		}
	}
	return nil
}

// readLine waits for a line, or until a signal says to stop.
func readLine(ctx context.Context, r *bufio.Reader) (string, error) {
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		line, err := r.ReadString('\n')
		answers <- answer{line, err}
	}()
	select {
	case a := <-answers:
		if a.err != nil {
			return "", errors.New("no answer came, and nothing is written")
		}
		return a.line, nil
	case <-ctx.Done():
		return "", fmt.Errorf("interrupted; nothing is written: %w", ctx.Err())
	}
}

// write writes the file, and the schema beside it.
func (b *beginning) write(out io.Writer, path string) error {
	if err := b.check(); err != nil {
		return err
	}
	for _, q := range b.questions() {
		*q.answer = cmp.Or(*q.answer, q.standard)
	}
	if err := writeNew(path, b.file()); err != nil {
		return err
	}
	if err := writeSchema(path); err != nil {
		return err
	}
	next := "arcadiad plan"
	if path != "fleet.yaml" {
		next += " --fleet " + path
	}
	_, err := fmt.Fprintf(out, "Wrote %s: fleet %s, droplets %s in %s, count %s.\nNext: look at it, then %s (with --simulate it needs no account).\n",
		path, b.fleet, b.name, b.region, b.count, next)
	return err
}

// writeSchema writes the schema beside a fleet file, unless there is one.
func writeSchema(path string) error {
	schema := filepath.Join(filepath.Dir(path), fleetfile.SchemaFile)
	if _, err := os.Lstat(schema); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return writeNew(schema, fleetfile.Schema())
}
