package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/saga"
)

// warrant entitles to destroy one droplet.
type warrant struct {
	id int64
	// covers checks, on a fresh look, that the droplet is still one that may be destroyed; the error says why not.
	covers func(fleet.Droplet) error
	// stands is asked in the last moment before the first DELETE; nil: there is nothing more to ask.
	stands func() error
}

// ownWarrant is a saga's claim on what it made itself.
func ownWarrant(sagaID string, w *work) warrant {
	return warrant{id: w.DropletID, covers: func(d fleet.Droplet) error {
		if !w.claims(sagaID, d) {
			return fmt.Errorf("droplet %d shows neither the tag %s nor none at all: it is not this saga's to destroy; "+
				"retag it, or destroy it by hand", d.ID, fleet.SagaTag(sagaID))
		}
		return nil
	}}
}

// licensed is the warrant that a plan gave out.
func licensed(w *work) (warrant, error) {
	d, ok := w.Licence.Droplet()
	if !ok {
		return warrant{}, errors.New("there is no licence to destroy anything")
	}
	return warrant{id: d.ID, covers: w.Licence.Covers}, nil
}

// destroy is the step DestroyDroplet, a pivot: once a DELETE may have been sent it only goes forward.
func (p *Droplets) destroy(ctx context.Context, run *saga.Run, w *work) error {
	by, err := licensed(w)
	if err != nil {
		return saga.Permanent(err)
	}
	if !w.Demolition.Sent {
		switch run.Kind() {
		case fleet.SagaDestroy:
			err = p.stillUnwanted(w)
		case fleet.SagaReplace:
			err = p.stands(ctx, run, w)
			stood := time.Now()
			by.stands = func() error {
				if time.Since(stood) > seenFor { // the looks at the old one may have failed for long
					return saga.Later(time.Second, fmt.Errorf("droplet %d, which is to stand in for it, was seen too long ago: looking again", w.DropletID))
				}
				return nil
			}
		}
		if err != nil {
			return err
		}
	}
	return p.demolish(ctx, run, w, by)
}

// stands looks whether the replacement is still there, before the old droplet goes: DigitalOcean has taken back droplets that were
// active a moment ago, and people delete what they did not expect.
func (p *Droplets) stands(ctx context.Context, run *saga.Run, w *work) error {
	looks := &lookout{p: p, run: run}
	for lastSeen := time.Now(); ; {
		seen, _, err := looks.next(ctx, inventory.Query{ID: w.DropletID})
		switch {
		case err != nil:
			return err
		case len(seen) == 1 && seen[0].Status != fleet.StatusArchive:
			return nil
		case p.vanished(ctx, w.DropletID, lastSeen):
			return saga.Permanent(fmt.Errorf("droplet %d vanished before the one that it replaces was destroyed; that one stays", w.DropletID))
		}
	}
}

// stillUnwanted checks that the file in force still asks for the destroy (law 17). Without one in force it waits.
func (p *Droplets) stillUnwanted(w *work) error {
	wanted, ok := p.o.Wanted()
	if !ok {
		return saga.Later(time.Minute, errors.New("no fleet file is in force: a destroy waits for one"))
	}
	if !w.Licence.Asks(wanted) {
		return saga.Supersede("the fleet file no longer asks to destroy " + w.Name)
	}
	return nil
}

// undestroy is the compensation of DestroyDroplet: there is none.
func (p *Droplets) undestroy(_ context.Context, run *saga.Run, w *work) error {
	run.Log().Info("a destroyed droplet cannot be brought back; nothing to compensate", "id", w.Demolition.DropletID)
	return nil
}

// deleteAgain is after how many answered looks a DELETE is sent again while the droplet is still there: DELETEs of new droplets have
// been ignored, and accepted ones have taken more than a minute (do-api.md, section 0.6).
const (
	deleteAgainNew = 6
	deleteAgain    = 24
)

// deleteLong is after how many answered looks that all showed it a droplet is called one that does not go: about a quarter of an hour,
// and eight DELETEs. The saga is stuck then, for people to see, and goes on as before.
const deleteLong = 8 * deleteAgain

