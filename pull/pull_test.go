package pull_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"arcadiad/fleetfile"
	"arcadiad/pull"
)

// desk is where somebody edits a fleet, the repository that he pushes to, and the directory that is pulled into.
type desk struct {
	t          *testing.T
	dir        string // work, fleet.git and host lie there
	o          pull.Options
	work, host string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	dir := t.TempDir()
	if ram, err := os.MkdirTemp("/dev/shm", "arcadiad"); err == nil { // git fsyncs a lot
		dir = ram
		t.Cleanup(func() { os.RemoveAll(ram) })
	}
	d := &desk{t: t, dir: dir, work: filepath.Join(dir, "work"), host: filepath.Join(dir, "host")}
	d.o = pull.Options{Repo: "file://" + filepath.Join(dir, "fleet.git"), Ref: "main", Into: d.host,
		Now: func() time.Time { return time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) }}
	d.must(os.Mkdir(d.work, 0o755))
	d.git("init", "-q", "-b", "main")
	d.git("init", "-q", "--bare", "-b", "main", "../fleet.git")
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// git runs git as the one who edits.
func (d *desk) git(args ...string) string {
	d.t.Helper()
	return d.gitWith(nil, args...)
}

func (d *desk) gitWith(in io.Reader, args ...string) string {
	d.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-C", d.work}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
	cmd.Stdin = in
	out, err := cmd.CombinedOutput()
	if err != nil {
		d.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (d *desk) write(name, text string) (path string) {
	d.t.Helper()
	path = filepath.Join(d.work, name)
	d.must(errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)))
	return path
}

// push commits all that was written, and pushes it.
func (d *desk) push(subject string, options ...string) (commit string) {
	d.t.Helper()
	d.git("add", "-A")
	d.git(append(append([]string{}, options...), "commit", "-q", "--allow-empty", "-m", subject)...)
	d.git("push", "-q", "--force", "../fleet.git", "HEAD:main")
	return d.git("rev-parse", "HEAD")
}

// pull pulls. Each pull comes a minute after the one before.
func (d *desk) pull() (flipped bool, err error) {
	now := d.o.Now().Add(time.Minute)
	d.o.Now = func() time.Time { return now }
	_, flipped, err = pull.Once(d.t.Context(), d.o)
	return flipped, err
}

func (d *desk) mustPull() {
	d.t.Helper()
	if flipped, err := d.pull(); err != nil || !flipped {
		d.t.Fatalf("flipped %v, %v", flipped, err)
	}
}

// inUse demands that a commit is in use: its files, and what is told of it.
func (d *desk) inUse(commit, text string) {
	d.t.Helper()
	target, err := os.Readlink(filepath.Join(d.host, "current"))
	d.must(err)
	data, err := os.ReadFile(filepath.Join(d.host, "current", "fleet.yaml"))
	d.must(err)
	if target != "trees/"+commit || string(data) != text {
		d.t.Errorf("current leads to %s with %q, want trees/%s with %q", target, data, commit, text)
	}
}

// refuses demands that a pull fails, says so, and leaves what is in use.
func (d *desk) refuses(want, commit, text string) {
	d.t.Helper()
	flipped, err := d.pull()
	if flipped || err == nil || !strings.Contains(err.Error(), want) {
		d.t.Errorf("flipped %v, %v; an error with %q was expected", flipped, err, want)
	}
	if err != nil && strings.Contains(err.Error(), "\n") {
		d.t.Errorf("an error of more than one line: %q", err)
	}
	d.inUse(commit, text)
	f, err := fleetfile.FetchedBeside(filepath.Join(d.host, "current", "fleet.yaml"))
	d.must(err)
	if f == nil || !strings.Contains(f.Error, want) || f.Commit != commit || !f.At.Before(f.Tried) {
		d.t.Errorf("written down: %+v", f)
	}
}

// listing is all that lies in the directory, but for the insides of the mirror and the trees.
func (d *desk) listing() (names []string) {
	d.t.Helper()
	for _, pattern := range []string{"*", "trees/*", "repo.git/*.lock", "repo.git/*/*.lock", "repo.git/worktrees/*"} {
		found, err := filepath.Glob(filepath.Join(d.host, pattern))
		d.must(err)
		for _, path := range found {
			name, err := filepath.Rel(d.host, path)
			d.must(err)
			names = append(names, name)
		}
	}
	return names
}

