// Command mutants removes the guards of arcadiad, one at a time, and shows that a test fails for each.
//
// A mutant replaces a text that occurs exactly once in a file with another: see the tables. It writes nothing to the source tree: the
// go command overlays the changed file (go test -overlay). A mutant is
//
//	killed      a test failed, as it should
//	survived    all tests passed: no test needs the guard
//	stale       the text is no longer in the file, or more than once: fix the table
//	broken      it does not compile: fix the table
//
// Any other result than killed makes the command fail. The tests of a mutant run without it first: they must pass, or a kill proves nothing.
//
//	go run ./scripts/mutants [-only pattern] [-jobs n] [-timeout d] [-v]
package main
