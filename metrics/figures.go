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
	droplets map[group]int
	desired  int
	drifted  int
	pending  int
	missing  int            // registered droplets that the look lacked, lost ones too
	actions  map[string]int // by kind, held ones too
	held     map[string]int // by rule
	limit    int            // of the account; 0: the token may not see it
	paused   bool
}

// group is the droplets that are the same to the fleet and have the same status.
type group struct {
	state  fleet.State
	status fleet.Status
}

// ownersOf tells whose droplets are. Where no fleet file is in force, it is as the fleet that the database is pinned to sees it.
func ownersOf(pass reconcile.Pass) fleet.Owners {
	makers := map[string]bool{}
	for _, s := range pass.Recorded.Sagas {
		if s.Makes() {
			makers[fleet.Saga8(s.ID)] = true
		}
	}
	return fleet.Owners{Fleet: cmp.Or(pass.Desired.Name, pass.Recorded.Fleet), Made: func(saga8 string) bool { return makers[saga8] }}
}

func figuresOf(pass reconcile.Pass) figures {
	f := figures{
		known: true, planned: pass.Plan.ID != "", droplets: map[group]int{}, actions: map[string]int{}, held: map[string]int{},
		desired: len(pass.Desired.Specs), drifted: pass.Plan.Summary.Drifted, pending: pass.Plan.Summary.Pending,
		missing: len(pass.Observed.Missing),
		limit:   pass.Observed.Account.DropletLimit, paused: pass.Recorded.Paused,
	}
	for _, state := range []fleet.State{fleet.StateManaged, fleet.StateReleased, fleet.StateUntracked, fleet.StateForeign} {
		for _, status := range []fleet.Status{fleet.StatusNew, fleet.StatusActive, fleet.StatusOff} {
			f.droplets[group{state, status}] = 0
		}
	}
	owners, registered := ownersOf(pass), map[int64]bool{}
	for _, r := range pass.Recorded.Records {
		registered[r.DropletID] = true
	}
	for _, id := range pass.Observed.Gone {
		if registered[id] {
			f.missing++
		}
	}
	for _, d := range pass.Observed.Droplets {
		released := !pass.Recorded.Registration(d.ID).ReleasedAt.IsZero()
		f.droplets[group{owners.State(&d, registered[d.ID], released), d.Status}]++
	}
	for _, a := range pass.Plan.Actions {
		f.actions[string(a.Kind)]++
		if a.Held {
			f.held[a.HeldBy]++
		}
	}
	return f
}
