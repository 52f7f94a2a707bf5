package plan

import "arcadiad/fleet"

// license fills the licenses of the destroys and replaces that nothing holds.
func license(b *builder) {
	for _, d := range b.drafts {
		if d.Held || !d.destroys() {
			continue
		}
		var rules *fleet.Rules
		if d.Kind == Replace {
			rules = &d.Spec.Rules
		}
		d.License = License{&terms{
			DropletID: d.DropletID, Name: d.Name, Fleet: b.desired.Name, Account: b.observed.Account.UUID,
			Plan: b.plan.ID, Reason: d.Reason, While: d.while(), SpecHash: d.hash, Rules: rules,
			Makers: makersOf(b, d.seen), Registered: d.record != nil, Bore: bore(b, d), Heir: heirOf(d.record), Shielded: d.seen.HasTag(fleet.ProtectTag),
			Volumes: d.seen.VolumeIDs, Unread: d.seen.Unread.Has(fleet.UnreadVolumes),
			Addresses: heldByReservedIP(b, d).facts,
		}}
	}
}

// heirOf is the name that the file before gave a recorded droplet by `was`; empty: none.
func heirOf(r *fleet.Record) string {
	if r == nil {
		return ""
	}
	return r.Heir
}

// bore is another desired name that the droplet bears: the plan knows of it, and ends the droplet all the same.
func bore(b *builder, d *draft) string {
	if fleet.Key(d.seen.Name) == fleet.Key(d.Name) {
		return ""
	}
	if _, desired := b.desired.Spec(d.seen.Name); !desired {
		return ""
	}
	return d.seen.Name
}

// makersOf are the sagas of this journal whose tags the droplet shows, if it shows no others.
func makersOf(b *builder, d *fleet.Droplet) []string {
	if b.makerOf(d) == nil {
		return nil
	}
	return d.Saga8s()
}
