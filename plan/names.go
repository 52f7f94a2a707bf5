package plan

import "arcadiad/fleet"

// stemOf gives web for web-12, and nothing for a name without a number.
func stemOf(name string) string {
	stem, n := fleet.SplitName(name)
	if n < 0 {
		return ""
	}
	return stem
}
