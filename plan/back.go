package plan

import (
	"fmt"
	"slices"

	"arcadiad/fleet"
)

// takeBack brings the finished members of a rollout that has stopped back, where the file says on_failure: back: the droplets that they had
// are still kept. As many go at once as may be out of service, and the next ones when those serve.
func takeBack(b *builder) {
	going := map[*group]int{} // members that serve, and that this plan takes out of service
	for _, x := range b.subjects {
		g := b.groups[b.groupOf(x)]
		if g == nil || x.spec == nil || g.rules.OnFailure != fleet.OnFailureBack || g.paused || g.row == nil || g.row.Phase != fleet.RolloutRunning {
			continue
		}
		failed := g.stopped()
		if failed == nil || !slices.Contains(g.progress.Done, fleet.Key(x.name)) || g.busyBack(b) || len(g.backs) >= max(1, g.most()) {
			continue
		}
		m, _ := g.member(x.name)
		i := slices.IndexFunc(b.recorded.Quarantine, func(q fleet.Quarantined) bool {
			return q.DropletID == m.DropletID && fleet.Key(q.Name) == fleet.Key(x.name)
		})
		if i < 0 {
			continue
		}
		if again := lastRestore(x); again != nil && again.Failed() && again.EndedAt.After(failed.EndedAt) {
			b.warn("%s is not taken back, because that failed before: %s; to try again: arcadiad undo %s", x.name, why(again), x.name)
			continue
		}
		t := Transfer{Kind: Undo, Name: x.name, DropletID: m.DropletID}
		t.Undoing, t.Refused = undoing(b, x, b.recorded.Quarantine[i], &t)
		if t.Refused != "" {
			b.warn("%s is not taken back: %s", x.name, t.Refused)
			continue
		}
		if left := len(g.serving) - going[g] - 1; x.serves && left < g.count-g.most() {
			b.warn("%s is not taken back yet: without it %d of the %d droplets of %s would serve, and max_unavailable needs %d%s", x.name, left, g.count,
				x.spec.Group, g.count-g.most(), elsewhere(g))
			continue
		}
		if x.serves {
			going[g]++
		}
		for _, d := range b.drafts { // such as a new droplet where the successor is gone: one saga of a name at a time (law 2)
			if d.subject == x && !d.Held {
				d.Held, d.HeldBy, d.HeldReason, d.waits = true, HoldTurn, "the droplet that it had is brought back first", true
			}
		}
		g.backs = append(g.backs, x.name)
		b.plan.Back = append(b.plan.Back, Back{Transfer: t, Rollout: g.row.ID, Reason: fmt.Sprintf("%s failed, and on_failure says back", failed.Name)})
	}
}

// elsewhere names the members that are out of service.
func elsewhere(g *group) string {
	if len(g.out) == 0 {
		return ""
	}
	return " (" + few(names(g.out), "is out of service", "are out of service") + ")"
}

// busyBack tells whether a member of the group has a saga under way, or does not serve, so that the next batch waits.
func (g *group) busyBack(b *builder) bool {
	return len(g.live) > 0 || slices.ContainsFunc(g.out, func(x *subject) bool {
		restored := lastRestore(x)
		return x.live != nil && x.live.Kind == fleet.SagaRestore || restored != nil && restored.CreatedAt.After(g.row.BeganAt)
	})
}

// lastRestore is the last saga that brought, or was to bring, a droplet of the name back; nil: there was none.
func lastRestore(x *subject) *fleet.Saga {
	for _, saga := range slices.Backward(x.past) {
		if saga.Kind == fleet.SagaRestore {
			return saga
		}
	}
	return nil
}
