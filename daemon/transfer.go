package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"time"

	"arcadiad/control"
	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/saga"
)

// Handed is what an adopt or a release came to.
type Handed struct {
	Transfers []plan.Transfer    // what was to be done, and what is refused
	Declined  bool               // the person said no
	Waiting   bool               // all is begun, and waits for `arcadiad resume`
	Failed    []control.Progress // those that came to nothing, or are stuck
}

// Assent is how an adopt or a release talks to the one who asked for it.
type Assent struct {
	// Confirm is asked once, before anything is written, unless all is refused.
	Confirm func([]plan.Transfer) (bool, error)
	// Progress is told of every transition of the sagas.
	Progress func(control.Progress)
}

// Adopt takes droplets over that are there and nobody's, by the names that the fleet file wants; without names all of them. Nothing
// of them changes but their tags. Beside a running daemon it asks the daemon.
func Adopt(ctx context.Context, o Options, names []string, a Assent) (Handed, error) {
	return transfer(ctx, o, transferRequest{Kind: plan.TakeOver, Names: names}, a)
}

// Release gives a droplet back without destroying it. Beside a running daemon it asks the daemon.
func Release(ctx context.Context, o Options, name string, a Assent) (Handed, error) {
	return transfer(ctx, o, transferRequest{Kind: plan.Release, Names: []string{name}}, a)
}

// request says which droplets are to change hands.
type transferRequest struct {
	Kind   plan.Kind  `json:"kind"`
	Names  []string   `json:"names,omitempty"`
	Agreed agreedList `json:"agreed,omitempty"` // what the person said yes to, and nothing else
}

func transfer(ctx context.Context, o Options, e transferRequest, a Assent) (handed Handed, err error) {
	if o, err = o.withDefaults(); err != nil {
		return Handed{}, err
	}
	remote, err := Dial(ctx, o)
	if err != nil && !errors.Is(err, ErrNoDaemon) {
		return Handed{}, err
	}
	desired, unread := fleetfile.Load(o.Fleet, o.secrets()...)
	if unread != nil && (remote == nil || !errors.Is(unread, fs.ErrNotExist)) {
		return Handed{}, unread
	}
	if remote != nil {
		return remote.transfer(ctx, desired.Hash, e, a)
	}
	err = within(ctx, o, func(ctx context.Context, h *app) error {
		ctx, stop := context.WithCancel(ctx)
		defer h.follow(ctx, desired)()
		defer stop()
		_, list, err := h.transfers(ctx, e)
		handed.Transfers = list
		if err != nil {
			return err
		}
		if e.Agreed, err = agreed(list, a); err != nil || len(e.Agreed) == 0 {
			handed.Declined = err == nil && slices.ContainsFunc(list, done)
			return err
		}
		handed.Failed, handed.Waiting, err = h.carryOver(ctx, e, a.Progress)
		return err
	})
	return handed, err
}

// done tells whether the transfer may be done.
func done(h plan.Transfer) bool { return h.Refused == "" }

// agreed asks, if there is something to ask about, and gives what the person said yes to.
func agreed(list []plan.Transfer, a Assent) ([]plan.Transfer, error) {
	may := slices.DeleteFunc(slices.Clone(list), func(h plan.Transfer) bool { return !done(h) })
	if len(may) == 0 {
		return nil, nil
	}
	if yes, err := a.Confirm(list); err != nil || !yes {
		return nil, err
	}
	return may, nil
}

// transfers looks at the account, and says what an request would do now.
func (h *app) transfers(ctx context.Context, e transferRequest) (reconcile.Pass, []plan.Transfer, error) {
	desired, ok := h.loop.Desired()
	if !ok {
		return reconcile.Pass{}, nil, reconcile.ErrNoFleet
	}
	if err := h.readsTags(ctx); err != nil {
		return reconcile.Pass{}, nil, err
	}
	pass, err := h.planner.Observe(ctx)
	if err != nil {
		return pass, nil, err
	}
	pass.Desired = desired
	if e.Kind == plan.TakeOver {
		list, err := plan.Adoptable(desired, pass.Recorded, pass.Observed, e.Names, time.Now())
		return pass, list, err
	}
	var list []plan.Transfer
	for _, name := range e.Names {
		one, err := plan.Releasable(desired, pass.Recorded, pass.Observed, name, time.Now())
		if err != nil {
			return pass, nil, err
		}
		list = append(list, one)
	}
	return pass, list, nil
}

