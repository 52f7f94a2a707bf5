package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/saga"
)

// license entitles to destroy one droplet.
type license struct {
	id int64
	// covers checks, on a fresh look, that the droplet is still one that may be destroyed; the error says why not.
	covers func(fleet.Droplet) error
	// asks is asked right before each DELETE, with the droplet as it was seen last; nil: there is nothing more to ask.
	asks  func(ctx context.Context, seen fleet.Droplet) error
	group *leave // keeps enough of its group in service (law 18); nil: nothing to keep
	own   bool   // a saga's, for what it made itself
}

// ownLicense is that of a saga for what it made itself.
func ownLicense(sagaID string, w *work) license {
	return license{id: w.DropletID, own: true, covers: func(d fleet.Droplet) error {
		if why := w.disowns(sagaID, d); why != "" {
			return fmt.Errorf("droplet %d is not this saga's to destroy: %s; retag it, or destroy it by hand", d.ID, why)
		}
		if why := d.Kept(nil); why != "" { // it may have come since the saga turned back
			return fmt.Errorf("droplet %d is left alone: %s; to have it destroyed, take that off it, or destroy it by hand", d.ID, why)
		}
		return nil
	}}
}

// licensed is the license that a plan gave out.
func (p destroySteps) licensed(run *saga.Run, w *work) (license, error) {
	d, ok := w.License.Droplet()
	if !ok {
		return license{}, errors.New("there is no license to destroy anything")
	}
	return license{id: d.ID, covers: w.License.Covers, asks: func(ctx context.Context, seen fleet.Droplet) error {
		if run.Kind() == fleet.SagaPurge && !w.Demolition.Sent {
			if err := p.over(ctx, seen); err != nil {
				return err
			}
			if p.atWork(fleet.SagaRestore, d.ID) {
				return saga.Supersede(fmt.Sprintf("droplet %d stays: arcadiad undo brings it back", d.ID))
			}
		}
		return p.mayGo(ctx, run, w, seen.Name, true)
	}}, nil
}

// over checks that the time of a kept droplet is over by DigitalOcean's clock too: this host's may have jumped ahead, and what is purged is gone.
func (p destroySteps) over(ctx context.Context, d fleet.Droplet) error {
	ahead, err := p.o.Cloud.Clock(ctx)
	if err != nil {
		return err
	}
	until, _ := d.Until()
	if left := time.Until(until.Add(ahead)); left > 0 {
		return saga.Later(min(left, time.Hour), fmt.Errorf("droplet %d is kept until %s, and this host's clock is %v ahead of DigitalOcean's",
			d.ID, until.Format(time.RFC3339), ahead.Round(time.Second)))
	}
	return nil
}

// atWork tells whether a live saga of that kind is about the droplet. A purge and an undo work for different names, so each of them asks for the
// other before it writes.
func (p *core) atWork(kind string, id int64) bool {
	return slices.ContainsFunc(p.live(), func(s saga.Saga) bool {
		f, _ := fleet.FactsOf(s.Labels)
		return s.Kind == kind && f.DropletID == id
	})
}

// waitedLong is after how long a saga that has sent no DELETE yet asks again for reserved IPs: the plan that it is from has asked before.
const waitedLong = 5 * time.Minute

// destroy is the step DestroyDroplet, a pivot: once a DELETE may have been sent it only goes forward.
func (p destroySteps) destroy(ctx context.Context, run *saga.Run, w *work) error {
	by, err := p.licensed(run, w)
	if err != nil {
		return saga.Permanent(err)
	}
	if w.Demolition.Sent {
		return p.demolish(ctx, run, w, by)
	}
	if by.group, err = p.mayEnd(ctx, run, w, by.id, w.Found.Off); err != nil {
		return err
	}
	stood, asks := time.Now(), by.asks
	by.asks = func(ctx context.Context, seen fleet.Droplet) error {
		if err := lately(run, w, stood); err != nil {
			return err
		}
		return asks(ctx, seen)
	}
	return p.demolish(ctx, run, w, by)
}

