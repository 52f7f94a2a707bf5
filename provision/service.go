package provision

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// tellAfter is after how long a person is told that a saga waits until others serve.
const tellAfter = time.Hour

// waits is a step's error while it waits for droplets to serve: no failed try, and after that long a matter for a person.
func waits(run *saga.Run, patience time.Duration, why error) error {
	again := saga.Later(againSoon, why)
	if time.Since(run.StepStartedAt()) > patience {
		return saga.NeedsPerson(again)
	}
	return again
}

// probeOf is the probe that the droplet of a saga must pass: that of the file in force, which a person may have mended, while that asks for
// the same droplet; else the one that the saga began with. nil: none.
func (p service) probeOf(w *work) *fleet.Ready {
	if desired, ok := p.o.Desired(); ok && desired.Name == w.Fleet {
		if s, asks := desired.Spec(w.Name); asks && s.Hash() == w.SpecHash {
			return s.Ready
		}
	}
	return w.Spec.Ready
}

// stands looks whether the replacement is still there and serves, before the old droplet goes: DigitalOcean has taken back droplets that
// were active a moment ago, and people delete, or switch off, what they did not expect.
func (p service) stands(ctx context.Context, run *saga.Run, w *work) error {
	d, err := p.looks(run).present(ctx, w.DropletID, p.unseenFor(true))
	if errors.Is(err, errGone) {
		return saga.Permanent(fmt.Errorf("droplet %d vanished before the one that it replaces was destroyed; that one stays", w.DropletID))
	}
	if err != nil {
		return err
	}
	old, _ := w.License.Droplet()
	if err := p.stranded(ctx, run, w, old.ID); err != nil {
		return err
	}
	why, patience, probe := "", fleet.DefaultReadyWithin, p.probeOf(w)
	switch {
	case d.Status != fleet.StatusActive:
		why = statusWords(d)
	case probe != nil:
		found, known := p.probe(ctx, d, *probe)
		if !known {
			return saga.Later(time.Second, fmt.Errorf("droplet %d was not probed in time", d.ID))
		}
		if patience = cmp.Or(probe.Within, patience); !found.Passed {
			why = fmt.Sprintf("does not pass its probe (%s: %s)", probe, found.Why)
		}
	}
	if why == "" {
		return nil
	}
	return waits(run, patience, fmt.Errorf("droplet %d %s: droplet %d, which it replaces, stays until it serves", d.ID, why, old.ID))
}

// relieved looks, at once, whether the replacement stands for the droplet that it replaces, and at the group of both: while others of it are out
// of service, what serves stays, whoever took them out (law 18).
func (p service) relieved(ctx context.Context, run *saga.Run, w *work) (group *leave, err error) {
	old, _ := w.License.Droplet()
	var looks sync.WaitGroup
	var others error
	looks.Go(func() { group, others = p.mayLeave(ctx, run, w, old.ID) })
	looks.Go(func() { err = p.stands(ctx, run, w) })
	looks.Wait()
	if group != nil {
		group.relieved = true
	}
	return group, cmp.Or(err, others)
}

// stranded looks, before a droplet goes whose replacement has its reserved IP, whether the address still points to the old one: somebody may have
// moved it back.
func (p service) stranded(ctx context.Context, run *saga.Run, w *work, old int64) error {
	if w.Address == "" {
		return nil
	}
	a, err := p.o.Cloud.ReservedIP(ctx, w.Address)
	switch {
	case errors.Is(err, digitalocean.ErrNotFound):
		return nil
	case err != nil:
		return saga.Later(againSoon, fmt.Errorf("look where reserved IP %s points: %w", w.Address, err))
	case a.DropletID == old:
		return waits(run, fleet.DefaultReadyWithin, fmt.Errorf("reserved IP %s points to droplet %d again: it stays until the address points to droplet %d",
			w.Address, old, w.DropletID))
	}
	return nil
}

// statusWords says in words that a droplet is not active.
func statusWords(d fleet.Droplet) string {
	if d.Status == fleet.StatusUnknown {
		return "does not show its status"
	}
	return "is " + string(d.Status)
}

