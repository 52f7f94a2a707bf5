package saga

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// Run is one try of one step, or of its compensation. It belongs to the goroutine that the step was called in, until the step
// returns.
type Run struct {
	next    Saga  // what the next commit will write
	rows    []any // handed over since the last commit
	resumed bool
	log     func() *slog.Logger
	encode  func() (json.RawMessage, error) // the context as the step has it now; nil: the step does not use it
	commit  func(s Saga, rows []any) error
	broken  error // the first checkpoint that failed

	name    string // of the step
	attempt int
	began   time.Time
	do      func(context.Context, *Run) error // the step, or its compensation
	done    What                              // what is told when it is done
}

// ID is the saga's id, 32 hex digits.
func (r *Run) ID() string { return r.next.ID }

// Kind is the saga's kind.
func (r *Run) Kind() string { return r.next.Kind }

// CreatedAt is when the saga was drafted.
func (r *Run) CreatedAt() time.Time { return r.next.CreatedAt }

// StepStartedAt is when the step was first tried.
func (r *Run) StepStartedAt() time.Time { return r.next.past().StartedAt }

// Resumed tells whether this process loaded the saga from the journal, and did not begin it: an earlier process may have done more
// than the journal knows, and a journal that was restored is older than what was done.
func (r *Run) Resumed() bool { return r.resumed }

// Begun tells whether the step may have done something outside: it has checkpointed, in this try or in an earlier one. In a
// compensation it tells the same of the step's Run; it is true for every step that was done.
func (r *Run) Begun() bool { return r.next.Begun }

// Secret is the saga's secret. It leaves the journal when the saga ends.
func (r *Run) Secret() []byte { return slices.Clone(r.next.Secret) }

// Label is a small fact about the saga, empty when it is not set.
func (r *Run) Label(key string) string { return r.next.Labels[key] }

// SetLabel sets a label with the next commit, as if it were part of the context.
func (r *Run) SetLabel(key, value string) {
	labels := maps.Clone(r.next.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[key] = value
	r.next.Labels = labels
}

// Put hands over rows, as values of types that the journal knows, to be committed with the next checkpoint or with the step's
// result. A try that fails before that drops them.
func (r *Run) Put(rows ...any) { r.rows = append(r.rows, rows...) }

// Log is a logger that names the saga, its subject, the step and the attempt.
func (r *Run) Log() *slog.Logger { return r.log() }

// Checkpoint makes the context, the labels and the rows so far durable in mid-step, and with them the fact that something outside
// may have happened. A context that ended writes nothing; one that ends during the write does not disturb it. After an error the
// step must not go on: its try has failed, whatever it returns.
func (r *Run) Checkpoint(ctx context.Context) error {
	err := r.checkpoint(ctx)
	if err != nil && r.broken == nil {
		r.broken = err
	}
	return err
}

func (r *Run) checkpoint(ctx context.Context) error {
	if r.broken != nil {
		return r.broken
	}
	if ctx.Err() != nil {
		return fmt.Errorf("checkpoint: %w", context.Cause(ctx))
	}
	if err := r.take(); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	r.next.Begun = true
	if err := r.commit(r.next, r.rows); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	r.rows = nil
	return nil
}

// take encodes the context as the step has it now.
func (r *Run) take() error {
	if r.encode == nil {
		return nil
	}
	raw, err := r.encode()
	if err != nil {
		return fmt.Errorf("the saga's context cannot be encoded: %w", err)
	}
	r.next.Context = raw
	return nil
}
