package plan

import (
	"slices"

	"arcadiad/fleet"
)

// FailedOf finds the names whose last try failed in a journal, oldest saga first. It goes by the sagas alone, as heldByBackoff does for the
// actions of a plan: what a plan would make of it now, with the file and the account, it does not know.
func FailedOf(sagas []fleet.Saga) (list []Failed) {
	past, order := map[string][]*fleet.Saga{}, []string{}
	for i := range sagas {
		if s := &sagas[i]; !s.Live {
			key := fleet.Key(s.Name)
			if past[key] == nil {
				order = append(order, key)
			}
			past[key] = append(past[key], s)
		}
	}
	for _, key := range order {
		if f, failed := lastFailure(past[key]); failed {
			list = append(list, f)
		}
	}
	slices.SortStableFunc(list, func(a, b Failed) int { return fleet.CompareNames(a.Name, b.Name) })
	return list
}

// noteFailed finds them among the names that the plan has something to do for.
func noteFailed(b *builder) {
	var told *subject
	for _, d := range b.drafts {
		if d.subject == told {
			continue
		}
		told = d.subject
		if f, failed := lastFailure(told.past); failed {
			b.plan.Failed = append(b.plan.Failed, f)
		}
	}
}

// lastFailure judges the ended sagas of one name, oldest first.
func lastFailure(past []*fleet.Saga) (f Failed, failed bool) {
	var last *fleet.Saga
	undone := 0
	for _, s := range slices.Backward(past) {
		if s.Completed() || s.Failed() && last != nil && (s.Retried || !sameTry(s, last)) {
			break
		}
		if !s.Failed() {
			continue // superseded: the file changed its mind, and nobody failed
		}
		if last == nil {
			last = s
		}
		f.Times++
		if s.Undone {
			undone++
		}
		if s.Retried {
			break // a person said to try again: the failures before do not count, and nothing is waited for
		}
	}
	if last == nil {
		return Failed{}, false
	}
	f.Name, f.Saga, f.Kind, f.Spec, f.Why, f.At = last.Name, last.ID, last.Kind, last.SpecHash, why(last), last.EndedAt
	switch stalls := undone >= stallAfter || last.Downtime && f.Times >= stallAfter; {
	case last.Retried:
		f.Next = f.At
	case !stalls:
		f.Next = f.At.Add(backoff(f.Times))
	}
	return f, true
}

// sameTry tells whether two sagas tried the same.
func sameTry(a, b *fleet.Saga) bool {
	if a.Makes() && b.Makes() {
		return a.SpecHash == b.SpecHash
	}
	return a.Kind == b.Kind && a.DropletID == b.DropletID && a.SpecHash == b.SpecHash && a.Downtime == b.Downtime
}
