package daemon

import (
	"context"
	"slices"
	"strings"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/simulator"
)

// licensed checks that the truth, and the file, give a reason to destroy the droplet.
func (w *watch) licensed(who *world, d simulator.Droplet, s saga.Saga, c sagaContext, recent time.Time) {
	name := c.License.Name
	switch c.License.While {
	case "unwanted":
		since := recent
		if w.deleted[s.ID] { // a destroy that has begun only goes forward
			since = w.since(s)
		}
		w.deleted[s.ID] = true
		if !w.lately(since, func(f fleet.Fleet) bool {
			_, desired := f.Spec(name)
			_, renamed := f.Heir(name)
			return !desired && !renamed
		}) {
			w.broke("law 17", "a DELETE of droplet %d %s, which the file wants, or calls by another name", d.ID, name)
		}
	case "spec", "always":
		if !w.stoodIn(who, d, name, s, recent) && !w.first(s, c) {
			w.broke("law 05", "a DELETE of droplet %d, the last one of ours for the name %s (%s, %s)", d.ID, name, s.Kind, c.License.While)
		}
	default:
		w.broke("law 01", "a DELETE of droplet %d %s under a license for %q", d.ID, name, c.License.While)
	}
}

// first tells whether the droplet is to go before the one that comes in its place, as the file says.
func (w *watch) first(s saga.Saga, c sagaContext) bool {
	if s.Kind != fleet.SagaDestroy || c.License.While != "spec" {
		return false
	}
	w.s.count("update: a droplet made room for its replacement")
	return w.lately(w.since(s), func(f fleet.Fleet) bool {
		spec, _ := f.Spec(c.License.Name)
		return spec.Rules.Order == fleet.DestroyFirst
	})
}

// stoodIn tells whether another droplet stands for the name: one that bears it, or is recorded under it, and is there, or was a
// moment ago. A destroy that has begun goes forward whatever becomes of the other one.
func (w *watch) stoodIn(who *world, d simulator.Droplet, name string, s saga.Saga, recent time.Time) bool {
	if w.deleted[s.ID] {
		return true
	}
	w.deleted[s.ID] = true
	recorded, err := who.life.store.Load(context.Background())
	if err != nil {
		w.broke("law 02", "the records cannot be read: %v", err)
	}
	for _, other := range slices.Concat(w.s.sim.Droplets(), w.s.sim.Ended()) {
		if other.ID == d.ID || w.foreign[other.ID] || !other.EndedAt.IsZero() && other.EndedAt.Before(recent) {
			continue
		}
		under := func(r fleet.Record) bool { return r.DropletID == other.ID && strings.EqualFold(r.Name, name) }
		if strings.EqualFold(other.Name, name) || slices.ContainsFunc(recorded.Records, under) {
			return true
		}
	}
	return false
}

// snapped checks that there is a snapshot of a registered droplet that is destroyed, where the files ask for one.
func (w *watch) snapped(who *world, d simulator.Droplet) {
	records, err := who.life.store.Records(context.Background())
	if err != nil {
		w.broke("law 13", "the records cannot be read: %v", err)
	}
	if !w.s.snaps() || !slices.ContainsFunc(records, func(r fleet.Record) bool { return r.DropletID == d.ID }) {
		return
	}
	if !slices.ContainsFunc(w.s.sim.Snapshots(), func(s simulator.Snapshot) bool { return s.Droplet == d.ID }) {
		w.broke("law 13", "a DELETE of droplet %d %s, of which there is no snapshot", d.ID, d.Name)
	}
	w.s.count("end: there was a snapshot before the DELETE")
}

// protected checks that no registered droplet is destroyed against its protection.
func (w *watch) protected(who *world, d simulator.Droplet, recent time.Time) {
	recorded, err := who.life.store.Load(context.Background())
	if err != nil {
		w.broke("law 09", "the records cannot be read: %v", err)
	}
	for _, r := range recorded.Records {
		if r.DropletID != d.ID || !r.Protect {
			continue
		}
		if !w.lately(recent, func(f fleet.Fleet) bool {
			spec, ok := f.Spec(r.Name)
			return ok && spec.Protect != nil && !*spec.Protect
		}) {
			w.broke("law 09", "a DELETE of droplet %d %s, which is protected", d.ID, r.Name)
		}
	}
}

// goesWhole tells whether a saga goes by a rollout that a person approved, or that the file lets go without one.
func (w *watch) goesWhole(who *world, s saga.Saga, name string) bool {
	rows, err := who.life.store.Rollouts(context.Background())
	if err != nil {
		w.broke("law 09", "the rollouts cannot be read: %v", err)
	}
	approved := slices.ContainsFunc(rows, func(r fleet.Rollout) bool { return r.ID == s.Labels[fleet.LabelRollout] && r.Approval != "" })
	return approved || w.lately(w.since(s), func(f fleet.Fleet) bool {
		spec, ok := f.Spec(name)
		return ok && f.Policy.RolloutOf(spec).Unattended
	})
}

// bounded checks policy.max_destroy where it is a number: no more unapproved destroys and replaces of registered droplets at a time.
func (w *watch) bounded(who *world, s saga.Saga, c sagaContext) {
	if s.Labels[fleet.LabelApproval] != "" || c.License.While == "always" || w.goesWhole(who, s, c.License.Name) {
		return
	}
	most := 0
	w.lately(w.since(s), func(f fleet.Fleet) bool {
		if f.Policy.MaxDestroy.Percent {
			most = max(most, 100)
		}
		most = max(most, f.Policy.MaxDestroy.Value)
		return false
	})
	recorded, err := who.life.store.Load(context.Background())
	if err != nil {
		w.broke("law 09", "the records cannot be read: %v", err)
	}
	registered := slices.ContainsFunc(recorded.Records, func(r fleet.Record) bool { return r.DropletID == c.Demolition.DropletID })
	if registered && most == 0 {
		w.broke("law 09", "a DELETE of the registered droplet %d %s, though max_destroy is 0 and nobody approved it", c.Demolition.DropletID, c.License.Name)
	}
}
