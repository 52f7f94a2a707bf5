// Command mutants takes out the guards of arcadiad, one at a time, and shows that a test fails for each.
//
// A mutant is a text that occurs exactly once in a file, and another in its place: see the tables. Nothing is written to the source
// tree: the go command lays the changed file over it (go test -overlay). A mutant is
//
//	killed      a test failed, as it should: the table names it
//	survived    all tests passed: the guard is not tested, and may rot
//	stale       the text is not in the file any more, or is more than once: mend the table
//	broken      it does not compile: mend the table
//
// Anything but killed makes the command fail. The tests of a mutant first run without it: they must pass, or a kill says nothing.
//
//	go run ./scripts/mutants [-only pattern] [-jobs n] [-timeout d] [-v]
package main
