package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"arcadiad/fleet"
)

// comparer compares the droplets of a plan.
type comparer struct {
	*builder
	memory  memory
	noticed map[int64][]fleet.Deviation // by droplet: what was not as recorded before
	found   comparison                  // one for all: a hundred thousand of them would be garbage
}

// compare looks at a droplet that is desired, registered and seen, and sorts every difference by who made it:
//
//	desired  recorded  seen
//	  A        A       A     nothing
//	  A        A       B     drift: somebody changed the droplet
//	  A        B       A     the record is behind: record again
//	  A        B       B/C   the file changed: update what can be altered in place, else replace, or pending
//	  A        -       A     record again
//	  A        -       B     pending: what is not recorded is unknown, and never reason enough to act
//
// A field that the API never gives back is compared with the record alone. What drift leads to is the group's rule, or the policy's.
func (c *comparer) compare(x *subject, h holding) {
	wants, records := c.shape.of(x.spec), c.memory.of(h.record)
	found := &c.found
	*found = comparison{spec: x.spec, seen: h.seen, catalogue: c.observed.Catalogue, drifts: c.desired.Policy.DriftOf(x.spec.Rules),
		noticed: c.noticed[h.seen.ID]}
	for i := range fleet.Fields {
		f := &fleet.Fields[i]
		if f.Change == fleet.ChangeRecord {
			continue // protect has rules of its own
		}
		found.field(f, wants[i], records[i], h)
	}
	found.disk(h.record)
	found.status(h.seen)
	found.protection(h)
	found.address(readdressed(c.builder, x.spec, h.record, h.seen.ID, found.drifts))
	if ending := x.spec.Ending.String(); h.record.Values[fleet.FieldDestroy] != ending {
		found.record(fleet.FieldDestroy, ending)
	}

	record := *h.record
	if len(found.again) > 0 {
		record = recordedAgain(record, found.again, found.assumed, x.spec, *h.seen)
		record.RecordedAt = c.now
		c.plan.Records = append(c.plan.Records, record)
	}
	addUpdate(c.builder, x, h, record, found.update)
	addUpdate(c.builder, x, h, record, found.resize)
	asked := c.recorded.Scope.Replace == h.seen.ID
	if asked {
		c.plan.Asked = h.seen.ID
	}
	if len(found.replace) > 0 || asked {
		reason := blame(found.replace)
		if asked {
			reason = strings.TrimPrefix(reason+"; "+askedBy(c.recorded.Scope.By), "; ")
		}
		if x.spec.Rules.Order == fleet.DestroyFirst {
			reason += "; the old droplet goes first"
		}
		c.add(draft{subject: x, seen: h.seen, record: h.record, keysUnsure: found.keysUnsure, asked: asked,
			Action: Action{Kind: Replace, Reason: reason, Cause: causeOf(found.replace), Changes: append(found.replace, found.along(wants)...)}})
	} else if len(found.ignored) > 0 {
		c.plan.Ignored = append(c.plan.Ignored, Drift{x.name, h.seen.ID, found.ignored})
	}
	if len(found.drift) > 0 {
		c.plan.Drift = append(c.plan.Drift, Drift{x.name, h.seen.ID, found.drift})
	}
	if len(found.pending) > 0 {
		c.plan.Pending = append(c.plan.Pending, Drift{x.name, h.seen.ID, found.pending})
	}
	if !asked && len(found.update.changes)+len(found.resize.changes)+len(found.replace)+len(found.drift)+len(found.pending) == 0 { // what is ignored is no change
		c.plan.Summary.Unchanged++
	}
}

// askedBy says who asked for what the file does not.
func askedBy(p fleet.Person) string {
	if by := p.By(); by != "" {
		return "asked for" + by
	}
	return "a person asked for it"
}

