package reconcile

import (
	"context"
	"sync"
)

// previewKey is what a preview is of.
type previewKey struct {
	hash  string // of the fleet file
	hurry bool
	scope string // a [fleet.Scope]
}

// previews are the previews under way: of each kind one that has begun, and one that those wait for who came since. The zero value is
// ready for use.
type previews struct {
	mu      sync.Mutex
	running map[previewKey]*preview
	next    map[previewKey]*preview
}

// preview is one look that several may wait for.
type preview struct {
	waiting int           // how many still do
	stop    func()        // ends the look, which nobody waits for any more
	done    chan struct{} // closed when pass and err are there
	pass    Pass
	err     error
}

// share gives what look finds, in a look that begins after this call and that others may have asked for too.
func (p *previews) share(ctx context.Context, key previewKey, look func(context.Context) (Pass, error)) (Pass, error) {
	one := p.join(ctx, key, look)
	defer p.leave(key, one)
	select {
	case <-one.done:
		return one.pass, one.err
	case <-ctx.Done():
		return Pass{}, ctx.Err()
	}
}

// join finds the look that begins next, or has one begin when the present one has ended.
func (p *previews) join(ctx context.Context, key previewKey, look func(context.Context) (Pass, error)) *preview {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == nil {
		p.running, p.next = map[previewKey]*preview{}, map[previewKey]*preview{}
	}
	if one := p.next[key]; one != nil {
		one.waiting++
		return one
	}
	own, stop := context.WithCancel(context.WithoutCancel(ctx)) // whoever asked first may leave before the others
	one := &preview{waiting: 1, stop: stop, done: make(chan struct{})}
	before := p.running[key]
	if before == nil {
		p.running[key] = one
	} else {
		p.next[key] = one
	}
	go func() {
		defer stop()
		if before != nil {
			<-before.done
			if !p.begin(key, one) {
				return
			}
		}
		one.pass, one.err = look(own)
		p.end(key, one)
	}()
	return one
}

// begin closes a look to those who come from now on. False: nobody waits for it any more.
func (p *previews) begin(key previewKey, one *preview) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next[key] != one {
		return false
	}
	delete(p.next, key)
	p.running[key] = one
	return true
}

func (p *previews) end(key previewKey, one *preview) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running[key] == one {
		delete(p.running, key)
	}
	close(one.done)
}

func (p *previews) leave(key previewKey, one *preview) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if one.waiting--; one.waiting > 0 {
		return
	}
	one.stop()
	if p.next[key] == one {
		delete(p.next, key) // the next to come has one of its own
	}
}
