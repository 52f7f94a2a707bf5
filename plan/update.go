package plan

import (
	"fmt"
	"maps"
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

// addUpdate plans what is altered in place. The record is the droplet's as it is known now.
func addUpdate(b *builder, x *subject, h holding, record fleet.Record, a alteration) {
	if len(a.changes) == 0 {
		return
	}
	record = recordedAgain(record, a.values, nil, x.spec, *h.seen)
	if a.alter.Protection {
		record.Protect = x.spec.Protected()
	}
	record.RecordedAt = b.now
	reason := blame(a.changes)
	if a.alter.Disk > 0 {
		reason = fmt.Sprintf("its disk has %d of the %d GB of its size", h.seen.Disk, a.alter.Disk)
	}
	if a.alter.Downtime() {
		reason += "; downtime: off while being resized"
	}
	if growsDisk(b, a.alter, h.seen) {
		reason += "; the disk grows too, and never shrinks again"
	}
	b.add(draft{subject: x, seen: h.seen, record: h.record,
		Action: Action{Kind: Update, Reason: reason, Cause: causeOf(a.changes), Changes: a.changes, Record: record, Alter: a.alter}})
}

// growsDisk tells whether the droplet has a larger disk for good afterwards. Without a catalogue it may.
func growsDisk(b *builder, a fleet.Alteration, d *fleet.Droplet) bool {
	if !a.GrowDisk || b.observed.Catalogue == nil {
		return a.GrowDisk
	}
	size, known := b.observed.Catalogue.Sizes[strings.ToLower(a.Size)]
	return !known || size.Disk > d.Disk
}

// recordedAgain is a record with values that were found to be so.
func recordedAgain(r fleet.Record, again fleet.Values, assumed []string, spec *fleet.Spec, d fleet.Droplet) fleet.Record {
	r.Values = maps.Clone(r.Values)
	if r.Values == nil {
		r.Values = fleet.Values{}
	}
	maps.Copy(r.Values, again)
	if _, renamed := again[fieldName]; renamed {
		r.Name = spec.Name
		delete(r.Values, fieldName) // a record has its name apart
	}
	if _, keys := again[fieldKeys]; keys {
		r.Values.KeepKeys(*spec)
	}
	if _, ends := again[fleet.FieldDestroy]; ends {
		r.Values.KeepEnding(*spec)
	}
	r.Assumed = slices.DeleteFunc(slices.Clone(r.Assumed), func(field string) bool { _, seen := again[field]; return seen })
	r.Assumed = append(r.Assumed, assumed...)
	slices.Sort(r.Assumed)
	if _, seen := again["image"]; seen && d.ImageID != 0 {
		r.ImageID = d.ImageID
	}
	return r
}
