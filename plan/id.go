package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"arcadiad/fleet"
)

// identify names the plan by what its actions are and by the facts that a person has to know of them, not by when or whether they may run.
func identify(b *builder) string {
	liftable := slices.DeleteFunc(Holds(), func(h Hold) bool { return !h.Liftable })
	verdicts := make([]func(*draft) verdict, len(liftable))
	for i, h := range liftable {
		verdicts[i] = h.judge(b)
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n", b.observed.Account.UUID, b.desired.Name)
	for _, d := range b.drafts {
		change := ""
		if d.Kind == Update {
			change = edits(d.Changes)
		}
		fmt.Fprintf(h, "%s %s %d %s %s %s%s\n", d.Kind, fleet.Key(d.Name), d.DropletID, d.hash, change, d.while(), d.manner())
		for i, verdictOn := range verdicts {
			if v := verdictOn(d); len(v.facts) > 0 {
				fmt.Fprintf(h, "%s %q\n", liftable[i].Name, v.facts)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:idDigits]
}

const idDigits = 12

// IsID tells whether a text may be the id of a plan.
func IsID(s string) bool { return len(s) == idDigits && strings.Trim(s, "0123456789abcdef") == "" }
