package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// change is what one action changes of a droplet. Each is idempotent by the state that it leads to: what the droplet shows says
// whether there is anything left to do, and an unanswered request may be sent again.
type change struct {
	id     int64 // the droplet that is changed; 0: the saga's own
	action digitalocean.ActionRequest
	shows  func(fleet.Droplet) showing // whether the droplet is as the action makes it

	// asked is the file's present word, before anything is sent (law 17); nil: nobody is asked, because the saga owes it.
	asked func(*work) error
	// covers is asked the same of the droplet as it was seen last, right before each request; nil: there is nothing more to ask.
	covers func(fleet.Droplet) error
	// note writes into the context how the droplet was found; it is committed with the intent. Nil: nothing to note.
	note func(fleet.Droplet)
	// leaves makes the intent durable, if the droplet may be taken out of service (law 18). Nil: it stays in service.
	leaves func(intend func() error) error
	// unseen drops what note wrote: the action is done, as DigitalOcean says, and the droplet does not show it. Nobody goes back for what
	// was done. Nil: there is nothing to drop.
	unseen func()
	// stale says that what the droplet shows may be of before: it counts only once the action itself has come to its end.
	stale bool
	// patience is how long the droplet may take to show it, from the first request on, then errSlow; 0: as long as the action is under way.
	patience time.Duration
}

// showing is what a droplet shows of a change.
type showing int

const (
	untold    showing = iota // the answer leaves out what would tell: nothing is sent for that
	otherwise                // it is not so
	so
)

// shows turns a value that may be unknown into what it shows.
func shows(is, known bool) showing {
	switch {
	case !known:
		return untold
	case is:
		return so
	}
	return otherwise
}

const (
	judgeAfter = time.Minute     // without the change being shown the action, which no other look shares, is asked what became of it, and so often again
	busyFor    = time.Hour       // after which a person is told of an action that does not end
	busyPause  = 5 * time.Second // more each time, until a busy droplet is sent the action again: that is a write, and no look
)

// alteration is one change under way.
type alteration struct {
	change
	p     *core
	run   *saga.Run
	w     *work
	began time.Time

	first   time.Time // when it was first sent
	sent    time.Time // zero: it is to be sent
	action  int64     // what was begun; 0: not known
	already bool      // the API said to the last request that there is nothing to do
	idle    int       // how often it said that
	ended   time.Time // since when that is known, or that the action is completed; zero: neither is
	judged  time.Time // when that was last asked
	busy    int       // how often the droplet was busy with something else
	next    time.Time // not before this is it sent again
}

// alter sees to a change: it looks, sends the action unless the droplet is as it is to be, and looks until it is. The intent is
// durable before the request (law 3). errGone and errAlien: nothing can be done; errUnable: DigitalOcean would not or could not. What
// DigitalOcean says was done is done, also where the droplet does not show it in time: sending it again, or going back for it, would be
// one more change of what nobody can see.
func (p alterSteps) alter(ctx context.Context, run *saga.Run, w *work, c change) (fleet.Droplet, error) {
	c.id = cmp.Or(c.id, w.DropletID)
	a := &alteration{change: c, p: p.core, run: run, w: w, began: time.Now()}
	looks := p.looks(run)
	for told := time.Now(); ; { // told: when a look last told all that is needed
		if a.sent.IsZero() && c.asked != nil {
			if err := c.asked(w); err != nil {
				return fleet.Droplet{}, err
			}
		}
		d, err := looks.present(ctx, c.id, p.o.Visibility)
		if err != nil {
			return d, err
		}
		shown := c.shows(d)
		blind := shown == untold && a.sent.IsZero()
		if alien := w.alien(d); alien != nil && (c.asked != nil || c.stale || shown != so) {
			if !d.Unread.Has(fleet.UnreadTags) {
				return d, alien
			}
			blind = true
		}
		if !blind {
			told = time.Now()
		}
		switch {
		case blind && time.Since(told) > judgeAfter:
			return d, notTold(d)
		case blind:
			continue
		case shown == so && (!c.stale || a.over()):
			return d, nil
		case a.sent.IsZero():
			if err = a.send(ctx, d); !a.sent.IsZero() {
				looks.asked(a.sent)
			}
		default:
			err = a.judge(ctx, shown == so)
		}
		if errors.Is(err, errUnseen) {
			run.Log().Warn("an action counts as done that the droplet does not show", "id", d.ID, "action", c.action.Type, "already_so", a.already)
			if c.unseen != nil {
				c.unseen()
			}
			return d, nil
		}
		if err != nil {
			return d, err
		}
		if c.patience > 0 && !a.first.IsZero() && time.Since(a.first) > c.patience {
			return d, fmt.Errorf("%s of droplet %d: %w", c.action.Type, d.ID, errSlow)
		}
	}
}

