package fleetfile_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"arcadiad/fleetfile"
)

// A file that is mounted alone has no name any more once it is replaced outside, and no event tells of it. An open file is the same to who
// names it by its descriptor, and needs no mount.
func TestWatchNoticesAFileThatWasReplacedOutsideItsMount(t *testing.T) {
	d := newTree(t)
	d.write("fleet.yaml", fleetOf("one"))
	f, err := os.Open(d.path("fleet.yaml"))
	d.must(err)
	defer f.Close()
	inside := fmt.Sprintf("/proc/self/fd/%d", f.Fd())
	next := d.followWith(inside, fleetfile.WatchOptions{Debounce: 5 * time.Millisecond, Poll: 20 * time.Millisecond})
	d.until(next, "one")
	d.replace("fleet.yaml", fleetOf("two"))
	want := inside + ": it was replaced outside its mount, so only its old text can be read here (mount its directory, not the file alone)"
	d.until(next, want)
	if _, err := fleetfile.Load(inside); err == nil || err.Error() != want {
		t.Errorf("Load: %v", err)
	}
	if f, err := fleetfile.Load(d.path("fleet.yaml")); err != nil || f.Specs[0].Name != "two" {
		t.Errorf("outside: %v", err)
	}
}
