package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"arcadiad/fleet"
)

// identify names the plan by what its actions are, not by when or whether they may run.
func (b *builder) identify() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n", b.observed.Account.UUID, b.wanted.Name)
	for _, d := range b.drafts {
		protect := ""
		if d.Kind == Update {
			protect = fmt.Sprint(d.Record.Protect)
		}
		fmt.Fprintf(h, "%s %s %d %s %s %s\n", d.Kind, fleet.Key(d.Name), d.DropletID, d.hash, protect, d.while)
	}
	return hex.EncodeToString(h.Sum(nil))[:idDigits]
}

const idDigits = 12

// IsID tells whether a text may be the id of a plan.
func IsID(s string) bool { return len(s) == idDigits && strings.Trim(s, "0123456789abcdef") == "" }
