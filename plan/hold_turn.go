package plan

import (
	"fmt"
	"slices"

	"arcadiad/fleet"
)

// outOfTurn lets one action of each name go first (law 2: one saga per name), and takes only so many of each group out of service at a
// time (law 18). What a replace brings along anyway waits for it; while the replace is held, so does only what would switch the droplet
// off.
func outOfTurn(b *builder) func(*draft) verdict {
	replaces, first := map[*subject]*draft{}, map[*subject]*draft{}
	for _, d := range b.drafts {
		if d.Kind == Replace {
			replaces[d.subject] = d
		}
	}
	groups := groups(b)
	return func(d *draft) verdict {
		if before := first[d.subject]; before != nil {
			first := "the " + string(before.Kind)
			if before.Kind == Update {
				first = "what can be changed while it runs"
			}
			return verdict{why: first + " goes first; the rest waits for a later pass"}
		}
		if r := replaces[d.subject]; d.Kind == Update && r != nil && !d.Alter.Protection && (!r.Held || d.Alter.Downtime()) {
			return verdict{into: r}
		}
		if d.Kind == Update && d.seen.Status == fleet.StatusUnknown && acts(d.Alter) {
			return verdict{why: "its status cannot be read; waiting until it shows"}
		}
		if d.Kind == Update && d.seen.Status == fleet.StatusNew && acts(d.Alter) {
			return verdict{why: "waiting until it is active: DigitalOcean does one thing to a droplet at a time"}
		}
		if group := groups[groupOf(d.subject)]; group != nil && d.endsService() {
			if wait := group.take(d); wait != "" {
				if d.Blocked = !group.mends && len(group.goes) == 0; d.Blocked {
					wait += "; " + group.wayOut()
				}
				return verdict{why: wait}
			}
		}
		first[d.subject] = d
		return verdict{}
	}
}

// groupOf is the group that a name belongs to: its stanza's, or for a name that the file dropped the one that it is numbered in.
func groupOf(x *subject) string {
	if x.spec != nil {
		return x.spec.Group
	}
	return stemOf(x.name)
}

// group is how a group stands in service.
type group struct {
	count   int      // desired members
	most    int      // of them that may be out of service at once
	serving int      // that serve, and are not taken out of service by this plan
	out     []string // that do not serve
	off     int      // of those, the ones that are off and in nobody's hands
	goes    []string // that this plan takes out of service
	mends   bool     // something is under way, or due, for one of those that do not serve
}

// groups finds the groups of the file with how they stand. It is nil where the plan takes nothing out of service.
func groups(b *builder) map[string]*group {
	needed, due := false, map[*subject]bool{}
	for _, d := range b.drafts {
		needed = needed || d.endsService() && !d.Held
		due[d.subject] = due[d.subject] || !d.Held && (!d.endsService() || d.seen.Status == fleet.StatusOff)
	}
	if !needed {
		return nil
	}
	groups := map[string]*group{}
	for _, x := range b.subjects {
		if x.spec == nil {
			continue
		}
		g := groups[x.spec.Group]
		if g == nil {
			g = &group{}
			groups[x.spec.Group] = g
		}
		g.count++
		if serves(b, x) {
			g.serving++
		} else {
			g.out = append(g.out, x.name)
			if x.live == nil && slices.ContainsFunc(x.holdings, func(h holding) bool { return h.state == present && h.seen.Status == fleet.StatusOff }) {
				g.off++
			}
			g.mends = g.mends || due[x] || x.live != nil && !x.live.Stuck() || slices.ContainsFunc(x.holdings, func(h holding) bool { return h.state == missing && h.seen == nil })
		}
	}
	for _, g := range groups {
		g.most = max(1, b.desired.Policy.MaxUnavailable.Of(g.count))
	}
	return groups
}

// serves tells whether a desired name has a droplet in service which no saga takes out of it.
func serves(b *builder, x *subject) bool {
	if x.live != nil && (x.live.Kind != fleet.SagaUpdate || x.live.Downtime) {
		return false
	}
	return slices.ContainsFunc(x.holdings, func(h holding) bool {
		return (h.state == present || h.state == busy) && h.seen.Status == fleet.StatusActive
	})
}

// take takes a droplet out of service, or says why it has to wait. One that is off is out of service already. One that the file dropped, or
// whose status is not known, leaves as many serving as before.
func (g *group) take(d *draft) (wait string) {
	if d.seen.Status == fleet.StatusOff {
		return ""
	}
	left := g.serving
	counts := d.Kind != Destroy && d.seen.Status == fleet.StatusActive
	if counts {
		left--
	}
	if left < g.count-g.most {
		return fmt.Sprintf("waiting its turn (%d of %d at once): %s, and policy.max_unavailable allows no more", g.most, g.count, g.absent())
	}
	if counts {
		g.serving = left
		g.goes = append(g.goes, d.Name)
	}
	return ""
}

// absent says which members are not in service, or will not be.
func (g *group) absent() string {
	words := ""
	if len(g.out) > 0 {
		words = few(g.out, "is out of service", "are out of service")
	}
	if len(g.goes) > 0 {
		if words != "" {
			words += ", "
		}
		words += few(g.goes, "goes first", "go first")
	}
	return words
}

// wayOut says what a person can do where nothing brings the members that are out of service back.
func (g *group) wayOut() string {
	const most = 3
	names := "them"
	if len(g.out) <= most {
		names = fleet.Series(g.out)
	}
	if g.off == len(g.out) {
		return "switch " + names + " on, or raise policy.max_unavailable"
	}
	return "bring " + names + " back into service, or raise policy.max_unavailable"
}

// few names some of a list.
func few(names []string, one, many string) string {
	const most = 3
	switch n := len(names); {
	case n == 1:
		return names[0] + " " + one
	case n <= most:
		return fleet.Series(names) + " " + many
	default:
		return fmt.Sprintf("%s and %d more %s", fleet.Series(names[:1]), n-1, many)
	}
}

// acts tells whether the alteration takes actions on the droplet, which are refused while another is under way, its own creation too
// (docs/digitalocean-api.md, "Actions"). Tags do not.
func acts(a fleet.Alteration) bool {
	return a.Name != "" || a.Backups != nil || a.IPv6 || a.Size != "" || a.PowerOn
}
