package state

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// CheckSaga says what cannot be right in the row of a saga, whose columns subject_key and step say the same in other words.
func CheckSaga(s saga.Saga, key, step string) error {
	var bad []error
	if !slices.Contains(statuses, s.Status) {
		bad = append(bad, fmt.Errorf("column status: %q is not known", s.Status))
	}
	if len(s.ID) != 32 || strings.Trim(s.ID, "0123456789abcdef") != "" {
		bad = append(bad, fmt.Errorf("column id: %q is not 32 hex digits: droplets that it created have another tag", s.ID))
	}
	if fleet.Key(s.Subject) != key {
		bad = append(bad, fmt.Errorf("column subject: %q does not fit subject_key %q", s.Subject, key))
	}
	switch {
	case s.Step < 0 || s.Step > len(s.Steps):
		bad = append(bad, fmt.Errorf("column step_index: %d, but there are %d steps", s.Step, len(s.Steps)))
	case s.Step < len(s.Steps) && s.Steps[s.Step] != step, s.Step == len(s.Steps) && step != "":
		bad = append(bad, fmt.Errorf("column step: %q is not step %d of %q", step, s.Step+1, s.Steps))
	}
	if s.Attempts < 0 {
		bad = append(bad, fmt.Errorf("column attempts: %d", s.Attempts))
	}
	return errors.Join(bad...)
}

// CheckStep says what cannot be right in the row of a step, which is to follow the saga's history.
func CheckStep(s saga.Saga, position int, h saga.StepTime) error {
	var bad []error
	if position != len(s.History) {
		bad = append(bad, fmt.Errorf("table saga_steps: position %d where %d was expected", position, len(s.History)))
	}
	if position >= 0 && position < len(s.Steps) && s.Steps[position] != h.Name {
		bad = append(bad, fmt.Errorf("table saga_steps: step %d is %q, and %q in column steps", position+1, h.Name, s.Steps[position]))
	}
	if !slices.Contains(stepStatuses, h.Status) || h.Attempts < 0 {
		bad = append(bad, fmt.Errorf("table saga_steps: step %q has status %q and %d attempts", h.Name, h.Status, h.Attempts))
	}
	return errors.Join(bad...)
}

// Spoil marks a saga as one that could not be read whole. A live one is stuck, whatever its row says.
func Spoil(s *saga.Saga, err error) {
	if err == nil {
		return
	}
	if s.Undecodable != "" {
		s.Undecodable += "; "
	}
	s.Undecodable += err.Error()
	if s.Status.Live() {
		s.Status = saga.Stuck
	}
}

// The states that this version knows.
var (
	statuses     = []saga.Status{saga.Pending, saga.Running, saga.Compensating, saga.Stuck, saga.Completed, saga.Compensated, saga.Superseded}
	stepStatuses = []saga.StepStatus{saga.StepPending, saga.StepRunning, saga.StepDone, saga.StepFailed, saga.StepCompensated}
)
