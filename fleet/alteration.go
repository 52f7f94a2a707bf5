package fleet

import "slices"

// Alteration is what an update changes of a living droplet (docs/digitalocean-api.md, "Actions"). The zero Alteration changes nothing.
type Alteration struct {
	Protection bool     `json:"protection,omitempty"` // the protection tag is put on or taken off, as the record to be says
	Tag        []string `json:"tag,omitempty"`        // the user's tags to put on, canonical
	Untag      []string `json:"untag,omitempty"`      // and to take off
	Name       string   `json:"name,omitempty"`       // empty: it stays
	Backups    *bool    `json:"backups,omitempty"`    // nil: they stay as they are
	IPv6       bool     `json:"ipv6,omitempty"`       // switch it on; there is no way back
	Size       string   `json:"size,omitempty"`       // empty: it stays; else the droplet is off meanwhile
	GrowDisk   bool     `json:"grow_disk,omitempty"`  // the disk grows with the size, for good
	Disk       int      `json:"disk,omitempty"`       // GB that the disk has at least when it has grown; 0: what the size shows tells that
	PowerOn    bool     `json:"power_on,omitempty"`   // it was off
	Assign     string   `json:"assign,omitempty"`     // the reserved IP that it gets; empty: none
	Unassign   string   `json:"unassign,omitempty"`   // the one that it loses, before it gets another; empty: none
}

// Empty tells whether nothing is changed.
func (a Alteration) Empty() bool {
	return !a.Protection && len(a.Tag)+len(a.Untag) == 0 && a.Name == "" && a.Backups == nil && !a.IPv6 && a.Size == "" && !a.PowerOn && a.Assign == "" && a.Unassign == ""
}

// Downtime tells whether the droplet is off for a while.
func (a Alteration) Downtime() bool { return a.Size != "" }

// EndsBackups tells whether no more backups are made of the droplet.
func (a Alteration) EndsBackups() bool { return a.Backups != nil && !*a.Backups }

// beyond is what a list has that the other has not.
func beyond(list, other []string) (more []string) {
	for _, e := range list {
		if !slices.Contains(other, e) {
			more = append(more, e)
		}
	}
	return more
}
