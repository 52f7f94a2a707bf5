package provision

import (
	"context"
	"fmt"

	"arcadiad/saga"
)

// stillLost looks whether a droplet that is to be made again shows after all: then it keeps its name, and the saga goes back (law 6).
func (p *core) stillLost(ctx context.Context, run *saga.Run, w *work) error {
	for _, id := range w.Lost {
		shown, err := p.o.Inventory.Shown(ctx, id, run.CreatedAt())
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return saga.Later(notSentPause, fmt.Errorf("look whether droplet %d is still gone: %w", id, err))
		}
		if shown {
			return saga.Supersede(fmt.Sprintf("droplet %d, which was taken for gone, shows again: it stays %s", id, w.Name))
		}
	}
	return nil
}