func tidyListing(commits ...string) []string {
	names := []string{"current", "lock", "pull.json", "repo.git", "trees"}
	slices.Sort(commits)
	for _, in := range []string{"trees/", "repo.git/worktrees/"} {
		for _, c := range commits {
			names = append(names, in+c)
		}
	}
	return names
}

func TestPull(t *testing.T) {
	d := newDesk(t)
	d.write("fleet.yaml", "one")
	d.write(".gitattributes", "* text eol=crlf filter=evil\n")
	d.write("cloud-init/web.yaml", "line\n")
	one := d.push("first \x1b[31mcommit")
	d.mustPull()
	d.inUse(one, "one")
	if data, err := os.ReadFile(filepath.Join(d.host, "current/cloud-init/web.yaml")); err != nil || string(data) != "line\n" {
		t.Errorf("the files are not those that were committed: %q, %v", data, err)
	}

	// Nothing new: nothing is touched but the time.
	link, err := os.Lstat(filepath.Join(d.host, "current"))
	d.must(err)
	if flipped, err := d.pull(); err != nil || flipped {
		t.Errorf("nothing new: flipped %v, %v", flipped, err)
	}
	if now, err := os.Lstat(filepath.Join(d.host, "current")); err != nil || !os.SameFile(link, now) {
		t.Errorf("the link was replaced: %v", err)
	}
	f, err := fleetfile.FetchedBeside(filepath.Join(d.host, "current", "fleet.yaml"))
	d.must(err)
	if !f.At.Equal(d.o.Now()) || f.Commit != one || f.Subject != "first [31mcommit" || f.Error != "" || f.Ref != "main" || f.Repo != d.o.Repo {
		t.Errorf("written down: %+v", f)
	}

	// Three trees are kept. A commit that is taken back is in use again.
	var pushed []string
	for _, text := range []string{"two", "three", "four"} {
		d.write("fleet.yaml", text)
		pushed = append(pushed, d.push(text))
		d.mustPull()
		d.inUse(pushed[len(pushed)-1], text)
	}
	if got, want := d.listing(), tidyListing(slices.Clone(pushed)...); !slices.Equal(got, want) {
		t.Errorf("there are %q, want %q", got, want)
	}
	d.git("reset", "-q", "--hard", one)
	d.git("push", "-q", "--force", "../fleet.git", "HEAD:main")
	d.mustPull()
	d.inUse(one, "one")

	// A tag, and a commit.
	d.git("tag", "-a", "-m", "release", "v1", pushed[0])
	d.git("push", "-q", "../fleet.git", "v1")
	d.o.Ref = "v1"
	d.mustPull()
	d.inUse(pushed[0], "two")
	d.o.Ref = one
	d.mustPull()
	d.inUse(one, "one")
}

