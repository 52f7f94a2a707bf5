//go:build !manual

package main

import (
	"context"
	"os"
)

func main() {
	ctx, stop := untilSignal(context.Background())
	root := newRoot()
	err := root.ExecuteContext(ctx)
	stop()
	os.Exit(conclude(root.ErrOrStderr(), err))
}
