package daemon

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"arcadiad/fleet"
	"arcadiad/notify"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/saga"
)

// What is a condition that people are told of, and in which words. The state of a condition leaves out what changes by itself, such
// as the time of the next try: whatever is in it is told anew when it changes.

// planKinds are the kinds of conditions that a plan knows all of.
func planKinds() []notify.Kind {
	return []notify.Kind{notify.Held, notify.Stalled, notify.Missing, notify.Drift, notify.Released}
}

// planConditions gives what the plan for a fleet leaves to people. Of names with a live saga it cannot tell: they are undecided.
func planConditions(desired fleet.Fleet, p plan.Plan) (conditions []notify.Condition, undecided map[string]bool) {
	undecided = map[string]bool{}
	for _, f := range p.InFlight {
		undecided[f.Name] = true
	}
	held := map[string]int{} // index of a name's held condition
	for _, a := range p.Actions {
		if !a.Held || a.Waits() && !a.Hold().Failed { // the next pass does it
			continue
		}
		c := heldCondition(p, a)
		if i, again := held[a.Name]; again {
			first := &conditions[i]
			first.State += " " + c.State
			first.Summary += "; " + c.Summary
			continue
		}
		held[a.Name] = len(conditions)
		conditions = append(conditions, c)
	}
	for _, m := range p.Missing {
		conditions = append(conditions, missingCondition(m))
	}
	for _, d := range p.Drift {
		conditions = append(conditions, notify.Condition{
			Kind: notify.Drift, Subject: d.Name, State: fmt.Sprint(d.DropletID, " ", changes(d.Changes)),
			Summary: driftSummary(d), Advice: driftAdvice(desired, d.Name),
		})
	}
	for _, r := range p.Released {
		conditions = append(conditions, notify.Condition{
			Kind: notify.Released, Subject: r.Name, State: fmt.Sprint(r.DropletID),
			Summary: fmt.Sprintf("droplet %d is no longer ours: %s; its name stays taken", r.DropletID, r.Reason),
			Advice:  "put the tags back on the droplet, or free its name: arcadiad release " + r.Name,
		})
	}
	return conditions, undecided
}

// missingCondition tells of a droplet that looks lack. What is lost at once is told in one line.
func missingCondition(m plan.Missing) notify.Condition {
	c := notify.Condition{
		Kind: notify.Missing, Subject: m.Name, State: fmt.Sprint(m.DropletID), Since: m.Since,
		Summary: "a registered droplet is not in the account any more",
		Advice:  "look at the account; if it stays away, arcadiad makes it again by itself; to look: arcadiad plan",
	}
	if !m.Again {
		c.Advice = "look at the account; the fleet file does not want it any more; to look: arcadiad plan"
	}
	return c
}

// driftSummary says what somebody changed, with what as far as that is known, and what is broken.
func driftSummary(d plan.Drift) string {
	var meddled, broken []plan.FieldChange
	var by []string
	for _, c := range d.Changes {
		if c.Cause == plan.CauseBroken {
			broken = append(broken, c)
		} else {
			meddled = append(meddled, c)
		}
		if c.By != "" {
			by = append(by, c.By)
		}
	}
	var parts []string
	if len(meddled) > 0 {
		parts = append(parts, fmt.Sprintf("droplet %d was changed behind arcadiad's back: %s", d.DropletID, changes(meddled)))
	}
	if len(broken) > 0 {
		parts = append(parts, fmt.Sprintf("droplet %d is broken: %s", d.DropletID, changes(broken)))
	}
	words := strings.Join(parts, "; ")
	if len(by) > 0 {
		words += " (by " + strings.Join(by, "; ") + ")"
	}
	return words
}

// driftAdvice says what to do about drift that is left alone under the policy that is in force for its droplet.
func driftAdvice(desired fleet.Fleet, name string) string {
	const look = "; to look: arcadiad plan"
	spec, _ := desired.Spec(name)
	switch desired.Policy.DriftOf(spec.Rules) {
	case fleet.DriftCorrect:
		return "it cannot be mended in place: change it back, put the change into the fleet file, or allow another droplet (drift: replace)" + look
	case fleet.DriftReplace:
		return "change it back in the console, or put the change into the fleet file" + look
	}
	return "change it back in the console, put the change into the fleet file, or have arcadiad mend it (drift: correct)" + look
}

// heldCondition leaves the droplet out of its words: what is held for one reason is told in one line.
func heldCondition(p plan.Plan, a plan.Action) notify.Condition {
	c := notify.Condition{
		Kind: notify.Held, Subject: a.Name, State: fmt.Sprint(a.Kind, " ", a.HeldBy, " ", a.DropletID, " ", a.Spec.Hash()),
		Summary: fmt.Sprintf("%s is held by %s: %s", a.Kind, a.HeldBy, a.HeldReason),
		Advice:  a.Hold().Advice(p.ID),
	}
	if a.Hold().Failed && !a.Hold().Waits {
		c.Kind = notify.Stalled
	}
	return c
}

func changes(list []plan.FieldChange) string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = fmt.Sprintf("%s %s -> %s", c.Field, c.From, c.To)
	}
	return strings.Join(words, ", ")
}

func stuckCondition(s saga.Saga) notify.Condition {
	step := ""
	if s.Step >= 0 && s.Step < len(s.Steps) {
		step = s.Steps[s.Step]
	}
	direction := ""
	if s.Reverse {
		direction = "undoing "
	}
	id := fleet.Saga8(s.ID)
	return notify.Condition{
		Kind: notify.Stuck, Subject: s.Subject, State: id + " " + direction + step,
		Summary: fmt.Sprintf("saga %s (%s) is stuck at %s%s: %s", id, s.Kind, direction, step, s.Error),
		Advice:  fmt.Sprintf("look: arcadiad saga show %s; mend the cause, then: arcadiad saga retry %[1]s (or abort)", id),
	}
}

// fileConditions says what is wrong with the newest fleet file, if anything is.
func fileConditions(bad error, inForce bool) []notify.Condition {
	if bad == nil {
		return nil
	}
	keeping := "nothing is planned, for no version is in force"
	if inForce {
		keeping = "the last good version stays in force"
	}
	return []notify.Condition{{
		Kind: notify.File, State: bad.Error(), Summary: "the fleet file is not usable; " + keeping + ": " + bad.Error(),
		Advice: "mend the file; to check it: arcadiad validate",
	}}
}

// failingAfter is how long passes fail before people are told: the API may have a bad minute.
const failingAfter = 5 * time.Minute

// failingCondition says that passes fail, when they have for a while. A mismatch of the pins does not go away by itself.
func failingCondition(r reconcile.Report, since time.Time) (c notify.Condition, bad bool) {
	c = notify.Condition{
		Kind: notify.Failing, State: "failing", Since: since.UTC(), Summary: fmt.Sprintf("passes fail: %v", r.Err),
		Advice: "see the log, and what DigitalOcean says of itself; writes and sagas wait, nothing is lost",
	}
	var pin *plan.PinError
	if errors.As(r.Err, &pin) {
		c.State, c.Advice = "pinned "+pin.Pin, "all writes are stopped until token, fleet file and state database belong together again"
		return c, true
	}
	return c, time.Since(since) >= failingAfter
}
