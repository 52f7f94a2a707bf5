package plan

import (
	"fmt"
	"slices"
	"strconv"

	"arcadiad/fleet"
)

// stanza names a stanza of the file; one that is gone, as the names of its droplets say.
type stanza struct {
	name   string
	single bool // the droplet bears the stanza's name itself
}

// cluster is a group that comes or goes in one version of the file: what a stanza has just brought, or what one left behind.
type cluster struct {
	stanza
	members []string        // their names, in order
	drafts  []*draft        // what would be done about them; nothing where a saga works on one, or it is not shown
	records []*fleet.Record // of those that go
	part    bool            // the file still has the stanza, and wants fewer of it

	padded fleet.Numbering // how the names that go are numbered, where a number of theirs begins with a zero
}

// was is how the file says that a group had the names of the cluster.
func (c *cluster) was() string {
	switch {
	case c.single:
		return c.members[0]
	case c.padded != fleet.Numbering{}:
		return "'" + c.padded.Template() + "'"
	}
	return c.name
}

// had tells whether a name is one that the cluster had, or would have with more droplets.
func (c *cluster) had(name string) bool {
	n := c.padded
	if n == (fleet.Numbering{}) {
		n.Prefix = c.name + "-"
	}
	return !c.single && n.Number(name) > 0
}

// names are those of the cluster's droplets, in a few words.
func (c *cluster) names() string { return fleet.Span(c.members[0], c.members[len(c.members)-1]) }

// ids are the registered droplets of the cluster, sorted.
func (c *cluster) ids() []string {
	ids := fleet.Words(c.records, func(r *fleet.Record) string { return strconv.FormatInt(r.DropletID, 10) })
	slices.Sort(ids)
	return ids
}

// unlikeRename holds what looks like a rename that the file does not say right, both halves of it: a group goes and another of the same spec
// comes, or a `was` leads nowhere while a registered droplet goes. Carried out as it stands it would lose what is on the droplets. A half
// that has to wait for something else, such as a saga, holds the other half as well.
func unlikeRename(b *builder) func(*draft) verdict {
	held := map[*draft]verdict{}
	dropped := dropped(b)
	if len(dropped) == 0 {
		return func(*draft) verdict { return verdict{} }
	}
	coming := coming(b, dropped)
	hold := func(c *cluster, v verdict) {
		for _, d := range c.drafts {
			if _, already := held[d]; !already {
				held[d] = v
			}
		}
	}
	for _, c := range coming {
		wants := b.shape.of(c.drafts[0].subject.spec)
		for _, g := range dropped {
			if !g.part && alikeButNamed(wants, g.records[0]) {
				v := verdict{why: renameWords(b, g, c), facts: g.ids()}
				hold(c, v)
				hold(g, v)
			}
		}
	}
	for _, c := range coming {
		was := c.drafts[0].subject.spec.Was
		if was == "" {
			continue
		}
		var facts, names []string
		for _, g := range dropped {
			facts, names = append(facts, g.ids()...), append(names, g.names())
		}
		slices.Sort(facts)
		v := verdict{facts: facts, why: fmt.Sprintf("the file says that %s was %s, but nothing is registered as %[2]s, and the file drops %s: correct `was`; arcadiad approve %s destroys the old and creates the new",
			c.drafts[0].Name, was, fleet.Series(names), b.plan.ID)}
		hold(c, v)
		for _, g := range dropped {
			hold(g, v)
		}
	}
	return func(d *draft) verdict { return held[d] }
}

// renameWords says how to write the rename that a pair of clusters looks like.
func renameWords(b *builder, g, c *cluster) string {
	words := fmt.Sprintf("the fleet file drops %s and asks for %s with the same spec: ", g.names(), c.names())
	switch {
	case !c.single && g.single:
		words += fmt.Sprintf("if it is a rename, rename droplet %d to %s in the console, and arcadiad follows", g.records[0].DropletID, c.members[0])
	case c.single:
		words += fmt.Sprintf("if it is a rename, write `was: %s` under %s", g.members[0], c.name)
	default:
		words += fmt.Sprintf("if it is a rename, write `was: %s` under %s", g.was(), c.name)
	}
	return words + "; arcadiad approve " + b.plan.ID + " destroys the old and creates the new"
}

