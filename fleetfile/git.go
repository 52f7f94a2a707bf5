package fleetfile

import (
	"os"
	"path/filepath"
	"strings"
)

// During some operations git walks the work tree through versions of the file that nobody means to be in force: a bisect through old
// ones, a rebase through half of the commits. Each leaves a file in git's own directory for as long as it lasts.
var operations = []struct{ marker, name string }{
	{"BISECT_LOG", "git bisect"},
	{"rebase-merge", "git rebase"},
	{"rebase-apply", "git rebase or git am"},
	{"MERGE_HEAD", "git merge"},
	{"CHERRY_PICK_HEAD", "git cherry-pick"},
	{"REVERT_HEAD", "git revert"},
}

// settled is read for a version that is to be in force without a person having looked at it: while git is in the middle of
// something in the repository of the file, there is none.
func settled(path string, secrets []Secret) reading {
	r := read(path, secrets)
	operation, marker := underWay(path)
	if operation == "" {
		return r
	}
	return reading{
		Version{
			Err: Errors{{
				File:    path,
				Message: operation + " is under way in its repository, so this version is not taken for the one that is meant",
				Hint:    "finish it, or give it up; " + marker + " is what it left",
			}},
			Hash: r.Hash + " during " + operation,
		},
		append(r.files, marker), // watched, so that its end is noticed at once
	}
}

// underWay names the git operation that is under way in the repository that a file lies in, and the file that tells; empty: none, or
// no repository.
func underWay(path string) (operation, marker string) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", ""
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	git := gitDirectory(filepath.Dir(path))
	if git == "" {
		return "", ""
	}
	for _, o := range operations {
		marker := filepath.Join(git, o.marker)
		if _, err := os.Lstat(marker); err == nil {
			return o.name, marker
		}
	}
	return "", ""
}

// gitDirectory finds git's own directory for a directory of a work tree; empty: it is in none. In a linked work tree, and in a
// submodule, .git is a file that names it.
func gitDirectory(dir string) string {
	for {
		dotGit := filepath.Join(dir, ".git")
		switch info, err := os.Stat(dotGit); {
		case err == nil && info.IsDir():
			return dotGit
		case err == nil && info.Mode().IsRegular():
			text, err := os.ReadFile(dotGit)
			target, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: ")
			switch {
			case err != nil || !ok:
				return ""
			case filepath.IsAbs(target):
				return target
			}
			return filepath.Join(dir, target)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}
