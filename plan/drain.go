package plan

import (
	"maps"
	"slices"
	"strings"

	"arcadiad/fleet"
)

// drain notes by which tags the droplets leave their load balancers before they go, and says once where there is no drain though the file
// asks for one. A tag that a firewall goes by stays on: without it the droplet would be open, or cut off.
func drain(b *builder) {
	said := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(b.groups)) {
		g := b.groups[key]
		if g.rules.Drain == 0 {
			continue
		}
		for _, d := range g.drafts {
			if d.secondHalf() || !d.endsService() {
				continue
			}
			b.plan.drains = b.plan.drains || !d.Held || d.Approvable
			a := b.observed.Attachments
			if a == nil {
				continue // this plan is built again
			}
			if d.Drain = (fleet.Drain{Tags: drainTags(a, d.seen), For: g.rules.Drain}); len(d.Drain.Tags) > 0 {
				continue
			}
			d.Drain = fleet.Drain{}
			if why := undrained(a); !said[why+key] {
				said[why+key] = true
				b.warn("%s is not drained: %s", g.spec.Group, why)
			}
		}
	}
}

// undrained says why there is no drain.
func undrained(a *fleet.Attachments) string {
	if !a.TagsKnown {
		return "the load balancers or the firewalls of the account cannot be read (scopes load_balancer:read, firewall:read)"
	}
	return "no load balancer selects its droplets by a tag that no firewall goes by"
}

// drainTags are the user's tags of a droplet by which a load balancer selects it, and no firewall does.
func drainTags(a *fleet.Attachments, d *fleet.Droplet) (tags []string) {
	if !a.TagsKnown {
		return nil
	}
	for _, tag := range d.UserTags() {
		key := strings.ToLower(tag)
		if slices.Contains(a.BalancerTags, key) && !slices.Contains(a.FirewallTags, key) {
			tags = append(tags, tag)
		}
	}
	return tags
}
