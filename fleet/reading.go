package fleet

// Unread names the parts of a droplet that an answer left out, or gave as null. They are unknown: never none, and never different from
// anything. A name, a size, a region or an image that is not known is empty or zero, and needs no mark.
type Unread uint8

const (
	UnreadTags      Unread = 1 << iota // the token may lack tag:read
	UnreadFeatures                     // monitoring, backups, ipv6
	UnreadVolumes                      // the token may lack block_storage:read
	UnreadWindow                       // the next backup window
	UnreadAddresses                    // the public and private IPv4 addresses
	UnreadIPv6                         // the public IPv6 address
)

// Has tells whether the part is unknown.
func (u Unread) Has(part Unread) bool { return u&part != 0 }

// settled reports whether the droplet is known to be past its creation: a new one shows none of its features yet
// (docs/digitalocean-api.md, "New droplets").
func (d *Droplet) settled() bool { return d.Status != StatusNew && d.Status != StatusUnknown }

// Monitored tells whether the droplet has the metrics agent, as far as that can be read.
func (d *Droplet) Monitored() (on, known bool) {
	on = d.HasFeature("monitoring")
	return on, d.settled() && (on || !d.Unread.Has(UnreadFeatures))
}

// BacksUp reports whether backups are made of the droplet, as far as that can be read. Its features lack the word under some policies,
// while the next backup window is told (docs/digitalocean-api.md, "The droplet object"): only both together prove that none are made.
func (d *Droplet) BacksUp() (on, known bool) {
	on = d.HasFeature("backups") || d.BackupWindow
	return on, d.settled() && (on || !d.Unread.Has(UnreadFeatures|UnreadWindow))
}

// HasIPv6 tells whether the droplet has a public IPv6 address, as far as that can be read.
func (d *Droplet) HasIPv6() (on, known bool) {
	on = d.HasFeature("ipv6") || d.PublicIPv6 != ""
	return on, d.settled() && (on || !d.Unread.Has(UnreadFeatures|UnreadIPv6))
}
