package daemon

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/simulator"
)

// badImage is an image that boots and never serves, until all faults end.
const badImage = "fedora-41-x64"

// goodImages are the others that files ask for.
var goodImages = []string{"debian-12-x64", "debian-13-x64"}

// readies are how files ask whether a droplet serves.
var readies = []string{
	"tcp: 22", "tcp: 22, within: 2m", "http: {port: 80, path: /}, within: 90s", "tcp: 443, within: 3m, for: 20s", "http: {port: 443, path: /, tls: true}, address: private",
}

// rolloutKeys says how a change goes through the group, in half of the groups. Down: something is out of service on the way.
func (s *soak) rolloutKeys(b *strings.Builder, unattended, down bool) {
	if s.oneIn(2) {
		return
	}
	var keys []string
	may := func(n int, of ...string) {
		if s.oneIn(n) {
			keys = append(keys, pick(s.rng, of))
		}
	}
	may(3, "max_unavailable: 1", "max_unavailable: 2", "max_unavailable: 50%")
	if !down && len(keys) == 0 {
		may(2, "max_unavailable: 0")
	}
	may(3, "max_surge: 1", "max_surge: 2", "max_surge: 100%")
	may(3, "canary: 1", "canary: 2")
	may(4, "pause: 20s", "pause: 3m")
	may(3, "drain: 15s", "drain: 2m")
	if unattended {
		may(3, "unattended: true")
	}
	if s.keeps() && !down {
		may(2, "on_failure: back")
	}
	fmt.Fprintf(b, ", rollout: {%s}", strings.Join(keys, ", "))
}

// windowKey is a window of three hours around a time of the day.
func windowKey(at time.Time) string {
	at = at.UTC()
	return fmt.Sprintf("windows: [{from: %q, to: %q}]", at.Add(-time.Hour).Format("15:00"), at.Add(2*time.Hour).Format("15:00"))
}

var windows = regexp.MustCompile(`, windows: \[[^]]*\]`)

// balance puts load balancers before the droplets of some tags, and now and then a firewall.
func (s *soak) balance() {
	for _, tag := range []string{"blue", "green"} {
		if s.oneIn(2) {
			s.sim.AddLoadBalancer(simulator.LoadBalancer{Name: "lb-" + tag, Region: "syd1", Tag: tag})
		}
	}
	if s.oneIn(4) {
		s.sim.AddFirewall(simulator.Firewall{Name: "fw", Tags: []string{"green"}})
	}
}

// anotherImage changes the image of one stanza.
func (s *soak) anotherImage() bool {
	lines, i, ok := s.stanza()
	if !ok {
		return false
	}
	image := pick(s.rng, append([]string{badImage, oldImage}, goodImages...))
	lines[i] = strings.TrimSuffix(imageKey.ReplaceAllString(lines[i], ""), "}") + ", image: " + image + "}"
	s.saveFile(strings.Join(lines, "\n"))
	return true
}

var imageKey = regexp.MustCompile(`, image: [a-z0-9-]+`)

// orderRollout has a person say something to a rollout that is under way, or that begins soon.
func (s *soak) orderRollout(do control.RolloutVerb) bool {
	live := func() []fleet.Rollout {
		rows, err := s.reader().Rollouts(s.ctx())
		s.must(err)
		return slices.DeleteFunc(rows, func(r fleet.Rollout) bool { return !r.Live() })
	}
	for range 3 {
		if len(live()) == 0 && s.anotherImage() {
			s.sleep(s.between(5*time.Second, 2*time.Minute))
		}
	}
	rows := live()
	if s.life.taps.dead() || len(rows) == 0 {
		return false
	}
	group := pick(s.rng, rows).Group
	ctx, cancel := context.WithTimeout(s.ctx(), 10*time.Minute) // an abort waits for what is under way
	defer cancel()
	_, err := s.life.h.orderRollout(ctx, control.RolloutOrder{Group: group, Do: do})
	s.tell("person: %s of the rollout of %s: %v", do, group, err)
	return err == nil
}

var countKey = regexp.MustCompile(`, count: \d+`)

