package simulator

import (
	"encoding/binary"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ReservedIP is a reserved IP (docs/digitalocean-api.md, "Reserved IPs").
type ReservedIP struct {
	IP      string `json:"ip"`
	Region  string `json:"region"`
	Droplet int64  `json:"droplet,omitempty"` // 0: unassigned
}

// reservedIP is a reserved IP with what was done to it.
type reservedIP struct {
	ReservedIP
	Project string `json:"project,omitempty"` // of one that nobody has; empty: the default one
	actions []*action
}

// The types of actions on reserved IPs.
const (
	assignIP   = "assign_ip"
	unassignIP = "unassign_ip"
)

const (
	noDroplet    = "You specified an invalid Droplet."
	busyAddress  = "The reserved IP already has a pending event."
	otherAddress = "The Droplet already has a reserved IP."
	sameAddress  = "The reserved IP is already assigned to this Droplet."
)

// ipNumber is the resource id of the actions on an address: the address as a number.
func ipNumber(ip string) int64 {
	b := netip.MustParseAddr(ip).As4()
	return int64(binary.BigEndian.Uint32(b[:]))
}

// reservedIP finds an address of the account; nil: there is none.
func (a *Account) reservedIP(ip string) *reservedIP {
	return firstOf(a.reservedIPs, func(r *reservedIP) bool { return r.IP == ip })
}

// reservedIPOf is the address that a droplet has; nil: none.
func (a *Account) reservedIPOf(id int64) *reservedIP {
	return firstOf(a.reservedIPs, func(r *reservedIP) bool { return r.Droplet == id })
}

// mostReserved is how many addresses there are in 203.0.113.0/24 (documentation), without the gateway.
const mostReserved = 253

// reserve makes a new address in a region, which nobody has.
func (a *Account) reserve(region string) *reservedIP {
	for n := 1; n <= mostReserved; n++ {
		ip := "203.0.113." + strconv.Itoa(n)
		if a.reservedIP(ip) == nil {
			r := &reservedIP{ReservedIP: ReservedIP{IP: ip, Region: region}}
			a.reservedIPs = append(a.reservedIPs, r)
			return r
		}
	}
	panic("simulator: all of 203.0.113.0/24 is reserved")
}

// move gives the address to a droplet; 0: to nobody. The droplets show it, as far as they are there.
func (a *Account) move(r *reservedIP, to int64) {
	var shown []*droplet
	for _, id := range []int64{r.Droplet, to} {
		if d := a.droplets[id]; d != nil {
			a.remember(d)
			shown = append(shown, d)
		}
	}
	if to == 0 && a.droplets[r.Droplet] != nil {
		r.Project = a.droplets[r.Droplet].Project // it stays where its droplet is
	}
	r.Droplet = to
	for _, d := range shown {
		d.rendered = nil
	}
}

// ReserveIP assigns a new reserved IP to a droplet; empty: there is no such droplet. When there are no more it panics.
func (a *Account) ReserveIP(id int64) (ip string) {
	a.console(id, func(d *droplet, _ time.Time) {
		r := a.reserve(d.Region)
		ip = r.IP
		a.move(r, d.ID)
	})
	return ip
}

// ReserveIPIn makes a new reserved IP in a region, which nobody has. It panics when there is no such region, or no more addresses.
func (a *Account) ReserveIPIn(region string) string {
	if a.s.cat.region(region) == nil {
		panic("simulator: there is no region named " + region)
	}
	a.s.mu.Lock()
	defer a.unlock()
	a.advance(time.Now())
	return a.reserve(region).IP
}

// Assign gives a reserved IP to a droplet at once, from whomever has it; one that the droplet has already goes to nobody. False: there is
// no such address or no such droplet. An action that is under way goes on.
func (a *Account) Assign(ip string, id int64) (done bool) {
	a.console(id, func(d *droplet, now time.Time) {
		if r := a.reservedIP(ip); r != nil {
			if other := a.reservedIPOf(d.ID); other != nil && other != r {
				a.move(other, 0)
			}
			a.moved(r, assignIP, d.ID, now)
			done = true
		}
	})
	return done
}

// Unassign takes a reserved IP from the droplet that has it; false: there is no such address.
func (a *Account) Unassign(ip string) bool {
	return a.consoleIP(ip, func(r *reservedIP, now time.Time) { a.moved(r, unassignIP, r.Droplet, now) })
}

// ReleaseIP gives a reserved IP back to DigitalOcean, whoever has it; false: there is no such address.
func (a *Account) ReleaseIP(ip string) bool {
	return a.consoleIP(ip, func(r *reservedIP, _ time.Time) { a.release(r) })
}

// ReservedIPs gives all reserved IPs, the oldest first.
func (a *Account) ReservedIPs() []ReservedIP {
	return peek(a, a.reservedIPs, func(r reservedIP) ReservedIP { return r.ReservedIP })
}

// consoleIP lets the console user change an address.
func (a *Account) consoleIP(ip string, do func(*reservedIP, time.Time)) bool {
	a.s.mu.Lock()
	defer a.unlock()
	now := time.Now()
	a.advance(now)
	r := a.reservedIP(ip)
	if r == nil {
		return false
	}
	do(r, now)
	return true
}

// moved has an action on an address done at once.
func (a *Account) moved(r *reservedIP, kind string, droplet int64, now time.Time) {
	act := &action{IP: r.IP, DropletID: droplet, Region: r.Region, Request: actionRequest{Type: kind}}
	a.enterDone(act, &r.actions, now)
	a.perform(act, now)
}

// release takes an address out of the account, with its actions under way.
func (a *Account) release(r *reservedIP) {
	a.move(r, 0)
	a.reservedIPs = slices.DeleteFunc(a.reservedIPs, func(other *reservedIP) bool { return other == r })
}

// ofReservedIP finds the address of the request's path for a handler.
func ofReservedIP(handle func(*call, *reservedIP) answer) func(*call) answer {
	return of(func(c *call) *reservedIP { return c.a.reservedIP(c.r.PathValue("ip")) }, handle)
}

// addressWord is what the request's path calls an address: floating IP is the old name of a reserved IP, and both lead to the same ones.
func (c *call) addressWord() string {
	if strings.HasPrefix(c.r.URL.Path, "/v2/floating_ips") {
		return "floating_ip"
	}
	return "reserved_ip"
}

// addressAction is an action on an address, in the words of the request's path.
func (c *call) addressAction(act *action) map[string]any {
	b := c.a.actionBody(act)
	b.ResourceType = c.addressWord()
	return map[string]any{"action": b}
}

func (c *call) reservedIPBody(r *reservedIP) []byte {
	var o object
	o.raw("ip", encode(r.IP))
	o.raw("region", c.s.cat.region(r.Region).rendered)
	droplet := []byte("null")
	if d := c.a.droplets[r.Droplet]; d != nil && c.scopes.has("droplet:read") {
		droplet = c.a.render(d, c.scopes)
	}
	o.raw("droplet", droplet)
	o.raw("locked", encode(pending(r.actions) != nil))
	o.raw("project_id", encode(c.a.project(*r.belonging(c.a.droplets[r.Droplet]).project).ID))
	return o.bytes()
}

func listReservedIPs(c *call) answer {
	return c.page(c.addressWord()+"s", len(c.a.reservedIPs), func(i int) []byte { return c.reservedIPBody(c.a.reservedIPs[i]) })
}

func getReservedIP(c *call, r *reservedIP) answer {
	return one(http.StatusOK, c.addressWord(), c.reservedIPBody(r))
}

// createReservedIP makes an address in a region, or one that is on its way to a droplet.
func createReservedIP(c *call) answer {
	var req struct {
		Droplet int64  `json:"droplet_id"`
		Region  string `json:"region"`
		Project string `json:"project_id"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	d, links := c.a.droplets[req.Droplet], map[string]any{}
	switch {
	case req.Droplet == 0 && !c.s.cat.offers(req.Region):
		return c.unprocessable("Region is not available")
	case c.a.project(req.Project) == nil:
		return c.unprocessable("project_id is invalid")
	case len(c.a.reservedIPs) == mostReserved:
		return c.unprocessable("You have reached your reserved IP limit.")
	case req.Droplet != 0:
		if refusal := c.refuseAssign(nil, d); refusal != "" {
			return c.unprocessable(refusal)
		}
		req.Region = d.Region
	}
	r := c.a.reserve(req.Region)
	r.Project = req.Project
	if req.Droplet != 0 {
		act := c.actOnIP(r, assignIP, d.ID)
		link := func(id int64, rel, path string) []map[string]any {
			return []map[string]any{{"id": id, "rel": rel, "href": absolute(c.r, path+strconv.FormatInt(id, 10))}}
		}
		links["droplets"], links["actions"] = link(d.ID, "droplet", "/v2/droplets/"), link(act.ID, assignIP, "/v2/actions/")
	}
	var o object
	o.raw(c.addressWord(), c.reservedIPBody(r))
	o.raw("links", encode(links))
	return answer{status: http.StatusAccepted, body: o.bytes()}
}

func deleteReservedIP(c *call, r *reservedIP) answer {
	if pending(r.actions) != nil {
		return c.unprocessable(busyAddress)
	}
	c.a.release(r)
	return c.noContent()
}

// createReservedIPAction moves an address. One that a droplet has may be given to another right away.
func createReservedIPAction(c *call, r *reservedIP) answer {
	var req struct {
		Type    string `json:"type"`
		Droplet int64  `json:"droplet_id"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	kind, refusal := assignIP, ""
	switch {
	case pending(r.actions) != nil:
		refusal = busyAddress
	case req.Type == "assign":
		refusal = c.refuseAssign(r, c.a.droplets[req.Droplet])
	case req.Type == "unassign":
		kind, req.Droplet = unassignIP, r.Droplet
		if r.Droplet == 0 {
			refusal = "The reserved IP is not assigned to a Droplet."
		}
	default:
		refusal = "You specified an invalid action type."
	}
	if refusal != "" {
		return c.unprocessable(refusal)
	}
	return c.json(http.StatusCreated, c.addressAction(c.actOnIP(r, kind, req.Droplet)))
}

// refuseAssign says why a droplet cannot be given the address: the message of the 422, or nothing. Without an address it is a new one.
func (c *call) refuseAssign(r *reservedIP, d *droplet) string {
	has := func(other *reservedIP) bool {
		act := pending(other.actions)
		return other != r && (other.Droplet == d.ID || act != nil && act.Request.Type == assignIP && act.DropletID == d.ID)
	}
	switch {
	case d == nil || !d.present():
		return noDroplet
	case r != nil && r.Region != d.Region:
		return "The Droplet and the reserved IP must be in the same region."
	case r != nil && r.Droplet == d.ID:
		return sameAddress
	case firstOf(c.a.reservedIPs, has) != nil:
		return otherAddress
	case d.pending() != nil:
		return pendingEvent
	case c.now.Before(d.AddressAt.Add(c.s.faults.AssignRefusedFor)) && c.s.holds(true, "assign_refused_for", d.Name):
		return "The Droplet is not ready for a reserved IP yet."
	}
	return ""
}

// actOnIP begins an action on an address that was found to be in order.
func (c *call) actOnIP(r *reservedIP, kind string, droplet int64) *action {
	act := &action{IP: r.IP, DropletID: droplet, Region: r.Region, Request: actionRequest{Type: kind}}
	c.a.enterAction(act, &r.actions, r.IP, c.now)
	c.a.settleAction(act)
	c.a.advance(c.now)
	return act
}

func listReservedIPActions(c *call, r *reservedIP) answer {
	return c.page("actions", len(r.actions), func(i int) []byte { return encode(c.addressAction(r.actions[len(r.actions)-1-i])["action"]) })
}

func getReservedIPAction(c *call, r *reservedIP) answer {
	act := c.action()
	if act == nil || act.IP != r.IP {
		return c.notFound()
	}
	return c.json(http.StatusOK, c.addressAction(act))
}
