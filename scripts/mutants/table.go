package main

import "slices"

// mutants is the whole table. Of each law, the guards that hold it.
func mutants() []mutant {
	return slices.Concat(deciding(), looking(), writing(), remembering(), following(), bounding(), owning(), serving(), hanging(), keeping(), pulling())
}

// packageTests are all tests of a package.
func packageTests(name string) suite { return suite{pkg: "./" + name} }

// daemonTests are those of the whole daemon that match the pattern.
func daemonTests(pattern string) suite { return suite{pkg: "./daemon", run: pattern} }
