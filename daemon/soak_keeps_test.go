package daemon

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/simulator"
)

// keeps tells whether what ends is kept for a while in this world.
func (s *soak) keeps() bool { return s.seed%7 == 3 }

// keepKey is for how long, as the files say it: in half of these worlds its end is met.
func (s *soak) keepKey() string {
	switch {
	case !s.keeps():
		return ""
	case s.seed%2 == 0:
		return ", keep: 40m"
	}
	return ", keep: 24h"
}

// bringsBack is a person who brings a kept droplet back, or tries to where none is kept. Nobody waits for it.
func (s *soak) bringsBack() {
	if !s.keeps() || s.oneIn(2) || s.life == nil || s.life.taps.dead() {
		return
	}
	recorded, err := s.reader().Load(s.ctx())
	s.must(err)
	name := pick(s.rng, []string{"a", "web-1"})
	asked := slices.DeleteFunc(recorded.Quarantine, func(q fleet.Quarantined) bool {
		f := s.watch.inForce()
		if f == nil {
			return true
		}
		_, asks := f.Spec(q.Name)
		return !asks
	})
	if len(asked) > 0 {
		name = pick(s.rng, asked).Name
		s.count("undo: asked for")
	}
	s.tell("person: undo of %s", name)
	daemon, over := s.beside(), s.life.over
	ctx, hangUp := context.WithCancel(s.ctx())
	go func() {
		<-over
		hangUp()
	}()
	go control.Transfer(ctx, daemon, control.OfferRequest{Kind: plan.Undo, Names: []string{name}}, assent)
}

// undone notes what an undo released, and what got its name again because the undo went back.
func (w *watch) undone(who *world, rows []any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, row := range rows {
		switch row := row.(type) {
		case fleet.Unquarantined:
			w.s.count("undo: a droplet came back")
		case fleet.Released:
			w.released[row.DropletID] = w.released[row.DropletID] || who == w.s.world
		case fleet.Readopted:
			delete(w.released, row.DropletID)
			w.s.count("undo: went back")
		}
	}
}

// checkPurge holds the DELETE of a kept droplet against the laws: its time is over, by its row and by its tag, and it is off. The caller holds the lock.
func (x wire) checkPurge(d simulator.Droplet) {
	w, now := x.w, time.Now()
	w.purged[d.ID] = true
	if w.past(d.ID).saw.After(now.Add(-approvalLasts)) {
		w.s.count("keep: a person's approval ended a kept droplet")
		return
	}
	recorded, err := x.who.life.store.Load(context.Background())
	if err != nil {
		w.broke("law 09", "the database cannot be read: %v", err)
	}
	i := slices.IndexFunc(recorded.Quarantine, func(q fleet.Quarantined) bool { return q.DropletID == d.ID })
	until, marked := (&fleet.Droplet{Tags: d.Tags}).Until()
	switch {
	case i < 0:
		w.broke("law 16", "a DELETE of droplet %d %s, which is kept by its tag alone, and nobody approved it", d.ID, d.Name)
	case !w.jumped && (until.After(now) || recorded.Quarantine[i].Until.After(now)):
		w.broke("law 09", "a DELETE of droplet %d %s, which is kept until %v and %v", d.ID, d.Name, until, recorded.Quarantine[i].Until)
	case (!marked || d.Status != "off") && !w.meddledWith(d.ID, now):
		w.broke("law 09", "a DELETE of droplet %d %s, which is %s %v", d.ID, d.Name, d.Status, d.Tags)
	}
	w.s.count("keep: a droplet went when its time was over")
}

// meddledWith tells whether a person, or reads that lie, may have changed what a droplet shows until a moment ago. The caller holds the lock.
func (w *watch) meddledWith(id int64, now time.Time) bool {
	recent := now.Add(-slack)
	return w.lying || w.lied.After(recent) || w.untag.After(recent) || w.touched[id]["status"].at.After(recent)
}

// checkBack holds an action of an undo against the laws: the droplet is switched on when it is out of quarantine. The caller holds the lock.
func (x wire) checkBack(d simulator.Droplet, act string) (is bool) {
	_, _, is = x.journaled(func(g saga.Saga, c sagaContext) bool { return g.Kind == fleet.SagaRestore && c.DropletID == d.ID })
	if !is {
		return false
	}
	_, kept := (&fleet.Droplet{Tags: d.Tags}).Until()
	switch {
	case act != "power_on":
		x.w.broke("law 13", "an undo asks for %s of droplet %d %s", act, d.ID, d.Name)
	case kept && !x.w.meddledWith(d.ID, time.Now()):
		x.w.broke("law 13", "an undo switches droplet %d %s on, which shows %v", d.ID, d.Name, d.Tags)
	}
	return true
}

// judgeKept holds a droplet in quarantine, at rest, against what it is to be: off, and out of its own tags.
func (s *soak) judgeKept(d simulator.Droplet) {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	touched := s.watch.touched[d.ID]
	s.count("keep: a kept droplet was looked at")
	if _, meddled := touched["status"]; d.Status != "off" && !meddled && s.watch.lied.IsZero() {
		s.t.Errorf("droplet %d %s is kept, and %s", d.ID, d.Name, d.Status)
	}
	for _, tag := range (&fleet.Droplet{Tags: d.Tags}).UserTags() {
		if _, meddled := touched["tag:"+strings.ToLower(tag)]; !meddled && s.watch.lied.IsZero() {
			s.t.Errorf("droplet %d %s is kept, and shows %v", d.ID, d.Name, d.Tags)
		}
	}
}

// olderThanKept are the registered droplets that a plan leaves alone because they show that they were kept since the database was written.
func (s *soak) olderThanKept(p plan.Plan) (droplets []simulator.Droplet) {
	for _, d := range s.sim.Droplets() {
		if slices.ContainsFunc(p.Warnings, func(w string) bool {
			return strings.Contains(w, fmt.Sprintf("(droplet %d) shows the tag arcadia-until-", d.ID))
		}) {
			droplets = append(droplets, d)
		}
	}
	return droplets
}

// helpKept is what a person does about kept droplets of which the plan tells.
func (s *soak) helpKept(p plan.Plan) {
	for _, d := range s.olderThanKept(p) {
		s.count("law 16: an older database left alone what was kept since")
		s.tell("person: takes droplet %d %s out of quarantine", d.ID, d.Name)
		for _, tag := range (&fleet.Droplet{Tags: d.Tags}).UntilTags() {
			s.sim.Untag(d.ID, tag)
		}
		s.sim.PowerOn(d.ID)
	}
	for _, a := range p.Actions {
		if a.Kind == plan.Purge && a.HeldBy == "tags" {
			s.tell("person: deletes droplet %d %s, which was kept: %v", a.DropletID, a.Name, s.sim.Delete(a.DropletID))
		}
	}
}
