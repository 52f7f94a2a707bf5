package view

import (
	"fmt"
	"slices"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// asOne gives the rollouts of a plan that are shown as one thing each, by group: a change of a single droplet is its action.
func asOne(p plan.Plan) map[string]*plan.Rollout {
	many := map[string]*plan.Rollout{}
	for i := range p.Rollouts {
		if r := &p.Rollouts[i]; r.Total() > 1 {
			many[r.Group] = r
		}
	}
	return many
}

// part is a rollout with the runs of its actions. Of the last part, which has all other actions, it is nil.
type part struct {
	rollout *plan.Rollout
	runs    [][]plan.Action
}

// partsOf sorts the actions of a plan by the rollouts that they are parts of.
func partsOf(p plan.Plan) []part {
	many, of := asOne(p), map[string][]plan.Action{}
	for _, a := range p.Actions {
		key := ""
		if many[a.Rollout] != nil {
			key = a.Rollout
		}
		of[key] = append(of[key], a)
	}
	var parts []part
	for _, r := range p.Rollouts {
		if many[r.Group] != nil {
			parts = append(parts, part{many[r.Group], actionRuns(of[r.Group])})
		}
	}
	if rest := of[""]; len(rest) > 0 {
		parts = append(parts, part{nil, actionRuns(rest)})
	}
	return parts
}

// course says how a rollout goes, or how far it has come.
func course(r plan.Rollout) string {
	if r.ID == "" {
		words := fmt.Sprintf("%s, %s", droplets(r.Total()), pace(r))
		if r.Batches > 1 {
			words += fmt.Sprintf(": %d batches", r.Batches)
		}
		if r.Pause > 0 && r.Batches > 1 {
			words += ", " + fleet.Lasting(r.Pause) + " between them"
		}
		return words + ", " + estimate(r.Left)
	}
	words := batch(r)
	for _, x := range []struct {
		names []string
		do    string
	}{{r.Live, "under way"}, {r.Next, "next"}} {
		if len(x.names) > 0 {
			words += ", " + some(x.names) + " " + x.do
		}
	}
	if out := r.Count - r.Serving; out > 0 {
		words += fmt.Sprintf(", %d out of service", out)
	}
	if r.HeldBy == plan.HoldStopped {
		return words
	}
	return words + ", " + estimate(r.Left) + " left"
}

// batch says how far a rollout has come: batch 2 of 5, 3 of 8 done.
func batch(r plan.Rollout) string {
	words := fmt.Sprintf("%d of %d done", len(r.Done), r.Total())
	if last := r.Batch + r.Batches - 1; last > 1 {
		words = fmt.Sprintf("batch %d of %d, %s", min(r.Batch, last), last, words)
	}
	return words
}

// pace says how many go at a time.
func pace(r plan.Rollout) string {
	atATime := "one at a time"
	switch {
	case r.Size >= r.Total()-r.Canary:
		atATime = "all at once"
		if r.Canary > 0 {
			atATime = "all others at once"
		}
	case r.Size > 1:
		atATime = fmt.Sprintf("%d at a time", r.Size)
	}
	switch {
	case r.Canary == 0 || r.Canary >= r.Total():
		return atATime
	case r.Canary == 1:
		return "a canary first, then " + atATime
	}
	return fmt.Sprintf("%d canaries first, then %s", r.Canary, atATime)
}

// probed says what a new droplet must pass; empty: it only has to be active.
func probed(r plan.Rollout) string {
	if r.Probe == "" {
		return ""
	}
	return "each must answer " + r.Probe
}

// waitsFor says what keeps a rollout from going on: in whose words, and the words. Both empty: nothing does.
func waitsFor(r plan.Rollout) (by, why string) {
	switch hold := r.Hold(); {
	case r.HeldBy == "":
		return "", clean(r.Why)
	case r.HeldBy == plan.HoldStopped && r.Phase != fleet.RolloutRunning:
		return string(r.Phase), clean(r.Why)
	case r.HeldBy == plan.HoldStopped || hold.Waits:
		return r.HeldBy, clean(r.Why)
	}
	return "held by " + r.HeldBy, clean(r.Why)
}

// waitsFor is what keeps the rollout of a part from going on; empty where the actions tell that better: each has a reason of its own.
func (p part) waitsFor() (by, why string) {
	r := p.rollout
	told := r.HeldBy == "" || r.HeldBy == plan.HoldStopped || len(p.runs) == 0
	if told || slices.ContainsFunc(p.runs, func(run []plan.Action) bool { return tells(r, run[0]) && !run[0].InTurn() }) {
		return waitsFor(*r)
	}
	return "", ""
}

// tells reports whether what the rollout says of itself tells why its action is held.
func tells(r *plan.Rollout, a plan.Action) bool {
	return r != nil && (a.InTurn() || a.HeldBy == r.HeldBy && a.HeldReason == r.Why)
}

// ownChanges are the changes of a run that its rollout does not tell.
func ownChanges(r *plan.Rollout, run []plan.Action) (changes []plan.FieldChange) {
	from, to := plan.InWords(run[0].Changes)
	told := r != nil && from == r.From && to == r.To
	for _, c := range changesOf(run) {
		if !told || c.Along || noticed(c) != "" {
			changes = append(changes, c)
		}
	}
	return changes
}

// unprobed says for which groups active is all that a rollout waits for; empty: for none.
func unprobed(p plan.Plan) string {
	var groups []string
	for _, r := range p.Rollouts {
		if r.Probe == "" {
			groups = append(groups, clean(r.Group))
		}
	}
	if len(groups) == 0 {
		return ""
	}
	return fmt.Sprintf("There is no `ready` for %s: as soon as a droplet is active, it counts as in service.", some(groups))
}
