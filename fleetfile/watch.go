package fleetfile

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"arcadiad/fleet"
)

// Version is the fleet file as it was at some time, with its user_data files.
type Version struct {
	Fleet fleet.Fleet // zero if there is an error
	Err   error       // why the file cannot be used; nothing may change then, and the last good version stays in force
	Hash  string      // of the content, good or bad; equal to Fleet.Hash when good
}

// WatchOptions adjust [Watch]. The zero value is good.
type WatchOptions struct {
	Debounce time.Duration   // how long the content must stay the same; default 300 ms
	Poll     time.Duration   // how often the files are read though no event came; default 30 s
	Reload   <-chan struct{} // each receive reads the files again and gives a Version, changed or not; nil: never
	Secrets  []Secret        // files that no user_data file may be
	Log      *slog.Logger    // default: discarded
}

func (o WatchOptions) withDefaults() WatchOptions {
	o.Debounce = cmp.Or(o.Debounce, 300*time.Millisecond)
	o.Poll = cmp.Or(o.Poll, 30*time.Second)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	return o
}

// Watch follows a fleet file and every user_data file that it names. The first Version comes after one debounce, good or bad;
// then one comes for each change of content, and one for each reload. Only the newest waits for a slow receiver. The channel is
// closed when the context ends.
//
// A Version is given only if two readings, a debounce apart, had the same content. So a file that is half written, or missing for
// the moment between an editor's rename and the next, is not seen; a writer that pauses for longer than the debounce in
// the middle of the file is beyond help, but for the checks of [Decode].
//
// Where the system has no file events to give, Watch logs it and lives by the poll alone.
func Watch(ctx context.Context, path string, o WatchOptions) (<-chan Version, error) {
	o = o.withDefaults()
	if _, err := filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("watch %s: %w", path, err)
	}
	n := newNotifier(o.Log)
	out := make(chan Version)
	go func() {
		defer n.close()
		watch(ctx, o, func() reading { return settled(path, o.Secrets) }, n.events, n.follow, out)
	}()
	return out, nil
}

// Poll is Watch without file events: it reads the files at this interval alone. It is for those who follow a file for minutes, and
// where there is no watching. No user_data file may be one of the secrets.
func Poll(ctx context.Context, path string, every time.Duration, log *slog.Logger, secrets ...Secret) <-chan Version {
	out := make(chan Version)
	go watch(ctx, WatchOptions{Poll: every, Log: log}.withDefaults(), func() reading { return settled(path, secrets) }, nil, func([]string) {}, out)
	return out
}

// watch is the heart of Watch, without file system and clockwork of its own. Events say that something may have changed; follow
// is told after each reading which files matter.
func watch(ctx context.Context, o WatchOptions, read func() reading, events <-chan struct{}, follow func([]string), out chan<- Version) {
	defer close(out)
	var (
		last    string  // hash of the version given last
		given   bool    // there was one
		forced  bool    // the next settled reading is given even if nothing changed
		seen    reading // the latest reading while settling
		settle  = time.NewTimer(time.Hour)
		poll    = time.NewTicker(o.Poll)
		waiting *Version // what the receiver has not taken yet
	)
	defer poll.Stop()
	defer settle.Stop()
	settle.Stop() // it runs while settling
	look := func() reading {
		r := read()
		follow(r.files)
		return r
	}
	settling := false
	begin := func() {
		if !settling {
			settling, seen = true, look()
			settle.Reset(o.Debounce)
		}
	}
	// These have frames of their own, so that no reading outlives its use: that of a large fleet is some megabytes.
	again := func() {
		if r := look(); !settling && r.Hash != last {
			settling, seen = true, r
			settle.Reset(o.Debounce)
		}
	}
	same := func() bool {
		before := seen.Hash
		seen = look()
		return seen.Hash == before
	}
	take := func() *Version {
		v := seen.Version
		seen.Fleet = fleet.Fleet{}
		return &v
	}
	begin()
	for {
		var send chan<- Version
		var next Version
		if waiting != nil {
			send, next = out, *waiting
		}
		select {
		case <-ctx.Done():
			return
		case send <- next:
			waiting = nil
		case <-events:
			begin()
		case _, ok := <-o.Reload:
			if !ok {
				o.Reload = nil
				continue
			}
			forced = true
			begin()
		case <-poll.C:
			again()
		case <-settle.C:
			if !same() {
				settle.Reset(o.Debounce)
				continue
			}
			settling = false
			if forced || !given || seen.Hash != last {
				waiting = take()
				last, given, forced = waiting.Hash, true, false
				o.Log.Debug("fleet file read", "hash", last, "droplets", len(waiting.Fleet.Specs), "error", waiting.Err)
			}
		}
	}
}
