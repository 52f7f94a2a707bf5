package fleetfile

import (
	"net/netip"

	"arcadiad/fleet"

	"gopkg.in/yaml.v3"
)

// The keys of a stanza that say which reserved IPs follow its names.
const (
	addressKey   = "reserved_ip"
	addressesKey = "reserved_ips" // by ordinal
	projectKey   = "project"
)

var (
	addressForm = form{noun: "a reserved IP", patterns: match(`^([0-9]{1,3}(\.[0-9]{1,3}){3}|` + fleet.NoAddress + `)$`),
		hint: "an IPv4 address of the account, such as 203.0.113.7, or " + fleet.NoAddress}
	projectForm = form{noun: "the name of a project", patterns: match(`^[^\x00-\x1f]{1,175}$`), hint: "as the control panel shows it"}
)

// address reads one reserved IP.
func (d *decoder) address(n *yaml.Node, what string) (string, bool) {
	text, ok := d.text(n, what, addressForm)
	if !ok || text == fleet.NoAddress {
		return text, ok
	}
	if ip, err := netip.ParseAddr(text); err != nil || !ip.Is4() {
		return "", d.fail(d.follow(n), addressForm.hint, "%s: %s is no IPv4 address", what, clip(text))
	}
	return text, true
}

// addresses reads a list of reserved IPs.
func (d *decoder) addresses(n *yaml.Node) value {
	v := value{at: n, ok: true}
	items, ok := d.sequence(n, addressesKey)
	for _, item := range items {
		ip, fine := d.address(item, addressesKey)
		ok = ok && fine
		v.list = append(v.list, ip)
	}
	v.ok = ok
	return v
}

// addressesOf gives the reserved IPs of the droplets of one stanza, in the order of their ordinals.
func (d *decoder) addressesOf(s stanza, names []string, counted bool) []string {
	out := make([]string, len(names))
	one, single := s[addressKey]
	list, several := s[addressesKey]
	switch {
	case single && counted:
		d.fail(d.follow(one.at), "write reserved_ips: [..], one for each", "reserved_ip: %s has a count", s["name"].text)
	case several && !counted:
		d.fail(d.follow(list.at), "write reserved_ip", "reserved_ips: %s has no count", s["name"].text)
	case single && one.ok:
		out[0] = one.text
	case several && list.ok && len(list.list) > len(names):
		d.fail(d.follow(list.at), "remove those that are too many", "reserved_ips has %d addresses, and %s has count: %d", len(list.list), s["name"].text, len(names))
	case several && list.ok:
		copy(out, list.list)
	}
	return out
}

// oneNameEach refuses an address that another name has already.
func (d *decoder) oneNameEach(x *expansion, item *yaml.Node, s fleet.Spec) {
	if s.ReservedIP == "" || s.ReservedIP == fleet.NoAddress {
		return
	}
	if first, taken := x.addresses[s.ReservedIP]; taken {
		d.fail(item, "an address follows one name", "reserved IP %s of %s is given to %s on line %d already", s.ReservedIP, s.Name, first.Name, first.Line)
		return
	}
	x.addresses[s.ReservedIP] = s
}
