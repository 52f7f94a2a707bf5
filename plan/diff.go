package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"arcadiad/fleet"
)

// compare looks at a droplet that is wanted, registered and seen, and sorts every difference by who made it:
//
//	wanted  recorded  seen
//	  A        A       A     nothing
//	  A        A       B     drift: somebody changed the droplet
//	  A        B       A     the record is behind: record again
//	  A        B       B/C   the file changed: replace, or pending where it could be done in place
//	  A        -       A     record again
//	  A        -       B     pending: what is not recorded is unknown, and never reason enough to replace
//
// A field that the API never gives back is compared with the record alone.
func (b *builder) compare(x *subject, h holding) {
	wants := b.shape.of(x.spec)
	var c comparison
	for i := range fleet.Fields {
		f := &fleet.Fields[i]
		if f.Change == fleet.ChangeRecord {
			continue // protect has rules of its own
		}
		c.field(f, wants[i], h)
	}
	c.status(*h.seen)
	update := b.protection(x, h, &c)

	record := *h.record
	if len(c.again) > 0 {
		record.Values = maps.Clone(record.Values)
		if record.Values == nil {
			record.Values = fleet.Values{}
		}
		maps.Copy(record.Values, c.again)
		if _, renamed := c.again[fieldName]; renamed {
			record.Name = x.spec.Name
			delete(record.Values, fieldName) // a record has its name apart
		}
		record.Assumed = slices.DeleteFunc(slices.Clone(record.Assumed), func(name string) bool { _, seen := c.again[name]; return seen })
		record.Assumed = append(record.Assumed, c.assumed...)
		slices.Sort(record.Assumed)
		if _, seen := c.again["image"]; seen && h.seen.ImageID != 0 {
			record.ImageID = h.seen.ImageID
		}
		record.RecordedAt = b.now
		b.plan.Records = append(b.plan.Records, record)
	}
	if len(update) > 0 {
		record.Protect = x.spec.Protected()
		record.RecordedAt = b.now
		reason := "protect was lifted in the file"
		if record.Protect {
			reason = "protect is asked for in the file"
		}
		b.add(draft{subject: x, seen: h.seen, record: h.record, Action: Action{Kind: Update, Reason: reason, Changes: update, Record: record,
			Alter: fleet.Alteration{Protection: true}}})
	}
	if len(c.replace) > 0 {
		b.add(draft{subject: x, seen: h.seen, record: h.record, while: whileSpec,
			Action: Action{Kind: Replace, Reason: changedInFile(c.replace), Changes: c.replace}})
	}
	if len(c.drift) > 0 {
		b.plan.Drift = append(b.plan.Drift, Drift{x.name, h.seen.ID, c.drift})
	}
	if len(c.pending) > 0 {
		b.plan.Pending = append(b.plan.Pending, Drift{x.name, h.seen.ID, c.pending})
	}
	if len(update)+len(c.replace)+len(c.drift)+len(c.pending) == 0 {
		b.plan.Summary.Unchanged++
	}
}

// comparison is what comparing the fields of one droplet brings to light.
type comparison struct {
	replace, drift, pending []FieldChange
	again                   fleet.Values // to be recorded again
	assumed                 []string     // those of them that could not be read
}

// field compares one field three ways.
func (c *comparison) field(f *fleet.Field, want want, h holding) {
	recorded, known := h.record.Values[f.Name]
	if f.Name == fieldName {
		recorded, known = fleet.Key(h.record.Name), true
	}
	seen, readable := see(f, h.seen, recorded)

	switch {
	case known && (!want.asked || want.value == recorded):
		if readable && seen != recorded {
			c.drift = append(c.drift, FieldChange{f.Name, recorded, seen})
		} else if f.Name == "image" {
			c.rebuilt(h)
		}
		return
	case !want.asked:
		return
	}

	// The same field in the words of the file: an image may be recorded as a slug and asked for as an id.
	now, legible := see(f, h.seen, want.value)
	switch {
	case legible && now == want.value:
		c.record(f.Name, want.value)
	case known:
		from := recorded
		if readable {
			from = seen
		}
		change := FieldChange{f.Name, from, want.value}
		if f.Change == fleet.ChangeReplace {
			c.replace = append(c.replace, change)
		} else {
			c.pending = append(c.pending, change)
		}
	case legible:
		c.pending = append(c.pending, FieldChange{f.Name, now, want.value})
	case f.Seen == nil:
		// Neither recorded nor ever readable: as with an adoption, the file's word of today is taken.
		c.record(f.Name, want.value)
		c.assumed = append(c.assumed, f.Name)
	}
}