// What fails leaves the old tree, and the next pull is as if it had not been.
func TestPullThatFails(t *testing.T) {
	d := newDesk(t)
	d.write("fleet.yaml", "one")
	if _, err := d.pull(); err == nil || !strings.Contains(err.Error(), "no commit is in use yet") {
		t.Errorf("an empty repository: %v", err)
	}
	one := d.push("one")
	d.mustPull()

	d.o.Ref = "gone"
	d.refuses("it has no branch and no tag gone", one, "one")
	d.o.Ref = "main"
	repo := d.o.Repo
	d.o.Repo += ".none"
	d.refuses("does not appear to be a git repository", one, "one")
	d.o.Repo = repo

	d.write("fleet.yaml", "two")
	two := d.push("two")
	lock, err := os.Open(filepath.Join(d.host, "lock"))
	d.must(err)
	d.must(syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	if _, err := d.pull(); !errors.Is(err, pull.ErrBusy) {
		t.Errorf("beside another pull: %v", err)
	}
	d.must(lock.Close())
	d.inUse(one, "one")

	// Half of what was fetched does not stay: it may be what fills the disk.
	real, err := exec.LookPath("git")
	d.must(err)
	pack := filepath.Join(d.host, "repo.git", "objects", "pack", "tmp_pack_y")
	bin := d.write("../bin/git", fmt.Sprintf("#!/bin/sh\ncase \"$*\" in *' fetch '*) echo half >%s; exit 1;; esac\nexec %s \"$@\"\n", pack, real))
	d.must(errors.Join(os.Chmod(bin, 0o755), os.MkdirAll(filepath.Dir(pack), 0o755)))
	path := os.Getenv("PATH")
	t.Setenv("PATH", filepath.Dir(bin)+":"+path)
	d.refuses("git fetch: git: exit status 1", one, "one")
	t.Setenv("PATH", path)
	if _, err := os.Stat(pack); err == nil {
		t.Error("half a pack is still there")
	}

	// What a pull that was killed left: half a tree, a link that was not flipped, locks of git, and no work tree of it.
	for name, text := range map[string]string{
		"trees/" + two + "/fleet.yaml": "half", "trees/" + strings.Repeat("a", 40) + "/fleet.yaml": "half", "repo.git/refs/arcadiad/fetched.lock": "",
		"repo.git/index.lock": "", "repo.git/objects/pack/tmp_pack_x": "half", "pull.json.new": "{",
	} {
		path := filepath.Join(d.host, name)
		d.must(errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)))
	}
	d.must(os.Symlink("trees/"+two, filepath.Join(d.host, "current.new")))
	d.mustPull()
	d.inUse(two, "two")
	if got, want := d.listing(), tidyListing(one, two); !slices.Equal(got, want) {
		t.Errorf("there are %q, want %q", got, want)
	}

	// A repository that is spoilt, and a tree that somebody removed, are made again.
	d.must(os.RemoveAll(filepath.Join(d.host, "repo.git", "HEAD")))
	d.must(os.RemoveAll(filepath.Join(d.host, "trees", two)))
	d.mustPull()
	d.inUse(two, "two")
}

// Git may die in the middle of anything that it is asked for.
func TestPullDiesAnywhere(t *testing.T) {
	d := newDesk(t)
	real, err := exec.LookPath("git")
	d.must(err)
	d.write("fleet.yaml", "0")
	last := d.push("0")
	d.mustPull()
	for calls := 1; ; calls++ {
		was, text := last, fmt.Sprint(calls-1)
		d.write("fleet.yaml", fmt.Sprint(calls))
		last = d.push(fmt.Sprint(calls))
		bin := filepath.Join(d.dir, fmt.Sprint("bin", calls))
		d.must(os.Mkdir(bin, 0o755))
		// The call does its work and is killed then: one that did nothing is the case before.
		script := fmt.Sprintf("#!/bin/sh\necho x >>%[1]s/calls\nif [ $(wc -l <%[1]s/calls) -lt %[2]d ]; then exec %[3]s \"$@\"; fi\n%[3]s \"$@\" >/dev/null 2>&1\nkill -9 $$\n", bin, calls, real)
		d.must(os.WriteFile(filepath.Join(bin, "git"), []byte(script), 0o755))
		t.Setenv("PATH", bin+":"+filepath.Dir(real)+":/usr/bin:/bin")
		flipped, err := d.pull()
		t.Setenv("PATH", filepath.Dir(real)+":/usr/bin:/bin")
		if flipped { // it died after the flip, or not at all
			d.inUse(last, fmt.Sprint(calls))
			if made, err := os.ReadFile(filepath.Join(bin, "calls")); err != nil || strings.Count(string(made), "x") < calls {
				if calls < 6 {
					t.Errorf("a pull made %d calls of git: the table of this test is stale", calls-1)
				}
				return
			}
			continue
		}
		if err == nil {
			t.Fatalf("git died in call %d, and nobody noticed", calls)
		}
		d.inUse(was, text)
		d.mustPull()
		d.inUse(last, fmt.Sprint(calls))
	}
}

