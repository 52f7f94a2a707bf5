package pull

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"arcadiad/fleet"
)

// ErrBusy means that another pull into the directory is at work.
var ErrBusy = errors.New("another pull is at work there")

// Once pulls, and tells whether another commit is in use since. After an error the tree that was in use still is.
func Once(ctx context.Context, o Options) (f fleet.Fetched, flipped bool, err error) {
	if o, err = o.withDefaults(); err != nil {
		return f, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	lock, err := o.lock()
	if err != nil {
		return f, false, err
	}
	defer lock.Close()
	was := o.inUse()
	f = o.recorded()
	f.Repo, f.Ref, f.Tried, f.Commit = o.Repo, o.Ref, o.Now().UTC(), was
	flipped, err = git{o: o, lock: lock}.pull(ctx, &f)
	f.Error = ""
	if err != nil {
		f.Error = err.Error()
		if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return f, flipped, err // a person stopped it
		}
		stays := "no commit is in use yet"
		if f.Commit != "" {
			stays = fmt.Sprintf("%s stays at %s", o.link(), f.Short())
		}
		err = fmt.Errorf("pull %s from %s: %w; %s", o.Ref, o.Repo, err, stays)
	} else {
		f.At = f.Tried
	}
	return f, flipped, errors.Join(err, o.record(f))
}

// lock takes the directory, until the file is closed and every git that inherited it has ended.
func (o Options) lock() (*os.File, error) {
	if err := os.MkdirAll(o.Into, 0o777); err != nil { // as the umask has it
		return nil, err
	}
	if info, err := os.Stat(o.Into); err == nil && os.Geteuid() == 0 {
		if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 {
			return nil, fmt.Errorf("%s belongs to user %d, who could not replace what root writes there: pull as that user, "+
				"or with `systemctl start arcadiad-pull@NAME`", o.Into, st.Uid)
		}
	}
	lock, err := os.OpenFile(filepath.Join(o.Into, "lock"), os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrBusy
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", o.Into, err), lock.Close())
	}
	return lock, nil
}

// pull does the work, and notes in f which commit is in use.
func (g git) pull(ctx context.Context, f *fleet.Fetched) (flipped bool, err error) {
	f.Trees = slices.DeleteFunc(f.Trees, func(commit string) bool { return commit == f.Commit || !commits.MatchString(commit) })
	if f.Commit != "" {
		f.Trees = slices.Insert(f.Trees, 0, f.Commit)
	}
	if err := g.o.sweep(f.Trees); err != nil {
		return false, err
	}
	commit, err := g.fetch(ctx)
	if err != nil {
		return false, errors.Join(err, g.o.tidy())
	}
	if g.o.Verify {
		if err := g.verify(ctx, commit); err != nil {
			return false, err
		}
		if err := g.follows(ctx, commit, f.Commit); err != nil {
			return false, err
		}
	}
	subject, err := g.subject(ctx, commit)
	if err != nil {
		return false, err
	}
	if commit != f.Commit {
		if err := g.plant(ctx, commit); err != nil {
			return false, err
		}
		if err := g.o.flip(commit); err != nil {
			return false, err
		}
		flipped = true
		f.Trees = slices.DeleteFunc(f.Trees, func(kept string) bool { return kept == commit })
		f.Trees = slices.Insert(f.Trees, 0, commit)
		f.Trees = f.Trees[:min(keep, len(f.Trees))]
	}
	f.Commit, f.Subject = commit, fleet.Cut(subject, mostSubject)
	if flipped {
		if err := g.o.sweep(f.Trees); err != nil {
			g.o.Log.Warn("old work trees are still there", "error", err)
		}
		g.prune(ctx)
		g.pack(ctx)
	}
	return flipped, nil
}

// mostSubject is how many characters of a commit's subject are kept.
const mostSubject = 120
