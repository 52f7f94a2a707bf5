package saga

import (
	"context"
	"log/slog"
	"time"
)

// Event is one transition of a saga.
type Event struct {
	What    What
	Saga    Saga          // as it is after the transition; without its Secret
	Step    string        // name of the step that it is about; empty for EventEnded
	Attempt int           // number of the step's try, from 1; 0 for EventEnded
	Err     error         // for EventFailed, EventLater, EventBack, EventStuck, EventUnwritten and EventInterrupted
	Pause   time.Duration // until the next try, for EventFailed, EventLater, EventStuck and EventUnwritten
}

// What says what happened to a saga.
type What string

const (
	EventBegun       What = "begun"       // it was written to the journal
	EventResumed     What = "resumed"     // it was found in the journal at the start
	EventStarted     What = "started"     // a try of a step, or of its compensation, begins; not durable
	EventCheckpoint  What = "checkpoint"  // a step wrote down its intent
	EventDone        What = "done"        // a step is done
	EventUndone      What = "undone"      // a step's compensation is done
	EventFailed      What = "failed"      // a try failed; there will be another
	EventLater       What = "later"       // a step asked for another try
	EventBack        What = "back"        // the saga goes back from here on
	EventStuck       What = "stuck"       // the saga needs a person, or patience
	EventUnwritten   What = "unwritten"   // the journal did not take a write: the try has not happened, there will be another
	EventInterrupted What = "interrupted" // the lifetime ended in mid-step; the saga stays as the journal has it
	EventEnded       What = "ended"       // completed, compensated or superseded; its subject is free
)

// emit reports a transition: one line of log, and a call of Observe.
func (e *Engine) emit(log *slog.Logger, ev Event) {
	level, message, args := ev.line()
	if ev.Err != nil {
		args = append(args, "error", ev.Err)
	}
	if ev.Pause > 0 {
		args = append(args, "again_in", ev.Pause.Round(time.Millisecond))
	}
	if ev.Step != "" {
		log = log.With("step", ev.Step, "attempt", ev.Attempt)
	}
	log.Log(context.Background(), level, message, args...)
	if e.o.Observe != nil {
		e.o.Observe(ev)
	}
}

// line is the event in an operator's words.
func (ev Event) line() (slog.Level, string, []any) {
	switch ev.What {
	case EventStarted, EventCheckpoint, EventLater, EventResumed:
		return slog.LevelDebug, "saga " + string(ev.What), nil
	case EventDone:
		return slog.LevelInfo, "step done", nil
	case EventUndone:
		return slog.LevelInfo, "step undone", nil
	case EventFailed:
		return slog.LevelWarn, "step failed, will be retried", nil
	case EventBack:
		if ev.Saga.Superseded {
			return slog.LevelInfo, "saga superseded, undoing its steps", nil
		}
		return slog.LevelWarn, "saga failed, undoing its steps", nil
	case EventStuck:
		return slog.LevelError, "saga is stuck", nil
	case EventUnwritten:
		return slog.LevelError, "journal write failed, the step will be run again", nil
	case EventEnded:
		args := []any{"status", string(ev.Saga.Status), "took", ev.Saga.EndedAt.Sub(ev.Saga.CreatedAt).Round(time.Millisecond)}
		if ev.Saga.Status == Compensated {
			return slog.LevelWarn, "saga ended", append(args, "error", ev.Saga.Error)
		}
		return slog.LevelInfo, "saga ended", args
	}
	return slog.LevelInfo, "saga " + string(ev.What), nil
}