// demolish destroys one droplet until it is gone. Nothing else in arcadiad sends a DELETE for a droplet.
//
// It is gone when, after an accepted DELETE, two looks begun after it do not show it; or when it has not been shown for the
// visibility window and a GET by id says 404, in both cases beside a healthy answer of the pinned account (law 6).
func (p *Droplets) demolish(ctx context.Context, run *saga.Run, w *work, by warrant) error {
	d := &w.Demolition
	if d.DropletID != by.id {
		*d = demolition{DropletID: by.id}
	}
	looks := &lookout{p: p, run: run}
	lastSeen, absences, sinceDelete, stood := time.Now(), 0, 0, 0 // stood: looks that showed it since the first DELETE
	deleted, young := false, false                                // by this process; last seen as new
	var answer error                                              // to the last DELETE
	for {
		seen, _, err := looks.next(ctx, inventory.Query{ID: by.id})
		if err != nil {
			return err
		}
		if len(seen) == 0 || seen[0].Status == fleet.StatusArchive {
			absences++
			gone, err := p.gone(ctx, run, w, by, absences, lastSeen, young)
			if err != nil {
				return err
			}
			if gone {
				run.Put(fleet.Deleted{DropletID: by.id, At: time.Now()})
				return nil
			}
			continue
		}
		lastSeen, absences, young = time.Now(), 0, seen[0].Status == fleet.StatusNew
		if err := by.covers(seen[0]); err != nil {
			return p.refuse(run, w, err)
		}
		w.TagSeen = w.TagSeen || by.id == w.DropletID && tagged(seen[0])
		sinceDelete++
		again := deleteAgain
		if young {
			again = deleteAgainNew
		}
		if deleted {
			stood++
		}
		if deleted && sinceDelete < again {
			continue
		}
		if stood >= deleteLong {
			return doesNotGo(by.id, stood, answer)
		}
		if answer, err = p.delete(ctx, run, w, by); err != nil {
			return err
		}
		deleted, sinceDelete = true, 0
	}
}

// refuse says what happens when a look shows that the droplet must not be destroyed (any more).
func (p *Droplets) refuse(run *saga.Run, w *work, why error) error {
	if run.Kind() == fleet.SagaDestroy && !w.Demolition.Sent {
		return saga.Supersede(why.Error())
	}
	return saga.NeedsPerson(why)
}

// doesNotGo says that a droplet outlasts its DELETEs.
func doesNotGo(id int64, looks int, answer error) error {
	said := "the last one was accepted"
	if answer != nil {
		said = "the last one: " + answer.Error()
	}
	return saga.NeedsPerson(fmt.Errorf("droplet %d is still there, and billed, %d looks after its first DELETE (%s): "+
		"destroy it in the console if that can, or ask DigitalOcean; arcadiad goes on trying", id, looks, said))
}

// delete sends one DELETE, and gives what it was answered: nil, or that the outcome is open. Only an error that the loop in demolish
// cannot go on from is err.
func (p *Droplets) delete(ctx context.Context, run *saga.Run, w *work, by warrant) (answer, err error) {
	id := by.id
	var intent func(context.Context) error
	if !w.Demolition.Sent {
		intent = func(ctx context.Context) error {
			if run.Kind() == fleet.SagaDestroy { // the look may have taken hours, and the file has moved on since
				if err := p.stillUnwanted(w); err != nil {
					return err
				}
			}
			if by.stands != nil {
				if err := by.stands(); err != nil {
					return err
				}
			}
			w.Demolition.Sent = true
			return run.Checkpoint(ctx)
		}
	}
	answer = p.o.Cloud.Destroy(ctx, id, intent)
	switch {
	case answer == nil:
		w.Demolition.Accepted = true
		return nil, run.Checkpoint(context.WithoutCancel(ctx)) // a shutdown's last answer, too
	case errors.Is(answer, digitalocean.ErrNotFound), errors.Is(answer, digitalocean.ErrUnknown), errors.Is(answer, digitalocean.ErrPendingEvent):
		run.Log().Info("the DELETE did not settle it; looking again", "id", id, "error", answer)
		return answer, ctx.Err()
	}
	return answer, unsent(fmt.Errorf("destroy droplet %d: %w", id, answer))
}

// gone tells whether absence is proved. That of a droplet last seen as new is asked for by its id: it may have ignored the DELETE,
// and not be listed yet.
func (p *Droplets) gone(ctx context.Context, run *saga.Run, w *work, by warrant, absences int, lastSeen time.Time, young bool) (bool, error) {
	accepted := w.Demolition.Accepted
	switch {
	case accepted && absences < 2: // the second look will do, and those who wait share it
		return false, nil
	case accepted && !young:
		return true, nil
	case !accepted && time.Since(lastSeen) < p.o.Visibility:
		return false, nil
	}
	gone, err := p.o.Inventory.Gone(ctx, by.id)
	if err != nil && ctx.Err() != nil {
		return false, err
	}
	if gone && !accepted {
		run.Log().Info("the droplet is gone, though not by an accepted DELETE of ours", "id", by.id)
	}
	return gone, nil
}