// leave keeps enough of a group in service while one of its droplets goes before its successor is there (law 18).
type leave struct {
	p       service
	run     *saga.Run
	id      int64             // what goes
	free    bool              // it may always go: it serves nobody
	group   string            // the name of its group
	count   int               // desired members
	need    int               // of those, the ones that must still serve after it
	members []member          // of the group
	serving map[int64]bool    // the droplets that serve
	out     map[string]string // why the others do not serve, in words, by the names of members
	looked  time.Time         // when the look at them began

	relieved bool // the droplet that replaces it serves
	before   bool // its saga has taken it out of service before
}

// left is the leave of what the saga has taken out of service already: there is nothing to check, and what goes is noted.
func (p service) left(run *saga.Run, id int64, relieved bool) *leave {
	return &leave{p: p, run: run, id: id, relieved: relieved, before: true}
}

// mayLeave looks at the group of the droplet that a saga takes out of service. nil: nothing keeps it in service.
func (p service) mayLeave(ctx context.Context, run *saga.Run, w *work, id int64) (*leave, error) {
	f, ok := p.o.Desired()
	if !ok {
		return nil, saga.Later(time.Minute, errors.New("no fleet file is in force: nothing is taken out of service without one"))
	}
	own, desired := specIn(f, w.Name)
	if !desired {
		return nil, nil
	}
	l := &leave{p: p, run: run, id: id, group: own.Group, serving: map[int64]bool{}, out: map[string]string{}, looked: time.Now()}
	for _, s := range f.Specs {
		if fleet.Key(s.Group) == fleet.Key(own.Group) {
			l.count++
		}
	}
	l.need = l.count - f.Policy.RolloutOf(own).MaxUnavailable.Of(l.count)
	if l.need <= 0 {
		return nil, nil
	}
	all, err := p.members(ctx, f)
	if err != nil {
		return nil, err
	}
	l.members = slices.DeleteFunc(all, func(m member) bool { return fleet.Key(m.spec.Group) != fleet.Key(own.Group) })
	ids, probes := []int64{id}, map[int64]fleet.Ready{}
	if own.Ready != nil {
		probes[id] = *own.Ready
	}
	for _, m := range l.members {
		for _, other := range m.ids {
			if ids = append(ids, other); m.spec.Ready != nil {
				probes[other] = *m.spec.Ready
			}
		}
	}
	slices.Sort(ids)
	shown, err := p.o.Inventory.LookAt(ctx, slices.Compact(ids), p.looks(run).due())
	if err != nil {
		return nil, saga.Later(againSoon, fmt.Errorf("look at the other droplets of %s: %w", own.Group, err))
	}
	found := p.o.Inventory.Probe(ctx, targets(shown, probes), 0)
	idle := func(id int64) (why string) {
		d, there := shown[id]
		_, probed := probes[id]
		switch {
		case !there:
			return "is not shown"
		case d.Status != fleet.StatusActive:
			return statusWords(d)
		case !probed || found[id].Passed:
			return ""
		}
		return fmt.Sprintf("does not pass its probe (%s: %s)", probes[id], found[id].Why)
	}
	for _, m := range l.members {
		l.out[m.spec.Name] = "has no droplet"
		for _, other := range m.ids {
			l.out[m.spec.Name] = idle(other)
			l.serving[other] = idle(other) == ""
		}
	}
	_, known := found[id]
	switch d, there := shown[id]; {
	case !there, d.Status == fleet.StatusUnknown: // it may serve
	case d.Status != fleet.StatusActive:
		l.free = true
	case own.Ready != nil && !known: // there was no time to probe it, so it may serve
	case idle(id) != "": // it fails its probe, or this host's own network does
		o, err := p.beside(ctx, run, id)
		if err != nil {
			return nil, err
		}
		l.free = len(o.passing) > 0
	}
	return l, nil
}

// destroy, stop and drain make the intent durable that takes the droplet out of service, if that leaves enough of its group in service. One
// that is drained still serves by law 18, so it counts only where another is to be drained.
func (l *leave) destroy(intend func() error) error { return l.take(intend, taking{ends: true}) }
func (l *leave) stop(intend func() error) error    { return l.take(intend, taking{}) }
func (l *leave) drain(intend func() error) error   { return l.take(intend, taking{drains: true}) }

