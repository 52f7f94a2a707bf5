package provision

import (
	"context"
	"errors"
	"time"

	"arcadiad/saga"
)

// record is the step RecordDroplet: from now on the record says what was sent.
func (p registerSteps) record(ctx context.Context, run *saga.Run, w *work) error {
	if w.Record == nil {
		return saga.Permanent(errors.New("the plan gave no record"))
	}
	d, err := p.looks(run).present(ctx, w.DropletID)
	if errors.Is(err, errGone) {
		run.Log().Warn("there is nothing left to record", "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	w.Record.RecordedAt = time.Now()
	// The file may protect it again since the protection was lifted.
	w.Record.Lifts = w.Alter.Protection && !w.Record.Protect && !p.protects(w)
	run.Put(d, *w.Record)
	return nil
}
