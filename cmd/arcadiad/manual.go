//go:build manual

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// With the tag manual the program is another one: it writes the man pages and the completions of shells into a directory, for packages: those of
// the commands from the commands themselves, that of the fleet file from its page of the documentation. The program that is packaged has
// none of this.
//
//	go run -tags manual ./cmd/arcadiad DIR docs/fleet-file.md
func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: manual DIR PAGE")
		os.Exit(exitFailed)
	}
	if err := writeManual(newRoot(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "manual:", err)
		os.Exit(exitFailed)
	}
}

func writeManual(root *cobra.Command, dir, page string) error {
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
	root.Long += "\n\n" + places(systemService()) + environment() + exitStatus
	header := &doc.GenManHeader{Section: "1", Source: "arcadiad", Manual: "arcadiad", Date: &date}
	return errors.Join(
		doc.GenManTree(root, header, dir),
		writeFleetManual(filepath.Join(dir, "fleet.yaml.5"), page, date),
		root.GenBashCompletionFileV2(filepath.Join(dir, "arcadiad.bash"), true),
		root.GenZshCompletionFile(filepath.Join(dir, "_arcadiad")),
		root.GenFishCompletionFile(filepath.Join(dir, "arcadiad.fish"), true),
	)
}

// places is the section of the files.
func places(s service) string {
	files := [][2]string{
		{s.fleet, "the fleet file of the service, see fleet.yaml(5)"},
		{s.tokenFile, "its API token; systemd hands it over"},
		{s.passwordFile, "the password of a PostgreSQL database that has its state"},
		{"/etc/default/arcadiad", "its options"},
		{filepath.Join(s.dir, databaseName), "its state database"},
		{s.socket, "its control socket, which the group arcadiad may use"},
		{"~/.local/state/arcadiad/", "state database and control socket of a daemon that a user started"},
		{"~/.config/arcadiad/token", "API token of a user"},
		{"~/.config/doctl/config.yaml", "doctl's configuration, whose token is used if there is no other"},
	}
	var b strings.Builder
	b.WriteString("# FILES\n")
	for _, f := range files {
		fmt.Fprintf(&b, "**%s**\n: %s\n\n", f[0], f[1])
	}
	return b.String()
}

// environment is the section of the variables: those of settings, and those that hold secrets.
func environment() string {
	var b strings.Builder
	b.WriteString("# ENVIRONMENT\n")
	for _, row := range (&settings{}).table(0) {
		if row.env != "" {
			fmt.Fprintf(&b, "**%s**\n: as --%s: %s\n\n", row.env, row.flag, row.usage)
		}
	}
	for _, v := range [][2]string{
		{"DIGITALOCEAN_ACCESS_TOKEN, DIGITALOCEAN_TOKEN", "the API token itself"},
		{"DIGITALOCEAN_CONTEXT", "the context of doctl whose token is used if there is no other"},
		{passwordVariable + ", PGPASSFILE", "the password of a PostgreSQL database that has the state, and a file that has it"},
		{notifyVariable, "the URL of the webhook itself"},
		{"NO_COLOR", "no colours, if it is set"},
	} {
		fmt.Fprintf(&b, "**%s**\n: %s\n\n", v[0], v[1])
	}
	return b.String()
}

const exitStatus = `# EXIT STATUS
**0**
: done; the account is as the file asks

**1**
: an error, or a failed saga

**2**
: there is something to do, or something remains; each command says what

A second signal ends a command with 128 and the signal's number.
`

// writeFleetManual makes the man page of the fleet file from its page of the documentation.
func writeFleetManual(path, page string, date time.Time) error {
	raw, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	text := regexp.MustCompile("(?s)<!--.*?-->\n?").ReplaceAllString(string(raw), "")
	text = regexp.MustCompile("(?s)`go test [^\n]*-update`.*?\n\n").ReplaceAllString(text, "") // that is for who changes arcadiad
	text = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(text, "$1")            // a terminal follows no links
	_, text, _ = strings.Cut(defined(text), "\n")                                              // its title
	head := fmt.Sprintf("%% \"FLEET.YAML\" \"5\" \"%s\" \"arcadiad\" \"arcadiad\"\n# NAME\nfleet.yaml - the droplets that arcadiad keeps\n\n# DESCRIPTION\n",
		date.Format("Jan 2006"))
	return os.WriteFile(path, md2man.Render([]byte(head+text)), 0o644)
}

// defined turns the tables of keys into lists of definitions: a terminal is too narrow for them.
func defined(text string) string {
	var out []string
	within := false
	for line := range strings.SplitSeq(text, "\n") {
		cells := strings.Split(strings.Trim(strings.ReplaceAll(line, `\|`, "\x00"), "| "), " | ")
		switch {
		case strings.HasPrefix(line, "| key | "):
			within = true
		case within && strings.HasPrefix(line, "|---"):
		case within && strings.HasPrefix(line, "| ") && len(cells) > 2:
			is := cells[1]
			if len(cells) > 3 {
				is += "; a change: " + cells[2]
			}
			words := strings.ReplaceAll(fmt.Sprintf("%s\n: %s (%s)\n", cells[0], cells[len(cells)-1], is), "\x00", "|")
			out = append(out, words)
		default:
			within = false
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}
