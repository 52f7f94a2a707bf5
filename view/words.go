package view

import (
	"cmp"
	"strconv"
	"strings"

	"arcadiad/fleet"
)

// cut shortens a line to so many columns. Names, steps and addresses are narrow letters.
func cut(s string, columns int) string {
	if r := []rune(s); len(r) > columns && columns > 0 {
		return string(r[:columns-1]) + "…"
	}
	return s
}

// fit makes text of strangers one line of so many columns.
func fit(s string, columns int) string { return cut(fleet.OneLine(s), columns) }

// longest is how long text of strangers may be in a line of a plan.
const longest = 301

func clean(s string) string { return fit(s, longest) }

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
