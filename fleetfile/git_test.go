package fleetfile_test

import (
	"strings"
	"testing"

	"arcadiad/fleetfile"
)

// While git walks through versions, none of them is taken; the end of it is noticed, whether the file is another by then or not.
func TestLaw08GitIsInTheMiddleOfSomething(t *testing.T) {
	for marker, operation := range map[string]string{
		"BISECT_LOG": "git bisect", "rebase-merge/todo": "git rebase", "rebase-apply/next": "git rebase or git am",
		"MERGE_HEAD": "git merge", "CHERRY_PICK_HEAD": "git cherry-pick", "REVERT_HEAD": "git revert",
	} {
		t.Run(operation, func(t *testing.T) {
			d := newTree(t)
			d.write("repo/.git/HEAD", "ref: refs/heads/main\n")
			d.write("repo/fleets/fleet.yaml", fleetOf("one"))
			next := d.follow(d.path("repo/fleets/fleet.yaml"))
			d.until(next, "one")

			root, _, _ := strings.Cut(marker, "/")
			d.write("repo/.git/"+marker, "x\n")
			d.replace("repo/fleets/fleet.yaml", fleetOf("old"))
			said := next()
			for said == "old" { // the file system was slower with the marker than with the file
				said = next()
			}
			if !strings.Contains(said, operation+" is under way in its repository") || !strings.Contains(said, "finish it, or give it up; repo/.git/"+root+" is what it left") {
				t.Errorf("said: %q", said)
			}
			d.remove("repo/.git/" + root)
			d.until(next, "old")
		})
	}
}

// A linked work tree, and a submodule, have a file in the place of the directory; an operation elsewhere does not concern them.
func TestLaw08GitOfALinkedWorkTree(t *testing.T) {
	for _, gitdir := range []string{"../main/.git/worktrees/live", "/main/.git/worktrees/live"} {
		d := newTree(t)
		d.write("main/.git/BISECT_LOG", "of the main work tree\n")
		d.write("main/.git/worktrees/live/HEAD", "ref: refs/heads/live\n")
		if strings.HasPrefix(gitdir, "/") {
			gitdir = d.dir + gitdir
		}
		d.write("live/.git", "gitdir: "+gitdir+"\n")
		d.write("live/fleet.yaml", fleetOf("one"))
		next := d.follow(d.path("live/fleet.yaml"))
		d.until(next, "one")
		d.write("main/.git/worktrees/live/BISECT_LOG", "x\n")
		d.replace("live/fleet.yaml", fleetOf("two"))
		for {
			said := next()
			if strings.Contains(said, "git bisect is under way") {
				break
			}
			if said != "two" {
				t.Fatalf("said: %q", said)
			}
		}
	}
}

// Whoever names a file to look at it gets it, whatever git is doing.
func TestLoadDoesNotAskGit(t *testing.T) {
	d := newTree(t)
	d.write(".git/BISECT_LOG", "x\n")
	d.write("fleet.yaml", fleetOf("one"))
	if f, err := fleetfile.Load(d.path("fleet.yaml")); err != nil || len(f.Specs) != 1 {
		t.Errorf("%+v, %v", f, err)
	}
}
