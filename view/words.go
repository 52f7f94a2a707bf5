package view

import (
	"cmp"
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

func orNone(s string) string { return cmp.Or(s, "-") }
