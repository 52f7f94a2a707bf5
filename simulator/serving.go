package simulator

import (
	"net/netip"
	"slices"
	"strconv"
	"time"
)

// boot decides from when to when a droplet that was just switched on will serve.
func (a *Account) boot(d *droplet, at time.Time) {
	s := a.s
	key := rollKey("boot", d.Name)
	s.rolls[key]++
	d.Boot = s.rolls[key]
	d.ReadyAt, d.ReadyUntil = at.Add(s.lag(s.faults.ReadyAfter, "ready_after", d.Name)), time.Time{}
	if lasts := s.lag(s.faults.ReadyFor, "ready_for", d.Name); lasts > 0 {
		d.ReadyUntil = d.ReadyAt.Add(lasts)
	}
}

// broken is the knob that keeps a droplet from serving at all; empty: none does. What was decided for a boot holds until the next one.
func (a *Account) broken(d *droplet) (knob string) {
	s, f := a.s, a.s.faults
	hit := func(set bool, knob string) bool {
		chance, limited := f.Chance[knob]
		return set && (!limited || s.number(rollKey(knob, d.Name), d.Boot) < chance)
	}
	switch {
	case hit(named(f.NeverReady, d), "never_ready"):
		return "never_ready"
	case hit(a.hasImage(f.BadImages, d), "bad_images"):
		return "bad_images"
	}
	return ""
}

// hasImage tells whether a list of ids and slugs, or [Everything], names the droplet's image.
func (a *Account) hasImage(list []string, d *droplet) bool {
	if len(list) == 0 {
		return false
	}
	img := a.image(d.Image)
	return slices.ContainsFunc(list, func(n string) bool {
		return n == Everything || n == strconv.FormatInt(d.Image, 10) || img != nil && img.Slug != nil && *img.Slug == n
	})
}

// up tells whether the droplet could serve, if nothing is broken in it: it is on, has its addresses, and has come up.
func (d *droplet) up(now time.Time) bool {
	return d.present() && d.Status == statusActive && d.addressed && !now.Before(d.ReadyAt) && (d.ReadyUntil.IsZero() || now.Before(d.ReadyUntil))
}

// Serves tells whether a droplet serves at this moment, in truth: it is active, and its service runs. A droplet whose DELETE was accepted
// no longer serves.
func (a *Account) Serves(id int64) bool {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	now := time.Now()
	a.advance(now)
	d := a.droplets[id]
	return d != nil && d.up(now) && a.broken(d) == ""
}

// reception is what a connection to an address meets.
type reception struct {
	Open   bool `json:"open"`             // else it is refused
	Silent bool `json:"silent,omitempty"` // it is neither taken nor refused
	Status int  `json:"status,omitempty"` // what HTTP requests are answered with
}

// receive decides what a connection to an address meets now. A reserved IP leads to the droplet that has it.
func (a *Account) receive(ip netip.Addr) reception {
	s := a.s
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	a.advance(now)
	r := a.reservedIP(ip.String())
	for _, d := range a.droplets {
		if a.publicIPv4(d) != ip && a.privateIPv4(d) != ip && (r == nil || r.Droplet != d.ID) {
			continue
		}
		if !d.up(now) {
			return reception{}
		}
		if knob := a.broken(d); knob != "" {
			s.hit(knob)
			return reception{}
		}
		if s.holds(named(s.faults.Unreachable, d), "unreachable", d.Name) {
			return reception{Silent: true}
		}
		r := reception{Open: true, Status: 200}
		if s.holds(s.faults.ServiceStatus != 0, "service_status", d.Name) {
			r.Status = s.faults.ServiceStatus
		}
		return r
	}
	return reception{}
}

// open gives the addresses of the droplets that take connections.
func (a *Account) open() map[netip.Addr]bool {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	now := time.Now()
	a.advance(now)
	out := map[netip.Addr]bool{}
	_, sometimes := a.s.faults.Chance["unreachable"]
	for _, d := range a.droplets {
		if !d.up(now) || a.broken(d) != "" || named(a.s.faults.Unreachable, d) && !sometimes {
			continue
		}
		out[a.privateIPv4(d)] = true
		if ip := a.publicIPv4(d); ip.IsValid() {
			out[ip] = true
		}
	}
	return out
}
