package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/state"
)

// Patient is what there is to examine.
type Patient struct {
	Fleet string // path of the fleet file
	State string // path of the state database, or where it is
	Local string // path beside which the daemon's own files lie: that of the state database, if it is a file

	Open   func(context.Context) (state.Reader, error) // the state database
	Holder func() (process string, err error)          // that has its lock; empty: none has; nil: it is no file
	Holds  bool                                        // it is this process
	Server func(context.Context) []Finding             // what there is to say of the server that has it; nil: it is a file

	Secrets []fleetfile.Secret // files that no user_data file may be

	Token     func() (string, error)
	TokenFrom string // in words; empty: nobody knows

	API *digitalocean.Client // nil: the account is not asked
}

// Examine looks at everything.
func Examine(ctx context.Context, p Patient) Report {
	var r Report
	desired := r.fleetFile(p.Fleet, p.Secrets)
	r.fetched(p.Fleet)
	r.watches(p.Fleet)
	known := r.database(ctx, p)
	if p.Server != nil {
		r.Findings = append(r.Findings, p.Server(ctx)...)
	}
	r.files(p.Local)
	r.disk(p.Local)
	r.account(ctx, p, known, desired)
	return r
}

// fleetFile gives the fleet that the file asks for; nil: it cannot be used.
func (r *Report) fleetFile(path string, secrets []fleetfile.Secret) *fleet.Fleet {
	f, err := fleetfile.Load(path, secrets...)
	if err != nil {
		r.Add("fleet file", Fail, err.Error(), "correct it; the last good version stays in force while the daemon runs: arcadiad validate "+path)
		return nil
	}
	r.Add("fleet file", OK, fmt.Sprintf("%s: fleet %s, %d droplets", path, f.Name, len(f.Specs)), "")
	return &f
}

// watches tries to watch the fleet file's directory, as the daemon does. Limits of the system show only when they are met.
func (r *Report) watches(file string) {
	const do = "raise fs.inotify.max_user_watches and fs.inotify.max_user_instances with sysctl; until then the file is read every 30 s"
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	if err != nil {
		r.Add("file events", Warn, fmt.Sprintf("no inotify instance is left: %v", err), do)
		return
	}
	defer unix.Close(fd)
	dir := filepath.Dir(file)
	_, err = unix.InotifyAddWatch(fd, dir, unix.IN_CREATE|unix.IN_ONLYDIR)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return // the check of the file has said so
	case errors.Is(err, fs.ErrPermission):
		r.Add("file events", Warn, fmt.Sprintf("%s cannot be watched: %v", dir, err), "let the daemon's user read the directory; until then the file is read every 30 s")
		return
	case err != nil:
		r.Add("file events", Warn, fmt.Sprintf("%s cannot be watched: %v", dir, err), do)
		return
	}
	r.Add("file events", OK, dir+" can be watched", "")
}

// database gives what the state database says of itself; nil: nothing.
func (r *Report) database(ctx context.Context, p Patient) *fleet.Meta {
	reader, err := p.Open(ctx)
	switch {
	case errors.Is(err, state.ErrNone):
		r.Add("state database", OK, fmt.Sprintf("none yet at %s; the first run creates it", p.State), "")
		return nil
	case errors.Is(err, fs.ErrPermission):
		r.Add("state database", Warn, err.Error(), "check it as the user that the daemon runs as, or with sudo")
		return nil
	case err != nil:
		r.Add("state database", Fail, err.Error(), "fix what the error says; restore a backup only while the daemon is stopped")
		return nil
	}
	meta, err := reader.Meta(ctx)
	if err == nil {
		err = reader.Sound(ctx)
	}
	if err != nil {
		r.Add("state database", Fail, err.Error(), "stop the daemon, move the database away, restore a backup; without one the droplets are adopted again by their tags")
		return nil
	}
	said := fmt.Sprintf("%s: schema %d, fleet %s", meta.Path, meta.Schema, meta.Fleet)
	if !meta.PausedAt.IsZero() {
		r.Add("state database", Warn, said+"; writes are paused", "to continue: arcadiad resume")
	} else {
		r.Add("state database", OK, said, "")
	}
	r.neighbours(ctx, reader, meta.Fleet)
	if p.Holder != nil {
		r.lock(p)
	}
	return &meta
}

// lock looks at who has the lock of a state file.
func (r *Report) lock(p Patient) {
	switch holder, err := p.Holder(); {
	case err != nil:
		r.Add("lock", Warn, err.Error(), "check it as the user that the daemon runs as, or with sudo")
	case p.Holds && holder == "":
		r.Add("lock", Fail, "this daemon should hold it, but does not", "somebody removed FILE.lock; restart the daemon")
	case p.Holds:
		r.Add("lock", OK, "held by this daemon", "")
	case holder != "":
		r.Add("lock", Warn, "held by "+holder+", which answers on no control socket", "an apply may be running, or an arcadiad may hang")
	default:
		r.Add("lock", OK, "free", "")
	}
}

// files looks at who may read and write the state database's files.
func (r *Report) files(database string) {
	dir := filepath.Dir(database)
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		r.Add("permissions", OK, dir+" is not there yet", "")
		return
	}
	if err != nil {
		r.Add("permissions", Warn, err.Error(), "check it as the user that the daemon runs as, or with sudo")
		return
	}
	if info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0 {
		r.Add("permissions", Fail, fmt.Sprintf("others may replace files in %s (%v)", dir, info.Mode().Perm()), "chmod go-w "+dir)
		return
	}
	owner := -1
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		path := database + suffix
		var st unix.Stat_t
		switch err := unix.Stat(path, &st); {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			r.Add("permissions", Warn, fmt.Sprintf("%s: %v", path, err), "check it as the user that the daemon runs as, or with sudo")
			return
		}
		if owner == -1 {
			owner = int(st.Uid)
		}
		if int(st.Uid) != owner {
			r.Add("permissions", Fail, fmt.Sprintf("%s belongs to user %d, the database to user %d", path, st.Uid, owner),
				fmt.Sprintf("chown --reference=%s %s", database, path))
			return
		}
		if suffix == "" && st.Mode&0o077 != 0 {
			r.Add("permissions", Warn, fmt.Sprintf("others may read %s, which holds user_data while sagas run", path), "chmod 600 "+path)
			return
		}
	}
	r.Add("permissions", OK, dir+" and the files in it are the daemon's alone", "")
}

// How little may be left on the disk.
const (
	diskWarn = 256 << 20 // bytes
	diskFail = 16 << 20
)

// disk looks at what is left where the state database is.
func (r *Report) disk(database string) {
	dir := filepath.Dir(database)
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir) // it is made here
	}
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		r.Add("disk", Warn, fmt.Sprintf("%s: %v", dir, err), "check it as the user that the daemon runs as, or with sudo")
		return
	}
	free := st.Bavail * uint64(st.Bsize)
	said := fmt.Sprintf("%d MiB are free in %s", free>>20, dir)
	do := "free some space; a full disk stops all writes, also to the account, but damages nothing"
	switch {
	case free < diskFail:
		r.Add("disk", Fail, said, do)
	case free < diskWarn:
		r.Add("disk", Warn, said, do)
	case st.Files > 0 && st.Ffree < 100:
		r.Add("disk", Fail, fmt.Sprintf("%d inodes are free in %s", st.Ffree, dir), do)
	default:
		r.Add("disk", OK, said, "")
	}
}
