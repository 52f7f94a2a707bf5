package metrics

import (
	"cmp"

	"arcadiad/fleet"
	"arcadiad/reconcile"
)

// figures are what the last pass whose observation was saved has shown. Maps, so that they may be told apart from what is unknown.
type figures struct {
	known    bool // there was such a pass
	planned  bool // and a fleet file was in force
	droplets map[bearing]int
	desired  int
	drifted  int
	pending  int
	missing  int            // registered droplets that the look lacked, lost ones too
	actions  map[string]int // by kind, held ones too
	held     map[string]int // by rule
	limit    int            // of the account; 0: the token may not see it
	paused   bool
}

// bearing is what a droplet is to arcadiad, and its status.
type bearing struct{ state, status string }

// The states of droplets, as `arcadiad status` has them.
const (
	managed   = "managed"  // registered, and shows our tags
	released  = "released" // registered, and no longer shows them, or another fleet's too
	untracked = "orphaned" // shows our tags, and is not registered (yet)
	foreign   = "foreign"  // none of our business
)

// ownership tells which droplets are ours by their tags. Where no fleet file is in force, it is the fleet that the database is pinned to.
func ownership(pass reconcile.Pass) (ours func(*fleet.Droplet) bool) {
	makers := map[string]bool{}
	for _, s := range pass.Recorded.Sagas {
		if s.Makes() {
			makers[fleet.Saga8(s.ID)] = true
		}
	}
	name := cmp.Or(pass.Desired.Name, pass.Recorded.Fleet)
	return func(d *fleet.Droplet) bool {
		return fleet.OwnershipOf(d, name, func(saga8 string) bool { return makers[saga8] }).Ours()
	}
}

func figuresOf(pass reconcile.Pass) figures {
	f := figures{
		known: true, planned: pass.Plan.ID != "", droplets: map[bearing]int{}, actions: map[string]int{}, held: map[string]int{},
		desired: len(pass.Desired.Specs), drifted: pass.Plan.Summary.Drifted, pending: pass.Plan.Summary.Pending,
		missing: len(pass.Observed.Missing),
		limit:   pass.Observed.Account.DropletLimit, paused: pass.Recorded.Paused,
	}
	for _, state := range []string{managed, released, untracked, foreign} {
		for _, status := range []fleet.Status{fleet.StatusNew, fleet.StatusActive, fleet.StatusOff} {
			f.droplets[bearing{state, string(status)}] = 0
		}
	}
	ours := ownership(pass)
	registered := map[int64]bool{}
	for _, r := range pass.Recorded.Records {
		registered[r.DropletID] = true
	}
	for _, id := range pass.Observed.Gone {
		if registered[id] {
			f.missing++
		}
	}
	letGo := map[int64]bool{}
	for _, r := range pass.Plan.Released {
		letGo[r.DropletID] = true
	}
	for _, d := range pass.Observed.Droplets {
		state := foreign
		switch {
		case registered[d.ID] && d.Unread.Has(fleet.UnreadTags): // unknown is not none
			state = managed
		case letGo[d.ID], registered[d.ID] && !ours(&d):
			state = released
		case registered[d.ID]:
			state = managed
		case ours(&d) && !pass.Recorded.Registration(d.ID).ReleasedAt.IsZero(): // a person gave it back
			state = released
		case ours(&d):
			state = untracked
		}
		f.droplets[bearing{state, string(d.Status)}]++
	}
	for _, a := range pass.Plan.Actions {
		f.actions[string(a.Kind)]++
		if a.Held {
			f.held[a.HeldBy]++
		}
	}
	return f
}