// coming are the stanzas that have no droplet and have lost none, with the droplets that would be made for them. What stood under their
// names long ago does not count, and neither does what has the same name in another format of a group's names: web-10 after web-09 and web-9.
func coming(b *builder, dropped []*cluster) []*cluster {
	had := map[string]bool{}
	for _, x := range b.subjects {
		if x.spec != nil && slices.ContainsFunc(dropped, func(g *cluster) bool { return !g.part && g.had(x.name) }) {
			continue
		}
		if x.spec != nil && (len(x.holdings)+len(x.untracked) > 0 || x.live != nil) {
			had[x.spec.Group] = true
		}
	}
	for _, d := range b.drafts {
		if d.secondHalf() {
			had[d.subject.spec.Group] = true
		}
	}
	var list clusters
	for _, d := range b.drafts {
		if s := d.subject.spec; d.Kind == Provision && !had[s.Group] {
			c := list.of(stanza{s.Group, s.Single})
			c.members, c.drafts = append(c.members, d.Name), append(c.drafts, d)
		}
	}
	return list.list
}

// dropped are the registered droplets that the file has dropped, by the stanza that they were of, with the destroys that are planned.
func dropped(b *builder) []*cluster {
	var list clusters
	of := map[*fleet.Record]*cluster{}
	for _, x := range b.subjects {
		ends := x.live != nil && (x.live.Kind == fleet.SagaDestroy || x.live.Kind == fleet.SagaRelease)
		if x.spec != nil || x.heir != nil || ends {
			continue
		}
		for _, h := range x.holdings {
			if h.state == gone || h.state == released {
				continue
			}
			s := stanza{b.stemOf(x.name), false}
			padded, is := fleet.Padded(x.name)
			switch {
			case s.name == "" && is:
				s.name = fleet.Key(padded.Group())
			case s.name == "":
				s = stanza{x.name, true}
			}
			c := list.of(s)
			if is {
				c.padded = padded
			}
			c.members, c.records = append(c.members, x.name), append(c.records, h.record)
			of[h.record] = c
		}
	}
	if len(of) == 0 {
		return nil
	}
	for i := range b.desired.Specs {
		s := &b.desired.Specs[i]
		if c := list.known[stanza{fleet.Key(s.Group), s.Single}]; c != nil && (s.Single || slices.ContainsFunc(c.members, s.Numbers)) {
			c.part = true
		}
	}
	for _, d := range b.drafts {
		if c := of[d.record]; c != nil && d.Kind == Destroy {
			c.drafts = append(c.drafts, d)
		}
	}
	return list.list
}

// clusters gathers clusters, in the order in which their stanzas turn up.
type clusters struct {
	list  []*cluster
	known map[stanza]*cluster
}

// of finds the cluster of a stanza, or adds it.
func (l *clusters) of(s stanza) *cluster {
	key := stanza{fleet.Key(s.name), s.single}
	c := l.known[key]
	if c == nil {
		c = &cluster{stanza: s}
		if l.known == nil {
			l.known = map[stanza]*cluster{}
		}
		l.known[key], l.list = c, append(l.list, c)
	}
	return c
}

// alikeButNamed tells whether a record is that of a droplet which a spec asks for under another name. What can be changed on a living droplet,
// such as its tags, is no difference, and neither is what is not recorded or what the file leaves open.
func alikeButNamed(wants []want, record *fleet.Record) bool {
	for i := range fleet.Fields {
		f := &fleet.Fields[i]
		if f.Change != fleet.ChangeReplace || !wants[i].asked {
			continue
		}
		if was, known := record.Values[f.Name]; known && was != wants[i].value {
			return false
		}
	}
	return true
}
