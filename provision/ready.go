package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/saga"
)

// noteReady is how much waiting a restart may repeat, and how much time passes between two looks at a droplet that is probed.
const noteReady = time.Minute

// ready is the step WaitDropletReady: until the droplet has passed its probe for as long as the file says. Probes cost no request and write
// nothing. What it made is CreateDroplet's to undo.
func (p waitSteps) ready(ctx context.Context, run *saga.Run, w *work) error {
	if w.Ready == nil {
		w.Ready = &readying{}
	}
	r := &readiness{p: p, service: p.service(), looks: p.looks(run), run: run, w: w, turned: time.Now(), lastSeen: time.Now()}
	for {
		done, err := r.turn(ctx)
		if done || err != nil {
			return err
		}
		if err := pause(ctx, p.o.Inventory.Pause(w.Ready.Waited)); err != nil {
			return err
		}
	}
}

// readiness is the wait for one droplet by one try of the step. What must outlast the try is in the context, see readying.
type readiness struct {
	p       waitSteps
	service service
	looks   *poller
	run     *saga.Run
	w       *work

	probe    fleet.Ready
	within   time.Duration // from active until it must be ready
	turns    int
	turned   time.Time     // when the last turn began
	noted    time.Duration // what was waited since it was noted
	lastSeen time.Time
	looked   time.Time // when the last look began; zero: this try has not looked
	unseen   bool      // that look did not show it
	off      time.Time // since when looks show it off; zero: they do not
}

// turn asks the file, looks now and then, and probes once.
func (r *readiness) turn(ctx context.Context) (done bool, err error) {
	if err := r.p.asked(r.w); err != nil {
		return false, err
	}
	probe := r.service.probeOf(r.w)
	if probe == nil {
		r.run.Log().Info("the fleet file no longer has a probe for the droplet", "id", r.w.DropletID)
		return true, nil
	}
	if r.turns > 0 && *probe != r.probe {
		r.w.Ready.Passing = false // by another probe
	}
	r.probe, r.within = *probe, cmp.Or(probe.Within, fleet.DefaultReadyWithin)
	r.turns++
	if d := r.w.Seen; d == nil || time.Since(r.looked) >= noteReady && time.Since(d.SeenAt).Abs() >= noteReady {
		if err := r.look(ctx); err != nil {
			return false, err
		}
	}
	if r.w.Seen == nil || !r.off.IsZero() {
		r.turned = time.Now() // that time is not the droplet's
		return false, nil
	}
	began := time.Now()
	found, known := r.service.probe(ctx, *r.w.Seen, r.probe)
	if !known {
		r.turned = time.Now()
		return false, ctx.Err()
	}
	if r.count(began.Sub(r.turned), found.Passed); r.w.Ready.Passing && r.w.Ready.Passed >= r.probe.For {
		return true, nil
	}
	r.turned = began
	if err := r.note(ctx); err != nil {
		return false, err
	}
	if !found.Passed && r.w.Ready.Waited >= r.within && !r.unseen { // else the looks tell whether it is there at all
		return false, r.verdict(ctx, found)
	}
	return false, nil
}

// count counts the time since the last probe.
func (r *readiness) count(since time.Duration, passed bool) {
	state := r.w.Ready
	state.Waited += since
	r.noted += since
	if passed && state.Passing {
		state.Passed += since
	} else {
		state.Passed = 0
	}
	state.Passing = passed
}

// note journals what was waited: about once a minute, and in a process that loaded the saga the first few turns, too, see noteLook.
func (r *readiness) note(ctx context.Context) error {
	if r.noted < noteReady && !(r.run.Resumed() && noteLook(r.turns)) {
		return nil
	}
	r.noted = 0
	return r.run.Checkpoint(ctx)
}

// look looks at the droplet: whether it is still there, and on.
func (r *readiness) look(ctx context.Context) error {
	began := time.Now()
	seen, err := r.looks.once(ctx, inventory.Query{ID: r.w.DropletID, Due: r.looks.due()})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return nil // it says nothing, and the probes go on
	}
	r.looked, r.unseen = began, len(seen) == 0
	if r.unseen {
		if !r.looks.vanished(ctx, r.w.DropletID, r.lastSeen, r.p.unseenFor(true)) {
			return nil
		}
		r.w.Vanished = true // the way back need not wait for as long again
		if err := r.run.Checkpoint(ctx); err != nil {
			return err
		}
		return saga.Permanent(fmt.Errorf("droplet %d vanished before it was ready: DigitalOcean removed it", r.w.DropletID))
	}
	d := seen[0]
	r.lastSeen = began
	if d.Status == fleet.StatusArchive {
		return saga.Permanent(fmt.Errorf("droplet %d was archived before it was ready", d.ID))
	}
	d.Data = nil
	r.w.Seen = &d
	if d.Status != fleet.StatusOff {
		r.off = time.Time{}
		return nil
	}
	if r.off.IsZero() {
		r.off = began
		*r.w.Ready = readying{Late: r.w.Ready.Late} // it boots anew, and has its whole time for it
		return r.run.Checkpoint(ctx)
	}
	if time.Since(r.off) < r.within {
		return nil
	}
	return saga.NeedsPerson(saga.Later(noteReady, fmt.Errorf("droplet %d (%s) is off: switch it on; `arcadiad saga abort %s` destroys it",
		d.ID, r.w.Name, fleet.Saga8(r.run.ID()))))
}

// verdict says what becomes of a droplet whose time is over. It is to blame only if another droplet of the fleet passes its own probe right
// before and right after it fails again: else it may be this host's own network.
func (r *readiness) verdict(ctx context.Context, found inventory.Probed) error {
	beside, err := r.service.beside(ctx, r.run, r.w.DropletID)
	if err != nil {
		return err
	}
	blamed := false
	if len(beside.passing) > 0 {
		again, known := r.service.probe(ctx, *r.w.Seen, r.probe)
		if !known || again.Passed {
			return ctx.Err()
		}
		found, blamed = again, len(r.service.passing(ctx, beside.passing)) > 0
	}
	if !r.w.Ready.Late {
		r.w.Ready.Late = true
		if err := r.run.Checkpoint(ctx); err != nil {
			return err
		}
	}
	why := fmt.Sprintf("droplet %d (%s) did not become ready within %s: %s: %s", r.w.DropletID, r.w.Name, fleet.ShortDuration(r.within.Round(time.Second)), r.probe, found.Why)
	if blamed {
		return saga.Permanent(errors.New(why))
	}
	network := "there is no other droplet to compare with"
	if beside.some {
		network = "no droplet of the fleet answers its probe: this host's own network may be down"
	}
	return saga.NeedsPerson(saga.Later(noteReady, fmt.Errorf("%s; %s. It goes on as soon as the droplet passes; correct `ready` in the fleet file if "+
		"that is wrong; `arcadiad saga abort %s` destroys the droplet", why, network, fleet.Saga8(r.run.ID()))))
}
