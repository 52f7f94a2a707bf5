package plan

import (
	"time"

	"arcadiad/fleet"
)

// tally is what became of the creates of one spec in one group.
type tally struct {
	undone   int         // droplets that had to be destroyed again, since the last one that stayed and the last retry
	last     *fleet.Saga // the last of them; nil: none
	stayed   time.Time   // when the last create that came through ended
	forgiven time.Time   // when the last saga ended that a person said to try again: what had begun by then holds nothing any more
}

// talliesOf counts for every group and spec that a create failed of. The journal is in the order in which its sagas began.
func talliesOf(sagas []*fleet.Saga) map[string]tally {
	tallies := map[string]tally{}
	for _, saga := range sagas {
		if saga.Failed() && saga.GroupHash != "" {
			tallies[saga.GroupHash] = tally{}
		}
	}
	if len(tallies) == 0 {
		return tallies
	}
	for _, saga := range sagas {
		t, counted := tallies[saga.GroupHash]
		if !counted {
			continue
		}
		if saga.Completed() && saga.EndedAt.After(t.stayed) {
			t.stayed = saga.EndedAt
		}
		if saga.Retried && saga.EndedAt.After(t.forgiven) {
			t.forgiven = saga.EndedAt
		}
		tallies[saga.GroupHash] = t
	}
	for _, saga := range sagas {
		t, counted := tallies[saga.GroupHash]
		if !counted || !saga.Failed() || !saga.Undone || !saga.EndedAt.After(t.stayed) || !saga.CreatedAt.After(t.forgiven) {
			continue
		}
		t.undone++
		if t.last == nil || saga.EndedAt.After(t.last.EndedAt) {
			t.last = saga
		}
		tallies[saga.GroupHash] = t
	}
	return tallies
}
