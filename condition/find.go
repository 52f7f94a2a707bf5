package condition

import (
	"errors"
	"fmt"
	"strings"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

func (in Input) failing() []Condition {
	if !in.fails() {
		return nil
	}
	c := Condition{
		Kind: Failing, State: "failing", Since: in.Failing.UTC(), Summary: fmt.Sprintf("passes fail: %v", in.PassErr),
		Advice: "see the log, and DigitalOcean's status page; writes and sagas wait, nothing is lost",
	}
	if pin := (*plan.PinError)(nil); errors.As(in.PassErr, &pin) {
		c.State, c.Advice = "pinned "+pin.Pin, "all writes are stopped until token, fleet file and state database belong together again"
	}
	return []Condition{c}
}

func (in Input) file() []Condition {
	if in.FileErr == nil {
		return nil
	}
	return []Condition{{
		Kind: File, State: in.FileErr.Error(), Summary: in.unusable() + ": " + in.FileErr.Error(), Advice: "fix the file; to check it: arcadiad validate",
	}}
}

// unusable says what a bad fleet file leaves in force.
func (in Input) unusable() string {
	if in.Desired == nil {
		return "the fleet file is not usable; no fleet file is in force: sagas continue, but nothing new is planned"
	}
	return "the fleet file is not usable; the last good version stays in force"
}

func (in Input) stuck() (conditions []Condition) {
	for _, live := range in.Live {
		if c, stuck := OfSaga(live); stuck {
			conditions = append(conditions, c)
		}
	}
	return conditions
}

// OfSaga judges one saga: one that moves need not have all others judged again.
func OfSaga(s saga.Saga) (c Condition, stuck bool) {
	if s.Status != saga.Stuck {
		return Condition{}, false
	}
	at := ""
	if s.Step >= 0 && s.Step < len(s.Steps) {
		at = s.Steps[s.Step]
	}
	if s.Reverse {
		at = "undoing " + at
	}
	id := fleet.Saga8(s.ID)
	return Condition{
		Kind: Stuck, Subject: s.Subject, State: id + " " + at,
		Summary: fmt.Sprintf("saga %s (%s) is stuck at %s: %s", id, s.Kind, at, s.Error),
		Advice:  fmt.Sprintf("details: arcadiad saga show %s; fix the cause, then: arcadiad saga retry %[1]s (or abort)", id),
	}, true
}

// missing leaves the droplet out of its words: what is lost at once is told in one line.
func (in Input) missing() (conditions []Condition) {
	for _, m := range in.Plan.Missing {
		c := Condition{
			Kind: Missing, Subject: m.Name, State: fmt.Sprint(m.DropletID), Since: m.Since,
			Summary: "a registered droplet is missing from the account",
			Advice:  "check the account; if it stays away, arcadiad creates it again; details: arcadiad plan",
		}
		if !m.Again {
			c.Advice = "check the account; it is no longer in the fleet file; details: arcadiad plan"
		}
		conditions = append(conditions, c)
	}
	return conditions
}

// stopped tells of the rollouts that a member has stopped. What a person paused or aborted, a person knows of: that is no alarm.
func (in Input) stopped() (conditions []Condition) {
	for _, r := range in.Plan.Rollouts {
		if r.Failed == nil || r.Phase == fleet.RolloutAborted { // what an abort turned back counts as failed
			continue
		}
		conditions = append(conditions, Condition{
			Kind: Stopped, Subject: r.Group, State: fleet.Saga8(r.Failed.Saga), Since: r.Failed.At,
			Summary: fmt.Sprintf("the rollout of %s is stopped, %d of %d done: %s failed: %s", r.Group, len(r.Done), r.Total(), r.Failed.Name, r.Failed.Why),
			Advice:  fmt.Sprintf("details: arcadiad rollout show %s; to go on, change the stanza, or: arcadiad rollout resume %[1]s", r.Group),
		})
	}
	return conditions
}

// held tells of the actions that the next pass does not do by itself, but for what is only due later. Those of one name are one condition, and
// so is a rollout that is held as a whole. What a stop holds is told of with the stop. The droplet is left out of the words, as above.
func (in Input) held() (conditions []Condition) {
	first := map[string]int{} // index of the condition of a name, or of a group
	for _, a := range in.Plan.Actions {
		hold := a.Hold()
		if !a.Held || a.HeldBy == plan.HoldStopped || a.Waits() && !hold.Failed {
			continue
		}
		c := Condition{
			Kind: Held, Subject: a.Name, State: fmt.Sprint(a.Kind, " ", a.HeldBy, " ", a.DropletID, " ", a.Spec.Hash()),
			Summary: fmt.Sprintf("%s is held by %s: %s", a.Kind, a.HeldBy, a.HeldReason), Advice: hold.Advice(in.Plan.ID),
		}
		if hold.Failed && !hold.Waits {
			c.Kind = Stalled
		}
		r := in.Plan.HeldWhole(a)
		if r != nil {
			c.Subject, c.State = r.Group, "rollout "+a.HeldBy+" "+r.Spec
			c.Summary = fmt.Sprintf("the rollout of %s (%s) is held by %s: %s", r.Group, fleet.Counted(r.Total(), "droplet"), a.HeldBy, a.HeldReason)
		}
		i, again := first[c.Subject]
		switch {
		case !again:
			first[c.Subject] = len(conditions)
			conditions = append(conditions, c)
		case r == nil:
			conditions[i].State += " " + c.State
			conditions[i].Summary += "; " + c.Summary
		}
	}
	return conditions
}

func (in Input) released() (conditions []Condition) {
	for _, r := range in.Plan.Released {
		conditions = append(conditions, Condition{
			Kind: Released, Subject: r.Name, State: fmt.Sprint(r.DropletID),
			Summary: fmt.Sprintf("droplet %d is no longer ours: %s; its name stays taken", r.DropletID, r.Reason),
			Advice:  "put the tags back on the droplet, or free its name: arcadiad release " + r.Name,
		})
	}
	return conditions
}

// drift says what somebody changed, with what as far as that is known, and what is broken.
func (in Input) drift() (conditions []Condition) {
	for _, d := range in.Plan.Drift {
		var all, changed, broken, kept, by, parts []string
		for _, c := range d.Changes {
			words := fmt.Sprintf("%s %s -> %s", c.Field, fleet.Value(c.From), fleet.Value(c.To))
			all = append(all, words)
			switch c.Cause {
			case plan.CauseBroken:
				broken = append(broken, words)
			case plan.CauseFile:
				kept = append(kept, c.Field+" "+c.From)
			default:
				changed = append(changed, words)
			}
			if c.By != "" {
				by = append(by, c.By)
			}
		}
		tell := func(is string, changes []string) {
			if len(changes) > 0 {
				parts = append(parts, fmt.Sprintf("droplet %d %s: %s", d.DropletID, is, strings.Join(changes, ", ")))
			}
		}
		tell("was changed outside arcadiad", changed)
		tell("is down", broken)
		tell("keeps what the fleet file no longer says", kept)
		c := Condition{
			Kind: Drift, Subject: d.Name, State: fmt.Sprint(d.DropletID, " ", strings.Join(all, ", ")),
			Summary: strings.Join(parts, "; "), Advice: in.driftAdvice(d.Name, len(kept) == len(all)),
		}
		if len(by) > 0 {
			c.Summary += " (by " + strings.Join(by, "; ") + ")"
		}
		conditions = append(conditions, c)
	}
	return conditions
}

// driftAdvice says what to do about drift that is left alone under the policy that is in force for its droplet.
func (in Input) driftAdvice(name string, kept bool) string {
	const look = "; details: arcadiad plan"
	if kept {
		return "put it back into the fleet file, or set it to " + fleet.NoAddress + " there" + look
	}
	spec, _ := in.Desired.Spec(name)
	switch in.Desired.Policy.DriftOf(spec.Rules) {
	case fleet.DriftCorrect:
		return "it cannot be corrected in place: change it back, put the change into the fleet file, or allow a replacement (drift: replace)" + look
	case fleet.DriftReplace:
		return "change it back in the console, or put the change into the fleet file" + look
	}
	return "change it back in the console, put the change into the fleet file, or let arcadiad correct it (drift: correct)" + look
}
