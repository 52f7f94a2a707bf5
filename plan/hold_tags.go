package plan

import (
	"fmt"

	"arcadiad/fleet"
)

func heldByTags(b *builder, d *draft) verdict {
	if b.blind {
		return verdict{why: "no registered droplet shows arcadiad's tags, so the token probably cannot read tags: give it the scope tag:read"}
	}
	if d.Kind == Purge {
		return verdict{why: unclear(d)}
	}
	if d.Kind == Provision && len(d.subject.stripped) > 0 {
		return verdict{why: fmt.Sprintf("droplet %d has the name and the tag %s, but not %s: put that tag back on it, or remove the other one",
			d.subject.stripped[0], fleet.FleetTag(b.desired.Name), fleet.ManagedTag)}
	}
	if d.Kind == Provision && len(d.subject.untold) > 0 {
		return verdict{why: fmt.Sprintf("droplet %d has the name, and its tags cannot be read, so it may be this fleet's: give the token the scope tag:read",
			d.subject.untold[0])}
	}
	return verdict{}
}

// unclear says why a droplet in quarantine does not show what it is; empty: it does.
func unclear(d *draft) string {
	_, shows := d.seen.Until()
	switch {
	case d.seen.Unread.Has(fleet.UnreadTags):
		return "its tags cannot be read: give the token the scope tag:read"
	case d.seen.Status == fleet.StatusUnknown:
		return "its status cannot be read, so it may be on"
	case !shows:
		return "it does not show a tag " + fleet.UntilTag(d.purges.until) + ": put that back, or destroy the droplet yourself; to have it back: arcadiad undo " +
			d.purges.subject.name
	}
	return ""
}
