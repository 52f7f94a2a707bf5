package fleetfile_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
)

// repo is a git work tree with a fleet file in it.
type repo struct {
	t    *testing.T
	root string
	file string
}

func newRepo(t *testing.T) *repo {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := &repo{t, root, filepath.Join(root, "infra", "fleet.yaml")}
	r.git("init", "-q")
	r.write("infra/user.sh", "#!/bin/sh\n")
	r.write("infra/fleet.yaml", head+"  - {name: web, user_data_file: user.sh}\n")
	return r
}

func (r *repo) git(args ...string) {
	r.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", r.root, "-c", "user.name=Ada", "-c", "user.email=ada@example.com"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func (r *repo) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repo) commit(subject string) {
	r.t.Helper()
	r.git("add", "-A")
	r.git("commit", "-q", "-m", subject+"\n\nand more")
}

// revision is that of the file as it is on disk.
func (r *repo) revision() (fleet.Revision, bool) {
	r.t.Helper()
	f, err := fleetfile.Load(r.file)
	if err != nil {
		r.t.Fatal(err)
	}
	return fleetfile.Revision(r.t.Context(), r.file, f.Hash)
}

func (r *repo) expect(subject string, differs bool) fleet.Revision {
	r.t.Helper()
	got, ok := r.revision()
	if !ok || got.Subject != subject || got.Differs != differs || got.File != "infra/fleet.yaml" {
		r.t.Errorf("%+v, %v; want subject %q, differs %v", got, ok, subject, differs)
	}
	return got
}

func TestRevision(t *testing.T) {
	r := newRepo(t)
	r.expect("", true) // nothing is committed in the whole tree
	r.git("commit", "-q", "--allow-empty", "-m", "begin")
	r.expect("", true)
	r.commit("three web servers")
	got := r.expect("three web servers", false)
	if len(got.Commit) != 40 || got.Author != "Ada" || time.Since(got.At) > time.Hour || got.At.IsZero() || len(got.Short()) != 10 {
		t.Errorf("%+v", got)
	}

	r.write("README", "of something else")
	r.commit("say what it is")
	r.expect("three web servers", false)

	r.write("infra/user.sh", "#!/bin/sh\ntrue\n")
	r.expect("three web servers", true)
	r.git("add", "-A") // staged is not committed
	r.expect("three web servers", true)
	r.commit("start nothing")
	r.expect("start nothing", false)

	// What is asked about is not what lies on disk by now.
	if got, ok := fleetfile.Revision(t.Context(), r.file, "another"); !ok || !got.Differs {
		t.Errorf("of another version: %+v, %v", got, ok)
	}
	// Inside a hook, the environment speaks of the repository that is committed to.
	t.Setenv("GIT_DIR", filepath.Join(t.TempDir(), "none"))
	t.Setenv("GIT_INDEX_FILE", "none")
	r.expect("start nothing", false)
}

func TestRevisionOutsideGit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "fleet.yaml")
	if err := os.WriteFile(file, []byte(head+"  - {name: web}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_CEILING_DIRECTORIES", "/")
	if got, ok := fleetfile.Revision(t.Context(), file, ""); ok {
		t.Errorf("%+v", got)
	}
	if got, ok := fleetfile.Revision(t.Context(), file+".none", ""); ok {
		t.Errorf("of a file that is not there: %+v", got)
	}
	r := newRepo(t)
	r.commit("begin")
	t.Setenv("PATH", t.TempDir())
	if got, ok := r.revision(); ok {
		t.Errorf("without git: %+v", got)
	}
}

// A link into a work tree leads to the commit of what it links to.
func TestRevisionBehindALink(t *testing.T) {
	r := newRepo(t)
	r.write("infra/fleet.yaml", head+"  - {name: web}\n")
	r.commit("behind a link")
	real := r.file
	r.file = filepath.Join(t.TempDir(), "fleet.yaml")
	if err := os.Symlink(real, r.file); err != nil {
		t.Fatal(err)
	}
	r.expect("behind a link", false)
}

// Nothing that the tree's own configuration names is run: it may belong to somebody else.
func TestRevisionRunsNothing(t *testing.T) {
	r := newRepo(t)
	r.write(".gitattributes", "* filter=spy diff=spy\n")
	r.commit("begin")
	ran := filepath.Join(t.TempDir(), "ran")
	spy := "sh -c 'touch " + ran + "; cat'"
	for _, key := range []string{"core.fsmonitor", "filter.spy.clean", "filter.spy.process", "diff.spy.textconv", "diff.external", "gpg.program", "core.pager", "core.sshCommand"} {
		r.git("config", key, spy)
	}
	r.git("config", "log.showSignature", "true")
	r.write("infra/user.sh", "#!/bin/sh\nfalse\n")
	r.expect("begin", true)
	if _, err := os.Stat(ran); err == nil {
		t.Error("git ran what the repository's configuration names")
	}
	index := filepath.Join(r.root, ".git", "index")
	before, err := os.Stat(index)
	if err != nil {
		t.Fatal(err)
	}
	r.expect("begin", true)
	if after, err := os.Stat(index); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("the index was written: %v", err)
	}
}

// A git that hangs is not waited for.
func TestRevisionIsBounded(t *testing.T) {
	r := newRepo(t)
	r.commit("begin")
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "git"), []byte("#!/bin/sh\nexec sleep 600\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	if got, ok := r.revision(); ok || strings.Contains(got.Subject, "begin") {
		t.Errorf("%+v, %v", got, ok)
	}
}
