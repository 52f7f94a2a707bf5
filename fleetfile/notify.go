package fleetfile

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fsnotify/fsnotify"
)

// notifier turns file system events around some files into one signal: look again. It watches directories and no files: editors
// replace a file by another, and a watch on the old one would be left behind. Which event it was does not matter.
type notifier struct {
	events  chan struct{} // holds at most one signal; more say nothing more
	fs      *fsnotify.Watcher
	watched map[string]fs.FileInfo // directories and what they were when they were added
	log     *slog.Logger
	done    chan struct{}
}

func newNotifier(log *slog.Logger) *notifier {
	n := &notifier{events: make(chan struct{}, 1), watched: map[string]fs.FileInfo{}, log: log, done: make(chan struct{})}
	var err error
	if n.fs, err = fsnotify.NewWatcher(); err != nil {
		log.Warn("no file events: the fleet file is only polled", "error", err, "hint", "raise fs.inotify.max_user_instances")
		close(n.done)
		return n
	}
	go n.forward()
	return n
}

func (n *notifier) close() {
	if n.fs != nil {
		_ = n.fs.Close() // ends forward; there is nothing to flush
	}
	<-n.done
}

// forward signals every event, and every error too: after an overflow anything may have changed.
func (n *notifier) forward() {
	defer close(n.done)
	for {
		select {
		case _, ok := <-n.fs.Events:
			if !ok {
				return
			}
		case err, ok := <-n.fs.Errors:
			if !ok {
				return
			}
			n.log.Debug("file events were lost", "error", err)
		}
		select {
		case n.events <- struct{}{}:
		default:
		}
	}
}

// follow watches what decides about these files now, and nothing else. A directory that is not the one it was (deleted and
// made again, renamed away and replaced) is watched anew.
func (n *notifier) follow(files []string) {
	if n.fs == nil {
		return
	}
	desired := map[string]bool{}
	for _, file := range files {
		for _, dir := range watchDirs(file) {
			desired[dir] = true
		}
	}
	alive := n.fs.WatchList() // a watch ends by itself when its directory is deleted or moved
	for dir, was := range n.watched {
		if is, err := os.Stat(dir); err != nil || !os.SameFile(was, is) || !desired[dir] || !slices.Contains(alive, dir) {
			_ = n.fs.Remove(dir) // an error says that the watch is gone already
			delete(n.watched, dir)
		}
	}
	for dir := range desired {
		if _, ok := n.watched[dir]; ok {
			continue
		}
		info, err := os.Stat(dir)
		if err == nil {
			err = n.fs.Add(dir)
		}
		if err != nil {
			n.log.Warn("directory is only polled", "dir", dir, "error", err)
			continue
		}
		n.watched[dir] = info
	}
}

// watchDirs gives the directories whose entries decide what a path leads to: those of every symbolic link on the way, and the
// last one. Where the way ends early, it is the last directory that exists: there the rest will appear again.
func watchDirs(path string) (dirs []string) {
	last := walk(path, func(dir, _, _ string) { dirs = append(dirs, dir) })
	if last != "" {
		dirs = append(dirs, last)
	}
	return dirs
}

// walk follows a path, and tells of every symbolic link on the way. It gives the last directory; empty: the links lead nowhere.
func walk(path string, link func(dir, name, target string)) (last string) {
	path, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	at := string(filepath.Separator)
	rest := strings.Split(strings.TrimPrefix(path, at), at)
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == "" || name == "." {
			continue
		}
		next := filepath.Join(at, name)
		info, err := os.Lstat(next)
		switch {
		case err != nil:
			return at
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(next)
			link(at, name, target)
			if links++; err != nil || links > 40 {
				return ""
			}
			if filepath.IsAbs(target) {
				at = string(filepath.Separator)
			}
			rest = append(strings.Split(target, string(filepath.Separator)), rest...)
		case info.IsDir():
			at = next
		default:
			return at
		}
	}
	return at
}