func (l *leave) take(intend func() error, as taking) error {
	if l == nil {
		return intend()
	}
	t := l.p.taken
	t.mu.Lock()
	defer t.mu.Unlock()
	if !l.before && time.Since(l.looked) > seenFor {
		return saga.Later(time.Second, fmt.Errorf("the other droplets of %s were seen too long ago: looking again", l.group))
	}
	if !l.before && !l.free {
		if err := l.enough(as.drains); err != nil {
			return err
		}
	}
	if err := intend(); err != nil {
		return err
	}
	as.at = time.Now()
	maps.DeleteFunc(t.last, func(_ int64, of taking) bool { return as.at.Sub(of.at) > takingsKept })
	maps.DeleteFunc(t.relieved, func(_ int64, at time.Time) bool { return as.at.Sub(at) > takingsKept })
	if l.relieved {
		t.relieved[l.id] = as.at
	}
	if !as.drains {
		t.last[l.id] = as
	}
	return nil
}

// takingsKept is for how long a droplet that was destroyed may still be listed, and more.
const takingsKept = time.Hour

// enough checks that enough members of the group serve without the droplet, and without those that other sagas take out of service.
func (l *leave) enough(drains bool) error {
	going := l.p.going(l.looked, drains)
	var left int
	var out []string
	for _, m := range l.members {
		serves := slices.ContainsFunc(m.ids, func(id int64) bool { return l.serving[id] })
		switch name := m.spec.Name; {
		case slices.ContainsFunc(m.ids, func(id int64) bool {
			return id != l.id && (l.serving[id] && !going[id] || l.p.relievedSince(id, l.looked))
		}):
			left++
		case !serves:
			out = append(out, name+" "+l.out[name])
		case !slices.Contains(m.ids, l.id):
			out = append(out, name+" is being taken out of service")
		}
	}
	if left >= l.need {
		return nil
	}
	const most = 3
	names := fleet.Series(out[:min(len(out), most)]) + fleet.More(len(out)-most)
	return waits(l.run, tellAfter, fmt.Errorf("droplet %d stays in service: without it %d of the %d droplets of %s would serve, and max_unavailable "+
		"needs %d (%s)", l.id, left, l.count, l.group, l.need, names))
}

// relievedSince tells whether the droplet has gone since that look, and another serves in its place, which the look may have been too early for.
func (p service) relievedSince(id int64, look time.Time) bool {
	at, ok := p.taken.relieved[id]
	return ok && !at.Before(look)
}

// going are the droplets that sagas take out of service, or took since that time and have ended; what they destroyed may still be listed.
// With drains, those that are drained are among them.
func (p service) going(since time.Time, drains bool) map[int64]bool {
	going := map[int64]bool{}
	for id, of := range p.taken.last {
		if of.ends || !of.at.Before(since) {
			going[id] = true
		}
	}
	for _, s := range p.live() {
		for _, id := range takenBy(s, drains) {
			going[id] = true
		}
	}
	return going
}

// takenBy gives the droplets that a live saga takes out of service, by its journal.
func takenBy(s saga.Saga, drains bool) (ids []int64) {
	var w work
	switch s.Kind {
	case fleet.SagaDestroy, fleet.SagaReplace, fleet.SagaUpdate:
	default:
		return nil
	}
	if !s.Reverse && !s.Begun && s.Step == 0 {
		return nil // it has not begun anything
	}
	if err := json.Unmarshal(s.Context, &w); err != nil {
		f, _ := fleet.FactsOf(s.Labels)
		return []int64{f.DropletID, f.Replaces}
	}
	done := func(name string, status saga.StepStatus) bool {
		return slices.ContainsFunc(s.History, func(past saga.StepTime) bool { return past.Name == name && past.Status == status })
	}
	if w.Demolition.Sent {
		ids = append(ids, w.Demolition.DropletID)
	}
	if w.Found.wasOn() && !done("PowerOnDroplet", saga.StepDone) && !done("PowerOffDroplet", saga.StepCompensated) &&
		!done("ShutdownDroplet", saga.StepCompensated) {
		ids = append(ids, w.leaving())
	}
	if drains && w.Found.Drain != nil && !done("UndrainDroplet", saga.StepDone) && !done("DrainDroplet", saga.StepCompensated) {
		ids = append(ids, w.leaving())
	}
	return ids
}
