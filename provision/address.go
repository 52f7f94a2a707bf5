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

const (
	addressAgain = time.Minute      // after which a move that does not show is asked about, and where nothing tells is sent again
	addressYoung = 10 * time.Minute // how long a new droplet may be refused an address (docs/digitalocean-api.md, "Reserved IPs")
	addressLooks = 3                // that must lack an address in a row, over the visibility window, until it counts as given back to DigitalOcean
)

var (
	errNoAddress = errors.New("is not in the account")
	errElsewhere = errors.New("is somewhere else by now")
)

// assign is the step AssignAddress: the reserved IP of the name points to the droplet, which serves by then. An update may take one away.
func (p addressSteps) assign(ctx context.Context, run *saga.Run, w *work) error {
	if ip := w.Alter.Unassign; ip != "" && (w.Found.Address == nil || w.Found.Address.IP == "") {
		m := p.moving(run, w, ip, 0)
		m.asked = func() error { return p.stillFollows(w) }
		m.from = w.DropletID
		m.note = func(int64) { w.Found.address().Instead = ip }
		if err := onwardAddress(m.settle(ctx)); err != nil {
			return err
		}
	}
	ip := p.follows(run, w)
	if ip == "" {
		return nil
	}
	m := p.moving(run, w, ip, w.DropletID)
	m.asked = func() error {
		if p.follows(run, w) != ip { // nothing was asked for yet
			return saga.Later(time.Second, fmt.Errorf("the fleet file no longer gives reserved IP %s to %s", ip, w.Name))
		}
		return p.stillFollows(w)
	}
	m.note = func(from int64) { w.Found.address().IP, w.Found.address().From = ip, from }
	if a := w.Found.Address; a != nil && a.IP == ip {
		m.from, m.noted = a.From, true
	}
	err := m.settle(ctx)
	if errors.Is(err, errElsewhere) && run.Kind() != fleet.SagaUpdate && p.given(w) != ip { // by the file's word, and it went there
		w.Found.Address = nil
		return p.assign(ctx, run, w)
	}
	if err := onwardAddress(err); err != nil {
		return err
	}
	w.Address = ip
	return nil
}

// unassign compensates AssignAddress: what was moved goes back to where it was, or to nobody if that is gone. What somebody moved meanwhile
// stays where it is.
func (p addressSteps) unassign(ctx context.Context, run *saga.Run, w *work) error {
	a := w.Found.Address
	if a == nil {
		return nil
	}
	if a.IP != "" {
		to, err := p.holder(ctx, run, w, a.From)
		if err != nil {
			return err
		}
		if err := p.putBack(ctx, run, w, a.IP, w.DropletID, to); err != nil {
			return err
		}
	}
	if a.Instead == "" {
		return nil
	}
	to, err := p.holder(ctx, run, w, w.DropletID)
	if to == 0 || err != nil {
		return err
	}
	return p.putBack(ctx, run, w, a.Instead, 0, to)
}

// putBack moves an address back from where the saga has put it.
func (p addressSteps) putBack(ctx context.Context, run *saga.Run, w *work, ip string, from, to int64) error {
	m := p.moving(run, w, ip, to)
	m.from, m.noted, m.stale = from, true, true
	switch err := m.settle(ctx); {
	case errors.Is(err, errNoAddress), errors.Is(err, errElsewhere):
		run.Log().Warn("the reserved IP is left where it is", "ip", ip, "error", err)
		return nil
	case errors.Is(err, errUnable):
		return saga.NeedsPerson(saga.Later(addressAgain, fmt.Errorf("reserved IP %s does not go back to droplet %d: %w", ip, to, err)))
	default:
		return err
	}
}

// holder is the droplet that an address goes back to: the one that had it, unless that is gone or no longer ours; 0: nobody.
func (p addressSteps) holder(ctx context.Context, run *saga.Run, w *work, id int64) (int64, error) {
	if id == 0 {
		return 0, nil
	}
	d, err := p.looks(run).present(ctx, id, p.o.Visibility)
	switch {
	case errors.Is(err, errGone):
		return 0, nil
	case err != nil:
		return 0, err
	case d.Unread.Has(fleet.UnreadTags):
		return 0, notTold(d)
	case !w.ownership(d).Ours():
		return 0, nil
	}
	return id, nil
}

// follows is the address that the saga's droplet is to have; empty: none. That is what the file in force says while it asks for the same
// droplet; else what the saga began with. What was begun is brought to its end.
func (p addressSteps) follows(run *saga.Run, w *work) string {
	if a := w.Found.Address; a != nil && a.IP != "" {
		return a.IP
	}
	if run.Kind() == fleet.SagaUpdate {
		return w.Alter.Assign
	}
	return p.given(w)
}

