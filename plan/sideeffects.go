package plan

import (
	"cmp"
	"slices"
	"strings"

	"arcadiad/fleet"
)

// noteSideEffects notes what the end of each droplet takes along. Nothing depends on it: it is for people to read.
func noteSideEffects(b *builder) {
	for _, d := range b.drafts {
		if !d.destroys() {
			continue
		}
		for _, id := range d.seen.VolumeIDs {
			d.SideEffects = append(d.SideEffects, fleet.Attachment{Kind: fleet.AttachedVolume, ID: id})
		}
		if d.seen.Backups > 0 {
			d.SideEffects = append(d.SideEffects, fleet.Attachment{Kind: fleet.AttachedBackups, Count: d.seen.Backups})
		}
		if b.observed.Attachments != nil {
			for _, a := range b.observed.Attachments.ByDroplet[d.seen.ID] {
				follows := a.Kind == fleet.AttachedReservedIP && (!slices.Contains(leavesAddress(b, d), a.ID) || goesTo(b, a.ID, d.subject) != "") ||
					d.Kind == Replace && followsByTag(b, d.Spec, a)
				if !follows {
					d.SideEffects = append(d.SideEffects, a)
				}
			}
		}
		slices.SortFunc(d.SideEffects, func(a, b fleet.Attachment) int {
			byKind := slices.Index(attachmentKinds, a.Kind) - slices.Index(attachmentKinds, b.Kind)
			return cmp.Or(byKind, cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
		})
	}
}

// followsByTag tells whether a replacement has by its tags what the old droplet has by its id.
func followsByTag(b *builder, s fleet.Spec, a fleet.Attachment) bool {
	return slices.ContainsFunc(a.Tags, func(tag string) bool {
		bears := func(other string) bool { return strings.EqualFold(tag, other) }
		return bears(fleet.ManagedTag) || bears(fleet.FleetTag(b.desired.Name)) || slices.ContainsFunc(s.Tags, bears)
	})
}

// attachmentKinds is the order in which they are told.
var attachmentKinds = []fleet.AttachmentKind{fleet.AttachedVolume, fleet.AttachedReservedIP, fleet.AttachedBackups,
	fleet.AttachedFirewall, fleet.AttachedFirewallRule, fleet.AttachedLoadBalancer}
