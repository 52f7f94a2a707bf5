package fleet

import "time"

// Attachments is what the account's other things say about droplets, by the droplets' ids. What it does not hold was not asked for, or
// could not be read, and is then not known.
type Attachments struct {
	ByDroplet map[int64][]Attachment

	BalancerTags []string // by which load balancers select droplets; lower case, sorted
	FirewallTags []string // by which firewalls do, or let droplets through; the same
	TagsKnown    bool     // both are all there are; else both are empty

	Addresses      map[string]Address // by IP: every reserved IP of the account, whoever has it
	AddressesKnown bool               // they are all there are; else they were not asked for, or could not be read

	Unread []string  // what could not be read and why, in words
	ReadAt time.Time // when its oldest part was asked for
}

// Attachment is something that hangs on a droplet, and is no part of it.
type Attachment struct {
	Kind  AttachmentKind `json:"kind"`
	ID    string         `json:"id,omitempty"`    // a reserved IP's is the address; empty for backups
	Name  string         `json:"name,omitempty"`  // of a firewall or a load balancer
	Count int            `json:"count,omitempty"` // of backups; 0 for all others

	// Tags are those by which a firewall takes droplets in, beside their ids: a droplet that bears one need not be named.
	Tags []string `json:"-"`
}

// AttachmentKind says what it is, and so what becomes of it when its droplet is destroyed
// (docs/digitalocean-api.md, "Attached resources").
type AttachmentKind string

const (
	AttachedVolume       AttachmentKind = "volume"        // stays in the account, and costs on
	AttachedReservedIP   AttachmentKind = "reserved_ip"   // stays in the account unassigned, and costs on
	AttachedBackups      AttachmentKind = "backups"       // destroyed with the droplet, as DigitalOcean's pages on backups have it
	AttachedFirewall     AttachmentKind = "firewall"      // holds for the droplet by its id; another droplet is not in it
	AttachedFirewallRule AttachmentKind = "firewall_rule" // lets the droplet through by its id, and no other in its stead
	AttachedLoadBalancer AttachmentKind = "load_balancer" // sends to the droplet by its id, and to no other in its stead
)
