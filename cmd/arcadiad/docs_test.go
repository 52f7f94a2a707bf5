package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

var updateDocs = flag.Bool("update-docs", false, "write what the commands of the documentation print into its pages")

// The pages show what the program does, so each is a script. A fenced block is one of these, by the first words after its fence:
//
//	console             lines that begin with "$ " are run by a shell, one after another, each page in a directory of its own that
//	                    has examples/ and bin/arcadiad; what follows is what they print, in any order; a line … stands for any lines, and
//	                    a … within a line for any text. Identifiers, times, addresses and widths of columns are not compared.
//	console exit=2      the same; the last command ends with that code instead of 0
//	console background  the first command runs on until the page or a block console stop ends it; all lines come, some time
//	console stop        what runs in the background is told to end, before the block
//	yaml FILE           is saved as FILE
//	sh                  needs systemd, root, a compiler or a real account: not run; but its commands and flags are there
//	yaml, json, text, mermaid
func TestDocs(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(pages, "../../README.md") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			p := readPage(string(data))
			for _, text := range p.texts {
				if hidden := indented.FindString(text); hidden != "" {
					t.Errorf("a command outside of a fenced block: %s", hidden)
				}
			}
			r := newReader(t)
			for _, b := range p.blocks {
				r.follow(t, b)
			}
			r.stop(t)
			if text := p.String(); *updateDocs && text != string(data) {
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

var indented = regexp.MustCompile(`(?m)^ {4,}(\$ |(bin/)?arcadiad ).*$`)

// page is a page of the documentation: the texts between its blocks, and the blocks.
type page struct {
	texts  []string // one more than blocks
	blocks []*block
}

// block is a fenced block.
type block struct {
	line  int // of its fence
	fence string
	body  string
}

var fences = regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$")

func readPage(text string) *page {
	p := &page{}
	end := 0
	for _, at := range fences.FindAllStringSubmatchIndex(text, -1) {
		p.texts = append(p.texts, text[end:at[0]])
		p.blocks = append(p.blocks, &block{1 + strings.Count(text[:at[0]], "\n"), text[at[2]:at[3]], text[at[4]:at[5]]})
		end = at[1]
	}
	p.texts = append(p.texts, text[end:])
	return p
}

func (p *page) String() string {
	var out strings.Builder
	for i, b := range p.blocks {
		fmt.Fprintf(&out, "%s```%s\n%s```", p.texts[i], b.fence, b.body)
	}
	out.WriteString(p.texts[len(p.blocks)])
	return out.String()
}

// shown is a command of a block, and what it is said to print.
type shown struct {
	command string
	prints  []string
}

func (b *block) commands() (all []shown) {
	for line := range strings.Lines(b.body) {
		line = strings.TrimRight(line, "\n")
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			all = append(all, shown{command: command})
		} else if n := len(all); n > 0 {
			all[n-1].prints = append(all[n-1].prints, line)
		}
	}
	return all
}

func (b *block) write(all []shown) {
	b.body = ""
	for _, s := range all {
		b.body += "$ " + s.command + "\n"
		for _, line := range s.prints {
			b.body += line + "\n"
		}
	}
}

// reader follows a page to the letter.
type reader struct {
	dir, home string
	ids       map[string]string // what the page calls X is really Y
	daemon    *exec.Cmd         // what runs in the background
	log       string            // the file with its output
}

func newReader(t *testing.T) *reader {
	root := t.TempDir()
	if ram, err := os.MkdirTemp("/dev/shm", "arcadiad"); err == nil { // databases fsync a lot
		root = ram
		t.Cleanup(func() { os.RemoveAll(ram) })
	}
	r := &reader{dir: filepath.Join(root, "fleet"), home: root, ids: map[string]string{}, log: filepath.Join(root, "daemon.log")}
	program, err := exec.LookPath("arcadiad")
	if err == nil {
		err = os.MkdirAll(filepath.Join(r.dir, "bin"), 0o755)
	}
	if err == nil {
		err = os.Symlink(program, filepath.Join(r.dir, "bin", "arcadiad"))
	}
	if err == nil {
		err = os.CopyFS(filepath.Join(r.dir, "examples"), os.DirFS("../../examples"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *reader) follow(t *testing.T, b *block) {
	words := strings.Fields(b.fence)
	kind, how := "", ""
	if len(words) > 0 {
		kind = words[0]
	}
	if len(words) > 1 {
		how = words[1]
	}
	switch {
	case kind == "yaml" && how != "":
		if err := os.WriteFile(filepath.Join(r.dir, how), []byte(b.body), 0o644); err != nil {
			t.Fatal(err)
		}
	case slices.Contains([]string{"yaml", "json", "text", "mermaid", "hcl"}, b.fence):
	case b.fence == "sh":
		t.Logf("line %d is not run: %s", b.line, strings.ReplaceAll(strings.TrimSpace(b.body), "\n", "\n\t"))
		exist(t, b)
	case b.fence == "console background":
		r.start(t, b)
	case kind == "console" && (how == "" || how == "stop" || strings.HasPrefix(how, "exit=")):
		if how == "stop" {
			r.stop(t)
		}
		r.run(t, b, strings.TrimPrefix(how, "exit="))
	default:
		t.Fatalf("line %d: nobody knows what to do with a block %q", b.line, b.fence)
	}
}

// run runs the commands of a block. Beside a daemon, who only looks looks again until the page is right.
func (r *reader) run(t *testing.T, b *block, code string) {
	all := b.commands()
	if len(all) == 0 {
		t.Fatalf("line %d: the block has no command", b.line)
	}
	for i := range all {
		s := &all[i]
		want := "0"
		if i == len(all)-1 && code != "" && code != "stop" {
			want = code
		}
		var missing string
		tries := 1
		if r.daemon != nil && looks.MatchString(s.command) {
			tries = 240
		}
		var out []string
		for range tries {
			var got string
			out, got = r.shell(t, s.command)
			if missing = r.compare(s.prints, out, true); missing == "" && got != want {
				missing = fmt.Sprintf("exit code %s, want %s", got, want)
			}
			if missing == "" {
				break
			}
			<-time.After(250 * time.Millisecond) // the account has a rate limit
		}
		if *updateDocs && !strings.Contains(strings.Join(s.prints, ""), "…") {
			if missing != "" {
				s.prints = out
				b.write(all)
			}
		} else if missing != "" {
			t.Fatalf("line %d: $ %s\n%s\nIt printed:\n%s", b.line, s.command, missing, strings.Join(out, "\n"))
		}
	}
}

var looks = regexp.MustCompile(`^\S*arcadiad (status|plan|why|history|saga (list|show)) `)

// shell runs one command line, as a person would, with the identifiers of this run.
func (r *reader) shell(t *testing.T, line string) (out []string, code string) {
	for theirs, ours := range r.ids {
		line = strings.ReplaceAll(line, theirs, ours)
	}
	cmd := r.command(line)
	said, err := cmd.CombinedOutput()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(said), r.home, "/home/you")
	for line := range strings.Lines(text) {
		out = append(out, strings.TrimRight(line, "\n"))
	}
	return out, fmt.Sprint(cmd.ProcessState.ExitCode())
}

func (r *reader) command(line string) *exec.Cmd {
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = r.dir
	cmd.Env = []string{"HOME=" + r.home, "PATH=" + os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0"}
	return cmd
}

// start runs the block's command in the background, until it has printed what it should.
func (r *reader) start(t *testing.T, b *block) {
	all := b.commands()
	if len(all) != 1 || r.daemon != nil {
		t.Fatalf("line %d: one command may run in the background", b.line)
	}
	file, err := os.Create(r.log)
	if err != nil {
		t.Fatal(err)
	}
	cmd := r.command("exec " + all[0].command)
	cmd.Stdout, cmd.Stderr = file, file
	err = cmd.Start()
	file.Close()
	if err != nil {
		t.Fatal(err)
	}
	r.daemon = cmd
	t.Cleanup(func() {
		if r.daemon != nil {
			r.daemon.Process.Kill()
			r.daemon.Wait()
		}
	})
	var out []string
	missing := ""
	for range 2400 {
		data, err := os.ReadFile(r.log)
		if err != nil {
			t.Fatal(err)
		}
		out = strings.Split(strings.TrimSpace(strings.ReplaceAll(string(data), r.home, "/home/you")), "\n")
		if missing = r.compare(all[0].prints, out, false); missing == "" {
			return
		}
		<-time.After(25 * time.Millisecond)
	}
	t.Fatalf("line %d: $ %s\n%s\nIt printed:\n%s", b.line, all[0].command, missing, strings.Join(out, "\n"))
}

// stop ends what runs in the background, as ^C does.
func (r *reader) stop(t *testing.T) {
	if r.daemon == nil {
		return
	}
	daemon := r.daemon
	r.daemon = nil
	err := daemon.Process.Signal(syscall.SIGINT)
	if err = errors.Join(err, daemon.Wait()); err != nil {
		said, _ := os.ReadFile(r.log)
		t.Fatalf("the background: %v\n%s", err, said)
	}
}

// compare tells what the page shows and nobody printed, and, where all is to be shown, what was printed and the page lacks.
func (r *reader) compare(page, printed []string, all bool) (missing string) {
	left := slices.Clone(printed)
	for _, loose := range []bool{false, true} { // lines with … may take those of others
		for _, line := range page {
			if line == "…" {
				all = false
				continue
			}
			if strings.Contains(line, "…") != loose && strings.TrimSpace(line) != "" {
				continue
			}
			pattern := pattern(line)
			i := slices.IndexFunc(left, func(out string) bool { return pattern.MatchString(plainer(out)) })
			switch {
			case i >= 0:
				r.learn(line, left[i])
				left = slices.Delete(left, i, i+1)
			case strings.TrimSpace(line) != "":
				return fmt.Sprintf("It did not print: %s", line)
			}
		}
	}
	left = slices.DeleteFunc(left, func(line string) bool { return strings.TrimSpace(line) == "" })
	if all && len(left) > 0 {
		return "The page lacks:\n" + strings.Join(left, "\n")
	}
	return ""
}

// learn notes which identifiers of this run stand for those of the page.
func (r *reader) learn(line, out string) {
	theirs, ours := identifier.FindAllString(line, -1), identifier.FindAllString(out, -1)
	if len(theirs) == len(ours) {
		for i := range theirs {
			r.ids[theirs[i]] = ours[i]
		}
	}
}

var (
	identifier = regexp.MustCompile(`\b([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8,40})\b`)
	differing  = []struct {
		what *regexp.Regexp
		as   string
	}{
		{identifier, "ID"},
		{regexp.MustCompile(`^time=\S+ level=\S+ `), ""},
		{regexp.MustCompile(`\d{4}-\d\d-\d\d`), "DATE"},
		{regexp.MustCompile(`\d\d:\d\d:\d\d`), "TIME"},
		{regexp.MustCompile(`\b\d+\.\d+\.\d+\.\d+(:\d+)?`), "ADDRESS"},
		{regexp.MustCompile(`\b(\d+(\.\d+)?(h|ms|µs|m|s|d))+\b`), "DURATION"},
		{regexp.MustCompile(`\bprocess \d+`), "process N"},
		{regexp.MustCompile(` {2,}`), "  "},
		{regexp.MustCompile(` +$`), ""},
	}
)

// plainer leaves out of a line what is different each time.
func plainer(line string) string {
	for _, d := range differing {
		line = d.what.ReplaceAllString(line, d.as)
	}
	return line
}

// pattern is what matches the plainer form of a line that the page shows.
func pattern(line string) *regexp.Regexp {
	parts := strings.Split(plainer(line), "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$")
}

var calls = regexp.MustCompile(`(?m)(?:^|\s|\()(?:bin/)?arcadiad ([^#|&>;\n)]*)`)

// exist checks the commands of a block that is not run: each arcadiad command is there, and has its flags.
func exist(t *testing.T, b *block) {
	for _, m := range calls.FindAllStringSubmatch(b.body, -1) {
		args := strings.Fields(m[1])
		cmd, rest, err := newRoot().Find(args)
		if err == nil {
			err = cmd.ParseFlags(rest)
		}
		if err == nil && cmd.HasSubCommands() && cmd.Flags().NArg() > 0 {
			err = errors.New("there is no such command")
		}
		if err != nil {
			t.Errorf("line %d: arcadiad %s: %v", b.line, m[1], err)
		}
	}
}

var (
	links    = regexp.MustCompile(`\]\(([^):#]*)#([^)]+)\)`)
	headings = regexp.MustCompile(`(?m)^#+ (.+)$`)
	unsaid   = regexp.MustCompile(`[^a-z0-9 _-]`)
)

// The links into pages lead to headings that are there. (That the pages are there is a rule of the whole repository.)
func TestDocsLinks(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	followed := 0
	for _, path := range append(pages, "../../README.md") {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range links.FindAllStringSubmatch(string(data), -1) {
			target := path
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(path), m[1])
			}
			there, err := os.ReadFile(target)
			if err != nil {
				t.Fatal(err)
			}
			found := slices.ContainsFunc(headings.FindAllStringSubmatch(string(there), -1), func(h []string) bool {
				return strings.ReplaceAll(unsaid.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-") == m[2]
			})
			if !found {
				t.Errorf("%s: %s has no heading %s", path, target, m[2])
			}
			followed++
		}
	}
	if followed == 0 {
		t.Error("no link was followed")
	}
}
