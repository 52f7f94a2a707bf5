package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// The requests that attach something to a droplet (docs/digitalocean-api.md, "Attached resources"), as far as plans mention it.

// createFirewall makes a firewall for droplets by id and by tag. Of its rules only the tags are read.
func createFirewall(c *call) answer {
	type peers struct {
		Tags []string `json:"tags"`
	}
	var req struct {
		Name     string                         `json:"name"`
		Droplets []int64                        `json:"droplet_ids"`
		Tags     []string                       `json:"tags"`
		Inbound  []struct{ Sources peers }      `json:"inbound_rules"`
		Outbound []struct{ Destinations peers } `json:"outbound_rules"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	if req.Name == "" || slices.ContainsFunc(c.a.firewalls, func(f *Firewall) bool { return f.Name == req.Name }) {
		return c.unprocessable("duplicate name")
	}
	f := &Firewall{ID: newUUID(), Name: req.Name, Droplets: req.Droplets, Tags: req.Tags, CreatedAt: c.now}
	for _, rule := range req.Inbound {
		f.SourceTags = append(f.SourceTags, rule.Sources.Tags...)
	}
	for _, rule := range req.Outbound {
		f.DestinationTags = append(f.DestinationTags, rule.Destinations.Tags...)
	}
	if bad := c.named(f.Droplets, slices.Concat(f.Tags, f.SourceTags, f.DestinationTags)); bad != nil {
		return *bad
	}
	c.a.firewalls = append(c.a.firewalls, f)
	var o object
	o.raw("firewall", c.firewallBody(f))
	return answer{status: http.StatusAccepted, body: o.bytes()}
}

// createLoadBalancer makes a load balancer for droplets by id, or for those with a tag.
func createLoadBalancer(c *call) answer {
	var req struct {
		Name     string  `json:"name"`
		Region   string  `json:"region"`
		Droplets []int64 `json:"droplet_ids"`
		Tag      string  `json:"tag"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	var tags []string
	if req.Tag != "" {
		tags = []string{req.Tag}
	}
	if bad := c.named(req.Droplets, tags); bad != nil {
		return *bad
	}
	switch {
	case req.Name == "" || slices.ContainsFunc(c.a.balancers, func(l *LoadBalancer) bool { return l.Name == req.Name }):
		return c.unprocessable("Load Balancer name must be unique")
	case c.s.cat.region(req.Region) == nil:
		return c.unprocessable("Region is not available")
	case req.Tag != "" && len(req.Droplets) > 0:
		return c.unprocessable("Load Balancer can have droplets or a tag, not both")
	}
	l := &LoadBalancer{ID: newUUID(), Name: req.Name, Region: req.Region, Droplets: req.Droplets, Tag: req.Tag, CreatedAt: c.now}
	c.a.balancers = append(c.a.balancers, l)
	var o object
	o.raw("load_balancer", c.loadBalancerBody(l))
	return answer{status: http.StatusAccepted, body: o.bytes()}
}

// named refuses a request that names droplets or tags that are not there; nil: it does not.
func (c *call) named(droplets []int64, tags []string) *answer {
	for _, id := range droplets {
		if d := c.a.droplets[id]; d == nil || !d.present() {
			bad := c.unprocessable("You specified an invalid Droplet.")
			return &bad
		}
	}
	for _, tag := range tags {
		if c.a.tagNamed[strings.ToLower(tag)] == nil {
			bad := c.unprocessable(fmt.Sprintf("tag %s does not exist", tag))
			return &bad
		}
	}
	return nil
}
