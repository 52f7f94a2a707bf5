package plan

import (
	"strconv"
	"strings"
)

// splitName cuts web-12 into its stem web and its number 12; number -1: it is not the name of a counted droplet.
func splitName(name string) (stem string, number int) {
	i := strings.LastIndexByte(name, '-')
	if i <= 0 || i+1 == len(name) || name[i+1] < '1' || name[i+1] > '9' {
		return name, -1
	}
	n, err := strconv.Atoi(name[i+1:])
	if err != nil {
		return name, -1
	}
	return name[:i], n
}

// stemOf gives web for web-12, and nothing for a name without a number.
func stemOf(name string) string {
	stem, n := splitName(name)
	if n < 0 {
		return ""
	}
	return stem
}
