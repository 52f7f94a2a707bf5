package fleetfile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
)

// desk is a fleet file without a disk: what is written is what the next reading sees. It lets the loop of Watch run in virtual
// time, which real file events would stop.
type desk struct {
	mu       sync.Mutex
	content  string // "bad …" cannot be used
	readings int
	followed [][]string
	events   chan struct{}
	reload   chan struct{}
	out      chan Version
}

// sit starts the loop on a desk within a bubble.
func sit(t *testing.T, content string) *desk {
	d := &desk{content: content, events: make(chan struct{}, 1), reload: make(chan struct{}), out: make(chan Version)}
	ctx, cancel := context.WithCancel(t.Context())
	read := func() reading {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.readings++
		r := reading{Version{Hash: d.content}, []string{"fleet.yaml"}}
		if len(d.content) > 3 && d.content[:3] == "bad" {
			r.Err = errors.New(d.content)
		} else {
			r.Fleet = fleet.Fleet{Name: "demo", Hash: d.content}
		}
		return r
	}
	o := WatchOptions{Debounce: 300 * time.Millisecond, Poll: 30 * time.Second, Reload: d.reload}.withDefaults()
	go watch(ctx, o, read, d.events, func(files []string) { d.followed = append(d.followed, files) }, d.out)
	t.Cleanup(func() {
		cancel()
		synctest.Wait()
		if v, open := <-d.out; open {
			t.Errorf("a version nobody looked at: %q", v.Hash)
		}
	})
	return d
}

// write changes the file; the file system may say so, or not.
func (d *desk) write(content string, event bool) {
	d.mu.Lock()
	d.content = content
	d.mu.Unlock()
	if event {
		d.events <- struct{}{}
	}
	synctest.Wait()
}

// next waits for a version, and says how long it took.
func (d *desk) next() (Version, time.Duration) {
	began := time.Now()
	return <-d.out, time.Since(began)
}

// quiet fails if a version comes within the time.
func (d *desk) quiet(t *testing.T, within time.Duration) {
	t.Helper()
	select {
	case v := <-d.out:
		t.Errorf("unexpected version %q", v.Hash)
	case <-time.After(within):
	}
}

func (d *desk) expect(t *testing.T, hash string, after time.Duration) {
	t.Helper()
	v, took := d.next()
	if v.Hash != hash || took != after {
		t.Errorf("got %q after %v, want %q after %v", v.Hash, took, hash, after)
	}
	if good := v.Err == nil; good == (hash[:3] == "bad") || good && v.Fleet.Hash != hash {
		t.Errorf("%q came with fleet %+v and error %v", hash, v.Fleet, v.Err)
	}
}

const debounce = 300 * time.Millisecond

func TestWatchGivesTheFirstVersion(t *testing.T) {
	for _, content := range []string{"one", "bad file"} {
		synctest.Test(t, func(t *testing.T) {
			d := sit(t, content)
			d.expect(t, content, debounce)
			d.quiet(t, time.Hour)
		})
	}
}

func TestWatchGivesOneVersionForEachChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, "one")
		d.expect(t, "one", debounce)
		d.write("two", true)
		d.expect(t, "two", debounce)
		d.write("two", true) // touched, copied over itself
		d.quiet(t, time.Minute)
		d.write("bad file", true)
		d.expect(t, "bad file", debounce)
		d.quiet(t, time.Hour) // a bad file is told once, and not at each poll
		d.write("bad as before, elsewhere", true)
		d.expect(t, "bad as before, elsewhere", debounce)
		d.write("two", true) // good again, as it was
		d.expect(t, "two", debounce)
	})
}

func TestWatchPollsForLostEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, "one")
		d.expect(t, "one", debounce)
		d.write("two", false)
		d.expect(t, "two", 30*time.Second) // the poll at 30 s after the start, and a debounce, which had passed before
	})
}

func TestReloadAlwaysGivesAVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, "one")
		d.expect(t, "one", debounce)
		for range 2 {
			d.reload <- struct{}{}
			d.expect(t, "one", debounce)
		}
		d.write("bad file", false)
		d.reload <- struct{}{}
		d.expect(t, "bad file", debounce)
		close(d.reload) // whoever reloads has gone; the watch goes on
		d.write("two", true)
		d.expect(t, "two", debounce)
	})
}

// Law 8: the file is read while somebody writes it; what is half written never passes for good.
func TestLaw08_HalfWrittenFilesAreNotSeen(t *testing.T) {
	for _, step := range []time.Duration{time.Millisecond, 90 * time.Millisecond, 299 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			d := sit(t, "one")
			d.expect(t, "one", debounce)
			for part := range 20 {
				d.write(fmt.Sprintf("half %d", part), part%3 == 0)
				d.quiet(t, step)
			}
			d.write("two", true)
			v, took := d.next()
			if v.Hash != "two" || took < debounce/2 || took > 2*debounce {
				t.Errorf("step %v: got %q after %v", step, v.Hash, took)
			}
		})
	}
}

// A busy neighbour in a watched directory must neither hold a change back for ever nor make one.
func TestWatchIsNotStarvedByOtherEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, "one")
		d.expect(t, "one", debounce)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			for ctx.Err() == nil {
				select {
				case d.events <- struct{}{}:
				default:
				}
				time.Sleep(10 * time.Millisecond)
			}
		}()
		d.quiet(t, 10*time.Second)
		d.write("two", false)
		if v, took := d.next(); v.Hash != "two" || took > 2*debounce {
			t.Errorf("got %q after %v", v.Hash, took)
		}
		cancel()
		time.Sleep(time.Second)
	})
}

// A receiver that was busy gets the newest version, not all that it missed.
func TestWatchKeepsOnlyTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, "one")
		time.Sleep(time.Second)
		d.write("bad file", true)
		time.Sleep(time.Second)
		d.write("three", true)
		time.Sleep(time.Second)
		d.expect(t, "three", 0)
		d.quiet(t, time.Minute)
	})
}

func TestWatchFollowsTheFilesOfEachReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sit(t, "one")
		d.expect(t, "one", debounce)
		if len(d.followed) != d.readings || d.readings != 2 || !slices.Equal(d.followed[1], []string{"fleet.yaml"}) {
			t.Errorf("%d readings, followed %v", d.readings, d.followed)
		}
	})
}

func TestWatchDefaults(t *testing.T) {
	o := WatchOptions{}.withDefaults()
	if o.Debounce != 300*time.Millisecond || o.Poll != 30*time.Second || o.Log == nil {
		t.Errorf("%+v", o)
	}
}
