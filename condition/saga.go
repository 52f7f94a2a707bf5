package condition

import (
	"fmt"

	"arcadiad/fleet"
	"arcadiad/saga"
)

func (s Set) stuck() (conditions []Condition) {
	for _, live := range s.Live {
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
		Advice:  fmt.Sprintf("look: arcadiad saga show %s; mend the cause, then: arcadiad saga retry %[1]s (or abort)", id),
	}, true
}