func (c *comparison) record(field, value string) {
	if c.again == nil {
		c.again = fleet.Values{}
	}
	c.again[field] = value
}

// rebuilt notices a droplet whose image slug still reads the same, and which was rebuilt from another build of it.
func (c *comparison) rebuilt(h holding) {
	was, is := h.record.ImageID, h.seen.ImageID
	if was == 0 || is == 0 || was == is {
		return
	}
	slug := h.record.Values["image"]
	c.drift = append(c.drift, FieldChange{"image", fmt.Sprintf("%s (id %d)", slug, was), fmt.Sprintf("%s (id %d)", slug, is)})
}

// status notices a droplet that was switched off. It is still billed, and still the droplet that is wanted.
func (c *comparison) status(d fleet.Droplet) {
	if d.Status == fleet.StatusOff {
		c.drift = append(c.drift, FieldChange{"status", string(fleet.StatusActive), string(fleet.StatusOff)})
	}
}

// protection compares what the file says about protect with the record and with its mirror, the tag. The file decides where it
// speaks; where it is silent, a difference between the two is drift, and either of them protects (law 9).
func (b *builder) protection(x *subject, h holding, c *comparison) []FieldChange {
	recorded, tagged := h.record.Protect, h.seen.HasTag(fleet.ProtectTag)
	if x.spec.Protect == nil {
		if recorded != tagged {
			c.drift = append(c.drift, FieldChange{"protect", strconv.FormatBool(recorded), strconv.FormatBool(tagged)})
		}
		return nil
	}
	if want := *x.spec.Protect; recorded != want || tagged != want {
		return []FieldChange{{"protect", strconv.FormatBool(!want), strconv.FormatBool(want)}}
	}
	return nil
}

func see(f *fleet.Field, d *fleet.Droplet, like string) (string, bool) {
	if f.Seen == nil {
		return "", false
	}
	return f.Seen(d, like)
}

func changedInFile(changes []FieldChange) string {
	names := make([]string, len(changes))
	for i, c := range changes {
		names[i] = c.Field
	}
	return series(names) + " changed in the file"
}

// want is what a spec asks for in one field.
type want struct {
	value string
	asked bool
}

// shape remembers what the last spec asked for. The droplets of a group differ in their names alone, and hashing the same
// user_data for each of ten thousand would be most of the work.
type shape struct {
	spec  *fleet.Spec
	wants []want
}

// of gives the wanted values by the index of the field in fleet.Fields. The slice is good until the next call.
func (s *shape) of(spec *fleet.Spec) []want {
	if s.spec == nil || !alike(s.spec, spec) {
		s.wants = s.wants[:0]
		for _, f := range fleet.Fields {
			value, asked := f.Wanted(*spec)
			s.wants = append(s.wants, want{value, asked})
		}
	}
	s.spec = spec
	s.wants[nameField].value = fleet.Key(spec.Name)
	return s.wants
}

const fieldName = "name"

// nameField is where fleet.Fields has the name.
var nameField = slices.IndexFunc(fleet.Fields, func(f fleet.Field) bool { return f.Name == fieldName })

// alike tells whether two specs ask for the same but for the name and for protect.
func alike(a, b *fleet.Spec) bool {
	return a.Region == b.Region && a.Size == b.Size && a.Image == b.Image && a.VPCUUID == b.VPCUUID &&
		a.Monitoring == b.Monitoring && a.Backups == b.Backups && a.IPv6 == b.IPv6 &&
		slices.Equal(a.SSHKeys, b.SSHKeys) && slices.Equal(a.Tags, b.Tags) && a.UserData == b.UserData
}