// given is the address that the file gives to the name.
func (p addressSteps) given(w *work) string {
	ip := w.Spec.ReservedIP
	if desired, ok := p.o.Desired(); ok && desired.Name == w.Fleet {
		if s, asks := desired.Spec(w.Name); asks && s.Hash() == w.SpecHash {
			ip = s.ReservedIP
		}
	}
	if ip == fleet.NoAddress {
		return ""
	}
	return ip
}

// stillFollows asks the file in force whether the droplet is still wanted, and an update also whether it is to have that address (law 17).
func (p addressSteps) stillFollows(w *work) error {
	if err := p.asked(w); err != nil {
		return err
	}
	desired, ok := p.o.Desired()
	if s, asks := desired.Spec(w.Name); ok && asks && w.Record != nil {
		want := s.ReservedIP
		if want == fleet.NoAddress {
			want = ""
		}
		if want != w.Alter.Assign {
			return saga.Supersede("the fleet file now gives another reserved IP to " + w.Name)
		}
	}
	return nil
}

// onwardAddress says what an error means to a step that goes forward.
func onwardAddress(err error) error {
	switch {
	case errors.Is(err, errNoAddress), errors.Is(err, errUnable):
		return saga.Permanent(err)
	case errors.Is(err, errElsewhere):
		return saga.NeedsPerson(saga.Later(addressAgain, err))
	}
	return err
}

// moving is the move of one address to one droplet, or to nobody. Where it points decides whether anything is sent, and whether that is sent
// again: the request names the state that it leads to.
type moving struct {
	p   addressSteps
	run *saga.Run
	w   *work
	ip  string
	to  int64 // 0: nobody

	from  int64 // where it was; once noted it is taken from there, or from nobody
	noted bool
	asked func() error     // before anything is sent; nil: it is owed
	note  func(from int64) // notes where it was, before the first request; nil: that is noted
	stale bool             // where it points may be of before: it is sent in any case

	began   time.Time
	sent    time.Time // zero: it is to be sent
	action  int64     // what was begun; 0: not known
	judged  time.Time // when that was last asked
	lacking int       // looks in a row without the address
	lacked  time.Time // when the first of them was
}

func (p addressSteps) moving(run *saga.Run, w *work, ip string, to int64) *moving {
	return &moving{p: p, run: run, w: w, ip: ip, to: to, began: time.Now()}
}

// settle looks, and sends, until the address is where it is to be.
func (m *moving) settle(ctx context.Context) error {
	for {
		if m.sent.IsZero() && m.asked != nil {
			if err := m.asked(); err != nil {
				return err
			}
		}
		done, err := m.alone(ctx)
		if done || err != nil {
			return err
		}
		if time.Since(m.began) > busyFor {
			return saga.NeedsPerson(saga.Later(addressAgain, fmt.Errorf("reserved IP %s is not where it is to be (%s) after an hour; the control panel "+
				"shows what is done to it", m.ip, m.target())))
		}
		if err := m.p.o.Inventory.Aside(ctx, later(m.began, m.sent), m.p.o.Inventory.Interval()); err != nil {
			return err
		}
	}
}

func (m *moving) target() string {
	if m.to == 0 {
		return "unassigned"
	}
	return fmt.Sprintf("droplet %d", m.to)
}

// alone is turn while no other saga of this process moves an address: between the look and the request nobody gives it to another droplet.
func (m *moving) alone(ctx context.Context) (done bool, err error) {
	select {
	case m.p.moves <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-m.p.moves }()
	return m.turn(ctx)
}

// turn looks at the address once, and does what follows from that.
func (m *moving) turn(ctx context.Context) (done bool, err error) {
	a, err := m.p.o.Cloud.ReservedIP(ctx, m.ip)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(err, digitalocean.ErrForbidden):
		return false, m.forbidden("read", "reserved_ip:read", err)
	case errors.Is(err, digitalocean.ErrNotFound):
		if m.lacking++; m.lacking == 1 {
			m.lacked = time.Now()
		}
		if m.lacking >= addressLooks && time.Since(m.lacked) >= m.p.o.Visibility {
			return false, fmt.Errorf("reserved IP %s %w", m.ip, errNoAddress)
		}
		return false, nil
	case err != nil:
		m.run.Log().Debug("could not look at the reserved IP; looking again", "ip", m.ip, "error", err)
		return false, nil
	}
	m.lacking = 0
	switch at := a.DropletID; {
	case at == m.to && !a.Locked && (!m.stale || !m.sent.IsZero()):
		m.p.o.Inventory.AddressMoved()
		return true, nil
	case a.Locked:
		return false, nil
	case m.to == 0 && at != 0 && at != m.from: // it is another droplet's by now
		return true, nil
	case at != m.to && at != 0 && !(m.noted && at == m.from):
		if err := m.mayTake(ctx, at); err != nil {
			return false, err
		}
	}
	if m.sent.IsZero() {
		return m.send(ctx, a.DropletID)
	}
	return false, m.judge(ctx)
}

