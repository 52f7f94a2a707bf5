package saga_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"arcadiad/saga"
	"arcadiad/saga/sagatest"
)

// disk is what outlives a process: the journal's rows, encoded, and the rows that steps handed over.
type disk struct {
	mu    sync.Mutex
	order []string          // ids as they were begun
	sagas map[string][]byte // by id
	rows  []string
}

func newDisk() *disk { return &disk{sagas: map[string][]byte{}} }

// row is the only type of row that the journal knows.
type row string

// fate is what happens at a point of a scenario.
type fate int

const (
	goOn      fate = iota
	before         // it fails, and has not happened
	after          // it fails, but has happened: the answer was lost
	dieBefore      // the process dies before it
	dieAfter       // the process dies after it
	stop           // the lifetime ends just before it, in good order
)

var errDead = errors.New("the process is dead")

// process is one life of a program that works on a disk. At each point, a journal call or an effect outside, its fate is asked.
type process struct {
	disk  *disk
	end   context.CancelFunc // of the lifetime
	fates func(what string) fate

	mu   sync.Mutex
	dead bool
}

// at does something at a point of the scenario, as fate has it.
func (p *process) at(what string, do func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return errDead
	}
	f := goOn
	if p.fates != nil {
		f = p.fates(what)
	}
	switch f {
	case before:
		return fmt.Errorf("%s failed", what)
	case dieBefore:
		p.dead = true
		p.end()
		return errDead
	case stop:
		p.end()
	}
	err := do()
	switch f {
	case after:
		return fmt.Errorf("%s: the answer was lost", what)
	case dieAfter:
		p.dead = true
		p.end()
		return errDead
	}
	return err
}

func (p *process) Begin(ctx context.Context, sagas ...saga.Saga) error {
	return p.at("begin", func() error { return p.disk.begin(ctx, sagas) })
}

func (p *process) Commit(ctx context.Context, s saga.Saga, rows []any) error {
	return p.at("commit", func() error { return p.disk.commit(ctx, s, rows) })
}

func (p *process) Live(ctx context.Context) ([]saga.Saga, error) {
	var live []saga.Saga
	err := p.at("live", func() error {
		for _, s := range p.disk.all() {
			if s.Status.Live() {
				live = append(live, s)
			}
		}
		return ctx.Err()
	})
	return live, err
}

func (d *disk) begin(ctx context.Context, sagas []saga.Saga) error {
	prefixes, live := map[string]bool{}, map[string]bool{}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, old := range d.read() {
		prefixes[old.ID[:8]] = true
		live[old.Subject] = live[old.Subject] || old.Status.Live()
	}
	for _, s := range sagas {
		switch {
		case prefixes[s.ID[:8]]:
			return saga.ErrID
		case live[s.Subject]:
			return fmt.Errorf("%s: %w", s.Subject, saga.ErrLive)
		}
		prefixes[s.ID[:8]], live[s.Subject] = true, true
	}
	var texts []string
	for _, s := range sagas {
		more, err := textsOf(s.Rows)
		if err != nil {
			return err
		}
		texts = append(texts, more...)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d.rows = append(d.rows, texts...)
	for _, s := range sagas {
		d.order = append(d.order, s.ID)
		d.sagas[s.ID] = encode(s)
	}
	return nil
}

func (d *disk) commit(ctx context.Context, s saga.Saga, rows []any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sagas[s.ID] == nil {
		return errors.New("no such saga")
	}
	texts, err := textsOf(rows)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !s.Status.Live() {
		s.Secret = nil
	}
	d.sagas[s.ID] = encode(s)
	d.rows = append(d.rows, texts...)
	return nil
}

// textsOf are the rows as they lie on the disk.
func textsOf(rows []any) (texts []string, err error) {
	for _, r := range rows {
		text, ok := r.(row)
		if !ok {
			return nil, fmt.Errorf("unknown row %T", r)
		}
		texts = append(texts, string(text))
	}
	return texts, nil
}

func encode(s saga.Saga) []byte {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return raw
}

// all gives every saga as it lies on the disk, oldest first.
func (d *disk) all() []saga.Saga {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.read()
}

func (d *disk) read() []saga.Saga {
	sagas := make([]saga.Saga, len(d.order))
	for i, id := range d.order {
		if err := json.Unmarshal(d.sagas[id], &sagas[i]); err != nil {
			panic(err)
		}
	}
	return sagas
}

// of gives the newest saga of a subject.
func (d *disk) of(subject string) saga.Saga {
	for _, s := range slices.Backward(d.all()) {
		if s.Subject == subject {
			return s
		}
	}
	return saga.Saga{}
}

// TestDisk shows that the journal of these tests is one.
func TestDisk(t *testing.T) {
	count := func(_ *testing.T, j saga.Journal) int { return len(j.(*process).disk.rows) }
	sagatest.TestJournal(t, func(*testing.T) saga.Journal { return &process{disk: newDisk()} }, sagatest.Rows{Row: row("a"), Count: count})
}