// mayEnd checks, before the first DELETE and before the shutdown that may come before it, that the file still wants the droplet to go (law 17),
// that no reserved IP would be stranded, and that enough of its group serves without it (law 18). Out: this saga has taken it out of service
// already.
func (p destroySteps) mayEnd(ctx context.Context, run *saga.Run, w *work, id int64, out bool) (group *leave, err error) {
	if err := p.mayGo(ctx, run, w, "", false); err != nil {
		return nil, err
	}
	if err := p.strands(ctx, run, w, id); err != nil {
		return nil, err
	}
	if run.Kind() == fleet.SagaPurge { // it serves nobody
		return nil, nil
	}
	replaces := run.Kind() == fleet.SagaReplace
	switch {
	case out && replaces:
		err = p.service().stands(ctx, run, w)
		return p.service().left(run, id, true), err
	case out:
		return p.service().left(run, id, false), nil
	case replaces:
		return p.service().relieved(ctx, run, w)
	}
	return p.service().mayLeave(ctx, run, w, id)
}

// strands checks that no reserved IP came to the droplet while the saga waited: its end would leave that without a droplet (law 9). What the
// replacement was given, and somebody moved back, is waited for.
func (p *core) strands(ctx context.Context, run *saga.Run, w *work, id int64) error {
	if time.Since(run.CreatedAt()) <= waitedLong {
		return nil
	}
	hanging, _, err := p.o.Inventory.Addresses(ctx, seenFor)
	if err != nil {
		return err
	}
	if ip := w.License.Strands(hanging.ByDroplet[id]); ip != "" && ip != w.Address {
		return saga.Supersede(fmt.Sprintf("reserved IP %s was assigned to droplet %d in the meantime", ip, id))
	}
	return nil
}

// lately checks that the replacement was seen to stand a short while ago: the looks at the old droplet may have failed for long.
func lately(run *saga.Run, w *work, stood time.Time) error {
	if run.Kind() == fleet.SagaReplace && !w.Demolition.Sent && time.Since(stood) > seenFor {
		return saga.Later(time.Second, fmt.Errorf("droplet %d, which is to stand in for it, was seen too long ago: looking again", w.DropletID))
	}
	return nil
}

// undestroy is the compensation of DestroyDroplet. It runs only before the intent of the first DELETE, so there is nothing to undo.
func (p destroySteps) undestroy(_ context.Context, run *saga.Run, _ *work) error {
	run.Log().Info("nothing to undo: no DELETE was sent")
	return nil
}

// deleteAgain is after how many answered looks, one for each interval, a DELETE is sent again while the droplet is still there: DELETEs of new droplets have
// been ignored, and accepted ones have taken more than a minute (docs/digitalocean-api.md, "Destroying a droplet").
const (
	deleteAgainNew = 6
	deleteAgain    = 24
)

// deleteLong is after how many answered looks that all showed it a droplet is called one that does not go: about a quarter of an hour,
// and eight DELETEs. The saga is stuck then, for people to see, and goes on as before.
const deleteLong = 8 * deleteAgain

// demolish destroys one droplet until it is gone. Nothing else in arcadiad sends a DELETE for a droplet.
//
// It is gone when two looks that began after a DELETE was accepted, or answered 404, do not show it (law 6). A listing that still shows
// it is asked by id, and the GET decides. A DELETE whose answer is not known is sent again as soon as a look does not show the droplet.
// Without any DELETE, absence takes the visibility window and a GET by id that says 404 beside a healthy answer of the pinned account.
func (p destroySteps) demolish(ctx context.Context, run *saga.Run, w *work, by license) error {
	if w.Demolition.DropletID != by.id {
		w.Demolition = demolition{DropletID: by.id}
	}
	e := &ending{p: p.core, run: run, w: w, by: by, lastSeen: time.Now(), sentAt: time.Now(), tally: p.o.Inventory.Tally(time.Now())}
	looks := p.looks(run)
	for due := time.Now(); ; due = e.due() {
		seen, began, err := looks.answered(ctx, inventory.Query{ID: by.id, Due: due})
		if err != nil {
			return err
		}
		e.looked = true
		there, counts := len(seen) > 0 && seen[0].Status != fleet.StatusArchive, e.tally.Counts(began)
		if there && e.staleListing(ctx, counts) {
			there = false
		}
		gone := false
		if there {
			err = e.shown(ctx, seen[0], counts)
		} else {
			gone, err = e.absent(ctx)
		}
		if err != nil {
			return err
		}
		if gone {
			run.Put(fleet.Deleted{DropletID: by.id, At: time.Now()})
			return nil
		}
	}
}