// onEdge is a change of a group of which people have switched some members off a while ago: what is left of it serves.
func (s *soak) onEdge() bool {
	lines, i, ok := s.stanza()
	if !ok || s.life.taps.dead() {
		return false
	}
	name := nameKey.FindString(lines[i])[len("{name: "):]
	if !countKey.MatchString(lines[i]) || s.oneIn(2) {
		lines[i] = strings.TrimSuffix(countKey.ReplaceAllString(lines[i], ""), "}") + fmt.Sprintf(", count: %d}", 2+s.rng.IntN(4))
		s.saveFile(strings.Join(lines, "\n"))
		s.sleep(s.between(2*time.Minute, 6*time.Minute))
	}
	off := 0
	for _, d := range s.sim.Droplets() {
		stem, _ := fleet.SplitName(d.Name)
		if stem == name && !s.watch.isForeign(d.ID) && d.Status == "active" && s.oneIn(2) {
			s.tell("console: switches droplet %d %s off", d.ID, d.Name)
			s.touch(d, "status", "off")
			s.sim.PowerOff(d.ID)
			off++
		}
	}
	s.sleep(s.between(3*time.Minute, 5*time.Minute))
	lines = strings.Split(s.good, "\n")
	i = slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "  - {name: "+name+",") })
	if i < 0 || off == 0 {
		return false
	}
	switch s.rng.IntN(4) {
	case 0: // a surplus
		lines[i] = countKey.ReplaceAllString(lines[i], fmt.Sprintf(", count: %d", 1+s.rng.IntN(3)))
	case 1:
		if bare := strings.Replace(lines[i], ", size: s-1vcpu-2gb", "", 1); bare != lines[i] {
			lines[i] = bare
		} else {
			lines[i] = strings.TrimSuffix(lines[i], "}") + ", size: s-1vcpu-2gb}"
		}
	default:
		image := pick(s.rng, append([]string{oldImage}, goodImages...))
		lines[i] = strings.TrimSuffix(imageKey.ReplaceAllString(lines[i], ""), "}") + ", image: " + image + "}"
	}
	s.saveFile(strings.Join(lines, "\n"))
	s.sleep(s.between(time.Minute, 15*time.Minute))
	return true
}

// networkDown has no probe get through for a while.
func (s *soak) networkDown() bool {
	f := s.faultSet
	f.Unreachable = []string{simulator.Everything}
	s.sim.SetFaults(f)
	lasts := s.lasting()
	s.tell("for %v: this host's own network is down", lasts.Round(time.Second))
	if s.oneIn(2) {
		s.saveFile(s.randomFile())
	}
	s.sleep(lasts)
	s.sim.SetFaults(s.faultSet)
	return true
}

// watchServing holds all daemons of the world to law 18.
func (s *soak) watchServing() *serving {
	watch := &serving{
		sim: s.sim, spells: map[service]*spell{}, begun: map[begun]bool{}, count: s.count,
		// The looks at the group may be a minute old when the intent is durable, and each answer on the wire takes up to 20 s.
		grace: 2 * time.Minute,
		broke: func(format string, args ...any) { s.watch.broke("law 18", format, args...) },
		files: func(*world) (list []fleet.Fleet) {
			s.watch.mu.Lock()
			defer s.watch.mu.Unlock()
			s.watch.lately(time.Now().Add(-slack), func(f fleet.Fleet) bool { list = append(list, f); return false })
			return list
		},
		misled: func(bool) bool {
			s.watch.mu.Lock()
			defer s.watch.mu.Unlock()
			return s.watch.lying || time.Since(s.watch.lied) < 20*time.Minute && !s.watch.lied.IsZero()
		},
		era: func(who *world) int {
			s.watch.mu.Lock()
			defer s.watch.mu.Unlock()
			return s.watch.eras[who] + 1000*s.watch.restored
		},
	}
	watch.listen(s.world)
	return watch
}

