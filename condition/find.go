package condition

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

func (in Input) token() []Condition {
	if in.Token == nil {
		return nil
	}
	return []Condition{{
		Kind: Token, State: "refused", Summary: in.Token.Error(), Well: "DigitalOcean accepts the API token",
		Advice: "make a new one at https://cloud.digitalocean.com/account/api/tokens; put it into the token file (of the service: /etc/arcadiad/token, then " +
			"sudo systemctl reload arcadiad), or restart with it in DIGITALOCEAN_ACCESS_TOKEN; to check it: arcadiad doctor",
	}}
}

func (in Input) failing() []Condition {
	if !in.fails() {
		return nil
	}
	c := Condition{
		Kind: Failing, State: "failing", Since: in.Failing.UTC(), Summary: fmt.Sprintf("passes fail: %v", in.PassErr), Well: "a pass has succeeded",
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
		Well: "the newest version of the fleet file is in force",
	}}
}

// unusable says what a bad fleet file leaves in force.
func (in Input) unusable() string {
	if in.Desired == nil {
		return "the fleet file is not usable; no fleet file is in force: sagas continue, but nothing new is planned"
	}
	return "the fleet file is not usable; the last good version stays in force"
}

func (in Input) pull() []Condition {
	f := in.Fetched
	if f == nil || !f.Failing(in.Now) && !f.Late(in.Now) {
		return nil
	}
	last := fmt.Sprintf("the fleet file stays at %s, fetched %s", f.Short(), f.At.UTC().Format("2006-01-02 15:04 UTC"))
	if f.At.IsZero() {
		last = "no pull has succeeded yet"
	}
	c := Condition{
		Kind: Pull, State: "failing", Summary: fmt.Sprintf("arcadiad pull of %s from %s fails: %s; %s", f.Ref, f.Repo, fleet.OneLine(f.Error), last),
		Advice: "see journalctl -u 'arcadiad-pull@*', and mend what it says; the next pull tries again by itself",
		Well:   fmt.Sprintf("arcadiad pull has fetched %s again", f.Ref),
	}
	if f.Error == "" {
		c.State, c.Summary = "late", fmt.Sprintf("arcadiad pull has not run for an hour; %s", last)
		c.Advice = "see whether its timer runs: systemctl list-timers --all 'arcadiad-pull@*'"
	}
	return []Condition{c}
}

func (in Input) stuck() []Condition    { return in.ofSagas(Stuck) }
func (in Input) retrying() []Condition { return in.ofSagas(Retrying) }

func (in Input) ofSagas(kind Kind) (conditions []Condition) {
	for _, live := range in.Live {
		if c, ok := OfSaga(live); ok && c.Kind == kind {
			conditions = append(conditions, c)
		}
	}
	return conditions
}

// retryingAfter is how many tries of a step fail before people are told.
const retryingAfter = 3

