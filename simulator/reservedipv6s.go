package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// reservedIPv6 is a reserved IPv6 address. It is moved at once, and no droplet shows it.
type reservedIPv6 struct {
	IP         string    `json:"ip"`
	Region     string    `json:"region"`
	Droplet    int64     `json:"droplet,omitempty"` // 0: unassigned
	ReservedAt time.Time `json:"reserved_at"`

	actions []*action
}

func (c *call) reservedIPv6Body(r *reservedIPv6) []byte {
	var o object
	o.raw("ip", encode(r.IP))
	o.raw("region_slug", encode(r.Region))
	o.raw("reserved_at", encode(timestamp(r.ReservedAt)))
	droplet := []byte("null")
	if d := c.a.droplets[r.Droplet]; d != nil && d.present() && c.scopes.has("droplet:read") {
		droplet = c.a.render(d, c.scopes)
	}
	o.raw("droplet", droplet)
	return o.bytes()
}

func listReservedIPv6s(c *call) answer {
	return c.page("reserved_ipv6s", len(c.a.reservedIPv6s), func(i int) []byte { return c.reservedIPv6Body(c.a.reservedIPv6s[i]) })
}

func createReservedIPv6(c *call) answer {
	var req struct {
		Region string `json:"region_slug"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	if !c.s.cat.offers(req.Region) {
		return c.unprocessable("Region is not available")
	}
	r := &reservedIPv6{Region: req.Region, ReservedAt: c.now}
	for n := 1; r.IP == ""; n++ {
		if ip := fmt.Sprintf("2001:db8:5::%x", n); c.a.reservedIPv6(ip) == nil { // documentation
			r.IP = ip
		}
	}
	c.a.reservedIPv6s = append(c.a.reservedIPv6s, r)
	return one(http.StatusCreated, "reserved_ipv6", c.reservedIPv6Body(r))
}

// reservedIPv6 finds an address of the account; nil: there is none.
func (a *Account) reservedIPv6(ip string) *reservedIPv6 {
	return firstOf(a.reservedIPv6s, func(r *reservedIPv6) bool { return r.IP == ip })
}

// ofReservedIPv6 finds the address of the request's path for a handler.
func ofReservedIPv6(handle func(*call, *reservedIPv6) answer) func(*call) answer {
	return of(func(c *call) *reservedIPv6 { return c.a.reservedIPv6(c.r.PathValue("ip")) }, handle)
}

func getReservedIPv6(c *call, r *reservedIPv6) answer {
	return one(http.StatusOK, "reserved_ipv6", c.reservedIPv6Body(r))
}

func deleteReservedIPv6(c *call, r *reservedIPv6) answer {
	if r.Droplet != 0 {
		return c.unprocessable("The reserved IPv6 is assigned to a Droplet.")
	}
	c.a.reservedIPv6s = slices.DeleteFunc(c.a.reservedIPv6s, func(other *reservedIPv6) bool { return other == r })
	return c.noContent()
}

func createReservedIPv6Action(c *call, r *reservedIPv6) answer {
	var req struct {
		Type    string `json:"type"`
		Droplet int64  `json:"droplet_id"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	kind, d := assignIP, c.a.droplets[req.Droplet]
	switch {
	case req.Type == "unassign" && r.Droplet == 0:
		return c.unprocessable("The reserved IPv6 is not assigned to a Droplet.")
	case req.Type == "unassign":
		kind, req.Droplet = unassignIP, r.Droplet
	case req.Type != "assign":
		return c.unprocessable("You specified an invalid action type.")
	case d == nil || !d.present():
		return c.unprocessable(noDroplet)
	case d.Region != r.Region:
		return c.unprocessable("The Droplet and the reserved IPv6 must be in the same region.")
	case firstOf(c.a.reservedIPv6s, func(other *reservedIPv6) bool { return other.Droplet == d.ID }) != nil:
		return c.unprocessable("The Droplet already has a reserved IPv6.")
	}
	act := &action{IPv6: r.IP, DropletID: req.Droplet, Region: r.Region, Request: actionRequest{Type: kind}}
	c.a.enterDone(act, &r.actions, c.now)
	if r.Droplet = 0; kind == assignIP {
		r.Droplet = d.ID
	}
	return c.json(http.StatusCreated, map[string]any{"action": c.a.actionBody(act)})
}