// comparison is what comparing the fields of one droplet brings to light.
type comparison struct {
	spec      *fleet.Spec
	seen      *fleet.Droplet
	catalogue *fleet.Catalogue // nil: not known
	drifts    fleet.DriftPolicy
	noticed   []fleet.Deviation // of this droplet, before

	update, resize          alteration // in place; the droplet is off while it is resized
	replace, drift, pending []FieldChange
	keysUnsure              bool          // whether other SSH keys are asked for
	ignored                 []FieldChange // that the file asks for, and says to ignore on a living droplet
	again                   fleet.Values  // to be recorded again
	assumed                 []string      // those of them that could not be read
}

// field compares one field three ways.
func (c *comparison) field(f *fleet.Field, want want, was recollection, h holding) {
	recorded, known := was.value, was.known
	seen, readable := see(f, h.seen, recorded)

	switch {
	case known && f.Name == fieldKeys:
		c.keys(f, h.record.Values, want.value)
		return
	case known && (!want.asked || want.value == recorded):
		if readable && seen != recorded {
			c.drifted(f, recorded, seen)
		} else if f.Name == "image" {
			c.rebuilt(f, h)
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
	case known && f.Kind == fleet.KindList && readable:
		c.merge(f, recorded, seen, want.value)
	case known:
		from := recorded
		if readable {
			from = seen
		}
		c.changed(f, from, want.value)
	case legible:
		c.pending = append(c.pending, changeOf(f.Name, now, want.value, CauseFile))
	case f.Seen == nil:
		// Neither recorded nor ever readable: as with an adoption, the file's word of today is taken.
		c.record(f.Name, want.value)
		c.assumed = append(c.assumed, f.Name)
	}
}

// keys compares the SSH keys. Each may be named by its id or by its fingerprint, and records of older versions have a hash of the names
// alone.
func (c *comparison) keys(f *fleet.Field, recorded fleet.Values, want string) {
	sent, kept := recorded.KeysSent()
	if kept && recorded[fieldKeys] == want {
		return
	}
	same, known := c.catalogue.SameKeys(recorded, *c.spec)
	if same {
		c.record(fieldKeys, want)
		return
	}
	if !kept {
		sent = recorded[fieldKeys]
	}
	c.keysUnsure = !known
	c.changed(f, sent, c.spec.Keys())
}

// changed is a change that the file asks for.
func (c *comparison) changed(f *fleet.Field, from, to string) {
	change := changeOf(f.Name, from, to, CauseFile)
	switch {
	case c.alters(f, change, to):
	case wantsAnother(f, c.spec, change):
		c.replace = append(c.replace, change)
	case f.Change != fleet.ChangeReplace:
		c.pending = append(c.pending, change)
	default:
		c.ignored = append(c.ignored, change)
	}
}

// along is what the new droplet of a replace brings along beside what the replace is for: what was ignored so far, what could not be
// changed on the living droplet, and the end of what somebody changed.
func (c *comparison) along(wants []want) (changes []FieldChange) {
	changes = slices.Concat(c.ignored, c.pending)
	for _, d := range c.drift {
		if d.Field == fleet.FieldReservedIP && follows(c.spec) == "" {
			continue // the new one does not get it
		}
		to := d.From // as with the status, which no file asks for
		if i := slices.IndexFunc(fleet.Fields, func(f fleet.Field) bool { return f.Name == d.Field }); i >= 0 {
			if !wants[i].asked || d.Field == fieldProtect {
				continue // the new one may be the same; and nothing is replaced that is protected
			}
			to = wants[i].value
		}
		d.From, d.To = d.To, to
		changes = append(changes, d)
	}
	for i := range changes {
		changes[i].Along = true
	}
	return changes
}

// wantsAnother tells whether a change of the file takes another droplet: it cannot be made on a living one, and the group does not
// say that it is to be ignored.
func wantsAnother(f *fleet.Field, spec *fleet.Spec, c FieldChange) bool {
	ignored := f.AtCreate && spec.Rules.OnChange == fleet.OnChangeIgnore
	inPlace := f.Alter != nil && f.Alter(&fleet.Alteration{}, *spec, c.From, c.To)
	return f.Change == fleet.ChangeReplace && !ignored && !inPlace
}

// merge is a change of a list, element by element: what the file adds is added and what it drops goes, and what somebody else added
// or took away meanwhile is drift like any other.
func (c *comparison) merge(f *fleet.Field, recorded, seen, desired string) {
	to := merged(recorded, seen, desired)
	if to != seen {
		c.alters(f, changeOf(f.Name, seen, to, CauseFile), desired)
		return // the next pass sees what is left of drift
	}
	c.record(f.Name, desired)
	c.drifted(f, desired, seen)
}

// merged is what is seen, with what the file changed since it was recorded.
func merged(recorded, seen, desired string) string {
	was, want := fleet.List(recorded), fleet.List(desired)
	to := slices.DeleteFunc(fleet.List(seen), func(e string) bool { return slices.Contains(was, e) && !slices.Contains(want, e) })
	for _, e := range want {
		if !slices.Contains(was, e) && !slices.Contains(to, e) {
			to = append(to, e)
		}
	}
	slices.Sort(to)
	return strings.Join(to, ",")
}

// drifted is a change that somebody made to the droplet. What no action of the API does is shown, and nothing more: the droplet is
// probably misread.
func (c *comparison) drifted(f *fleet.Field, recorded, seen string) {
	back := c.since(changeOf(f.Name, seen, recorded, CauseOutside), seen)
	drifts := c.drifts
	if f.Stays && recorded == "true" {
		drifts = fleet.DriftReport
	}
	switch {
	case drifts == fleet.DriftReplace && f.Change == fleet.ChangeReplace && !c.mends(f, back):
		c.replace = append(c.replace, back)
	case drifts != fleet.DriftReport && c.alters(f, back, recorded):
	default:
		c.drift = append(c.drift, c.since(changeOf(f.Name, recorded, seen, CauseOutside), seen))
	}
}

// mends tells whether a change can be made on the living droplet, as far as is known: a disk that has grown does not shrink.
func (c *comparison) mends(f *fleet.Field, change FieldChange) bool {
	var a fleet.Alteration
	return f.Alter != nil && f.Alter(&a, *c.spec, change.From, change.To) &&
		(c.catalogue == nil || !a.Downtime() || len(faultsOfResize(a, c.seen, c.catalogue)) == 0)
}

// since says when a change was noticed first, and what did it.
func (c *comparison) since(change FieldChange, seen string) FieldChange {
	for _, n := range c.noticed {
		if n.Field == change.Field && n.Seen == seen {
			change.Since, change.By = n.Since, n.By
		}
	}
	return change
}

// alters takes a change into what is altered in place, and tells whether it can be. Recorded is the value to be recorded then.
func (c *comparison) alters(f *fleet.Field, change FieldChange, recorded string) bool {
	into := &c.update
	if f.Name == "size" {
		into = &c.resize
	}
	if f.Alter == nil || !f.Alter(&into.alter, *c.spec, change.From, change.To) {
		return false
	}
	into.take(change)
	into.record(f.Name, recorded)
	if into.alter.GrowDisk {
		into.record(fleet.FieldDisk, recorded)
	}
	return true
}

// disk compares the disk with that of the droplet's size, where the file says that it grows with the size: it may have been resized without
// its disk before. It is grown once for each size. A droplet that shows the old disk afterwards is not switched off again for that.
func (c *comparison) disk(record *fleet.Record) {
	d := c.seen
	if c.spec.Rules.Resize != fleet.ResizeWithDisk || len(c.resize.changes)+len(c.replace) > 0 || d.Disk == 0 || d.Disk >= d.SizeDisk || !strings.EqualFold(d.Size, c.spec.Size) {
		return
	}
	size := strings.ToLower(c.spec.Size)
	change := changeOf(fleet.FieldDisk, fmt.Sprintf("%d GB", d.Disk), fmt.Sprintf("%d GB", d.SizeDisk), CauseFile)
	if record.Values[fleet.FieldDisk] == size {
		c.pending = append(c.pending, change)
		return
	}
	c.resize.alter.Size, c.resize.alter.GrowDisk, c.resize.alter.Disk = size, true, d.SizeDisk
	c.resize.take(change)
	c.resize.record(fleet.FieldDisk, size)
}

func (c *comparison) record(field, value string) {
	if c.again == nil {
		c.again = fleet.Values{}
	}
	c.again[field] = value
}

// rebuilt notices a droplet whose image slug still reads the same, and which was rebuilt from another build of it.
func (c *comparison) rebuilt(f *fleet.Field, h holding) {
	was, is := h.record.ImageID, h.seen.ImageID
	if was == 0 || is == 0 || was == is {
		return
	}
	slug := h.record.Values["image"]
	c.drifted(f, fmt.Sprintf("%s (id %d)", slug, was), fmt.Sprintf("%s (id %d)", slug, is))
}

// status notices a droplet that was switched off. It is still billed, and still the droplet that is desired.
func (c *comparison) status(d *fleet.Droplet) {
	switch {
	case d.Status != fleet.StatusOff:
	case c.drifts == fleet.DriftReport:
		c.drift = append(c.drift, c.since(changeOf(fieldStatus, string(fleet.StatusActive), string(fleet.StatusOff), CauseBroken), string(fleet.StatusOff)))
	default:
		c.update.alter.PowerOn = true
		c.update.take(c.since(changeOf(fieldStatus, string(fleet.StatusOff), string(fleet.StatusActive), CauseBroken), string(fleet.StatusOff)))
	}
}

// protection compares what the file says about protect with the record and with its mirror, the tag. The file decides where it
// speaks; where it is silent, a difference between the two is drift, and either of them protects (law 9): nobody's protection is
// taken off to correct that.
func (c *comparison) protection(h holding) {
	recorded, tagged := h.record.Protect, h.seen.HasTag(fleet.ProtectTag)
	if c.spec.Protect == nil {
		if recorded != tagged {
			c.drift = append(c.drift, c.since(changeOf(fieldProtect, strconv.FormatBool(recorded), strconv.FormatBool(tagged), CauseOutside), strconv.FormatBool(tagged)))
		}
		return
	}
	if want := *c.spec.Protect; recorded != want || tagged != want {
		c.update.alter.Protection = true
		c.update.take(changeOf(fieldProtect, strconv.FormatBool(!want), strconv.FormatBool(want), CauseFile))
	}
}

// address takes in what becomes of the droplet's reserved IP.
func (c *comparison) address(r readdress) {
	switch r.change = c.since(r.change, r.seen); {
	case r.unread:
		for _, n := range c.noticed {
			if n.Field == fleet.FieldReservedIP {
				c.drift = append(c.drift, c.since(changeOf(n.Field, r.value, n.Seen, CauseOutside), n.Seen))
			}
		}
	case r.drift:
		c.drift = append(c.drift, r.change)
	case r.assign != "" || r.unassign != "":
		c.update.alter.Assign, c.update.alter.Unassign = r.assign, r.unassign
		c.update.take(r.change)
		c.update.record(fleet.FieldReservedIP, r.value)
	case r.record:
		c.record(fleet.FieldReservedIP, r.value)
	}
}

func see(f *fleet.Field, d *fleet.Droplet, like string) (string, bool) {
	if f.Seen == nil {
		return "", false
	}
	return f.Seen(d, like)
}

// noticedBefore sorts what was noticed before by droplet.
func noticedBefore(list []fleet.Deviation) map[int64][]fleet.Deviation {
	noticed := make(map[int64][]fleet.Deviation, len(list))
	for _, d := range list {
		noticed[d.DropletID] = append(noticed[d.DropletID], d)
	}
	return noticed
}
