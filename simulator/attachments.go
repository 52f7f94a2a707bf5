package simulator

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Resources that name droplets by id outlive them (docs/digitalocean-api.md, "Attached resources"): a reserved IP that loses its
// droplet is unassigned, and a firewall or a load balancer forgets the id.

func peek[T, R any](a *Account, list []*T, clone func(T) R) []R {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.advance(time.Now())
	out := make([]R, len(list))
	for i, v := range list {
		out[i] = clone(*v)
	}
	return out
}

// detach takes a droplet that is gone from all that names it.
func (a *Account) detach(d *droplet) {
	id := d.ID
	is := func(other int64) bool { return other == id }
	if r := a.reservedIPOf(id); r != nil {
		r.Droplet, r.Project = 0, d.Project // it stays where its droplet was
	}
	for _, f := range a.firewalls {
		f.forget(id)
	}
	for _, r := range a.reservedIPv6s {
		if r.Droplet == id {
			r.Droplet = 0
		}
	}
	for _, l := range a.balancers {
		l.Droplets = slices.DeleteFunc(l.Droplets, is)
	}
}

// bears tells whether the droplet has one of the tags.
func (d *droplet) bears(tags ...string) bool {
	return slices.ContainsFunc(tags, func(tag string) bool {
		return slices.ContainsFunc(d.Tags, func(t string) bool { return strings.EqualFold(t, tag) })
	})
}

// named refuses a request that names droplets or tags that are not there; nil: it does not.
func (c *call) named(droplets []int64, tags []string) *answer {
	for _, id := range droplets {
		if d := c.a.droplets[id]; d == nil || !d.present() {
			return new(c.unprocessable(noDroplet))
		}
	}
	for _, tag := range tags {
		if c.a.tagNamed[strings.ToLower(tag)] == nil {
			return new(c.unprocessable(fmt.Sprintf("tag %s does not exist", tag)))
		}
	}
	return nil
}