// OfSaga judges one saga: one that moves need not have all others judged again. False: there is nothing to tell of it.
func OfSaga(s saga.Saga) (Condition, bool) {
	stuck := s.Status == saga.Stuck
	if !stuck && (!s.Status.Live() || s.Attempts < retryingAfter) {
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
	if stuck {
		return Condition{
			Kind: Stuck, Subject: s.Subject, State: id + " " + at,
			Summary: fmt.Sprintf("saga %s (%s) is stuck at %s: %s", id, s.Kind, at, s.Error),
			Advice:  fmt.Sprintf("details: arcadiad saga show %s; fix the cause, then: arcadiad saga retry %[1]s (or abort)", id),
			Well:    fmt.Sprintf("saga %s (%s) is no longer stuck at %s", id, s.Kind, at),
		}, true
	}
	return Condition{
		Kind: Retrying, Subject: s.Subject, State: id + " " + at,
		Summary: fmt.Sprintf("saga %s (%s) has failed %d times at %s, and is tried again at %s: %s", id, s.Kind, s.Attempts, at, clock(s.NotBefore), s.Error),
		Advice:  fmt.Sprintf("details: arcadiad saga show %s; to try now: arcadiad saga retry %[1]s", id),
		Well:    fmt.Sprintf("saga %s (%s) is past %s, or has ended", id, s.Kind, at),
	}, true
}

// deeds are what sagas do, in a word.
var deeds = map[string]string{
	fleet.SagaProvision: "create", fleet.SagaDestroy: "destroy", fleet.SagaReplace: "replace", fleet.SagaAdopt: "adopt", fleet.SagaUpdate: "update",
	fleet.SagaTakeOver: "adopt", fleet.SagaPurge: "purge", fleet.SagaRelease: "release", fleet.SagaRestore: "undo",
}

// FailedNow judges a saga that goes back because it failed, or ended so. Past are the sagas of its name, oldest first, itself among them.
// False: it did not fail.
func FailedNow(s saga.Saga, past []saga.Saga) (Condition, bool) {
	if !s.Reverse || s.Superseded {
		return Condition{}, false
	}
	if s.Status.Live() {
		facts, _ := fleet.FactsOf(s.Labels) // what cannot be read is not told
		f := plan.Failed{Name: s.Subject, Saga: s.ID, Kind: s.Kind, Spec: facts.SpecHash, Why: backBecause(s)}
		return ofFailure(f, "failed", "what it did is being undone"), true
	}
	journal := make([]fleet.Saga, len(past))
	for i, s := range past {
		facts, _ := fleet.FactsOf(s.Labels)
		journal[i] = fleet.Saga{
			ID: s.ID, Kind: s.Kind, Name: s.Subject, Status: string(s.Status), Live: s.Status.Live(), Error: s.Error, CreatedAt: s.CreatedAt, EndedAt: s.EndedAt, Facts: facts,
		}
	}
	for _, f := range plan.FailedOf(journal) {
		if f.Saga == s.ID {
			return ofFailure(f, f.Tried(), nextTry(f)), true
		}
	}
	return Condition{}, false
}

// backBecause is why a saga went back: of the step that failed, not of an undoing that does.
func backBecause(s saga.Saga) string {
	for _, step := range s.History {
		if step.Status == saga.StepFailed && step.Error != "" {
			return step.Error
		}
	}
	return s.Error
}

func nextTry(f plan.Failed) string {
	if f.Next.IsZero() {
		return "not tried again by itself"
	}
	return "tried again at " + clock(f.Next)
}

// ofFailure is told once for what fails again and again: its state is what was tried.
func ofFailure(f plan.Failed, tried, next string) Condition {
	deed, advice := cmp.Or(deeds[f.Kind], f.Kind), "details: arcadiad why "+f.Name
	if !f.At.IsZero() {
		advice += "; to try now: arcadiad saga retry " + fleet.Saga8(f.Saga)
	}
	return Condition{
		Kind: Failed, Subject: f.Name, State: strings.TrimSpace(f.Kind + " " + f.Spec), Since: f.At,
		Summary: fmt.Sprintf("%s %s: %s; %s", deed, tried, f.Why, next),
		Advice:  advice,
		Well:    "the " + deed + " that failed is no longer asked for",
	}
}

// failed tells of the names whose last try failed, as long as the plan has something to do for them: what nobody asks for any more is no failure.
func (in Input) failed() (conditions []Condition) {
	actions := map[string]plan.Action{} // the first of each name
	for _, a := range in.Plan.Actions {
		if key := fleet.Key(a.Name); actions[key].Kind == "" {
			actions[key] = a
		}
	}
	stopped := fleet.SetOf(in.Plan.Rollouts, func(r plan.Rollout) string {
		if r.Failed == nil {
			return ""
		}
		return r.Failed.Saga
	})
	for _, f := range in.Plan.Failed {
		a := actions[fleet.Key(f.Name)]
		next := nextTry(f)
		switch {
		case stopped[f.Saga]:
			next = "it now waits, held by " + plan.HoldStopped
		case in.Desired == nil: // the state database alone: no plan is known
			next = "the next arcadiad run or apply tries again"
		case a.Kind == "", a.HeldBy == plan.HoldStalled:
			continue
		case !a.Held:
			next = "being tried again"
		case a.HeldBy != plan.HoldBackoff:
			next = "it now waits, held by " + a.HeldBy
		}
		conditions = append(conditions, ofFailure(f, f.Tried(), next))
	}
	return conditions
}

// lost tells of the droplets that are proved gone and that another one stands in for. Like missing it leaves the droplet out of its words.
func (in Input) lost() (conditions []Condition) {
	for _, a := range in.Plan.Actions {
		if len(a.Lost) == 0 {
			continue
		}
		advice := "find out who destroyed it; arcadiad creates it again by itself"
		if a.Held {
			advice = "find out who destroyed it; creating it again waits, held by " + a.HeldBy + "; details: arcadiad plan"
		}
		conditions = append(conditions, Condition{
			Kind: Lost, Subject: a.Name, State: fmt.Sprint(a.Lost), Summary: "a registered droplet is gone from the account, and arcadiad did not destroy it",
			Advice: advice, Well: "there is a droplet under its name again, or nobody asks for one",
		})
	}
	return conditions
}

// missing leaves the droplet out of its words: what is lost at once is told in one line.
func (in Input) missing() (conditions []Condition) {
	for _, m := range in.Plan.Missing {
		c := Condition{
			Kind: Missing, Subject: m.Name, State: fmt.Sprint(m.DropletID), Since: m.Since,
			Summary: "a registered droplet is missing from the account",
			Advice:  "check the account; if it stays away, arcadiad creates it again; details: arcadiad plan",
			Well:    "it is in the account again, or nobody asks for it any more",
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
			Well:    "the rollout is no longer stopped",
		})
	}
	return conditions
}

