package tables

import (
	"context"
	"errors"
)

// Statement is one that is sent before those in front of it are answered.
type Statement struct {
	Query string // in the database's words
	Args  []any

	check func(rows int64) error // of how many rows it changed; nil: any number is right
}

// Pipeline carries out statements in their order, without waiting for the answers in between. It gives how many rows each of them has changed.
type Pipeline func(ctx context.Context, statements []Statement) (rows []int64, err error)

// errAsks is why something cannot go through a pipeline.
var errAsks = errors.New("it needs the answer to a statement before the next one")

// recording is what becomes of statements that are still to be sent.
type recording struct {
	list []Statement
	asks bool // one of them needed its answer
}

// record gives the statements that do would carry out. errAsks: it needs an answer.
func (t *Tx) record(do func() error) ([]Statement, error) {
	r := &recording{}
	t.recording = r
	defer func() { t.recording = nil }()
	err := do()
	if r.asks {
		err = errAsks
	}
	return r.list, err
}

// apart does something for n items that have nothing to do with each other: in a pipeline, if there is one, and so in no certain order.
func (t *Tx) apart(ctx context.Context, n int, do func(i int) error) error {
	done, err := t.pipelined(ctx, n, do)
	for i := 0; i < n && !done && err == nil; i++ {
		err = do(i)
	}
	return err
}

// pipelined is apart in a pipeline. Not done: there is none, or something failed, and nothing was done.
func (t *Tx) pipelined(ctx context.Context, n int, do func(i int) error) (done bool, err error) {
	if t.pipeline == nil || t.recording != nil {
		return false, nil
	}
	lists := make([][]Statement, n)
	for i := range lists {
		if lists[i], err = t.record(func() error { return do(i) }); err != nil {
			return false, nil
		}
	}
	return t.send(ctx, lists)
}

// send carries out lists of statements that have nothing to do with each other. Not done: a statement failed, or has not changed what it should,
// and all are taken back. Which one that was, and why, is found out by doing without a pipeline.
func (t *Tx) send(ctx context.Context, lists [][]Statement) (done bool, err error) {
	statements := merge(lists)
	if len(statements) == 0 {
		return true, nil
	}
	rows, failed := t.pipeline(ctx, append([]Statement{{Query: "SAVEPOINT pipeline"}}, statements...))
	for i := 0; i < len(statements) && failed == nil; i++ {
		if check := statements[i].check; check != nil {
			failed = check(rows[i+1])
		}
	}
	if failed != nil {
		if err := t.exec(ctx, "ROLLBACK TO pipeline"); err != nil {
			return false, errors.Join(failed, err)
		}
	}
	return failed == nil, t.exec(ctx, "RELEASE pipeline")
}

// merge makes one list of many, each of which keeps its order. Equal statements follow each other where they can: the database reads their words
// once.
func merge(lists [][]Statement) (merged []Statement) {
	var rest [][]Statement
	n := 0
	for _, list := range lists {
		if len(list) > 0 {
			rest, n = append(rest, list), n+len(list)
		}
	}
	merged = make([]Statement, 0, n)
	for len(rest) > 0 {
		query, left := rest[0][0].Query, rest[:0]
		for _, list := range rest {
			for len(list) > 0 && list[0].Query == query {
				merged, list = append(merged, list[0]), list[1:]
			}
			if len(list) > 0 {
				left = append(left, list)
			}
		}
		rest = left
	}
	return merged
}
