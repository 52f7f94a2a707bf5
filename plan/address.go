package plan

import (
	"fmt"
	"strconv"
	"strings"

	"arcadiad/fleet"
)

// A reserved IP follows a name (law 20). What the file says of it is compared with what was assigned for the name, and with the account's list,
// as any other field is; it is no part of what the droplet is.

// follows is the address that the file gives to a name; empty: it gives none.
func follows(s *fleet.Spec) string {
	if s == nil || s.ReservedIP == fleet.NoAddress {
		return ""
	}
	return s.ReservedIP
}

// listed gives the account's reserved IPs; false: nobody has asked for them yet, or they could not be read.
func listed(b *builder) (addresses map[string]fleet.Address, known bool) {
	a := b.observed.Attachments
	if a == nil || !a.AddressesKnown {
		return nil, false
	}
	return a.Addresses, true
}

// addressed tells whether the plan depends on where reserved IPs are: the file gives one to a name, or takes one away, or did.
func addressed(b *builder) bool {
	for i := range b.desired.Specs {
		if b.desired.Specs[i].ReservedIP != "" {
			return true
		}
	}
	for _, r := range b.records {
		if r.Values[fleet.FieldReservedIP] != "" {
			return true
		}
	}
	return false
}

// readdress is what becomes of the reserved IP of one droplet. The zero readdress: nothing.
type readdress struct {
	change FieldChange // of the field; none: nothing is to be done or told
	seen   string      // what is shown, where somebody else did that
	drift  bool        // it is only told
	unread bool        // the list could not be read: what was told before, of value, is told on

	assign, unassign string // what the droplet gets, and what it loses first

	record bool // value is to be recorded: now if nothing changes, else when that is done
	value  string
}

// readdressed compares the reserved IP of a droplet three ways.
func readdressed(b *builder, spec *fleet.Spec, record *fleet.Record, droplet int64, drifts fleet.DriftPolicy) (r readdress) {
	all, known := listed(b)
	want, recorded := spec.ReservedIP, record.Values[fleet.FieldReservedIP]
	switch {
	case want == "" && recorded == "":
		return r
	case !known:
		return readdress{unread: b.observed.Attachments != nil, value: recorded}
	}
	seen := pointing(b)[droplet]
	switch {
	case want == "" && seen == recorded:
		return readdress{change: changeOf(fleet.FieldReservedIP, recorded, "", CauseFile), drift: true}
	case want == "":
		return readdress{record: true}
	case want == fleet.NoAddress && seen == "":
		return readdress{record: recorded != ""}
	case want == fleet.NoAddress && seen == recorded:
		return readdress{change: changeOf(fleet.FieldReservedIP, seen, "", CauseFile), unassign: seen, record: true}
	case want == fleet.NoAddress:
		return readdress{change: changeOf(fleet.FieldReservedIP, "", seen, CauseOutside), seen: seen, drift: true}
	case seen == want:
		return readdress{record: recorded != want, value: want}
	case recorded != want:
		return readdress{change: changeOf(fleet.FieldReservedIP, seen, want, CauseFile), assign: want, unassign: seen, record: true, value: want}
	}
	// Somebody took it away. It is brought back only from nobody, or from a droplet of the fleet; never from anybody else's.
	a, at := all[want], whereabouts(all[want])
	free := a.IP != "" && (a.DropletID == 0 || b.ofFleet(a.DropletID))
	if drifts == fleet.DriftReport || !free || seen != "" {
		return readdress{change: changeOf(fleet.FieldReservedIP, want, at, CauseOutside), seen: at, drift: true}
	}
	return readdress{change: changeOf(fleet.FieldReservedIP, at, want, CauseOutside), seen: at, assign: want, record: true, value: want}
}

// pointing gives the reserved IPs by the droplets that they point to. DigitalOcean allows one for each droplet.
func pointing(b *builder) map[int64]string {
	if b.pointing == nil {
		b.pointing = map[int64]string{}
		all, _ := listed(b)
		for ip, a := range all {
			if a.DropletID != 0 {
				b.pointing[a.DropletID] = ip
			}
		}
	}
	return b.pointing
}

// whereabouts says in words where an address is.
func whereabouts(a fleet.Address) string {
	switch {
	case a.IP == "":
		return "not in the account"
	case a.DropletID == 0:
		return "unassigned"
	}
	return "droplet " + strconv.FormatInt(a.DropletID, 10)
}

// addressFaults are the reasons for which a droplet cannot have the reserved IP that the file gives to its name (law 20).
func addressFaults(b *builder, d *draft) (faults []string) {
	ip, region := d.Alter.Assign, d.Spec.Region
	if d.creates() {
		ip = follows(&d.Spec)
	} else if d.seen != nil {
		region = d.seen.Region
	}
	if ip == "" || b.observed.Attachments == nil {
		return nil
	}
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	all, known := listed(b)
	a, there := all[ip]
	switch {
	case !known:
		fault("the account's reserved IPs could not be read, so %s is not assigned (a warning says why; it takes the scope reserved_ip:read)", ip)
	case !there:
		fault("the account has no reserved IP %s", ip)
	case a.Region != "" && !strings.EqualFold(a.Region, region):
		fault("reserved IP %s is in %s, not in %s", ip, a.Region, region)
	case a.DropletID != 0 && a.DropletID != d.DropletID && !b.ofFleet(a.DropletID):
		fault("reserved IP %s points to droplet %d, which is not this fleet's: unassign it there, or name another", ip, a.DropletID)
	}
	if instead := d.Alter.Unassign; instead != "" && d.record != nil && d.record.Values[fleet.FieldReservedIP] != instead {
		fault("it has the reserved IP %s, which somebody assigned, and a droplet can have one: unassign that", instead)
	}
	return faults
}

// leavesAddress gives those of a droplet's reserved IPs that its end would leave without a droplet: not those that follow its name, or that the
// file says it is not to have.
func leavesAddress(b *builder, d *draft) (left []string) {
	if !d.destroys() || b.observed.Attachments == nil {
		return nil
	}
	for _, a := range b.observed.Attachments.ByDroplet[d.seen.ID] {
		follows := d.Kind == Replace && (d.Spec.ReservedIP == a.ID || d.Spec.ReservedIP == fleet.NoAddress)
		if a.Kind == fleet.AttachedReservedIP && !follows {
			left = append(left, a.ID)
		}
	}
	return left
}

// goesTo finds another name that the file gives an address to; empty: it gives it to none, or to this one.
func goesTo(b *builder, ip string, from *subject) string {
	if b.addressees == nil {
		b.addressees = map[string]string{}
		for i := range b.desired.Specs {
			if ip := follows(&b.desired.Specs[i]); ip != "" {
				b.addressees[ip] = b.desired.Specs[i].Name
			}
		}
	}
	if to := b.addressees[ip]; fleet.Key(to) != fleet.Key(from.name) {
		return to
	}
	return ""
}