// mayTake checks that the address may be taken from the droplet that has it: one of this fleet, and nobody moved it there since it was noted.
func (m *moving) mayTake(ctx context.Context, at int64) error {
	elsewhere := fmt.Errorf("reserved IP %s %w: it points to droplet %d, and not to %s", m.ip, errElsewhere, at, m.target())
	if m.noted {
		return elsewhere
	}
	seen, _, err := m.p.looks(m.run).next(ctx, inventory.Query{ID: at})
	switch {
	case err != nil:
		return err
	case len(seen) == 0:
		return saga.Later(addressAgain, fmt.Errorf("reserved IP %s points to droplet %d, which is not shown: looking again", m.ip, at))
	case seen[0].Unread.Has(fleet.UnreadTags):
		return notTold(seen[0])
	case m.w.ownership(seen[0]).Ours():
		return nil
	case m.run.Kind() == fleet.SagaUpdate && m.w.Found.Address == nil:
		return saga.Supersede(fmt.Sprintf("reserved IP %s points to droplet %d, which is not this fleet's", m.ip, at))
	}
	return saga.NeedsPerson(saga.Later(addressAgain, fmt.Errorf("reserved IP %s points to droplet %d, which is not this fleet's, so it is not taken: "+
		"unassign it there, or name another in the fleet file", m.ip, at)))
}

// send sends the request once. What the API refuses to a droplet of some minutes is asked for again.
func (m *moving) send(ctx context.Context, at int64) (done bool, err error) {
	intent := func(ctx context.Context) error {
		if m.asked != nil { // the wait for a slot may have been long
			if err := m.asked(); err != nil {
				return err
			}
		}
		if !m.noted {
			m.from, m.noted = at, true
			m.note(at)
		}
		return m.run.Checkpoint(ctx)
	}
	var got digitalocean.Action
	if m.to == 0 {
		got, err = m.p.o.Cloud.UnassignIP(ctx, m.ip, intent)
	} else {
		got, err = m.p.o.Cloud.AssignIP(ctx, m.ip, m.to, intent)
	}
	now := time.Now()
	m.judged = now
	young := m.to == m.w.DropletID && m.run.Kind() != fleet.SagaUpdate && time.Since(m.began) < addressYoung
	switch {
	case err == nil:
		m.sent, m.action = now, got.ID
	case ctx.Err() != nil:
		return false, err
	case digitalocean.Uncertain(err):
		m.run.Log().Warn("the request was not answered; looking where the reserved IP points", "ip", m.ip, "error", err)
		m.sent, m.action = now, 0
	case errors.Is(err, digitalocean.ErrAlreadySo):
		m.sent, m.action = now, 0
	case errors.Is(err, digitalocean.ErrPendingEvent), errors.Is(err, digitalocean.ErrNotFound): // the next look tells
	case errors.Is(err, digitalocean.ErrForbidden):
		return false, m.forbidden("moved", "reserved_ip:update", err)
	case errors.Is(err, digitalocean.ErrRejected) && m.stale && at == m.to:
		return true, nil // there was nothing to put back
	case errors.Is(err, digitalocean.ErrRejected) && young:
		m.run.Log().Info("the new droplet does not get its reserved IP yet", "ip", m.ip, "error", err)
	case errors.Is(err, digitalocean.ErrRejected):
		return false, fmt.Errorf("%w: %w", errUnable, err)
	default:
		return false, unsent(err)
	}
	return false, nil
}

func (m *moving) forbidden(what, scope string, err error) error {
	return saga.NeedsPerson(saga.Later(addressAgain, fmt.Errorf("reserved IP %s cannot be %s: give the token the scope %s: %w", m.ip, what, scope, err)))
}

// judge asks what became of a request that does not show. Where nobody can tell it is sent again.
func (m *moving) judge(ctx context.Context) error {
	now := time.Now()
	if now.Sub(m.judged) < addressAgain {
		return nil
	}
	m.judged = now
	if m.action == 0 {
		m.sent = time.Time{}
		return nil
	}
	got, err := m.p.o.Cloud.Action(ctx, m.action)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		m.run.Log().Warn("could not ask what became of the action", "action", m.action, "error", err)
	case got.Status == digitalocean.ActionErrored:
		return fmt.Errorf("reserved IP %s: %w: its action %d ended errored", m.ip, errUnable, m.action)
	case got.Status == digitalocean.ActionCompleted && now.Sub(m.sent) > m.p.o.Visibility:
		m.sent = time.Time{} // somebody moved it back meanwhile, or it was never done
	}
	return nil
}
