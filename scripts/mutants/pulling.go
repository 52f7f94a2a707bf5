package main

// pulling are the guards of what comes from a repository.
func pulling() []mutant {
	var all []mutant
	take := func(law int, guard, file, old, new string, tests ...suite) {
		all = append(all, mutant{law, guard, file, old, new, tests})
	}
	pulls := packageTests("pull")
	const tree, verify, options = "pull/tree.go", "pull/verify.go", "pull/options.go"
	take(8, "an unsigned commit is refused", verify, `case err != nil:
		return fmt.Errorf("%w: no key`, `case false:
		return fmt.Errorf("%w: no key`, pulls)
	take(8, "what is in use is verified too", "pull/pull.go", `if g.o.Verify {`, `if g.o.Verify && commit != f.Commit {`, pulls)
	take(8, "no link leads out of the tree", tree, `if _, err := root.Stat(name); err != nil && !errors.Is`, `if _, err := root.Stat(name); false && !errors.Is`, pulls)
	take(8, "half a tree is written anew", tree, `if err := os.RemoveAll(g.o.tree(commit)); err != nil {`, `if err := error(nil); err != nil {`, pulls)
	take(8, "trees of a crash go", tree, `if !slices.Contains(trees, e.Name()) {`, `if !slices.Contains(trees, e.Name()) && false {`, pulls)
	take(8, "one pull at a time", "pull/pull.go", `err = ErrBusy`, `err = nil`, pulls)
	take(8, "the locks of a git that died go", "pull/mirror.go", `strings.HasSuffix(d.Name(), ".lock") ||`, `strings.HasSuffix(d.Name(), ".none") ||`, pulls)
	take(8, "files are as they were committed", "pull/mirror.go", `"* -text -filter`, `"none -text -filter`, pulls)
	take(8, "a tag does not go before a branch", "pull/ref.go", `return "", "", fmt.Errorf("it has more`, `return found[1], object, nil; fmt.Errorf("it has more`, pulls)
	take(8, "a shallow repository is noticed", "pull/mirror.go", `now != object && (now == before`, `false && (now == before`, pulls)
	take(8, "an old commit is refused", verify, `"merge-base", "--is-ancestor", inUse, commit`, `"merge-base", commit, commit`, pulls)
	take(8, "few bytes are not a billion files", "pull/bounds.go", `if c.err != nil {`, `if false {`, pulls)
	take(8, "half of a fetch goes", "pull/pull.go", `errors.Join(err, g.o.tidy())`, `err`, pulls)
	take(15, "no password in a URL", options, `; secret {`, `; secret && false {`, pulls)
	take(8, "a ref is no option", options, "^[A-Za-z0-9][A-Za-z0-9._/@+-]*$", "^[A-Za-z0-9._/@+=-]*$", pulls)
	take(8, "a repository cannot pose as a pull", "fleetfile/fetched.go", `if dir == "" && name`, `if name`, suite{pkg: "./fleetfile", run: "FetchedBeside"})
	return all
}
