package view

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"arcadiad/fleet"
)

// longest is how long text of strangers may be in a line of a plan.
const longest = 301

func clean(s string) string { return fleet.Fit(s, longest) }

// count is a number of things.
type count struct {
	n    int
	what string
}

// enumerate names what there is: 3 to replace, 1 to destroy.
func enumerate(counts []count) string {
	var parts []string
	for _, c := range counts {
		if c.n > 0 {
			parts = append(parts, strconv.Itoa(c.n)+" "+c.what)
		}
	}
	return strings.Join(parts, ", ")
}

func droplets(n int) string { return fleet.Counted(n, "droplet") }

// mostNames bounds how many members of a list one line names.
const mostNames = 3

// some names members of a list, and counts the others.
func some(names []string) string {
	if more := len(names) - mostNames; more > 0 {
		return strings.Join(names[:mostNames], ", ") + fleet.More(more)
	}
	return fleet.Series(names)
}

func orNone(s string) string { return cmp.Or(s, "-") }

// commit names the commit that a fleet file is of.
func commit(r fleet.Revision) string {
	return fmt.Sprintf("commit %s by %s: %s", r.Short(), fleet.OneLine(r.Author), fleet.OneLine(r.Subject))
}

// origin says where the fleet file of a plan comes from.
func origin(r fleet.Revision) string {
	switch {
	case r.Commit == "":
		return clean(r.File) + ", which is not committed yet"
	case r.Differs:
		return clean(r.File + ", changed since " + commit(r))
	}
	return clean(r.File + " of " + commit(r))
}

// fileText says which version of the fleet file it is; line 0: none.
func fileText(r fleet.Revision, line int) string {
	words := cmp.Or(r.File, "the fleet file")
	if line > 0 {
		words += fmt.Sprint(", line ", line)
	}
	switch {
	case r.File == "":
	case r.Commit == "":
		words += ", not committed yet"
	case r.Differs:
		words += ", changed since " + commit(r)
	default:
		words += ", of " + commit(r)
	}
	return words
}
