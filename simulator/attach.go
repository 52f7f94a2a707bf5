package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// The requests that attach something to a droplet (docs/digitalocean-api.md, "Attached resources"), as far as plans mention it.

// createReservedIP assigns a new reserved IP to a droplet. One for a region alone is not made.
func createReservedIP(c *call) answer {
	var req struct {
		Droplet int64 `json:"droplet_id"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	d := c.a.droplets[req.Droplet]
	if d == nil || !d.present() {
		return c.unprocessable("You specified an invalid Droplet.")
	}
	if slices.ContainsFunc(c.a.reservedIPs, func(r *ReservedIP) bool { return r.Droplet == d.ID }) {
		return c.unprocessable("The Droplet has a reserved IP already.")
	}
	var o object
	o.raw("reserved_ip", c.reservedIPBody(c.a.reserve(d)))
	return answer{status: http.StatusAccepted, body: o.bytes()}
}

// createFirewall makes a firewall for droplets by id and by tag. Its rules are not read.
func createFirewall(c *call) answer {
	var req struct {
		Name     string   `json:"name"`
		Droplets []int64  `json:"droplet_ids"`
		Tags     []string `json:"tags"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	if req.Name == "" || slices.ContainsFunc(c.a.firewalls, func(f *Firewall) bool { return f.Name == req.Name }) {
		return c.unprocessable("duplicate name")
	}
	for _, id := range req.Droplets {
		if d := c.a.droplets[id]; d == nil || !d.present() {
			return c.unprocessable("You specified an invalid Droplet.")
		}
	}
	for _, tag := range req.Tags {
		if c.a.tagNamed[strings.ToLower(tag)] == nil {
			return c.unprocessable(fmt.Sprintf("tag %s does not exist", tag))
		}
	}
	f := &Firewall{ID: newUUID(), Name: req.Name, Droplets: req.Droplets, Tags: req.Tags, CreatedAt: c.now}
	c.a.firewalls = append(c.a.firewalls, f)
	var o object
	o.raw("firewall", c.firewallBody(f))
	return answer{status: http.StatusAccepted, body: o.bytes()}
}
