package pull

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
)

// How much a work tree may hold: a few kilobytes of a repository can stand for a billion files.
const (
	mostFiles = 100_000
	mostBytes = 1 << 30
)

// bounded refuses a commit whose work tree would be too large.
func (g git) bounded(ctx context.Context, commit string) error {
	var c census
	err := g.to(ctx, &c, nil, "ls-tree", "-r", "-z", "--long", "--end-of-options", commit)
	if c.err != nil {
		return fmt.Errorf("the commit is refused: %w", c.err)
	}
	return err
}

// census counts what `git ls-tree -r -z --long` lists, and ends it at what is too much.
type census struct {
	files, bytes int64
	entry        []byte // the beginning of one that is not read to its end
	err          error
}

func (c *census) Write(p []byte) (int, error) {
	left := append(c.entry, p...)
	for c.err == nil {
		entry, rest, whole := bytes.Cut(left, []byte{0})
		if !whole {
			break
		}
		c.count(entry)
		left = rest
	}
	c.entry = bytes.Clone(left)
	return len(p), c.err
}

// count takes an entry: MODE TYPE OBJECT SIZE, a tab and the name. The size of what is no file is a dash.
func (c *census) count(entry []byte) {
	c.files++
	info, _, _ := bytes.Cut(entry, []byte{'\t'})
	if f := bytes.Fields(info); len(f) == 4 && !bytes.Equal(f[3], []byte("-")) {
		size, err := strconv.ParseInt(string(f[3]), 10, 64)
		if err != nil || size > mostBytes {
			size = mostBytes + 1
		}
		c.bytes += size
	}
	switch {
	case c.files > mostFiles:
		c.err = fmt.Errorf("it has more than %d files", mostFiles)
	case c.bytes > mostBytes:
		c.err = errors.New("its files have more than 1 GiB")
	}
}
