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

// cluster is a group that comes or goes in one version of the file: the droplets that a stanza has just brought, or that one left behind.
type cluster struct {
	stanza
	drafts []*draft
}

// names are those of the cluster's droplets, in a few words.
func (c *cluster) names() string {
	return span(c.drafts[0].Name, c.drafts[len(c.drafts)-1].Name)
}

// ids are the droplets of the cluster, sorted.
func (c *cluster) ids() (ids []string) {
	for _, d := range c.drafts {
		ids = append(ids, strconv.FormatInt(d.DropletID, 10))
	}
	slices.Sort(ids)
	return ids
}

// unlikeRename holds what looks like a rename that the file does not say right, both halves of it: a group goes and another of the same spec
// comes, or a `was` leads nowhere while a registered droplet goes. Carried out as it stands it would lose what is on the droplets.
func (b *builder) unlikeRename() func(*draft) verdict {
	held := map[*draft]verdict{}
	going := b.going()
	if len(going) == 0 {
		return func(*draft) verdict { return verdict{} }
	}
	coming := b.coming()
	hold := func(c *cluster, v verdict) {
		for _, d := range c.drafts {
			if _, already := held[d]; !already {
				held[d] = v
			}
		}
	}
	for _, c := range coming {
		wants := b.shape.of(c.drafts[0].subject.spec)
		for _, g := range going {
			if alikeButNamed(wants, g.drafts[0].record) {
				v := verdict{why: b.renameWords(g, c), facts: g.ids()}
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
		for _, g := range going {
			facts, names = append(facts, g.ids()...), append(names, g.names())
		}
		slices.Sort(facts)
		v := verdict{facts: facts, why: fmt.Sprintf("%s was %s by the file, and nothing is registered as %[2]s, while the file drops %s: correct `was`; arcadiad approve %s destroys the old and makes the new",
			c.drafts[0].Name, was, series(names), b.plan.ID)}
		hold(c, v)
		for _, g := range going {
			hold(g, v)
		}
	}
	return func(d *draft) verdict { return held[d] }
}

// renameWords says how to write the rename that a pair of clusters looks like.
func (b *builder) renameWords(g, c *cluster) string {
	words := fmt.Sprintf("the fleet file drops %s and asks for %s with the same spec: ", g.names(), c.names())
	first := g.drafts[0]
	switch {
	case !c.single && g.single:
		words += fmt.Sprintf("if it is a rename, rename droplet %d to %s in the console, and arcadiad follows", first.DropletID, c.drafts[0].Name)
	case c.single:
		words += fmt.Sprintf("if it is a rename, write `was: %s` under %s", first.Name, c.name)
	default:
		words += fmt.Sprintf("if it is a rename, write `was: %s` under %s", g.name, c.name)
	}
	return words + "; arcadiad approve " + b.plan.ID + " destroys the old and makes the new"
}

// coming are the stanzas that never had a droplet, with the droplets that would be made for them.
func (b *builder) coming() []*cluster {
	had := map[string]bool{}
	for _, x := range b.subjects {
		if x.spec != nil && (len(x.holdings)+len(x.claims) > 0 || x.live != nil || x.hadDroplet()) {
			had[x.spec.Group] = true
		}
	}
	return b.clusters(func(d *draft) (stanza, bool) {
		if d.Kind != Provision || had[d.subject.spec.Group] {
			return stanza{}, false
		}
		return stanza{d.subject.spec.Group, d.subject.spec.Single}, true
	})
}

// going are the groups that the file has dropped whole, with the registered droplets that would be destroyed.
func (b *builder) going() []*cluster {
	wanted := map[stanza]bool{}
	for i := range b.wanted.Specs {
		wanted[stanza{fleet.Key(b.wanted.Specs[i].Group), b.wanted.Specs[i].Single}] = true
	}
	return b.clusters(func(d *draft) (stanza, bool) {
		if d.Kind != Destroy || d.record == nil || d.while != whileUnwanted {
			return stanza{}, false
		}
		s := stanza{stemOf(d.Name), false}
		if s.name == "" {
			s = stanza{d.Name, true}
		}
		return s, !wanted[stanza{fleet.Key(s.name), s.single}]
	})
}

// clusters gathers the drafts that belong to a stanza, in the order of their names.
func (b *builder) clusters(of func(*draft) (s stanza, ok bool)) (list []*cluster) {
	known := map[stanza]*cluster{}
	for _, d := range b.drafts {
		s, ok := of(d)
		if !ok {
			continue
		}
		key := stanza{fleet.Key(s.name), s.single}
		c := known[key]
		if c == nil {
			c = &cluster{stanza: s}
			known[key], list = c, append(list, c)
		}
		c.drafts = append(c.drafts, d)
	}
	return list
}

// alikeButNamed tells whether a record is that of a droplet which a spec asks for under another name. What is not recorded, or that the file
// leaves open, is no difference.
func alikeButNamed(wants []want, record *fleet.Record) bool {
	for i := range fleet.Fields {
		f := &fleet.Fields[i]
		if f.Name == fieldName || f.Change == fleet.ChangeRecord || !wants[i].asked {
			continue
		}
		if was, known := record.Values[f.Name]; known && was != wants[i].value {
			return false
		}
	}
	return true
}

// hadDroplet tells whether a saga ever made or took over a droplet under the name.
func (x *subject) hadDroplet() bool {
	return slices.ContainsFunc(x.past, func(saga *fleet.Saga) bool {
		return saga.Completed() && saga.Kind != fleet.SagaDestroy && saga.Kind != fleet.SagaRelease
	})
}
