package saga

import (
	"slices"
	"time"
)

// The transitions of a saga, as pure functions on its row. Each works on a clone that has not been committed yet.

// clone shares with s only what is never changed in place: a context, a secret and labels are exchanged as wholes, and the steps are
// frozen. A saga that is tried is there twice, as it was committed and as its step has it.
func (s Saga) clone() Saga {
	s.History = slices.Clone(s.History)
	return s
}

// step is the name of the current step; empty when there is none.
func (s Saga) step() string {
	if s.Step < 0 || s.Step >= len(s.Steps) {
		return ""
	}
	return s.Steps[s.Step]
}

func (s *Saga) past() *StepTime { return &s.History[s.Step] }

// start marks a try of the current step.
func (s *Saga) start(now time.Time) {
	if s.Status != Stuck {
		s.Status = Running
		if s.Reverse {
			s.Status = Compensating
		}
	}
	if s.Reverse {
		return
	}
	s.past().Status = StepRunning
	if s.past().StartedAt.IsZero() {
		s.past().StartedAt = now
	}
}

// advance moves on after a try that succeeded, in whichever direction the saga goes.
func (s *Saga) advance(steps map[string]Step, now time.Time) {
	past := s.past()
	past.Attempts++
	past.EndedAt = now
	s.Attempts, s.NotBefore = 0, time.Time{}
	if s.Reverse {
		past.Status = StepCompensated
		s.Step--
		s.Error = s.reason() // not that of a compensation that failed and then did not
		s.descend(steps, now)
		return
	}
	past.Status, past.Error = StepDone, ""
	s.Status, s.Error, s.Begun = Running, "", false
	s.Step++
	if s.Step == len(s.Steps) {
		s.Status, s.EndedAt = Completed, now
	}
}

// fail counts a failed try and plans the next one.
func (s *Saga) fail(err error, stuck bool, pause time.Duration, now time.Time) {
	s.past().Attempts++
	s.Attempts++
	if !s.Reverse {
		s.past().Status, s.past().Error = StepFailed, err.Error()
	}
	if stuck {
		s.Status = Stuck
	}
	s.wait(err, pause, now)
}

func (s *Saga) wait(err error, pause time.Duration, now time.Time) {
	s.Error = err.Error()
	s.NotBefore = now.Add(pause)
}

// turnBack makes the saga go back, the current step first: it may have been half done.
func (s *Saga) turnBack(steps map[string]Step, err error, now time.Time) {
	past := s.past()
	past.Status, past.Error, past.EndedAt = StepFailed, err.Error(), now
	s.Reverse, s.Error = true, err.Error()
	s.Attempts, s.NotBefore = 0, time.Time{}
	if _, known := steps[s.step()]; !known {
		s.Step-- // an unknown step that never began, see Engine.mayTurnBack
	}
	s.descend(steps, now)
}

// descend goes down to the next step that has something to undo, or to the end. A step that this binary does not know is not
// passed over: nobody can tell what it left behind.
func (s *Saga) descend(steps map[string]Step, now time.Time) {
	s.Status = Compensating
	for ; s.Step >= 0; s.Step-- {
		if step, known := steps[s.step()]; !known || step.Compensate != nil {
			// Begun is about the step that failed; all steps before it were done.
			s.Begun = s.Begun || s.past().Status == StepDone
			return
		}
	}
	s.Step = 0
	s.Status, s.EndedAt = Compensated, now
	if s.Superseded {
		s.Status = Superseded
	}
}

// reason is why the saga goes back: the error of the step that failed. A done step keeps none.
func (s *Saga) reason() string {
	for _, past := range slices.Backward(s.History) {
		if past.Error != "" {
			return past.Error
		}
	}
	return s.Error
}

// forwardOnly tells whether a pivot has begun or is passed. A passed step that this binary does not know may have been one.
func (s Saga) forwardOnly(steps map[string]Step) bool {
	if s.Reverse {
		return false
	}
	for i, name := range s.Steps {
		step, known := steps[name]
		switch {
		case i < s.Step && (!known || step.Pivot), i == s.Step && step.Pivot && s.Begun:
			return true
		case i >= s.Step:
			return false
		}
	}
	return false
}