// held tells of the actions that the next pass does not do by itself, but for what is only due later, and for what failed, which is told apart. Those of one name are one condition, and
// so is a rollout that is held as a whole. What a stop holds is told of with the stop. The droplet is left out of the words, as above.
func (in Input) held() (conditions []Condition) {
	first := map[string]int{} // index of the condition of a name, or of a group
	failed := fleet.SetOf(in.Plan.Failed, func(f plan.Failed) string { return fleet.Key(f.Name) })
	for _, a := range in.Plan.Actions {
		hold := a.Hold()
		if !a.Held || a.HeldBy == plan.HoldStopped || a.Waits() && !hold.Failed || a.HeldBy == plan.HoldBackoff && failed[fleet.Key(a.Name)] {
			continue
		}
		c := Condition{
			Kind: Held, Subject: a.Name, State: fmt.Sprint(a.Kind, " ", a.HeldBy, " ", a.DropletID, " ", a.Spec.Hash()),
			Summary: fmt.Sprintf("%s is held by %s: %s", a.Kind, a.HeldBy, a.HeldReason), Advice: hold.Advice(in.Plan.ID),
			Well: fmt.Sprintf("%s is no longer held by %s", a.Kind, a.HeldBy),
		}
		if hold.Failed && !hold.Waits {
			c.Kind = Stalled
		}
		r := in.Plan.HeldWhole(a)
		if r != nil {
			c.Subject, c.State = r.Group, "rollout "+a.HeldBy+" "+r.Spec
			c.Well = "the rollout is no longer held by " + a.HeldBy
			c.Summary = fmt.Sprintf("the rollout of %s (%s) is held by %s: %s", r.Group, fleet.Counted(r.Total(), "droplet"), a.HeldBy, a.HeldReason)
		}
		i, again := first[c.Subject]
		switch {
		case !again:
			first[c.Subject] = len(conditions)
			conditions = append(conditions, c)
		case r == nil:
			conditions[i].Well = "nothing of it is held any more"
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
			Well:    fmt.Sprintf("droplet %d is ours again, or its name is free", r.DropletID),
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
			Well: fmt.Sprintf("droplet %d is as recorded again", d.DropletID),
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
