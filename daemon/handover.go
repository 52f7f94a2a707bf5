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

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/saga"
)

// Handed is what an adopt or a release came to.
type Handed struct {
	Handovers []plan.Handover // what was to be done, and what is refused
	Declined  bool            // the person said no
	Waiting   bool            // all is begun, and waits for `arcadiad resume`
	Failed    []Progress      // those that came to nothing, or are stuck
}

// Assent is how an adopt or a release talks to the one who asked for it.
type Assent struct {
	// Confirm is asked once, before anything is written, unless all is refused.
	Confirm func([]plan.Handover) (bool, error)
	// Progress is told of every transition of the sagas.
	Progress func(Progress)
}

// Adopt takes droplets over that are there and nobody's, by the names that the fleet file wants; without names all of them. Nothing
// of them changes but their tags. Beside a running daemon it asks the daemon.
func Adopt(ctx context.Context, o Options, names []string, a Assent) (Handed, error) {
	return handOver(ctx, o, errand{Kind: plan.Claim, Names: names}, a)
}

// Release gives a droplet back without destroying it. Beside a running daemon it asks the daemon.
func Release(ctx context.Context, o Options, name string, a Assent) (Handed, error) {
	return handOver(ctx, o, errand{Kind: plan.Release, Names: []string{name}}, a)
}

// errand says which droplets are to change hands.
type errand struct {
	Kind   plan.Kind  `json:"kind"`
	Names  []string   `json:"names,omitempty"`
	Agreed agreedList `json:"agreed,omitempty"` // what the person said yes to, and nothing else
}

func handOver(ctx context.Context, o Options, e errand, a Assent) (handed Handed, err error) {
	if o, err = o.withDefaults(); err != nil {
		return Handed{}, err
	}
	remote, err := Dial(ctx, o)
	if err != nil && !errors.Is(err, ErrNoDaemon) {
		return Handed{}, err
	}
	wanted, unread := fleetfile.Load(o.Fleet, o.secrets()...)
	if unread != nil && (remote == nil || !errors.Is(unread, fs.ErrNotExist)) {
		return Handed{}, unread
	}
	if remote != nil {
		return remote.handOver(ctx, wanted.Hash, e, a)
	}
	err = within(ctx, o, func(ctx context.Context, h *house) error {
		ctx, stop := context.WithCancel(ctx)
		defer h.follow(ctx, wanted)()
		defer stop()
		_, list, err := h.handovers(ctx, e)
		handed.Handovers = list
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

// done tells whether the handover may be done.
func done(h plan.Handover) bool { return h.Refused == "" }

// agreed asks, if there is something to ask about, and gives what the person said yes to.
func agreed(list []plan.Handover, a Assent) ([]plan.Handover, error) {
	may := slices.DeleteFunc(slices.Clone(list), func(h plan.Handover) bool { return !done(h) })
	if len(may) == 0 {
		return nil, nil
	}
	if yes, err := a.Confirm(list); err != nil || !yes {
		return nil, err
	}
	return may, nil
}

// handovers looks at the account, and says what an errand would do now.
func (h *house) handovers(ctx context.Context, e errand) (reconcile.Pass, []plan.Handover, error) {
	wanted, ok := h.loop.Wanted()
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
	pass.Wanted = wanted
	if e.Kind == plan.Claim {
		list, err := plan.Adoptable(wanted, pass.Recorded, pass.Observed, e.Names, time.Now())
		return pass, list, err
	}
	var list []plan.Handover
	for _, name := range e.Names {
		one, err := plan.Releasable(wanted, pass.Recorded, pass.Observed, name, time.Now())
		if err != nil {
			return pass, nil, err
		}
		list = append(list, one)
	}
	return pass, list, nil
}

// readsTags makes sure that the token may read tags: to one that may not, every droplet looks like nobody's.
func (l *lookout) readsTags(ctx context.Context) error {
	_, err := l.api.Client(digitalocean.PrioritySync).TagUses(ctx, fleet.ManagedTag)
	if err != nil && !errors.Is(err, digitalocean.ErrNotFound) {
		return fmt.Errorf("see whether the token may read tags: %w", err)
	}
	return nil
}

// carryOver begins a saga for each handover that was agreed to, if all of them still are what they were then, and waits for them.
// While writes are paused it does not wait.
func (h *house) carryOver(ctx context.Context, e errand, progress func(Progress)) (failed []Progress, waiting bool, err error) {
	pass, list, err := h.handovers(ctx, e)
	if err != nil {
		return nil, false, err
	}
	may := map[string]plan.Handover{}
	for _, one := range list {
		may[one.Name] = one
	}
	var now []plan.Handover
	for _, a := range e.Agreed {
		one, there := may[a.Name]
		if !there || !same(one, a) {
			return nil, false, fmt.Errorf("%s: %w", a.Name, reconcile.ErrChanged)
		}
		now = append(now, one)
	}
	follow, stop := h.feed.follow()
	defer stop()
	started, err := h.loop.Executor.HandOver(ctx, pass, now)
	if err != nil || pass.Recorded.Paused {
		return nil, err == nil, err
	}
	ours := map[string]bool{}
	for _, id := range started {
		ours[id] = true
	}
	_, err = h.await(ctx, follow, maps.Clone(ours), func(p Progress) {
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
		p := progressOf(saga.Event{Saga: s})
		p.Error, p.Ended = s.Error, !s.Status.Live()
		failed = append(failed, p)
	}
	return failed, false, err
}

// same tells whether two handovers would do the same, as far as a person could see.
func same(a, b plan.Handover) bool {
	a.Spec, a.Record, b.Spec, b.Record = fleet.Spec{}, nil, fleet.Spec{}, nil
	return reflect.DeepEqual(a, b)
}

// serveHandover streams the progress of a handover, one reply a line.
func (h *house) serveHandover(w http.ResponseWriter, r *http.Request) {
	o, ok := receive(w, r, mostErrand)
	if !ok {
		return
	}
	if o.Errand == nil {
		refuse(w, http.StatusBadRequest, "a handover wants an errand")
		return
	}
	flush := http.NewResponseController(w).Flush
	failed, waiting, err := h.carryOver(r.Context(), *o.Errand, func(p Progress) {
		send(w, reply{Progress: &p}, nil)
		flush()
	})
	send(w, reply{Failed: failed, Waiting: waiting, Done: true}, err)
}

// offer answers what an errand would do, for the fleet file of that hash.
func (h *house) offer(ctx context.Context, o order) (reply, error) {
	if o.Errand == nil {
		return reply{}, errors.New("an offer wants an errand")
	}
	if err := h.takeIn(ctx, o.Hash); err != nil {
		return reply{}, err
	}
	_, list, err := h.handovers(ctx, *o.Errand)
	return reply{Handovers: list}, err
}

// handOver has a running daemon do it.
func (r *Remote) handOver(ctx context.Context, hash string, e errand, a Assent) (handed Handed, err error) {
	offered, err := r.ask(ctx, pathOffer, order{Hash: hash, Errand: &e})
	if err != nil {
		return Handed{}, err
	}
	handed.Handovers = offered.Handovers
	if e.Agreed, err = agreed(handed.Handovers, a); err != nil || len(e.Agreed) == 0 {
		handed.Declined = err == nil && slices.ContainsFunc(handed.Handovers, done)
		return handed, err
	}
	err = r.stream(ctx, pathHandOver, order{Errand: &e}, func(answer reply) bool {
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
