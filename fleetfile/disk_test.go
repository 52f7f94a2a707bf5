package fleetfile_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"arcadiad/fleetfile"
)

// tree is a directory of files for one test.
type tree struct {
	*testing.T
	dir string
}

func newTree(t *testing.T) tree { return tree{t, t.TempDir()} }

func (t tree) path(name string) string { return filepath.Join(t.dir, name) }

func (t tree) must(err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write writes in place, as `cat >` does.
func (t tree) write(name, text string) {
	t.Helper()
	t.must(os.MkdirAll(filepath.Dir(t.path(name)), 0o755))
	t.must(os.WriteFile(t.path(name), []byte(text), 0o644))
}

// replace writes beside and renames, as editors do.
func (t tree) replace(name, text string) {
	t.Helper()
	t.write(name+"~", text)
	t.rename(name+"~", name)
}

func (t tree) rename(from, to string) { t.Helper(); t.must(os.Rename(t.path(from), t.path(to))) }
func (t tree) remove(name string)     { t.Helper(); t.must(os.RemoveAll(t.path(name))) }

// link makes a symbolic link, and swaps it in one step where there was one.
func (t tree) link(target, name string) {
	t.Helper()
	t.must(os.MkdirAll(filepath.Dir(t.path(name)), 0o755))
	t.must(os.Symlink(target, t.path(name)+"~"))
	t.rename(name+"~", name)
}

// fleetOf is a fleet file with one droplet of this name; a user_data_file may follow.
func fleetOf(name string, userDataFile ...string) string {
	text := head + "  - name: " + name + "\n"
	for _, f := range userDataFile {
		text += "    user_data_file: " + f + "\n"
	}
	return text
}

func TestLoad(t *testing.T) {
	d := newTree(t)
	d.write("fleet/fleet.yaml", fleetOf("web", "cloud-init/web.yaml"))
	d.write("fleet/cloud-init/web.yaml", "#cloud-config\n")
	f, err := fleetfile.Load(d.path("fleet/fleet.yaml"))
	if err != nil || f.Specs[0].UserData != "#cloud-config\n" {
		t.Fatalf("%+v, %v", f, err)
	}
	// From memory it is the same fleet.
	again, err := fleetfile.Decode("x", []byte(fleetOf("web", "cloud-init/web.yaml")), func(string) ([]byte, error) { return []byte("#cloud-config\n"), nil })
	if err != nil || again.Hash != f.Hash {
		t.Errorf("hash %q from disk, %q from memory, %v", f.Hash, again.Hash, err)
	}
}

func TestLoadSaysWhatItCannotRead(t *testing.T) {
	d := newTree(t)
	d.write("secret", "token\n")
	d.must(os.MkdirAll(d.path("fleet/dir"), 0o755))
	d.link("../secret", "fleet/link")
	d.link(d.path("secret"), "fleet/absolute")
	d.must(syscall.Mkfifo(d.path("fleet/pipe"), 0o644))
	d.write("fleet/late", strings.Repeat("x", 64<<10)+"\U0001F600")

	for what, want := range map[string]string{
		"link":     ":7:21: user_data_file: link: it is outside the directory of the fleet file (copy it there: who may edit the fleet file may not read other files of this host)",
		"absolute": ":7:21: user_data_file: absolute: it is outside the directory of the fleet file (copy it there: who may edit the fleet file may not read other files of this host)",
		"dir":      ":7:21: user_data_file: dir: not a regular file",
		"pipe":     ":7:21: user_data_file: pipe: not a regular file", // and it does not wait for a writer
		"none":     ":7:21: user_data_file: none: no such file or directory (the path is relative to the fleet file)",
		"secret/x": ":7:21: user_data_file: secret/x: no such file or directory (the path is relative to the fleet file)",
		"late":     ":7:21: user_data_file: late is larger than 64 KiB",
	} {
		d.write("fleet/fleet.yaml", fleetOf("web", what))
		f, err := fleetfile.Load(d.path("fleet/fleet.yaml"))
		if err == nil || err.Error() != d.path("fleet/fleet.yaml")+want || f.Specs != nil {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}

	for name, want := range map[string]string{
		"nowhere.yaml": ": no such file or directory (name the fleet file with --fleet or ARCADIAD_FLEET)",
		"fleet":        ": not a regular file",
		"fleet/pipe":   ": not a regular file",
	} {
		_, err := fleetfile.Load(d.path(name))
		var errs fleetfile.Errors
		if !errors.As(err, &errs) || err.Error() != d.path(name)+want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	if _, err := fleetfile.Load(d.path("nowhere.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not ErrNotExist", err)
	}
}

// follow watches a fleet file with nothing but file events to go by, and gives a function that waits for the next version: the
// name of its only droplet with the user data, or the error.
func (t tree) follow(path string) func() string {
	t.Helper()
	return t.followWith(path, fleetfile.WatchOptions{Debounce: 20 * time.Millisecond, Poll: time.Hour})
}

func (t tree) followWith(path string, o fleetfile.WatchOptions) func() string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	versions, err := fleetfile.Watch(ctx, path, o)
	t.must(err)
	t.Cleanup(func() {
		cancel()
		for range versions { // until the channel is closed
		}
	})
	return func() string {
		v := <-versions
		if v.Err != nil {
			return strings.ReplaceAll(v.Err.Error(), t.dir+"/", "")
		}
		if v.Hash != v.Fleet.Hash {
			t.Errorf("version %s holds fleet %s", v.Hash, v.Fleet.Hash)
		}
		return strings.TrimSpace(v.Fleet.Specs[0].Name + " " + v.Fleet.Specs[0].UserData)
	}
}

// until waits for a version, over versions of what was there for a moment: a test may be scheduled out in the middle of a change,
// longer than the debounce.
func (t tree) until(next func() string, want string) {
	t.Helper()
	for {
		got := next()
		if got == want {
			return
		}
		if !strings.Contains(got, "no such file") {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func TestWatchSeesWrites(t *testing.T) {
	d := newTree(t)
	d.write("fleet.yaml", fleetOf("one"))
	next := d.follow(d.path("fleet.yaml"))
	d.until(next, "one")
	d.write("fleet.yaml", fleetOf("two"))
	for got := next(); got != "two"; got = next() {
		if !strings.Contains(got, "the file is empty") { // scheduled out between truncation and write
			t.Fatalf("got %q", got)
		}
	}
	d.replace("fleet.yaml", fleetOf("three"))
	d.until(next, "three")
	d.rename("fleet.yaml", "fleet.yaml~") // backup first, as some editors do
	d.write("fleet.yaml.new", fleetOf("four"))
	d.rename("fleet.yaml.new", "fleet.yaml")
	d.until(next, "four")
}

const missing = "fleet.yaml: no such file or directory (name the fleet file with --fleet or ARCADIAD_FLEET)"

func TestWatchSeesTheFileGoAndComeBack(t *testing.T) {
	d := newTree(t)
	next := d.follow(d.path("fleet.yaml"))
	d.until(next, missing)
	d.replace("fleet.yaml", fleetOf("one"))
	d.until(next, "one")
	d.remove("fleet.yaml")
	d.until(next, missing)
	d.replace("fleet.yaml", fleetOf("one"))
	d.until(next, "one")
}

func TestWatchSeesTheDirectoryGoAndComeBack(t *testing.T) {
	d := newTree(t)
	d.write("a/b/fleet.yaml", fleetOf("one"))
	next := d.follow(d.path("a/b/fleet.yaml"))
	d.until(next, "one")
	d.remove("a")
	d.until(next, "a/b/"+missing)
	d.must(os.MkdirAll(d.path("a/b"), 0o755))
	d.replace("a/b/fleet.yaml", fleetOf("two"))
	d.until(next, "two")

	// Another directory in its place.
	d.write("a/c/fleet.yaml", fleetOf("three"))
	d.rename("a/b", "a/old")
	d.rename("a/c", "a/b")
	d.until(next, "three")
	d.replace("a/b/fleet.yaml", fleetOf("four"))
	d.until(next, "four")
}

// Kubernetes mounts a config map so: every file is a link through ..data, which is swapped.
func TestWatchSeesSymlinkSwaps(t *testing.T) {
	d := newTree(t)
	d.write("..v1/fleet.yaml", fleetOf("one", "web.yaml"))
	d.write("..v1/web.yaml", "#!/1")
	d.write("..v2/fleet.yaml", fleetOf("two", "web.yaml"))
	d.write("..v2/web.yaml", "#!/2")
	d.link("..v1", "..data")
	d.link("..data/fleet.yaml", "fleet.yaml")
	d.link("..data/web.yaml", "web.yaml")
	next := d.follow(d.path("fleet.yaml"))
	d.until(next, "one #!/1")
	d.link("..v2", "..data")
	d.remove("..v1")
	d.until(next, "two #!/2")
	d.replace("..v2/web.yaml", "#!/3") // and what the link leads to, in its place
	d.until(next, "two #!/3")
}

func TestWatchFollowsLinksElsewhere(t *testing.T) {
	d := newTree(t)
	d.write("repo/1/fleet.yaml", fleetOf("one"))
	d.write("repo/2/fleet.yaml", fleetOf("two"))
	d.link("repo/1", "current")
	d.link(d.path("current/fleet.yaml"), "etc/fleet.yaml")
	next := d.follow(d.path("etc/fleet.yaml"))
	d.until(next, "one")
	d.link("repo/2", "current") // a link in the middle of a link's target
	d.until(next, "two")
	d.replace("repo/2/fleet.yaml", fleetOf("three"))
	d.until(next, "three")
	d.link("fleet.yaml", "etc/fleet.yaml") // to itself
	if got := next(); !strings.Contains(got, "too many levels of symbolic links") {
		t.Errorf("got %q", got)
	}
	d.link("../repo/1/fleet.yaml", "etc/fleet.yaml")
	d.until(next, "one")
}

func TestWatchFollowsUserData(t *testing.T) {
	d := newTree(t)
	d.write("fleet.yaml", fleetOf("web", "init/web.yaml"))
	d.write("init/web.yaml", "#!/1")
	next := d.follow(d.path("fleet.yaml"))
	d.until(next, "web #!/1")
	d.replace("init/web.yaml", "#!/2")
	d.until(next, "web #!/2")

	// Another file, in a directory that does not exist yet.
	d.replace("fleet.yaml", fleetOf("web", "deep/er/web.yaml"))
	d.until(next, "fleet.yaml:7:21: user_data_file: deep/er/web.yaml: no such file or directory (the path is relative to the fleet file)")
	d.must(os.MkdirAll(d.path("deep/er"), 0o755))
	d.replace("deep/er/web.yaml", "#!/3")
	d.until(next, "web #!/3")
	d.remove("deep")
	d.until(next, "fleet.yaml:7:21: user_data_file: deep/er/web.yaml: no such file or directory (the path is relative to the fleet file)")
}

// A branch is checked out: every file is unlinked and made again, none of them is watched itself.
func TestWatchSeesACheckout(t *testing.T) {
	d := newTree(t)
	d.write("fleet/fleet.yaml", fleetOf("one", "web.yaml"))
	d.write("fleet/web.yaml", "#!/1")
	next := d.follow(d.path("fleet/fleet.yaml"))
	d.until(next, "one #!/1")
	d.replace("fleet/api.yaml", "#!/2")
	d.replace("fleet/fleet.yaml", fleetOf("two", "api.yaml"))
	d.remove("fleet/web.yaml")
	d.until(next, "two #!/2")
}

// No directory that is watched has an event when one above it moves; the poll finds out.
func TestWatchPollsWhereNoEventComes(t *testing.T) {
	d := newTree(t)
	d.write("a/b/c/fleet.yaml", fleetOf("one"))
	next := d.followWith(d.path("a/b/c/fleet.yaml"), fleetfile.WatchOptions{Debounce: 5 * time.Millisecond, Poll: 20 * time.Millisecond})
	d.until(next, "one")
	d.write("x/b/c/fleet.yaml", fleetOf("two"))
	d.rename("a", "old")
	d.rename("x", "a")
	d.until(next, "two")
}

// After such a move the watches are on directories that lie elsewhere now: they must be taken off and put on the new ones.
func TestWatchMovesOnWithTheDirectories(t *testing.T) {
	d := newTree(t)
	d.write("a/b/c/fleet.yaml", fleetOf("one"))
	reload := make(chan struct{})
	next := d.followWith(d.path("a/b/c/fleet.yaml"), fleetfile.WatchOptions{Debounce: 20 * time.Millisecond, Poll: time.Hour, Reload: reload})
	d.until(next, "one")
	d.write("x/b/c/fleet.yaml", fleetOf("two"))
	d.rename("a", "old")
	d.rename("x", "a")
	reload <- struct{}{}
	d.until(next, "two")
	d.replace("a/b/c/fleet.yaml", fleetOf("three"))
	d.until(next, "three")

	// The very same directory again: nothing seems to have changed, but its watch ended when it moved.
	d.rename("a/b/c", "a/b/d")
	d.rename("a/b/d", "a/b/c")
	reload <- struct{}{}
	d.until(next, "three")
	d.replace("a/b/c/fleet.yaml", fleetOf("four"))
	for got := next(); got != "four"; got = next() {
		if got != "three" { // told twice, if the directory was missing for longer than the debounce
			t.Fatalf("got %q", got)
		}
	}
}

// A link on the way to the file flips while it is read: what is read is of one tree, never of both.
func TestLoadAcrossAFlip(t *testing.T) {
	at := newTree(t)
	for _, name := range []string{"one", "two"} {
		at.write(name+"/fleet.yaml", fleetOf(name, "web.yaml"))
		at.write(name+"/web.yaml", "#cloud-config\nhostname: "+name+"\n")
	}
	at.link("one", "current")
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				next := at.path("next")
				if err := errors.Join(os.Symlink([]string{"one", "two"}[i%2], next), os.Rename(next, at.path("current"))); err != nil {
					t.Error(err)
					return
				}
			}
		}
	}()
	for range 300 {
		f, err := fleetfile.Load(at.path("current/fleet.yaml"))
		if err != nil {
			t.Error(err)
			break
		}
		if !strings.Contains(f.Specs[0].UserData, f.Specs[0].Name) {
			t.Errorf("droplet %s has user data of the other tree: %q", f.Specs[0].Name, f.Specs[0].UserData)
			break
		}
	}
	close(stop)
	<-done
}
