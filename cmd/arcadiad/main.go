//go:build !manual

package main

import (
	"context"
	"os"

	"arcadiad/fleet"
)

func main() {
	ctx, stop := untilSignal(context.Background())
	root := newRoot()
	err := root.ExecuteContext(fleet.AsPerson(ctx, person()))
	stop()
	os.Exit(conclude(root.ErrOrStderr(), err))
}
