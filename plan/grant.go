package plan

import (
	"slices"
	"strings"
	"time"

	"arcadiad/fleet"
)

// grantsByName sorts the approvals that have not lapsed by the names that they are for: thousands may be given at once. What was approved
// together with a rollout lasts as long as that.
func grantsByName(desired fleet.Fleet, recorded fleet.Recorded, now time.Time) map[string][]fleet.Grant {
	rolling := map[string]bool{"": false}
	for _, r := range recorded.Rollouts {
		rolling[r.Approval] = r.Approval != ""
	}
	byName := map[string][]fleet.Grant{}
	var given, until time.Time // thousands were given at once
	for _, g := range recorded.Grants {
		if until.IsZero() || !g.At.Equal(given) {
			given, until = g.At, lastsUntil(desired.Windows, g.At)
		}
		if now.Before(until) || rolling[g.Plan] {
			byName[g.Name] = append(byName[g.Name], g)
		}
	}
	return byName
}

// lastsUntil is when an approval lapses: a day later, or at the end of the window that is open then, or opens next.
func lastsUntil(windows fleet.Windows, given time.Time) time.Time {
	day := given.Add(fleet.GrantLasts)
	if len(windows) == 0 {
		return day
	}
	until, open := windows.Open(given)
	if !open {
		until, _ = windows.Open(windows.Opens(given))
	}
	if until.After(day) {
		return until
	}
	return day
}

// Withdrawn gives the ids of the approvals that the fleet file takes back: it asks for something else by now than what the person approved.
// Where a later version asks for the same again, that is approved anew.
func Withdrawn(desired fleet.Fleet, recorded fleet.Recorded) (ids []int64) {
	for _, g := range recorded.Grants {
		spec, wants := desired.Spec(g.Name)
		hash, _, _ := strings.Cut(g.Spec, " ") // what follows is the manner
		switch {
		case hash != "" && !(wants && hash == spec.Hash()), g.Kind == string(Destroy) && keeps(desired, recorded.Records, g.DropletID):
			ids = append(ids, g.ID)
		}
	}
	return ids
}

// Seen are those of the approvals that let nothing through but what a plan held when it was shown: another rule may hold the same actions by
// now, and people have not read that. A plan that was shown to nobody has no actions, and leaves out nothing.
func Seen(grants []fleet.Grant, shown Plan) []fleet.Grant {
	if len(shown.Actions) == 0 {
		return grants
	}
	seen := map[string][]fleet.Grant{}
	for _, g := range shown.Grants(time.Time{}) {
		seen[g.Name] = append(seen[g.Name], g)
	}
	return slices.DeleteFunc(grants, func(g fleet.Grant) bool {
		return !slices.ContainsFunc(seen[g.Name], func(s fleet.Grant) bool { return s.Covers(g) })
	})
}

// keeps reports whether the file wants the droplet that is recorded, under its name or under the one that `was` gives it. One of two under
// a name may be one too many.
func keeps(desired fleet.Fleet, records []fleet.Record, id int64) bool {
	i := slices.IndexFunc(records, func(r fleet.Record) bool { return r.DropletID == id })
	if i < 0 {
		return false
	}
	r := &records[i]
	if slices.ContainsFunc(records, func(o fleet.Record) bool { return o.DropletID != id && fleet.Key(o.Name) == fleet.Key(r.Name) }) {
		return false
	}
	_, asks := desired.Spec(r.Name)
	_, renamed := desired.Heir(r.Name)
	return asks || renamed
}
