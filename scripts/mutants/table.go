package main

import "slices"

// mutants is the whole table. Of each law, the guards that hold it.
func mutants() []mutant {
	return slices.Concat(deciding(), looking(), writing(), remembering(), following())
}

// room is all tests of a package; none: the mutant needs the world around it.
func room(name string) suite { return suite{pkg: "./" + name} }

// house are those tests of the whole daemon that match the pattern.
func house(pattern string) suite { return suite{pkg: "./daemon", run: pattern} }

// crash is every crash point of the scenarios that match the pattern.
func crash(pattern string) suite { return house("^TestCrashPoints$/^scenarios$/" + pattern) }
