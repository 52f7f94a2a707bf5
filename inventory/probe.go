package inventory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"arcadiad/fleet"
)

// Target is a droplet to probe.
type Target struct {
	DropletID int64
	Address   string // its own, as Ready.Address gives it
	Ready     fleet.Ready
}

// Probed is the result of a probe.
type Probed struct {
	Passed bool
	Why    string    // why it did not pass, in words; empty: it passed
	At     time.Time // when the probe began
}

const (
	probesAtOnce = 32               // under way at once, whoever asked
	probeLimit   = 30 * time.Second // for one call of Probe
	probeKept    = 5 * time.Minute  // how long a result is kept
	probeRecent  = time.Minute      // how long a pass tells that this host's network works
)

// Probe probes the targets, and takes results that are at most maxAge old. Whatever was not probed in time is missing from the answer.
// It costs no API request. Those who ask for the same target at once share one probe.
func (i *Inventory) Probe(ctx context.Context, targets []Target, maxAge time.Duration) map[int64]Probed {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	oldest := time.Now().Add(-maxAge)
	todo, out := i.probes.kept(targets, oldest)

	// Workers instead of a goroutine for each target: a fleet of thousands costs no more than 32 of them.
	next := make(chan Target, len(todo))
	for _, t := range todo {
		next <- t
	}
	close(next)
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range min(len(todo), probesAtOnce) {
		workers.Go(func() {
			for t := range next {
				if result, ok := i.probes.share(ctx, t, oldest, i.probe); ok {
					mu.Lock()
					out[t.DropletID] = result
					mu.Unlock()
				}
			}
		})
	}
	workers.Wait()
	return out
}

// AnsweredBeside tells whether another droplet than id passed its probe within the last minute, and has not failed it since. Where none
// did, this host's own network may be down, and the droplet is not to blame.
func (i *Inventory) AnsweredBeside(id int64) bool {
	return i.probes.answeredBeside(id, time.Now().Add(-probeRecent))
}

// probes are the probes under way, and what the last ones found. Nothing of it outlives the process.
type probes struct {
	slots chan struct{} // holds one element for each probe under way

	mu      sync.Mutex
	results map[int64]probeResult // by droplet: those who no longer ask let it age out
	shared  map[Target]*probing
}

type probeResult struct {
	target Target
	Probed
}

// probing is a probe under way.
type probing struct {
	askers int // who wait for it; the last one to leave ends it
	stop   context.CancelFunc
	done   chan struct{} // closed when result is there
	result Probed
}

func newProbes() probes {
	return probes{slots: make(chan struct{}, probesAtOnce), results: map[int64]probeResult{}, shared: map[Target]*probing{}}
}

// alike is the target without what makes no difference to a probe.
func (t Target) alike() Target {
	t.Ready.Within, t.Ready.For = 0, 0
	return t
}

// kept gives the results that are recent enough, and the targets that have none: those that were not probed for the longest time first,
// so that a call that runs out of time does not leave out the same ones as the call before it.
func (p *probes) kept(targets []Target, oldest time.Time) (todo []Target, out map[int64]Probed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.prune(time.Now())
	out = map[int64]Probed{}
	seen := map[int64]bool{}
	for _, t := range targets {
		if t = t.alike(); seen[t.DropletID] {
			continue
		}
		seen[t.DropletID] = true
		if r, ok := p.recent(t, oldest); ok {
			out[t.DropletID] = r
		} else {
			todo = append(todo, t)
		}
	}
	slices.SortStableFunc(todo, func(a, b Target) int { return p.results[a.DropletID].At.Compare(p.results[b.DropletID].At) })
	return todo, out
}

// recent gives the kept result of a target.
func (p *probes) recent(t Target, oldest time.Time) (Probed, bool) {
	r, ok := p.results[t.DropletID]
	if !ok || r.target != t || r.At.Before(oldest) {
		return Probed{}, false
	}
	return r.Probed, true
}

// prune forgets old results, so that no more are kept than droplets were probed of late.
func (p *probes) prune(now time.Time) {
	maps.DeleteFunc(p.results, func(_ int64, r probeResult) bool { return now.Sub(r.At) > probeKept })
}

func (p *probes) answeredBeside(id int64, since time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for other, r := range p.results {
		if other != id && r.Passed && !r.At.Before(since) {
			return true
		}
	}
	return false
}

// share gives the result of a probe of the target: a recent one, that of a probe under way, or a new one's. False: the context ended
// first. The probe goes on for as long as anybody waits for it.
func (p *probes) share(ctx context.Context, t Target, oldest time.Time, probe func(context.Context, Target) (Probed, bool)) (Probed, bool) {
	if ctx.Err() != nil {
		return Probed{}, false
	}
	p.mu.Lock()
	if r, ok := p.recent(t, oldest); ok {
		p.mu.Unlock()
		return r, true
	}
	shared := p.shared[t]
	if shared == nil {
		shared = &probing{done: make(chan struct{})}
		var own context.Context
		own, shared.stop = context.WithCancel(context.WithoutCancel(ctx))
		p.shared[t] = shared
		go func() {
			result, whole := probe(own, t)
			p.finish(t, shared, result, whole)
		}()
	}
	shared.askers++
	p.mu.Unlock()

	select {
	case <-shared.done:
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if shared.askers--; shared.askers == 0 {
		shared.stop()
		p.forget(t, shared)
	}
	select {
	case <-shared.done:
		return shared.result, !shared.result.At.IsZero()
	default:
		return Probed{}, false
	}
}

// finish notes what a probe has found. One that was stopped has found nothing.
func (p *probes) finish(t Target, shared *probing, result Probed, whole bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if whole {
		shared.result = result
		if !result.At.Before(p.results[t.DropletID].At) {
			p.results[t.DropletID] = probeResult{t, result}
		}
	}
	p.forget(t, shared)
	close(shared.done)
}

// forget lets those who come later begin anew.
func (p *probes) forget(t Target, shared *probing) {
	if p.shared[t] == shared {
		delete(p.shared, t)
	}
}

// enter waits for a free place among the probes under way.
func (p *probes) enter(ctx context.Context) bool {
	select {
	case p.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *probes) leave() { <-p.slots }

// probe probes once. False: it was stopped, which says nothing about the droplet.
func (i *Inventory) probe(ctx context.Context, t Target) (Probed, bool) {
	if !i.probes.enter(ctx) {
		return Probed{}, false
	}
	defer i.probes.leave()
	began := time.Now()
	err := prober{dial: i.o.Dial, loopback: i.o.LoopbackProbes}.probe(ctx, t)
	if ctx.Err() != nil {
		return Probed{}, false
	}
	result := Probed{Passed: err == nil, At: began}
	if err != nil {
		result.Why = err.Error()
	}
	i.o.Log.Debug("probed a droplet", "droplet_id", t.DropletID, "address", t.Address, "probe", t.Ready.String(), "passed", result.Passed,
		"why", cmp.Or(result.Why, "it passed"), "took", time.Since(began))
	return result, true
}
