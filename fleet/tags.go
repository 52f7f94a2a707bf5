package fleet

import (
	"slices"
	"strconv"
	"strings"
)

// The tags that arcadiad puts on droplets. DigitalOcean compares tags case-insensitively and gives back the first spelling it
// ever saw (docs/digitalocean-api.md, "Tags"), so all comparisons here fold case.
const (
	ManagedTag  = "managed-by-arcadia-cloud" // made or adopted by arcadiad; nothing without it is ever written to
	ProtectTag  = "arcadia-protect"          // never destroyed
	ourPrefix   = "arcadia-"
	sagaPrefix  = "arcadia-saga-"
	fleetPrefix = "arcadia-fleet-"
	replacesPre = "arcadia-replaces-"
)

// Saga8 is the part of a saga's id that its tag carries: the first 8 hex digits, unique in the state database.
func Saga8(id string) string {
	if len(id) < 8 {
		return id
	}
	return strings.ToLower(id[:8])
}

// SagaTag is the tag of the saga that made a droplet.
func SagaTag(id string) string { return sagaPrefix + Saga8(id) }

// FleetTag is the tag of a fleet's droplets.
func FleetTag(fleet string) string { return fleetPrefix + strings.ToLower(fleet) }

// ReplacesTag marks a replacement with the id of the droplet that it stands in for, so that a lost database still knows the pair.
func ReplacesTag(id int64) string { return replacesPre + strconv.FormatInt(id, 10) }

// TagsOf are the tags of a droplet of the fleet, in lower case, because the first spelling ever used stays: those that say whose it is, and
// the user's own. Saga is the one that made it, empty for none; it replaces a droplet, 0 for none.
func TagsOf(fleet, saga string, replaces int64, protect bool, own []string) []string {
	tags := []string{ManagedTag}
	if saga != "" {
		tags = append(tags, SagaTag(saga))
	}
	if protect {
		tags = append(tags, ProtectTag)
	}
	tags = append(tags, FleetTag(fleet))
	if replaces != 0 {
		tags = append(tags, ReplacesTag(replaces))
	}
	return append(tags, canonicalList(own)...)
}

// OurTag tells whether a tag is one of those that arcadiad puts on droplets; the file must not ask for them.
func OurTag(tag string) bool {
	_, ours := cutFold(tag, ourPrefix)
	return ours || strings.EqualFold(tag, ManagedTag)
}

// cutFold cuts a prefix off a tag, whatever its letter case.
func cutFold(tag, prefix string) (rest string, found bool) {
	if len(tag) < len(prefix) || !strings.EqualFold(tag[:len(prefix)], prefix) {
		return "", false
	}
	return tag[len(prefix):], true
}

// HasTag tells whether the droplet shows the tag, in whatever case.
func (d *Droplet) HasTag(tag string) bool {
	return slices.ContainsFunc(d.Tags, func(t string) bool { return strings.EqualFold(t, tag) })
}

// Managed tells whether the droplet shows arcadiad's tag.
func (d *Droplet) Managed() bool { return d.HasTag(ManagedTag) }

// Saga8s are the sagas whose tags the droplet shows (one, unless somebody retagged it).
func (d *Droplet) Saga8s() []string { return d.tagged(sagaPrefix) }

// Fleets are the fleets whose tags the droplet shows (one, unless somebody retagged it).
func (d *Droplet) Fleets() []string { return d.tagged(fleetPrefix) }

// OfFleet tells whether the droplet shows this fleet's tag and no other fleet's.
func (d *Droplet) OfFleet(fleet string) bool {
	by := Owners{Fleet: fleet}.Of(d.Tags).By
	return by == Ours || by == Stripped
}

// Replaces are the ids of the droplets that this one stands in for, by its tags.
func (d *Droplet) Replaces() []int64 {
	var ids []int64
	for _, s := range d.tagged(replacesPre) {
		if id, err := strconv.ParseInt(s, 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// Marks are the tags by which arcadiad knows the droplet as its own, canonical. Of the tags that are reserved for it, those that it
// never puts on a droplet are left out.
func (d *Droplet) Marks() []string {
	var marks []string
	for _, t := range canonicalList(d.Tags) {
		known := t == ManagedTag || t == ProtectTag
		for _, prefix := range []string{sagaPrefix, fleetPrefix, replacesPre, untilPrefix} {
			known = known || strings.HasPrefix(t, prefix)
		}
		if known {
			marks = append(marks, t)
		}
	}
	return marks
}

// UserTags are the tags that are not arcadiad's, canonical.
func (d *Droplet) UserTags() []string { return d.appendUserTags(make([]string, 0, len(d.Tags))) }

func (d *Droplet) appendUserTags(tags []string) []string {
	for _, t := range d.Tags {
		if !OurTag(t) {
			tags = append(tags, strings.ToLower(t))
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// userTags are UserTags, joined. They mostly are what they are compared with, and then no new text is made of them.
func (d *Droplet) userTags(like string) string {
	var buffer [16]string
	var text [256]byte
	joined := text[:0]
	for i, t := range d.appendUserTags(buffer[:0]) {
		if i > 0 {
			joined = append(joined, ',')
		}
		joined = append(joined, t...)
	}
	if string(joined) == like {
		return like
	}
	return string(joined)
}

// tagged gives what follows the prefix in each tag that has it, lower case, sorted, once.
func (d *Droplet) tagged(prefix string) []string {
	var rest []string
	for _, t := range d.Tags {
		if s, ok := cutFold(t, prefix); ok && s != "" {
			rest = append(rest, strings.ToLower(s))
		}
	}
	slices.Sort(rest)
	return slices.Compact(rest)
}

func canonicalList(list []string) []string {
	out := Words(list, strings.ToLower)
	slices.Sort(out)
	return slices.Compact(out)
}
