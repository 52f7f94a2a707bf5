package daemon

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/simulator"
)

// checkAct holds an action on a droplet against the laws. The caller holds the lock.
func (x wire) checkAct(id int64, body []byte) {
	w := x.w
	var act struct {
		Type string `json:"type"`
		Name string `json:"name"`
		Size string `json:"size"`
		Disk bool   `json:"disk"`
	}
	_ = json.Unmarshal(body, &act)
	d, there := w.s.sim.Droplet(id)
	if w.foreign[id] || there && !x.who.owns(d) && w.untag.Before(time.Now().Add(-slack)) {
		w.broke("law 01", "%s of droplet %d %s, which shows %v", act.Type, id, d.Name, d.Tags)
	}
	g, c, ok := x.journaled(func(g saga.Saga, c sagaContext) bool {
		return g.Kind == fleet.SagaUpdate && c.DropletID == id && g.Begun
	})
	if !ok {
		if !x.checkBack(d, act.Type) {
			x.checkEnd(id, d, act.Type)
		}
		return
	}
	w.s.count("law 01: an action was checked against the truth")
	asked := func(says func(s fleet.Spec) bool) bool {
		return g.Reverse || w.lately(time.Now().Add(-slack), func(f fleet.Fleet) bool {
			s, ok := f.Spec(c.Name)
			return ok && says(s)
		})
	}
	journaled, desired := true, true
	switch act.Type {
	case "rename":
		journaled, desired = c.Found.Name != "", asked(func(s fleet.Spec) bool { return s.Name == act.Name })
	case "enable_backups", "disable_backups":
		on := act.Type == "enable_backups"
		journaled, desired = c.Found.Backups != nil, asked(func(s fleet.Spec) bool { return s.Backups == on })
	case "enable_ipv6":
		desired = !g.Reverse && asked(func(s fleet.Spec) bool { return s.IPv6 })
	case "shutdown", "power_off":
		journaled = c.Found.On != nil
		desired = !g.Reverse && asked(inPlace)
	case "resize":
		desired = !g.Reverse && asked(func(s fleet.Spec) bool {
			return s.Size == act.Size && act.Disk == (s.Rules.Resize == fleet.ResizeWithDisk) && inPlace(s)
		})
	case "power_on": // owed to a droplet that was switched off, whatever the file says
	default:
		desired = false
	}
	if !journaled {
		w.broke("law 03", "%s of droplet %d %s, and how it was found is not in the journal: %s", act.Type, id, d.Name, g.Context)
	}
	if !desired {
		w.broke("law 17", "%s of droplet %d %s, which no file of late asks for", body, id, d.Name)
	}
}

// checkEnd holds an action on a droplet that is to go against the laws: before its DELETE it is shut down, and on the way back switched on.
func (x wire) checkEnd(id int64, d simulator.Droplet, act string) {
	w := x.w
	g, _, ok := x.journaled(func(_ saga.Saga, c sagaContext) bool {
		intent := c.Found.On != nil
		if act == "snapshot" {
			intent = c.Found.Snapshot.Sent
		}
		return c.License.DropletID == id && intent && !c.Demolition.Sent
	})
	switch {
	case !ok || g.Reverse != (act == "power_on"):
		w.broke("law 03", "%s of droplet %d %s, and the journal has no intent of it", act, id, d.Name)
	case act == "shutdown":
		w.s.count("end: the operating system was asked first")
		w.protected(x.who, d, time.Now().Add(-slack))
	case act == "power_off" && w.s.keeps():
		w.protected(x.who, d, time.Now().Add(-slack))
	case act == "snapshot":
		w.s.count("end: a snapshot was asked for")
	case act == "power_on":
		w.s.count("end: a droplet that was shut down is switched on again")
	default:
		w.broke("law 17", "%s of droplet %d %s, which is to go", act, id, d.Name)
	}
}

// checkHeir holds a create against what the file says the name was called before: the droplet of that name is the one that is desired.
func (x wire) checkHeir(g saga.Saga, name string) {
	w := x.w
	was := ""
	if w.mayBeGone() || w.lately(w.since(g), func(f fleet.Fleet) bool {
		s, _ := f.Spec(name)
		again := was == "" || was == s.Was
		was = s.Was
		return s.Was == "" || !again
	}) {
		return
	}
	recorded, err := x.who.life.store.Load(context.Background())
	if err != nil {
		w.broke("law 02", "the records cannot be read: %v", err)
	}
	for _, r := range recorded.Records {
		d, there := w.s.sim.Droplet(r.DropletID)
		if there && strings.EqualFold(r.Name, was) && hasTag(d, fleet.ManagedTag) && g.CreatedAt.After(r.RecordedAt.Add(slack)) {
			w.broke("law 02", "a create of %s, which was %s, and droplet %d is that", name, was, d.ID)
		}
	}
}

// readUpdates counts what a plan says about changes in place and drift.
func (s *soak) readUpdates(p plan.Plan) {
	for _, a := range p.Actions {
		switch {
		case a.HeldBy == "confirm":
			s.count("drift: waited for a second look")
		case a.HeldBy == "backoff" && strings.Contains(a.HeldReason, "another tool may be at work"):
			s.count("drift: gave way to another tool")
		case a.HeldBy == "turn" && strings.Contains(a.HeldReason, "max_unavailable"):
			s.count("law 18: max_unavailable let the others wait")
		case a.Kind == plan.Replace && !a.Held && a.Corrects():
			s.count("drift: took another droplet")
		}
	}
}

// countUpdate counts what an update did, once it is over.
func (s *soak) countUpdate(g saga.Saga) {
	switch {
	case g.Kind != fleet.SagaUpdate:
	case g.Status == saga.Completed:
		for _, step := range g.Steps {
			s.count("update: " + step)
		}
		if g.Labels[fleet.LabelCorrects] != "" {
			s.count("drift: was put back")
		}
		if slices.Contains(g.Steps, "RenameDroplet") && g.Labels[fleet.LabelCorrects] == "" {
			s.count("update: a renamed group kept its droplet")
		}
	case g.Reverse:
		s.count("update: went back")
		for _, step := range g.History {
			if step.Name == "PowerOffDroplet" && step.Status == saga.StepCompensated {
				s.count("update: a resize went back, and the droplet is on")
			}
		}
	}
}
