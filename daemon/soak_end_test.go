package daemon

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/saga"
	"arcadiad/simulator"
)

// mend ends all faults, and plays the person who sees to what arcadiad leaves to a person, until all is at rest.
func (s *soak) mend() {
	s.healthy()
	s.setAlien(false)
	for _, w := range s.worlds()[1:] {
		s.down(w)
	}
	last := s.good
	if s.oneIn(2) {
		last = s.randomFile()
	}
	s.faultSet = simulator.Faults{}
	s.sim.SetFaults(s.faultSet)
	s.saveFile(s.mendAddresses(windows.ReplaceAllString(last, ""))) // a world at rest waits for no time
	s.must(s.version().Err)
	if s.life.taps.dead() {
		s.crashed(s.world)
	}
	s.up(s.world)
	s.life.taps.liveOn()
	s.must(s.life.h.pause(s.ctx(), false))
	s.comeToRest()
	for range 12 {
		if s.calm() {
			return
		}
		s.help()
	}
	s.t.Errorf("the world never came to rest: %s", s.describe())
}

// calm waits for rest: nothing to do and nothing under way, but for what protection holds for good.
func (s *soak) calm() bool {
	began := time.Now()
	for time.Since(began) < 100*time.Minute {
		time.Sleep(5 * time.Second)
		synctest.Wait()
		s.read()
		last := s.life.h.loop.Last()
		if last.Err == nil && last.At.After(began) && s.atRest(last) && len(s.life.h.engine.Live()) == 0 {
			return true
		}
		if s.needsPerson(last) && time.Since(began) > 12*time.Minute {
			return false
		}
		if time.Since(began) > time.Minute && last.At.Before(began) {
			s.life.h.loop.Trigger(reconcile.TriggerSchedule, false)
		}
	}
	return false
}

func (s *soak) atRest(last reconcile.Report) bool {
	p := last.Outcome.Pass.Plan
	if p.ID == "" || waitsForWas(p) || len(p.InFlight)+len(p.Released)+p.Summary.Missing+len(s.olderThanKept(p)) > 0 || len(s.stripped()) > 0 ||
		slices.ContainsFunc(p.Actions, func(a plan.Action) bool { return !forGood(p, a) }) {
		return false
	}
	recorded, err := s.reader().Load(s.ctx())
	s.must(err)
	for _, spec := range s.version().Fleet.Specs {
		has := func(r fleet.Record) bool { return strings.EqualFold(r.Name, spec.Name) }
		acts := func(a plan.Action) bool { return strings.EqualFold(a.Name, spec.Name) }
		if !slices.ContainsFunc(recorded.Records, has) && !slices.ContainsFunc(p.Actions, acts) {
			return false
		}
	}
	return true
}

// forGood tells whether an action is held, and rightly stays so for as long as the file does not change.
func forGood(p plan.Plan, a plan.Action) bool {
	shrinks := a.Kind == plan.Update && a.HeldBy == "preflight" // a disk that grew at the console does not shrink
	full := func(other plan.Action) bool { return other.HeldBy == "max_droplets" }
	waits := a.HeldBy == "turn" && slices.ContainsFunc(p.Actions, full) // for members of its group that the file leaves no room for
	return a.Held && (a.HeldBy == "protect" || full(a) || shrinks || waits)
}

// needsPerson tells whether something is left that time alone does not mend.
func (s *soak) needsPerson(last reconcile.Report) bool {
	p := last.Outcome.Pass.Plan
	return p.Approvable() || waitsForWas(p) || len(p.Released) > 0 || p.Summary.Stuck > 0 || len(s.stripped())+len(s.olderThanKept(p)) > 0 ||
		slices.ContainsFunc(p.Actions, func(a plan.Action) bool {
			return a.HeldBy == "stalled" || a.HeldBy == "tags" || a.HeldBy == "stopped" || a.Blocked
		})
}

// stripped are our droplets that lack tags which they were made with.
func (s *soak) stripped() (droplets []simulator.Droplet) {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	for _, d := range s.sim.Droplets() {
		if s.keeps() && s.watch.released[d.ID] {
			continue
		}
		for _, tag := range s.watch.born[d.ID] {
			if fleet.OurTag(tag) && tag != fleet.ProtectTag && !hasTag(d, tag) {
				droplets = append(droplets, d)
				break
			}
		}
	}
	return droplets
}

