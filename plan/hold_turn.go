package plan

import (
	"fmt"
	"slices"
	"strings"

	"arcadiad/fleet"
)

// outOfTurn lets one action of each name go first (law 2: one saga per name), and of each group only the batch whose turn it is (law 18).
// What a replace brings along anyway waits for it; while the replace is held, so does only what would switch the droplet off.
func outOfTurn(b *builder) func(*draft) verdict {
	replaces, first := map[*subject]*draft{}, map[*subject]*draft{}
	for _, d := range b.drafts {
		if d.Kind == Replace {
			replaces[d.subject] = d
		}
	}
	mends, why := mending(b), map[*group]string{}
	return func(d *draft) verdict {
		if d.Kind == Purge { // it bears no name, and serves nobody
			return verdict{}
		}
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
		for _, ip := range leavesAddress(b, d) {
			if to := goesTo(b, ip, d.subject); to != "" {
				return verdict{why: fmt.Sprintf("it has the reserved IP %s, which moves to %s first", ip, to)}
			}
		}
		if g := b.groups[b.groupOf(d.subject)]; g != nil && d.endsService() {
			bt := batches(b)[g.key]
			wait := ""
			switch {
			case d.Rollout != "" && bt.goes[d], d.Rollout == "" && mayLeave(b, g, bt, d):
			case d.Rollout != "" && bt.wait != "":
				wait, d.Blocked = bt.wait, bt.stuck
			default:
				d.Blocked = len(bt.goes) == 0 && !mends[g]
				if why[g] == "" { // thousands may wait for the same
					if why[g] = absent(g, bt); d.Blocked {
						why[g] += "; " + wayOut(g)
					}
				}
				wait = fmt.Sprintf("waiting its turn (%s): %s", pace(g, d), why[g])
			}
			if wait != "" {
				return verdict{why: wait}
			}
		}
		first[d.subject] = d
		return verdict{}
	}
}

// pace says how many go at a time.
func pace(g *group, d *draft) string {
	return fmt.Sprintf("%d of %d at once", g.size(d.Kind == Replace && !d.destroyFirst()), g.count)
}

// mayLeave tells whether a droplet that the file does not want any more may go: it does not serve, or enough desired members do without it.
func mayLeave(b *builder, g *group, bt *batch, d *draft) bool {
	return idle(b, d.seen, g.spec) || bt.serving >= g.count-g.most()
}

// mending finds the groups in which something is under way, or due, for a member that does not serve.
func mending(b *builder) map[*group]bool {
	if b.groups == nil {
		return nil
	}
	due := map[*subject]bool{}
	for _, d := range b.drafts {
		due[d.subject] = due[d.subject] || !d.Held && d.Kind != Purge && (!d.endsService() || d.seen.Status == fleet.StatusOff)
	}
	mends := map[*group]bool{}
	for _, g := range b.groups {
		mends[g] = slices.ContainsFunc(g.out, func(x *subject) bool {
			_, comes := comesUp(b, x)
			return comes || due[x] || x.live != nil && !x.live.Stuck() || slices.ContainsFunc(x.holdings, func(h holding) bool { return h.state == missing && h.seen == nil })
		})
	}
	return mends
}

// absent says which members are not in service, or will not be.
func absent(g *group, bt *batch) string {
	var goes []string
	for d := range bt.goes {
		if d.subject.serves {
			goes = append(goes, d.Name)
		}
	}
	slices.SortFunc(goes, fleet.CompareNames)
	var words []string
	if len(g.out) > 0 {
		words = append(words, few(names(g.out), "is out of service", "are out of service"))
	}
	if len(goes) > 0 {
		words = append(words, few(goes, "goes first", "go first"))
	}
	if len(goes) == 0 {
		return strings.Join(words, ", ") + ", and max_unavailable allows no more"
	}
	return strings.Join(words, ", ")
}

// wayOut says what a person can do where nothing brings the members that are out of service back.
func wayOut(g *group) string {
	if len(g.out) == 0 {
		return "raise max_unavailable"
	}
	off := func(x *subject) bool {
		return x.live == nil && slices.ContainsFunc(x.holdings, func(h holding) bool { return h.state == present && h.seen.Status == fleet.StatusOff })
	}
	out := "them"
	if len(g.out) <= fewest {
		out = fleet.Series(names(g.out))
	}
	if !slices.ContainsFunc(g.out, func(x *subject) bool { return !off(x) }) {
		return "switch " + out + " on, or raise max_unavailable"
	}
	return "bring " + out + " back into service, or raise max_unavailable"
}

// acts tells whether the alteration takes actions on the droplet, which are refused while another is under way, its own creation too
// (docs/digitalocean-api.md, "Actions"). Tags do not.
func acts(a fleet.Alteration) bool {
	return a.Name != "" || a.Backups != nil || a.IPv6 || a.Size != "" || a.PowerOn
}