// readRollouts counts what a plan says about rollouts.
func (s *soak) readRollouts(p plan.Plan) {
	for _, live := range s.life.h.engine.Live() {
		if strings.Contains(live.Error, "this host's own network may be down") {
			s.count("rollout: our own network was down, and nobody was blamed")
		}
	}
	f := s.watch.inForce()
	for _, r := range p.Rollouts {
		unattended := f != nil && slices.ContainsFunc(f.Specs, func(x fleet.Spec) bool { return fleet.Key(x.Group) == r.Group && f.Policy.RolloutOf(x).Unattended })
		if unattended && r.ID != "" && r.Approval == "" && len(r.Members) > 1 {
			s.count("rollout: without a person")
		}
		switch {
		case r.Failed != nil:
			s.count("rollout: stopped by a member that failed")
		case r.Phase == fleet.RolloutPaused:
			s.count("rollout: paused")
		case r.Phase == fleet.RolloutAborted:
			s.count("rollout: aborted")
		case !r.NextAt.IsZero():
			s.count("rollout: waited for a time")
		case r.ID != "" && len(r.Done) > 0:
			s.count("rollout: went from one batch to the next")
		}
		if r.Canary > 0 && r.ID == "" && len(r.Next) > 0 && len(r.Waiting) > 0 {
			s.count("rollout: a canary went alone")
		}
		if r.Approval != "" && len(r.Done)+len(r.Live) > 0 {
			s.count("rollout: one approval for all of it")
		}
	}
	for _, a := range p.Actions {
		switch a.HeldBy {
		case "window":
			s.count("rollout: a window was waited for")
		case "ready":
			s.count("rollout: nobody passed the probe, so nothing was made")
		}
	}
	for _, c := range p.RolloutChanges {
		s.count("rollout: " + string(c.Rollout.Phase))
	}
}

// rolled are the marks of rollouts that a long run must have met.
func rolled() []string {
	return []string{
		"rollout: stopped by a member that failed", "rollout: paused", "rollout: aborted", "rollout: waited for a time", "rollout: went from one batch to the next",
		"rollout: a canary went alone", "rollout: one approval for all of it", "rollout: a window was waited for",
		"rollout: nobody passed the probe, so nothing was made", "rollout: done", "rollout: superseded", "rollout: a person resumed it", "rollout: without a person",
		"rollout: a droplet was not ready in time", "rollout: our own network was down, and nobody was blamed",
	}
}

// helpRollouts is a person who sees to what stopped, and to droplets that do not serve.
func (s *soak) helpRollouts(p plan.Plan) {
	rows, err := s.reader().Rollouts(s.ctx())
	s.must(err)
	for _, r := range rows {
		if !r.Live() || !slices.ContainsFunc(p.Actions, func(a plan.Action) bool { return a.HeldBy == "stopped" && a.Rollout == r.Group }) {
			continue
		}
		_, err := s.life.h.orderRollout(s.ctx(), control.RolloutOrder{Group: r.Group, Do: control.ResumeRollout})
		s.tell("person: resumes the rollout of %s: %v", r.Group, err)
		if err == nil {
			s.count("rollout: a person resumed it")
		}
	}
	var told strings.Builder // what others wait for
	for _, a := range p.Actions {
		if a.HeldBy == "turn" {
			told.WriteString(a.HeldReason)
		}
	}
	for _, g := range s.life.h.engine.Live() {
		told.WriteString(g.Error)
	}
	for _, d := range s.sim.Droplets() {
		if !s.watch.isForeign(d.ID) && d.Status == "off" && strings.Contains(told.String(), d.Name) {
			s.tell("person: switches droplet %d %s on, which others wait for", d.ID, d.Name)
			s.touch(d, "status", "active")
			s.sim.PowerOn(d.ID)
		}
		if !s.watch.isForeign(d.ID) && d.Status == "active" && !s.sim.Serves(d.ID) {
			s.tell("person: reboots droplet %d %s, which does not serve", d.ID, d.Name)
			s.sim.PowerOff(d.ID)
			s.sim.PowerOn(d.ID)
		}
	}
}

// judgeRollouts demands that no rollout is under way at rest.
func (s *soak) judgeRollouts(p plan.Plan) {
	rows, err := s.reader().Rollouts(s.ctx())
	s.must(err)
	for _, r := range rows {
		waits := slices.ContainsFunc(p.Actions, func(a plan.Action) bool { return a.Rollout == r.Group && forGood(p, a) })
		if r.Live() && !waits {
			s.t.Errorf("the rollout of %s is %s at rest: %+v", r.Group, r.Phase, r)
		}
	}
}