// readsTags makes sure that the token may read tags: to one that may not, every droplet looks like nobody's.
func (l *observer) readsTags(ctx context.Context) error {
	_, err := l.api.Client(digitalocean.PrioritySync).TagUses(ctx, fleet.ManagedTag)
	if err != nil && !errors.Is(err, digitalocean.ErrNotFound) {
		return fmt.Errorf("see whether the token may read tags: %w", err)
	}
	return nil
}

// carryOver begins a saga for each transfer that was agreed to, if all of them still are what they were then, and waits for them.
// While writes are paused it does not wait.
func (h *app) carryOver(ctx context.Context, e transferRequest, progress func(control.Progress)) (failed []control.Progress, waiting bool, err error) {
	pass, list, err := h.transfers(ctx, e)
	if err != nil {
		return nil, false, err
	}
	may := map[string]plan.Transfer{}
	for _, one := range list {
		may[one.Name] = one
	}
	var now []plan.Transfer
	for _, a := range e.Agreed {
		one, there := may[a.Name]
		if !there || !same(one, a) {
			return nil, false, fmt.Errorf("%s: %w", a.Name, reconcile.ErrChanged)
		}
		now = append(now, one)
	}
	follow, stop := h.feed.follow()
	defer stop()
	started, err := h.loop.Executor.Transfer(ctx, pass, now)
	if err != nil || pass.Recorded.Paused {
		return nil, err == nil, err
	}
	ours := map[string]bool{}
	for _, id := range started {
		ours[id] = true
	}
	_, err = h.await(ctx, follow, maps.Clone(ours), func(p control.Progress) {
		if ours[p.Saga] {
			progress(p)
		}
	})
	for _, id := range started {
		s, lost := h.store.Saga(ctx, id)
		if lost != nil || s.Status == saga.Completed {
			err = errors.Join(err, lost)
			continue
		}
		p := control.ProgressOf(saga.Event{Saga: s})
		p.Error, p.Ended = s.Error, !s.Status.Live()
		failed = append(failed, p)
	}
	return failed, false, err
}

// same tells whether two transfers would do the same, as far as a person could see.
func same(a, b plan.Transfer) bool {
	a.Spec, a.Record, b.Spec, b.Record = fleet.Spec{}, nil, fleet.Spec{}, nil
	return reflect.DeepEqual(a, b)
}

// serveTransfer streams the progress of a transfer, one reply a line.
func (h *app) serveTransfer(w http.ResponseWriter, r *http.Request) {
	o, ok := receive(w, r, maxTransferBody)
	if !ok {
		return
	}
	if o.Transfer == nil {
		refuse(w, http.StatusBadRequest, "the request names no transfer")
		return
	}
	flush := http.NewResponseController(w).Flush
	failed, waiting, err := h.carryOver(r.Context(), *o.Transfer, func(p control.Progress) {
		send(w, reply{Progress: &p}, nil)
		flush()
	})
	send(w, reply{Failed: failed, Waiting: waiting, Done: true}, err)
}

// offer answers what an request would do, for the fleet file of that hash.
func (h *app) offer(ctx context.Context, o order) (reply, error) {
	if o.Transfer == nil {
		return reply{}, errors.New("the request names no transfer")
	}
	if err := h.takeIn(ctx, o.Hash); err != nil {
		return reply{}, err
	}
	_, list, err := h.transfers(ctx, *o.Transfer)
	return reply{Transfers: list}, err
}

// transfer has a running daemon do it.
func (r *Remote) transfer(ctx context.Context, hash string, e transferRequest, a Assent) (handed Handed, err error) {
	offered, err := r.ask(ctx, pathOffer, order{Hash: hash, Transfer: &e})
	if err != nil {
		return Handed{}, err
	}
	handed.Transfers = offered.Transfers
	if e.Agreed, err = agreed(handed.Transfers, a); err != nil || len(e.Agreed) == 0 {
		handed.Declined = err == nil && slices.ContainsFunc(handed.Transfers, done)
		return handed, err
	}
	err = r.stream(ctx, pathTransfer, order{Transfer: &e}, func(answer reply) bool {
		if answer.Progress != nil {
			a.Progress(*answer.Progress)
		}
		if answer.Done {
			handed.Failed, handed.Waiting = answer.Failed, answer.Waiting
		}
		return !answer.Done
	})
	return handed, err
}
