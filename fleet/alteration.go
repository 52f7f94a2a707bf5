package fleet

import "slices"

// Alteration is what an update changes of a living droplet (do-api.md, section 5). The zero Alteration changes nothing.
type Alteration struct {
	Protection bool     `json:"protection,omitempty"` // the protection tag is put on or taken off, as the record to be says
	Tag        []string `json:"tag,omitempty"`        // the user's tags to put on, canonical
	Untag      []string `json:"untag,omitempty"`      // and to take off
	Name       string   `json:"name,omitempty"`       // empty: it stays
	Backups    *bool    `json:"backups,omitempty"`    // nil: they stay as they are
	IPv6       bool     `json:"ipv6,omitempty"`       // switch it on; there is no way back
	Size       string   `json:"size,omitempty"`       // empty: it stays; else the droplet is off meanwhile
	GrowDisk   bool     `json:"grow_disk,omitempty"`  // the disk grows with the size, for good
	PowerOn    bool     `json:"power_on,omitempty"`   // it was off
}

// Empty tells whether nothing is changed.
func (a Alteration) Empty() bool {
	return !a.Protection && len(a.Tag)+len(a.Untag) == 0 && a.Name == "" && a.Backups == nil && !a.IPv6 && a.Size == "" && !a.PowerOn
}

// Downtime tells whether the droplet is off for a while.
func (a Alteration) Downtime() bool { return a.Size != "" }

// alterTags finds the tags that are to be put on and taken off, of two canonical lists.
func (a *Alteration) alterTags(from, to string) {
	before, after := splitList(from), splitList(to)
	a.Tag = slices.DeleteFunc(slices.Clone(after), func(t string) bool { return slices.Contains(before, t) })
	a.Untag = slices.DeleteFunc(slices.Clone(before), func(t string) bool { return slices.Contains(after, t) })
}