// ending is the destroying of one droplet by one try of a step. What must outlast the try is in the context, see demolition.
type ending struct {
	p   *core
	run *saga.Run
	w   *work
	by  license

	seen     fleet.Droplet // as it was shown last; zero: this try has not seen it
	lastSeen time.Time
	absences int       // looks in a row that did not show it, since the last DELETE
	sent     bool      // this try has sent a DELETE
	sentAt   time.Time // the last one; when this try began, if it has sent none
	looked   bool      // a look was answered since then
	since    int       // looks that counted and showed it since the last DELETE
	stood    int       // the same since the first DELETE of this try
	resent   int       // DELETEs in a row that went out though the droplet was not shown
	answer   error     // to the last DELETE

	tally inventory.Tally
}

// due is when to look again.
func (e *ending) due() time.Time {
	if e.w.Demolition.Accepted && (e.sent && !e.looked || e.absences == 1) {
		return time.Now() // it may be gone already
	}
	return e.p.o.Inventory.Again(e.sentAt)
}

// shown goes on from a look that showed the droplet.
func (e *ending) shown(ctx context.Context, d fleet.Droplet, counts bool) error {
	e.seen, e.lastSeen, e.absences, e.resent = d, time.Now(), 0, 0
	if err := e.by.covers(d); err != nil {
		if d.Unread.Has(fleet.UnreadTags) {
			return notTold(d)
		}
		return e.refuse(err)
	}
	e.w.TagSeen = e.w.TagSeen || e.by.id == e.w.DropletID && tagged(d)
	again := deleteAgain
	if e.young() {
		again = deleteAgainNew
	}
	if e.sent && counts {
		e.since++
		e.stood++
	}
	if e.sent && e.since < again {
		return nil
	}
	if e.stood >= deleteLong {
		return doesNotGo(e.by.id, e.stood, e.answer)
	}
	return e.delete(ctx)
}

// young tells whether the droplet was last seen as new: it may have ignored a DELETE, and not be listed yet.
func (e *ending) young() bool { return e.seen.Status == fleet.StatusNew }

// staleListing asks by id for a droplet that is still shown though its DELETE was accepted: a listing may lag for minutes. The question
// costs a request, so it is asked ever more rarely, until a first answer says that the droplet is gone.
func (e *ending) staleListing(ctx context.Context, counts bool) bool {
	shown := e.since + 1
	if !e.w.Demolition.Accepted || e.absences == 0 && (!counts || shown < askByID || shown&(shown-1) != 0) {
		return false
	}
	gone, err := e.p.o.Inventory.Gone(ctx, e.by.id)
	return err == nil && gone
}

// askByID is the number of looks that must have shown a droplet after its accepted DELETE before it is asked for by its id.
const askByID = 4

// absent goes on from a look that did not show the droplet, and tells whether it is proved gone.
func (e *ending) absent(ctx context.Context) (gone bool, err error) {
	e.absences++
	d := &e.w.Demolition
	if !d.Accepted && d.Sent && e.again() {
		if gone, err := e.p.o.Inventory.Gone(ctx, e.by.id); err == nil && gone {
			if err := e.deleteUnseen(ctx); err != nil {
				return false, err
			}
			if d.Accepted {
				return false, nil // two looks that begin from now on
			}
		}
	}
	switch {
	case d.Accepted && e.absences < 2:
		return false, nil
	case d.Accepted && !e.young():
		return true, nil
	case !d.Accepted && time.Since(e.lastSeen) < e.p.o.Visibility:
		return false, nil
	}
	gone, err = e.p.o.Inventory.Gone(ctx, e.by.id)
	if err != nil && ctx.Err() != nil {
		return false, err
	}
	if gone && !d.Accepted {
		e.run.Log().Info("the droplet is gone, though not by an accepted DELETE of ours", "id", e.by.id)
	}
	return gone, nil
}