// help is what a person does who reads `arcadiad status`.
func (s *soak) help() {
	for _, d := range s.stripped() {
		s.tell("person: tags droplet %d %s again", d.ID, d.Name)
		for _, tag := range s.watch.born[d.ID] {
			if fleet.OurTag(tag) && tag != fleet.ProtectTag {
				s.sim.Tag(d.ID, tag)
			}
		}
	}
	for _, live := range s.life.h.engine.Live() {
		if live.Status != saga.Stuck {
			continue
		}
		s.tell("person: saga %s %s of %s is stuck: %s", live.ID[:8], live.Kind, live.Subject, live.Error)
		if strings.Contains(live.Error, "rename or destroy it") {
			s.count("law 04: a stranger kept a create from being sent again")
			s.renameStrangers(live.Subject)
		}
		if s.helped[live.ID]++; s.helped[live.ID] > 1 {
			err := s.life.h.engine.Abort(s.ctx(), live.ID)
			s.tell("person: aborts it: %v", err)
			if live.Kind != fleet.SagaUpdate && (errors.Is(err, saga.ErrPivot) || s.helped[live.ID] > 2) { // it only goes on to where the droplet is gone
				var c sagaContext
				s.must(json.Unmarshal(live.Context, &c))
				id := c.Demolition.DropletID
				if d, there := s.sim.Droplet(c.License.DropletID); id == 0 && there && d.Status == "new" { // it cannot be shut down, nor kept
					id = d.ID
				}
				if !s.watch.isForeign(id) {
					s.tell("person: deletes droplet %d: %v", id, s.sim.Delete(id))
				}
			}
			continue
		}
		s.tell("person: retries it: %v", s.life.h.engine.Retry(s.ctx(), live.ID))
	}
	last := s.life.h.loop.Last()
	for _, r := range last.Outcome.Pass.Plan.Released {
		if s.watch.released[r.DropletID] || strings.Contains(r.Reason, "a person released it") {
			s.tell("person: frees the name %s", r.Name)
			s.hand(plan.Release, r.Name)
			continue
		}
		s.tell("person: tags %s, droplet %d, again", r.Name, r.DropletID)
		s.sim.Tag(r.DropletID, fleet.FleetTag("test"))
		s.sim.Tag(r.DropletID, fleet.ManagedTag)
	}
	if waitsForWas(last.Outcome.Pass.Plan) {
		s.count("update: an old name waited for a person")
		s.saveFile(wasKey.ReplaceAllString(s.file, ""))
	}
	for _, a := range last.Outcome.Pass.Plan.Actions {
		if a.Held && a.HeldBy == "tags" && a.Kind == plan.Provision {
			s.renameStrangers(a.Name)
			s.ownCopies(a.Name)
		}
		if d, there := s.sim.Droplet(a.DropletID); a.Held && a.HeldBy == "turn" && there && d.Status == "new" && !s.watch.isForeign(d.ID) {
			s.tell("person: deletes droplet %d %s, which never becomes active", d.ID, d.Name)
			s.sim.Delete(d.ID)
		}
		if id := retryHint.FindStringSubmatch(a.HeldReason); a.Held && (a.HeldBy == "stalled" || a.HeldBy == "backoff") && id != nil {
			s.tell("person: tries %s again: %v", a.Name, s.life.h.retry(s.ctx(), id[1]))
		}
	}
	s.helpRollouts(last.Outcome.Pass.Plan)
	s.helpKept(last.Outcome.Pass.Plan)
	s.approve()
}

// renameStrangers gives other names to the droplets of somebody else which bear the name.
func (s *soak) renameStrangers(name string) {
	for i, d := range s.foreign {
		if strings.EqualFold(d.Name, name) {
			s.tell("person: renames the stranger %d %s", d.ID, d.Name)
			s.sim.Rename(d.ID, fmt.Sprintf("moved-%d", d.ID))
			s.foreign[i], _ = s.sim.Droplet(d.ID)
		}
	}
}

// ownCopies takes the fleet's tag off the copies of that name which lack arcadiad's.
func (s *soak) ownCopies(name string) {
	for _, d := range s.sim.Droplets() {
		if s.watch.isCopy(d.ID) && strings.EqualFold(d.Name, name) && !hasTag(d, fleet.ManagedTag) {
			s.tell("person: takes the fleet's tag off droplet %d %s", d.ID, d.Name)
			s.sim.Untag(d.ID, fleet.FleetTag("test"))
		}
	}
}

var retryHint = regexp.MustCompile("arcadiad saga retry ([0-9a-f]{8})")

// approve lets the present plan through, where it is held.
func (s *soak) approve() bool {
	if s.life == nil || s.life.taps.dead() {
		return false
	}
	p := s.life.h.loop.Last().Outcome.Pass.Plan
	if !p.Approvable() {
		return false
	}
	s.watch.seen(p)
	err := s.life.h.approve(s.ctx(), p.ID)
	s.tell("person: approves plan %s: %v", p.ID, err)
	if err == nil {
		s.count("law 09: an approved plan went through")
	}
	return err == nil
}

