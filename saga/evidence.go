package saga

import (
	"errors"
	"fmt"
)

// runnable tells why this binary cannot run the saga's current step; nil: it can.
func (e *Engine) runnable(s Saga) error {
	if err := e.readable(s); err != nil {
		return err
	}
	if _, known := e.kinds[s.Kind].steps[s.step()]; !known {
		return &unrunnable{fmt.Errorf("this version does not know step %q of kind %q: start one that does", s.step(), s.Kind)}
	}
	return nil
}

// readable tells why this binary cannot make sense of the saga as a whole; nil: it can.
func (e *Engine) readable(s Saga) error {
	var why error
	_, known := e.kinds[s.Kind]
	switch {
	case s.Undecodable != "":
		why = errors.New("its row in the journal cannot be read whole: " + s.Undecodable)
	case !known:
		why = fmt.Errorf("this version does not know kind %q: start one that does", s.Kind)
	case s.step() == "":
		why = fmt.Errorf("its row in the journal is at step %d of %d", s.Step+1, len(s.Steps))
	case !s.Status.known():
		why = fmt.Errorf("this version does not know status %q: start one that does", s.Status)
	default:
		return nil
	}
	return &unrunnable{why}
}

// known tells whether this version knows the state as that of a live saga.
func (s Status) known() bool { return s == Pending || s == Running || s == Compensating || s == Stuck }

// mayTurnBack tells why a saga cannot go back; nil: it can. Lost is why it cannot be run, if so.
func (e *Engine) mayTurnBack(s Saga, lost error) error {
	if err := e.readable(s); err != nil {
		return err
	}
	steps := e.kinds[s.Kind].steps
	_, known := steps[s.step()]
	switch {
	case s.forwardOnly(steps):
		return ErrPivot
	case known && lost != nil: // its context cannot be decoded, so nothing could be undone
		return lost
	case !known && (s.Begun || s.Attempts > 0):
		return e.runnable(s) // nobody can tell what the step left behind
	}
	return nil // an unknown step that never began has left nothing behind
}