// A link may lead anywhere within the repository, and nowhere else, over whatever detours.
func TestPullLinks(t *testing.T) {
	d := newDesk(t)
	d.write("fleet.yaml", "one")
	d.write("a/b/file", "x")
	d.must(errors.Join(os.Symlink("a/b/file", filepath.Join(d.work, "within")), os.Symlink("gone", filepath.Join(d.work, "dangling"))))
	one := d.push("one")
	d.mustPull()
	for name, targets := range map[string][]string{
		"absolute": {"/etc/passwd"}, "upwards": {"../../pull.json"}, "a/b/deep": {"../../../x"}, "beside": {"../gone"},
		"detour": {"a/b/root/../x", "../.."}, // lexically inside: a/b/root leads to the top
		"loop":   {"loop"},
	} {
		d.must(os.Symlink(targets[0], filepath.Join(d.work, name)))
		if len(targets) > 1 {
			d.must(os.Symlink(targets[1], filepath.Join(d.work, "a/b/root")))
		}
		d.push(name)
		d.refuses(name+" is a symbolic link to "+targets[0]+", which is no", one, "one")
		d.git("reset", "-q", "--hard", one)
	}
	if got, want := d.listing(), tidyListing(one); !slices.Equal(got, want) {
		t.Errorf("there are %q, want %q", got, want)
	}
	d.git("update-index", "--add", "--cacheinfo", "160000,"+one+",module") // a submodule
	d.git("commit", "-q", "-m", "a submodule")
	d.git("push", "-q", "--force", "../fleet.git", "HEAD:main")
	d.mustPull()
	if inside, err := os.ReadDir(filepath.Join(d.host, "current", "module")); err != nil || len(inside) > 0 {
		t.Errorf("the submodule was followed: %v, %v", inside, err)
	}
}

// A repository decides neither which ref is meant nor how much of the disk it takes, and is not asked to keep to one format.
func TestPullOfAHostileRepository(t *testing.T) {
	d := newDesk(t)
	d.write("fleet.yaml", "one")
	one := d.push("one")
	d.mustPull()

	// Git would prefer the tag.
	d.write("fleet.yaml", "evil")
	d.git("commit", "-q", "-a", "-m", "evil")
	d.git("push", "-q", "../fleet.git", "HEAD:refs/tags/main")
	d.refuses("it has more than one main: the ref must be refs/heads/main or refs/tags/main", one, "one")
	d.o.Ref = "refs/heads/main"
	if flipped, err := d.pull(); err != nil || flipped {
		t.Errorf("the branch alone: flipped %v, %v", flipped, err)
	}
	d.o.Ref = "main"
	d.git("push", "-q", "--delete", "../fleet.git", "refs/tags/main")

	// A billion files out of a few trees, and a tebibyte out of one small file.
	d.git("reset", "-q", "--hard", one)
	blob := d.git("hash-object", "-w", d.write("large", strings.Repeat("\x00", 1<<20)))
	var entries strings.Builder
	for i := range 1025 {
		fmt.Fprintf(&entries, "100644 blob %s\tf%d\n", blob, i)
	}
	large := d.tree(entries.String())
	tree := d.git("rev-parse", "HEAD^{tree}")
	for range 9 {
		entries.Reset()
		for i := range 10 {
			fmt.Fprintf(&entries, "040000 tree %s\td%d\n", tree, i)
		}
		tree = d.tree(entries.String())
	}
	for tree, want := range map[string]string{tree: "it has more than 100000 files", large: "its files have more than 1 GiB"} {
		d.git("push", "-q", "--force", "../fleet.git", d.git("commit-tree", "-m", "bomb", tree)+":main")
		d.refuses(want, one, "one")
	}

	// Git takes nothing from a shallow repository, and says nothing.
	d.git("reset", "-q", "--hard", one)
	d.push("two")
	three := d.push("three")
	d.git("clone", "-q", "--bare", "--depth=1", d.o.Repo, "../shallow.git")
	full := d.o.Repo
	d.o.Repo = "file://" + filepath.Join(d.dir, "shallow.git")
	d.refuses("is it a shallow clone?", one, "one")
	d.o.Repo = full
	d.mustPull()
	d.inUse(three, "one")

	// Another format.
	d.git("init", "-q", "--object-format=sha256", "-b", "main", "../long")
	d.write("../long/fleet.yaml", "long")
	d.git("-C", "../long", "add", "-A")
	d.git("-C", "../long", "commit", "-q", "-m", "long")
	d.o.Repo = "file://" + filepath.Join(d.dir, "long")
	d.mustPull()
	d.inUse(d.git("-C", "../long", "rev-parse", "HEAD"), "long")
}