// over tells whether the action has come to its end. That there was nothing to do is believed only after a while: it may have been
// said from a state of before.
func (a *alteration) over() bool {
	return !a.ended.IsZero() && (!a.already || time.Since(a.sent) >= judgeAfter)
}

// send sends the action once.
func (a *alteration) send(ctx context.Context, d fleet.Droplet) error {
	if time.Now().Before(a.next) {
		return nil
	}
	var refused error // by what is asked right before: it says itself when to try again
	got, err := a.p.o.Cloud.Act(ctx, d.ID, a.change.action, func(ctx context.Context) error {
		refused = a.intend(ctx, d)
		return refused
	})
	now := time.Now()
	a.judged = now
	switch {
	case refused != nil:
		return refused
	case err == nil:
		a.first = cmp.Or(a.first, now)
		a.sent, a.action, a.already, a.ended = now, got.ID, false, time.Time{}
		return nil
	case ctx.Err() != nil:
		return err
	case errors.Is(err, digitalocean.ErrAlreadySo):
		a.first = cmp.Or(a.first, now)
		a.sent, a.action, a.already = now, 0, true
		a.idle++
		a.ended = cmp.Or(a.ended, now)
		return nil
	case errors.Is(err, digitalocean.ErrPendingEvent), errors.Is(err, digitalocean.ErrNotFound): // the next look tells
		if now.Sub(a.began) > busyFor {
			return saga.NeedsPerson(fmt.Errorf("the droplet has been busy for an hour; its actions are shown in the control panel: %w", err))
		}
		a.busy++
		a.next = now.Add(min(time.Duration(a.busy-1)*busyPause, judgeAfter))
		return nil
	case digitalocean.Uncertain(err):
		a.run.Log().Warn("the request was not answered; looking whether it came through", "error", err)
		a.first = cmp.Or(a.first, now)
		a.sent, a.action, a.already, a.ended = now, 0, false, time.Time{}
		return nil
	case errors.Is(err, digitalocean.ErrNotSent), errors.Is(err, digitalocean.ErrRateLimited), errors.Is(err, digitalocean.ErrUnauthorized):
		return unsent(err)
	}
	return fmt.Errorf("%w: %w", errUnable, err)
}

// intend asks, right before the action is sent, whether it still may be, and makes its intent durable.
func (a *alteration) intend(ctx context.Context, d fleet.Droplet) error {
	if a.asked != nil { // the wait for a slot may have been long
		if err := a.asked(a.w); err != nil {
			return err
		}
	}
	if a.covers != nil {
		if err := a.covers(d); err != nil {
			return err
		}
	}
	intend := func() error {
		if a.note != nil {
			a.note(d)
		}
		return a.run.Checkpoint(ctx)
	}
	if a.leaves != nil {
		return a.leaves(intend)
	}
	return intend()
}

// judge asks the action what became of it, once the droplet has had time to show it; at once where what it shows does not count yet.
func (a *alteration) judge(ctx context.Context, shown bool) error {
	now, after := time.Now(), judgeAfter
	if a.patience > 0 && a.action == 0 && !a.already {
		after = a.patience / 2 // sent again it is to have some time, too
	}
	if now.Sub(a.judged) < after && !(shown && a.action != 0) {
		return nil
	}
	a.judged = now
	what := fmt.Sprintf("%s of droplet %d", a.change.action.Type, a.id)
	if !a.ended.IsZero() && now.Sub(a.ended) > a.p.o.Visibility {
		return fmt.Errorf("%s: %w", what, errUnseen)
	}
	if a.action == 0 {
		if !shown && (!a.already || now.Sub(a.sent) >= judgeAfter<<(a.idle-1)) || shown && !a.already {
			a.sent = time.Time{} // it is sent again; what was said to be so already ever more rarely
		}
		return nil
	}
	got, err := a.p.o.Cloud.Action(ctx, a.action)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		a.run.Log().Warn("could not ask what became of the action", "action", a.action, "error", err)
	case got.Status == digitalocean.ActionErrored:
		return fmt.Errorf("%s: %w: its action %d ended errored", what, errUnable, a.action)
	case got.Status == digitalocean.ActionCompleted:
		a.ended = cmp.Or(a.ended, now)
	case got.Status == digitalocean.ActionInProgress && now.Sub(a.sent) > busyFor:
		return saga.NeedsPerson(fmt.Errorf("%s: its action %d has been in progress for an hour; ask DigitalOcean's support about it", what, a.action))
	}
	return nil
}

// putBack alters the droplet to what it was. What it shows may be of before, and what was asked for on the way there may still come: so
// the action is sent in any case. Refused, with the droplet as it was, there was nothing to put back.
func (p alterSteps) putBack(ctx context.Context, run *saga.Run, w *work, c change) error {
	c.stale = true
	d, err := p.alter(ctx, run, w, c)
	if errors.Is(err, errUnable) && c.shows(d) == so {
		run.Log().Info("there was nothing to put back", "error", err)
		return nil
	}
	return back(run, err)
}
