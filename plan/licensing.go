package plan

import (
	"time"

	"slices"

	"arcadiad/fleet"
)

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
		var makers []string
		if b.makerOf(d.seen) != nil {
			makers = d.seen.Saga8s()
		}
		var heir string
		if d.record != nil {
			heir = d.record.Heir
		}
		var kept time.Time
		if d.purges != nil {
			kept = d.purges.until
		}
		d.License = License{&terms{
			DropletID: d.DropletID, Name: d.Name, Fleet: b.desired.Name, Account: b.observed.Account.UUID,
			Plan: b.plan.ID, Reason: d.Reason, While: d.while(), SpecHash: d.hash, Rules: rules,
			Makers: makers, Registered: d.record != nil, Bore: bore(b, d), Heir: heir, Shielded: d.seen.HasTag(fleet.ProtectTag),
			Volumes: d.seen.VolumeIDs, Unread: d.seen.Unread.Has(fleet.UnreadVolumes),
			Addresses: addressesOf(b, d),
			KeptUntil: kept, On: d.purges != nil && d.seen.Status != fleet.StatusOff,
		}}
	}
}

// addressesOf are the reserved IPs that the droplet has, and that its end may leave without one: by a person's leave, or by the file's word.
func addressesOf(b *builder, d *draft) (ips []string) {
	if b.observed.Attachments == nil {
		return nil
	}
	for _, a := range b.observed.Attachments.ByDroplet[d.seen.ID] {
		if a.Kind == fleet.AttachedReservedIP {
			ips = append(ips, a.ID)
		}
	}
	slices.Sort(ips)
	return ips
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