// again tells whether a DELETE whose answer is not known is due again, now that the droplet is not shown: at once, and then ever more
// rarely while its answers stay away.
func (e *ending) again() bool { return e.absences&(e.absences-1) == 0 && e.absences >= e.resent }

// deleteUnseen sends a DELETE again whose answer is not known. The answer tells what became of the first: 404, there is nothing left. A
// saga that may not send it, or cannot, goes on looking.
func (e *ending) deleteUnseen(ctx context.Context) error {
	absences := e.absences
	e.resent++
	err := e.delete(ctx)
	if ctx.Err() != nil || e.w.Demolition.Accepted {
		return err
	}
	if err != nil {
		e.run.Log().Info("the DELETE whose answer was lost was not sent again; looking on", "id", e.by.id, "error", err)
	}
	e.absences = absences
	return nil
}

// refuse says what happens when the droplet must not be destroyed (any more). Once a DELETE was sent there is no way back.
func (e *ending) refuse(why error) error {
	switch {
	case e.w.Demolition.Sent:
		return saga.NeedsPerson(fmt.Errorf("a DELETE was sent for droplet %d, and is not sent again: %w", e.by.id, why))
	case e.by.own:
		return saga.NeedsPerson(why)
	}
	return refusal(e.run, why)
}

// doesNotGo says that a droplet outlasts its DELETEs.
func doesNotGo(id int64, looks int, answer error) error {
	said := "the last one was accepted"
	if answer != nil {
		said = "the last one: " + answer.Error()
	}
	return saga.NeedsPerson(fmt.Errorf("droplet %d is still there, and billed, %d looks after its first DELETE (%s): "+
		"destroy it in the console if possible, or ask DigitalOcean; arcadiad keeps trying", id, looks, said))
}

// delete sends one DELETE, if it may still be sent. Only an error that the loop in demolish cannot go on from is an error.
func (e *ending) delete(ctx context.Context) error {
	d := &e.w.Demolition
	var refused error // by what is asked right before
	e.answer = e.p.o.Cloud.Destroy(ctx, e.by.id, func(ctx context.Context) error {
		if e.by.asks != nil {
			if refused = e.by.asks(ctx, e.seen); refused != nil {
				return refused
			}
		}
		if d.Sent {
			return nil
		}
		refused = e.by.group.destroy(func() error {
			d.Sent = true
			return e.run.Checkpoint(ctx)
		})
		return refused
	})
	e.sent, e.since, e.absences = true, 0, 0
	e.sentAt, e.looked, e.tally = time.Now(), false, e.p.o.Inventory.Tally(time.Now())
	switch {
	case refused != nil && d.Sent && saga.IsSuperseded(refused):
		return e.refuse(refused)
	case refused != nil:
		return refused
	case e.answer == nil, errors.Is(e.answer, digitalocean.ErrNotFound) && !e.young():
		d.Accepted = true
		return e.run.Checkpoint(context.WithoutCancel(ctx)) // a shutdown's last answer, too
	case errors.Is(e.answer, digitalocean.ErrNotFound), errors.Is(e.answer, digitalocean.ErrUnknown), errors.Is(e.answer, digitalocean.ErrPendingEvent):
		e.run.Log().Info("the DELETE did not settle it; looking again", "id", e.by.id, "error", e.answer)
		return ctx.Err()
	}
	return unsent(fmt.Errorf("destroy droplet %d: %w", e.by.id, e.answer))
}
