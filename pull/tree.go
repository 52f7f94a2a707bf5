package pull

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
)

func (o Options) trees() string             { return filepath.Join(o.Into, fleetfile.Trees) }
func (o Options) tree(commit string) string { return filepath.Join(o.trees(), commit) }
func (o Options) link() string              { return filepath.Join(o.Into, fleetfile.Link) }

// keep is how many trees are kept, the one in use among them: somebody may still be reading in the one before it.
const keep = 3

var commits = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// inUse is the commit that the link leads to; empty: to none.
func (o Options) inUse() string {
	target, err := os.Readlink(o.link())
	if err != nil {
		return ""
	}
	dir, commit := filepath.Split(target)
	if filepath.Clean(dir) != fleetfile.Trees || !commits.MatchString(commit) {
		return ""
	}
	if info, err := os.Stat(o.link()); err != nil || !info.IsDir() {
		return ""
	}
	return commit
}

// sweep removes every tree but these, and a link that was not flipped.
func (o Options) sweep(trees []string) error {
	entries, err := os.ReadDir(o.trees())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var errs []error
	for _, e := range entries {
		if !slices.Contains(trees, e.Name()) {
			errs = append(errs, os.RemoveAll(filepath.Join(o.trees(), e.Name())))
		}
	}
	if err := os.Remove(o.link() + ".new"); !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// plant writes the work tree of a commit, which is in nobody's use yet.
func (g git) plant(ctx context.Context, commit string) error {
	if err := os.RemoveAll(g.o.tree(commit)); err != nil {
		return err
	}
	if err := os.MkdirAll(g.o.trees(), 0o777); err != nil { // as the umask has it
		return err
	}
	if err := g.bounded(ctx, commit); err != nil {
		return err
	}
	_, err := g.run(ctx, nil, "worktree", "add", "--quiet", "--detach", "--force", "--", g.o.tree(commit), commit)
	if err != nil {
		err = fmt.Errorf("write the work tree: %w", err)
	} else {
		err = linksStay(g.o.tree(commit))
	}
	if err != nil { // the disk may be full of it
		err = errors.Join(err, os.RemoveAll(g.o.tree(commit)))
		g.prune(ctx)
	}
	return err
}

// prune has git forget the trees that are gone.
func (g git) prune(ctx context.Context) {
	if _, err := g.run(ctx, nil, "worktree", "prune", "--expire=now"); err != nil {
		g.o.Log.Warn("old work trees are still registered", "error", err)
	}
}

// linksStay refuses a tree that has a symbolic link to somewhere outside. One that leads nowhere within the tree is harmless.
func linksStay(tree string) error {
	root, err := os.OpenRoot(tree)
	if err != nil {
		return err
	}
	defer root.Close()
	return filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink == 0 {
			return err
		}
		name, err := filepath.Rel(tree, path)
		if err != nil {
			return err
		}
		if _, err := root.Stat(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			target, _ := os.Readlink(path) // only shown
			why := "not in the repository"
			if errno := syscall.Errno(0); errors.As(err, &errno) {
				why = "no file: " + errno.Error()
			}
			return fmt.Errorf("%s is a symbolic link to %s, which is %s; the commit is refused", fleet.Fit(name, longest), fleet.Fit(target, longest), why)
		}
		return nil
	})
}

// flip makes the link lead to another tree, in one step, once that tree is on the disk as a whole.
func (o Options) flip(commit string) error {
	dir, err := os.Open(o.Into)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := unix.Syncfs(int(dir.Fd())); err != nil {
		return fmt.Errorf("write the work tree to the disk: %w", err)
	}
	if err := os.Symlink(filepath.Join(fleetfile.Trees, commit), o.link()+".new"); err != nil {
		return err
	}
	if err := os.Rename(o.link()+".new", o.link()); err != nil {
		return err
	}
	return dir.Sync()
}
