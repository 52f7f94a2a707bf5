package plan

import (
	"fmt"
	"slices"
	"strings"

	"arcadiad/fleet"
)

// alteration is what is to be changed of one living droplet, as it is found.
type alteration struct {
	alter   fleet.Alteration
	changes []FieldChange
	values  fleet.Values // to be recorded when it is done
}

func (a *alteration) take(change FieldChange) { a.changes = append(a.changes, change) }

func (a *alteration) record(field, value string) {
	if a.values == nil {
		a.values = fleet.Values{}
	}
	a.values[field] = value
}

// update plans what is altered in place. The record is the droplet's as it is known now.
func (b *builder) update(x *subject, h holding, record fleet.Record, a alteration) {
	if len(a.changes) == 0 {
		return
	}
	record = recordedAgain(record, a.values, nil, x.spec, *h.seen)
	if a.alter.Protection {
		record.Protect = x.spec.Protected()
	}
	record.RecordedAt = b.now
	reason := blame(a.changes)
	if a.alter.Downtime() {
		reason += "; downtime: off while being resized"
	}
	if b.growsDisk(a.alter, h.seen) {
		reason += "; the disk grows too, and never shrinks again"
	}
	b.add(draft{subject: x, seen: h.seen, record: h.record,
		Action: Action{Kind: Update, Reason: reason, Cause: causeOf(a.changes), Changes: a.changes, Record: record, Alter: a.alter}})
}

// growsDisk tells whether the droplet has a larger disk for good afterwards. Without a catalogue it may.
func (b *builder) growsDisk(a fleet.Alteration, d *fleet.Droplet) bool {
	if !a.GrowDisk || b.observed.Catalogue == nil {
		return a.GrowDisk
	}
	size, known := b.observed.Catalogue.Sizes[strings.ToLower(a.Size)]
	return !known || size.Disk > d.Disk
}

// acts tells whether the alteration takes actions on the droplet, which are refused while another is under way, its own creation too
// (docs/digitalocean-api.md, "Actions"). Tags do not.
func acts(a fleet.Alteration) bool {
	return a.Name != "" || a.Backups != nil || a.IPv6 || a.Size != "" || a.PowerOn
}

// faultsOfResize are the reasons for which DigitalOcean would refuse to resize a droplet in place
// (docs/digitalocean-api.md, "Actions").
func faultsOfResize(a fleet.Alteration, d *fleet.Droplet, c *fleet.Catalogue) (faults []string) {
	size, known := c.Sizes[strings.ToLower(a.Size)]
	switch {
	case c.Sizes == nil:
	case !known:
		faults = append(faults, "there is no size "+a.Size)
	case !offered(size.Regions, d.Region):
		faults = append(faults, fmt.Sprintf("size %s is not offered in %s, but in %s", a.Size, d.Region,
			strings.Join(slices.Sorted(slices.Values(size.Regions)), ", ")))
	case size.Disk > 0 && size.Disk < d.Disk:
		faults = append(faults, fmt.Sprintf("size %s has a disk of %d GB, and the droplet's has %d GB and cannot shrink: it takes another droplet (resize: replace)", a.Size, size.Disk, d.Disk))
	}
	return faults
}
