package fleet

import (
	"regexp"
	"slices"
	"strings"
)

// Owner is whose a droplet is to a fleet, by its tags (law 1).
type Owner int

const (
	Nobody     Owner = iota // no tag says that any arcadiad works on it
	Ours                    // arcadiad's tag and this fleet's, and no other fleet's
	OurSaga                 // arcadiad's tag, no fleet's, and no saga tag but those of this journal
	OtherFleet              // another fleet's tag, whatever else it shows
	Stripped                // this fleet's tag without arcadiad's: somebody took that off
	Unproved                // arcadiad's tag, and nothing that says which fleet's
)

// Ownership says whose a droplet is.
type Ownership struct {
	By    Owner
	Fleet string // whose tag decides: of OtherFleet that other one, else the fleet that asks
}

// Ours reports whether the fleet may write to the droplet.
func (o Ownership) Ours() bool { return o.By == Ours || o.By == OurSaga }

// Reason says why the droplet is not the fleet's; empty: it is. It is put together only when somebody asks, because a plan asks
// whose each droplet of the account is.
func (o Ownership) Reason() string {
	switch o.By {
	case OtherFleet:
		return "it shows the tag of another fleet, " + FleetTag(o.Fleet)
	case Unproved:
		return "it shows the tag " + ManagedTag + ", but not " + FleetTag(o.Fleet)
	case Nobody, Stripped:
		return "it does not show the tag " + ManagedTag
	}
	return ""
}

// Owners tells whose droplets are, as one fleet sees it.
type Owners struct {
	Fleet string
	Made  func(saga8 string) bool // whether the saga with that tag is one of this journal that makes droplets; nil: none is
}

// MadeBy knows these sagas, for Owners.Made.
func MadeBy(sagas ...string) func(saga8 string) bool {
	return func(saga8 string) bool {
		return slices.ContainsFunc(sagas, func(id string) bool { return Saga8(id) == saga8 })
	}
}

// Of tells whose the droplet with these tags is.
func (o Owners) Of(tags []string) Ownership {
	managed, ours, other := false, false, ""
	for _, t := range tags {
		name, labelled := cutFold(t, fleetPrefix)
		switch {
		case strings.EqualFold(t, ManagedTag):
			managed = true
		case !labelled || name == "":
		case strings.EqualFold(name, o.Fleet):
			ours = true
		case other == "" || strings.ToLower(name) < other:
			other = strings.ToLower(name)
		}
	}
	whose := Ownership{Nobody, o.Fleet}
	switch {
	case other != "":
		whose = Ownership{OtherFleet, other}
	case ours && managed:
		whose.By = Ours
	case ours:
		whose.By = Stripped
	case managed && o.Maker(tags) != "":
		whose.By = OurSaga
	case managed:
		whose.By = Unproved
	}
	return whose
}

// OtherFleets are the fleets whose droplets are there beside those of one, by name.
func OtherFleets(name string, resources []Resource) (others []string) {
	for _, r := range resources {
		whose := Owners{Fleet: name}.Of(r.Tags)
		if whose.By == OtherFleet && r.DeletedAt.IsZero() && !slices.Contains(others, whose.Fleet) {
			others = append(others, whose.Fleet)
		}
	}
	slices.Sort(others)
	return others
}

// Maker is the saga of this journal that made the droplet with these tags, as its tag names it. It is empty if any saga tag is unknown:
// somebody retagged the droplet, or it is a copy, and then nothing is proved.
func (o Owners) Maker(tags []string) (saga8 string) {
	for _, t := range tags {
		tag, found := cutFold(t, sagaPrefix)
		switch tag = strings.ToLower(tag); {
		case !found || tag == "":
		case o.Made == nil || !o.Made(tag):
			return ""
		default:
			saga8 = max(saga8, tag)
		}
	}
	return saga8
}

// State is what a droplet is to a fleet, as people see it.
type State string

const (
	StateManaged   State = "managed"    // registered, and ours by its tags
	StateReleased  State = "released"   // registered, and not ours by its tags; or a person gave it back, though its tags show again
	StateUntracked State = "orphaned"   // ours by its tags, and not registered (yet)
	StateMaking    State = "being made" // ours by its tags, and in the hands of a live saga that makes it
	StateKept      State = "kept"       // in quarantine by its tags, and under no name
	StateForeign   State = "foreign"    // none of our business
	StateMissing   State = "missing"    // registered, and not in the account any more, as of the last look
	StateDeleted   State = "deleted"    // gone; the row is kept
)

// State tells what a droplet of the account is to the fleet. Registered: it has a record. Released: a person gave it back, and nobody has
// adopted it since.
func (o Owners) State(d *Droplet, registered, released bool) State {
	ours := o.Of(d.Tags).Ours() || registered && d.Unread.Has(UnreadTags) // unknown is not none
	switch {
	case registered && ours && !released:
		return StateManaged
	case registered || ours && released:
		return StateReleased
	case ours:
		if _, kept := d.Until(); kept {
			return StateKept
		}
		return StateUntracked
	}
	return StateForeign
}

// controllers are others who make and destroy droplets by themselves, and the tags by which theirs are known. DigitalOcean Kubernetes
// puts k8s, k8s:worker and k8s:<uuid of the cluster> on its nodes (terraform-provider-digitalocean issue 995); k8s alone may be a
// person's own. Droplets of an autoscale pool have no tags but those of its template, so they cannot be told.
var controllers = []struct {
	tag   *regexp.Regexp
	whose string
}{
	{regexp.MustCompile(`(?i)^k8s:(worker|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`), "it is a node of a managed Kubernetes cluster, which makes and destroys it itself"},
}

// Controlled says in words whose a droplet is by the tags of another controller, and by which tag; empty: it shows none.
func (d *Droplet) Controlled() (whose string) {
	for _, t := range d.Tags {
		for _, c := range controllers {
			if c.tag.MatchString(t) {
				return c.whose + " (tag " + t + ")"
			}
		}
	}
	return ""
}
