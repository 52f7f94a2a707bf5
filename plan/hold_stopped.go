package plan

import (
	"fmt"

	"arcadiad/fleet"
)

// HoldStopped is the hold that keeps a rollout which a member or a person has stopped.
const HoldStopped = "stopped"

// heldByStop holds what is left of a rollout that a member has stopped by failing, or a person (law 18). The second half of a replace goes
// on: its droplet is gone already.
func heldByStop(b *builder, d *draft) verdict {
	g := b.groups[d.Rollout]
	if g == nil || g.row == nil && !g.paused || d.secondHalf() {
		return verdict{}
	}
	resume := "arcadiad rollout resume " + g.spec.Group
	switch failed := g.stopped(); {
	case g.paused:
		return verdict{why: "the rollout is paused by a person; to go on: " + resume}
	case g.row.Phase == fleet.RolloutAborted && !g.edited():
		return verdict{why: "the rollout was " + g.row.Reason + "; to go on, change the stanza, or: " + resume}
	case failed != nil:
		return verdict{why: fmt.Sprintf("%s failed at %s and stopped the rollout (%s); to go on, change the stanza, or: %s",
			failed.Name, clock(failed.EndedAt), why(failed), resume)}
	}
	return verdict{}
}