// judge holds the world at rest against the laws.
func (s *soak) judge() {
	if s.t.Failed() {
		return
	}
	desired := s.version().Fleet
	last := s.life.h.loop.Last().Outcome.Pass.Plan
	recorded, err := s.reader().Load(s.ctx())
	s.must(err)
	byName, byID := map[string]int64{}, map[int64]fleet.Record{}
	excused := func(name string) bool {
		return slices.ContainsFunc(last.Actions, func(a plan.Action) bool { return strings.EqualFold(a.Name, name) && forGood(last, a) })
	}
	for _, r := range recorded.Records {
		key := fleet.Key(r.Name)
		if other, twice := byName[key]; twice {
			s.t.Errorf("%s is recorded twice: %d and %d", r.Name, other, r.DropletID)
		}
		byName[key], byID[r.DropletID] = r.DropletID, r
		if d, there := s.sim.Droplet(r.DropletID); !there && slices.ContainsFunc(last.Actions, func(a plan.Action) bool {
			return forGood(last, a) && (strings.EqualFold(a.Name, r.Name) || strings.Contains(a.Reason, fmt.Sprint(r.DropletID)))
		}) {
			continue // it is gone, and what is to come in its place is held
		} else if !there {
			s.t.Errorf("%s is recorded as droplet %d, which is not there", r.Name, r.DropletID)
		} else if !s.owns(d) {
			s.t.Errorf("%s is droplet %d without our tags: %v", r.Name, r.DropletID, d.Tags)
		}
	}
	for _, spec := range desired.Specs {
		id, there := byName[fleet.Key(spec.Name)]
		switch {
		case excused(spec.Name):
		case !there:
			s.t.Errorf("%s is wanted, and there is none", spec.Name)
		default:
			s.judgeDroplet(spec, byID[id])
			s.judgeAddress(spec, id)
		}
	}
	reported := func(id int64) bool {
		warned := func(w string) bool { return strings.Contains(w, fmt.Sprint(id)) }
		return slices.ContainsFunc(last.Actions, func(a plan.Action) bool { return a.DropletID == id }) || slices.ContainsFunc(last.Warnings, warned)
	}
	for _, d := range s.sim.Droplets() {
		if s.watch.isForeign(d.ID) {
			continue
		}
		if s.watch.released[d.ID] || s.watch.copies[d.ID] && !hasTag(d, fleet.ManagedTag) {
			continue // a person's
		}
		if slices.ContainsFunc(last.Kept, func(k plan.Kept) bool { return k.DropletID == d.ID }) {
			s.judgeKept(d)
			continue
		}
		r, known := byID[d.ID]
		_, isDesired := desired.Spec(r.Name)
		switch {
		case known && (isDesired || excused(r.Name) || slices.ContainsFunc(last.Actions, func(a plan.Action) bool { return a.DropletID == d.ID && forGood(last, a) })):
		case known:
			s.t.Errorf("droplet %d %s is recorded as %s, which nobody wants", d.ID, d.Name, r.Name)
		case !reported(d.ID):
			s.t.Errorf("droplet %d %s %v is billed, and neither recorded nor reported", d.ID, d.Name, d.Tags)
		}
	}
	s.judgeForeign()
	s.judgeRollouts(last)
	s.judgeDatabase()
	if s.t.Failed() {
		s.t.Log(s.describe())
	}
}

func (s *soak) judgeForeign() {
	for _, f := range s.foreign {
		now, there := s.sim.Droplet(f.ID)
		if !there || now.Name != f.Name || !slices.Equal(now.Tags, f.Tags) || now.Size != f.Size || now.Status != f.Status {
			s.t.Errorf("law 01: foreign droplet %+v was touched: %+v (there: %v)", f, now, there)
		}
	}
}

// judgeDatabase looks at the journal, and for secrets in the file.
func (s *soak) judgeDatabase() {
	time.Sleep(time.Minute) // erased secrets leave the -wal file a little later
	for _, g := range s.sagas() {
		switch {
		case g.Status.Live():
			s.t.Errorf("saga %s of %s is %s at rest: %s", g.ID, g.Subject, g.Status, g.Error)
		case g.Status == saga.Superseded:
			s.count("law 17: a saga was superseded")
		case strings.Contains(g.Error, "did not become ready within"):
			s.count("rollout: a droplet was not ready in time")
		}
		s.countUpdate(g)
	}
	_, err := s.reader().Sagas(s.ctx(), saga.Filter{})
	s.must(err)
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(s.o.State + suffix)
		if err != nil && !os.IsNotExist(err) {
			s.t.Error(err)
		}
		if bytes.Contains(b, []byte(userSecret)) {
			s.t.Errorf("law 15: user data is still in the database%s", suffix)
		}
		if bytes.Contains(b, []byte("dop_v1_")) {
			s.t.Errorf("law 15: the token is in the database%s", suffix)
		}
	}
	if strings.Contains(strings.Join(s.told, ""), userSecret) {
		s.count("law 15: user data left the database")
	}
}
