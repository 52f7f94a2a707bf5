package condition

import (
	"fmt"
	"strings"

	"arcadiad/fleet"
	"arcadiad/plan"
)

func (s Set) drift() (conditions []Condition) {
	for _, d := range s.Pass.Plan.Drift {
		conditions = append(conditions, Condition{
			Kind: Drift, Subject: d.Name, State: fmt.Sprint(d.DropletID, " ", changes(d.Changes)),
			Summary: driftSummary(d), Advice: s.driftAdvice(d.Name),
		})
	}
	return conditions
}

// driftSummary says what somebody changed, with what as far as that is known, and what is broken.
func driftSummary(d plan.Drift) string {
	var changed, broken []plan.FieldChange
	var by []string
	for _, c := range d.Changes {
		if c.Cause == plan.CauseBroken {
			broken = append(broken, c)
		} else {
			changed = append(changed, c)
		}
		if c.By != "" {
			by = append(by, c.By)
		}
	}
	var parts []string
	if len(changed) > 0 {
		parts = append(parts, fmt.Sprintf("droplet %d was changed behind arcadiad's back: %s", d.DropletID, changes(changed)))
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
func (s Set) driftAdvice(name string) string {
	const look = "; to look: arcadiad plan"
	var desired fleet.Fleet
	if s.Desired != nil {
		desired = *s.Desired
	}
	spec, _ := desired.Spec(name)
	switch desired.Policy.DriftOf(spec.Rules) {
	case fleet.DriftCorrect:
		return "it cannot be mended in place: change it back, put the change into the fleet file, or allow another droplet (drift: replace)" + look
	case fleet.DriftReplace:
		return "change it back in the console, or put the change into the fleet file" + look
	}
	return "change it back in the console, put the change into the fleet file, or have arcadiad mend it (drift: correct)" + look
}

func changes(list []plan.FieldChange) string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = fmt.Sprintf("%s %s -> %s", c.Field, c.From, c.To)
	}
	return strings.Join(words, ", ")
}