// tree makes a tree of what git mktree reads.
func (d *desk) tree(entries string) string {
	d.t.Helper()
	return d.gitWith(strings.NewReader(entries), "mktree")
}

// Root would leave what the unit's user could not replace.
func TestPullIsNotDoneByRootForSomebodyElse(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("NOT TESTED: only root can give a directory away")
		return
	}
	d := newDesk(t)
	d.must(errors.Join(os.Mkdir(d.host, 0o755), os.Chown(d.host, 65534, 65534)))
	if _, err := d.pull(); err == nil || !strings.Contains(err.Error(), "belongs to user 65534") {
		t.Errorf("%v", err)
	}
}

// Nothing of whoever runs it decides about git: no configuration, no hook, no variable.
func TestPullHasACleanEnvironment(t *testing.T) {
	d := newDesk(t)
	d.write("fleet.yaml", "one")
	one := d.push("one")
	trap := filepath.Join(d.dir, "trap")
	d.write("../home/.gitconfig", "[core]\n\thooksPath = "+d.dir+"/home\n[url \"file:///nowhere\"]\n\tinsteadOf = file://\n")
	d.write("../home/post-checkout", "#!/bin/sh\ntouch "+trap+"\n")
	d.must(os.Chmod(filepath.Join(d.dir, "home", "post-checkout"), 0o755))
	t.Setenv("HOME", filepath.Join(d.dir, "home"))
	t.Setenv("GIT_DIR", filepath.Join(d.dir, "nowhere"))
	t.Setenv("GIT_CONFIG_PARAMETERS", "'core.hooksPath="+d.dir+"/home'")
	if _, _, err := pull.Once(t.Context(), d.o); err != nil {
		t.Fatal(err)
	}
	d.inUse(one, "one")
	if _, err := os.Stat(trap); err == nil {
		t.Error("a hook ran")
	}
}

func TestPullRefusesWhatGitCouldMisunderstand(t *testing.T) {
	for _, bad := range []struct{ repo, ref, want string }{
		{"ext::sh -c true", "main", "is expected"},
		{"http://example.com/fleet.git", "main", "is expected"},
		{"git://example.com/fleet.git", "main", "is expected"},
		{"file://example.com/fleet.git", "main", "is expected"},
		{"/srv/fleet.git", "main", "is expected"},
		{"--upload-pack=touch x", "main", "is expected"},
		{"ssh://-oProxyCommand=x/y", "main", "is expected"},
		{"ssh://-x@example.com/y", "main", "is expected"},
		{"-x@example.com:y", "main", "is expected"},
		{"git@example.com:-y", "main", "is expected"},
		{"https://git:s3cret@example.com/y", "main", "has a password"},
		{"https://s3cret@example.com/y", "main", "has a user, which may be a token"},
		{"file:///srv/fleet.git", "--upload-pack=x", "ref"},
		{"file:///srv/fleet.git", "main:refs/heads/x", "ref"},
		{"file:///srv/fleet.git", "+main", "ref"},
		{"file:///srv/fleet.git", "a..b", "ref"},
		{"file:///srv/fleet.git", "", "ref"},
	} {
		into := filepath.Join(t.TempDir(), "host")
		_, _, err := pull.Once(t.Context(), pull.Options{Repo: bad.repo, Ref: bad.ref, Into: into})
		if err == nil || !strings.Contains(err.Error(), bad.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s %s: %v, want %q", bad.repo, bad.ref, err, bad.want)
		}
		if _, err := os.Stat(into); err == nil {
			t.Errorf("%s %s: something was made", bad.repo, bad.ref)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := pull.Once(ctx, pull.Options{Repo: "git@127.0.0.1:fleet.git", Ref: "main", Into: t.TempDir()}); !errors.Is(err, context.Canceled) {
		t.Errorf("a URL for ssh: %v", err)
	}
}
