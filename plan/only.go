package plan

import (
	"slices"
	"time"

	"arcadiad/fleet"
)

// Only is what the plan has for some names, each of a droplet or of a group. It is for people to look at: its id is that of the whole plan, which
// is what an approval is for, and it tells neither cost nor effort, nor how many droplets are unchanged.
func Only(p Plan, names []string) Plan {
	scope := fleet.Scope{Names: names, Replace: p.Asked}
	within := func(name string) bool { return scope.Has(name, "") }
	only := Plan{
		Of: names, ID: p.ID, Asked: p.Asked, Fleet: p.Fleet, Approved: p.Approved, Revision: p.Revision, ObservedAt: p.ObservedAt, NextLook: p.NextLook, Lapses: p.Lapses,
		Actions:  those(p.Actions, func(a Action) bool { return scope.Has(a.Name, a.Spec.Group) }),
		Drift:    those(p.Drift, func(d Drift) bool { return within(d.Name) }),
		Ignored:  those(p.Ignored, func(d Drift) bool { return within(d.Name) }),
		Pending:  those(p.Pending, func(d Drift) bool { return within(d.Name) }),
		Released: those(p.Released, func(r Released) bool { return within(r.Name) }),
		Missing:  those(p.Missing, func(m Missing) bool { return within(m.Name) }),
		Rollouts: those(p.Rollouts, func(r Rollout) bool { return within(r.Group) }),
		Kept:     those(p.Kept, func(k Kept) bool { return within(k.Name) }),
		InFlight: those(p.InFlight, func(f InFlight) bool { return within(f.Name) }),
		Warnings: those(p.Warnings, func(w string) bool { return w == paused }),
		Back:     those(p.Back, func(b Back) bool { return within(b.Transfer.Name) }),
	}
	only.Summary = Summary{
		Drifted: len(only.Drift), Ignored: len(only.Ignored), Pending: len(only.Pending), Released: len(only.Released), Missing: len(only.Missing),
		InFlight: len(only.InFlight),
	}
	for _, f := range only.InFlight {
		if f.Stuck {
			only.Summary.Stuck++
		}
	}
	for _, a := range only.Actions {
		only.Summary.count(a)
	}
	if len(only.Missing) == 0 {
		only.NextLook = time.Time{} // it is for others
	}
	return only
}

func those[T any](list []T, so func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), func(x T) bool { return !so(x) })
}
