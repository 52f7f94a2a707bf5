package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"arcadiad/fleet"
)

// Destroys tells whether the plan would destroy a droplet, now or once a person lets it: whether it is worth asking what hangs on them.
func (p Plan) Destroys() bool {
	return slices.ContainsFunc(p.Actions, func(a Action) bool {
		return (a.Kind == Destroy || a.Kind == Replace) && (!a.Held || a.Approvable)
	})
}

// take notes what the end of each droplet takes along. Nothing depends on it: it is for people to read.
func (b *builder) take() {
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
				if d.Kind != Replace || !b.followsByTag(d.Spec, a) {
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
func (b *builder) followsByTag(s fleet.Spec, a fleet.Attachment) bool {
	return slices.ContainsFunc(a.Tags, func(tag string) bool {
		bears := func(other string) bool { return strings.EqualFold(tag, other) }
		return bears(fleet.ManagedTag) || bears(fleet.FleetTag(b.desired.Name)) || slices.ContainsFunc(s.Tags, bears)
	})
}

// attachmentKinds is the order in which they are told.
var attachmentKinds = []fleet.AttachmentKind{fleet.AttachedVolume, fleet.AttachedReservedIP, fleet.AttachedBackups,
	fleet.AttachedFirewall, fleet.AttachedFirewallRule, fleet.AttachedLoadBalancer}

// sameSideEffects tells whether two actions take the same along, so that one line says it of both: as many volumes and reserved IPs, and
// places in the same firewalls and load balancers.
func sameSideEffects(a, b Action) bool {
	return slices.EqualFunc(a.SideEffects, b.SideEffects, func(a, b fleet.Attachment) bool {
		return a.Kind == b.Kind && a.Name == b.Name && (a.Name == "" || a.ID == b.ID) && a.Count == b.Count
	})
}

// sideEffectsText says in up to two lines what a run of actions takes along, and what it leaves behind that still costs.
func sideEffectsText(run []Action) (lines []string) {
	its, it, droplet := "its place", "it", "the new droplet does"
	if len(run) > 1 {
		its, it, droplet = "their places", "them", "the new droplets do"
	}
	var along []string
	if n := backupsOf(run); n == 1 {
		along = append(along, "1 backup")
	} else if n > 1 {
		along = append(along, fmt.Sprintf("%d backups", n))
	}
	if places := placesOf(run[0]); len(places) > 0 {
		words := fmt.Sprintf("%s in %s, by id", its, series(places))
		if run[0].Kind == Replace {
			words += fmt.Sprintf(": %s not get %s", droplet, it)
		}
		along = append(along, words)
	}
	if len(along) > 0 {
		lines = append(lines, "takes along: "+strings.Join(along, "; "))
	}
	behind := slices.Concat(named("volume", idsOf(run, fleet.AttachedVolume)), named("reserved IP", idsOf(run, fleet.AttachedReservedIP)))
	if len(behind) > 0 {
		lines = append(lines, "leaves behind, unused and still billed: "+strings.Join(behind, "; "))
	}
	return lines
}

func backupsOf(run []Action) (n int) {
	for _, a := range run {
		for _, t := range a.SideEffects {
			n += t.Count
		}
	}
	return n
}

func idsOf(run []Action, kind fleet.AttachmentKind) (ids []string) {
	for _, a := range run {
		for _, t := range a.SideEffects {
			if t.Kind == kind {
				ids = append(ids, clean(t.ID))
			}
		}
	}
	return ids
}

// named names one thing or a few, and counts more.
func named(what string, ids []string) []string {
	switch n := len(ids); {
	case n == 0:
		return nil
	case n == 1:
		return []string{what + " " + ids[0]}
	case n <= 3:
		return []string{what + "s " + series(ids)}
	default:
		return []string{fmt.Sprintf("%d %ss", n, what)}
	}
}

// placesOf names the firewalls and load balancers that name the droplet by its id.
func placesOf(a Action) (places []string) {
	for _, t := range a.SideEffects {
		name := clean(cmp.Or(t.Name, t.ID))
		switch t.Kind {
		case fleet.AttachedFirewall:
			places = append(places, "firewall "+name)
		case fleet.AttachedFirewallRule:
			places = append(places, "the rules of firewall "+name)
		case fleet.AttachedLoadBalancer:
			places = append(places, "load balancer "+name)
		}
	}
	return places
}
