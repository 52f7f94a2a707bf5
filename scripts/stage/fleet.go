package stage

import (
	"fmt"
	"strings"
)

// Fleet is a fleet file that asks for n droplets in groups of up to a thousand, and lets arcadiad destroy all of them.
func Fleet(n int) []byte {
	var b strings.Builder
	b.WriteString("version: 1\nfleet: stage\ndefaults: {region: syd1, image: ubuntu-24-04-x64, size: s-1vcpu-1gb}\npolicy: {max_destroy: 100%}\n")
	if n == 0 {
		b.WriteString("droplets: []\n")
		return []byte(b.String())
	}
	b.WriteString("droplets:\n")
	for group := 1; n > 0; group++ {
		fmt.Fprintf(&b, "  - {name: g%d, count: %d, tags: [stage]}\n", group, min(n, 1000))
		n -= 1000
	}
	return []byte(b.String())
}
