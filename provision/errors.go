package provision

import (
	"errors"
	"fmt"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

var (
	errGone  = errors.New("the droplet is gone")
	errAlien = errors.New("is no longer this fleet's")

	errUnable = errors.New("it cannot be changed")
	errSlow   = errors.New("it takes too long")
	errUntold = errors.New("shown without")
	errUnseen = errors.New("it was done, as DigitalOcean says, and the droplet does not show it")
)

// onward says what an error means to a step that goes forward: what is not there, or not ours, is not asked for any more, and what
// DigitalOcean would not do is undone.
func onward(err error) error {
	switch {
	case errors.Is(err, errGone), errors.Is(err, errAlien):
		return saga.Supersede(err.Error())
	case errors.Is(err, errUnable):
		return saga.Permanent(err)
	}
	return err
}

// refusal says what happens when a licensed droplet must not go (any more), before the first DELETE.
func refusal(run *saga.Run, why error) error {
	if run.Kind() == fleet.SagaDestroy || run.Kind() == fleet.SagaPurge || errors.Is(why, plan.ErrProtected) {
		return saga.Supersede(why.Error())
	}
	return saga.NeedsPerson(why)
}

// back says what an error means to a compensation: of what is not there, or not ours, nothing is put back.
func back(run *saga.Run, err error) error {
	if errors.Is(err, errGone) || errors.Is(err, errAlien) {
		run.Log().Warn("what was changed of the droplet is not put back", "error", err)
		return nil
	}
	return err
}

// notTold says that nothing is done to a droplet of which the answers leave out what there is to know.
func notTold(d fleet.Droplet) error {
	what := "what it is to be changed in"
	if d.Unread.Has(fleet.UnreadTags) {
		what = "its tags"
	}
	return saga.Later(time.Minute, fmt.Errorf("droplet %d is %w %s: nothing is done to it until that shows", d.ID, errUntold, what))
}

// unsent turns an error that kept a write from being sent into a try later; anything else it gives back as it is.
func unsent(err error) error {
	var e *digitalocean.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Kind {
	case digitalocean.ErrRateLimited:
		return saga.Later(max(time.Second, time.Until(e.Until)), err)
	case digitalocean.ErrNotSent, digitalocean.ErrUnauthorized: // the gate stays shut until a token proves itself
		return saga.Later(notSentPause, err)
	}
	return err
}

// notSentPause is how long a write that never left waits before it is tried again; an opening gate wakes it earlier, and a look
// could not tell.
const notSentPause = 5 * time.Second

// refused turns the saga back where the API said a clean no; all else is tried again.
func refused(err error) error {
	if errors.Is(err, digitalocean.ErrRejected) || errors.Is(err, digitalocean.ErrForbidden) {
		return saga.Permanent(err)
	}
	return unsent(err)
}
