package daemon

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/simulator"
)

// touch is what somebody at the console did to one field of a droplet. The fields are those of the fleet file, "status", and "tag:blue"
// for each tag, which is on or off.
type touch struct {
	at      time.Time
	value   string
	name    string // that the droplet was recorded under
	desired string // by the file at that time
	steady  bool   // the droplet was as it was recorded and as the file asked, the file said report, and nothing was under way
}

// touches lets the console user set one field of one of our droplets.
func (s *soak) touches(field, value string, set func(id int64, value string) bool) bool {
	return s.console(field+" "+value, func(d simulator.Droplet) {
		if d.Status == "new" && !strings.HasPrefix(field, "tag:") {
			return // it is refused, as long as it is being made
		}
		s.touch(d, field, value)
		set(d.ID, value)
	})
}

// touch notes what somebody is about to do to a field of a droplet.
func (s *soak) touch(d simulator.Droplet, field, value string) {
	t := touch{at: time.Now(), value: value}
	recorded, err := s.reader().Load(s.ctx())
	s.must(err)
	i := slices.IndexFunc(recorded.Records, func(r fleet.Record) bool { return r.DropletID == d.ID })
	if f := s.watch.inForce(); i >= 0 && f != nil {
		r := recorded.Records[i]
		busy := slices.ContainsFunc(recorded.Sagas, func(g fleet.Saga) bool { return g.Live })
		if spec, ok := f.Spec(r.Name); ok {
			t.name, t.desired = r.Name, desiredIn(spec, field)
			t.steady = !busy && desiredIn(spec, field) == recordedIn(r, field) && recordedIn(r, field) == shownIn(d, field) &&
				f.Policy.DriftOf(spec.Rules) == fleet.DriftReport
		}
	}
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	if s.watch.touched[d.ID] == nil {
		s.watch.touched[d.ID] = map[string]touch{}
	}
	if before, again := s.watch.touched[d.ID][field]; again && before.steady && before.desired == t.desired && before.name == t.name {
		t.steady = t.steady || s.watch.undisturbed(before, field)
	}
	s.watch.touched[d.ID][field] = t
}

// inForce is the fleet that is desired now; nil: none is.
func (w *watch) inForce() *fleet.Fleet {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.files) == 0 {
		return nil
	}
	return &w.files[len(w.files)-1].fleet
}

// undisturbed tells whether the file went on to ask for the same since somebody touched a field, and to leave drift alone. The caller
// holds the lock.
func (w *watch) undisturbed(t touch, field string) bool {
	return t.steady && !w.forgot && !w.lately(t.at.Add(-30*time.Second), func(f fleet.Fleet) bool {
		spec, ok := f.Spec(t.name)
		return !ok || desiredIn(spec, field) != t.desired || f.Policy.DriftOf(spec.Rules) != fleet.DriftReport
	})
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func holds(list []string, tag string) bool {
	return slices.ContainsFunc(list, func(t string) bool { return strings.EqualFold(t, tag) })
}

// desiredIn, recordedIn and shownIn are one field as the file, the record and the simulator have it.
func desiredIn(s fleet.Spec, field string) string {
	if tag, ok := strings.CutPrefix(field, "tag:"); ok {
		return onOff(holds(s.Tags, tag))
	}
	return map[string]string{"name": fleet.Key(s.Name), "size": s.Size, "status": "active",
		"backups": strconv.FormatBool(s.Backups), "ipv6": strconv.FormatBool(s.IPv6)}[field]
}

func recordedIn(r fleet.Record, field string) string {
	if tag, ok := strings.CutPrefix(field, "tag:"); ok {
		return onOff(holds(fleet.List(r.Values["tags"]), tag))
	}
	switch field {
	case "name":
		return fleet.Key(r.Name)
	case "status":
		return "active"
	}
	return r.Values[field]
}

func shownIn(d simulator.Droplet, field string) string {
	if tag, ok := strings.CutPrefix(field, "tag:"); ok {
		return onOff(holds(d.Tags, tag))
	}
	return map[string]string{"name": fleet.Key(d.Name), "size": d.Size, "status": d.Status,
		"backups": strconv.FormatBool(d.Backups), "ipv6": strconv.FormatBool(d.IPv6)}[field]
}

// inPlace tells whether another size takes no other droplet.
func inPlace(s fleet.Spec) bool { return s.Rules.Resize != "" && s.Rules.Resize != fleet.ResizeReplace }

// judgeDroplet holds a droplet at rest against what the file asks for, and against what was done to it at the console.
func (s *soak) judgeDroplet(spec fleet.Spec, r fleet.Record) {
	d, there := s.sim.Droplet(r.DropletID)
	if !there || d.Status == "new" { // that is said already, or it never becomes active, so that nothing is altered of it
		return
	}
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	drifts := s.watch.files[len(s.watch.files)-1].fleet.Policy.DriftOf(spec.Rules)
	corrects := drifts != fleet.DriftReport
	fields := []string{"name", "size", "backups", "ipv6", "status"}
	for _, tag := range slices.Concat(spec.Tags, d.Tags) {
		if !fleet.OurTag(tag) {
			fields = append(fields, "tag:"+strings.ToLower(tag))
		}
	}
	for field := range s.watch.touched[d.ID] {
		if strings.HasPrefix(field, "tag:") {
			fields = append(fields, field)
		}
	}
	for _, field := range fields {
		want, has := desiredIn(spec, field), shownIn(d, field)
		t, touched := s.watch.touched[d.ID][field]
		switch {
		case field == "ipv6" && has == "true": // there is no way back
		case field == "size" && drifts == fleet.DriftCorrect && !inPlace(spec) && (touched || s.watch.forgot): // nothing mends that in place
		case corrects && has != want:
			s.t.Errorf("droplet %d %s: %s is %s, and %s is wanted, drift or not", d.ID, d.Name, field, has, want)
		case corrects && touched:
			s.count("drift: the file has its way where it says correct")
		case s.watch.forgot, s.watch.past(d.ID).adopted, !s.watch.untag.IsZero() && field != "status":
			// What a saga of a lost database left behind, or one that may no longer write to the droplet, looks like drift.
		case s.watch.undisturbed(t, field) && has != t.value:
			s.t.Errorf("droplet %d %s: %s is %s, and somebody made it %s at %v, and drift is left alone", d.ID, d.Name, field, has, t.value, t.at.Sub(s.began))
		case s.watch.undisturbed(t, field):
			s.count("drift: was left alone where the file says report")
		case has != want && !(touched && has == t.value):
			s.t.Errorf("droplet %d %s: %s is %s, and %s is wanted, and nobody changed it", d.ID, d.Name, field, has, want)
		}
	}
	if recordedIn(r, "size") != spec.Size {
		s.t.Errorf("%s is recorded as droplet %d of size %s, and %s is wanted", spec.Name, d.ID, r.Values["size"], spec.Size)
	}
}

// busy begins a snapshot of one of our droplets by the API, as a person or a backup tool would.
func (s *soak) busy() bool {
	return s.console("begin a snapshot of", func(d simulator.Droplet) {
		body := strings.NewReader(`{"type": "snapshot", "name": "mine"}`)
		ctx, cancel := context.WithTimeout(s.ctx(), 30*time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://127.0.0.1/v2/droplets/%d/actions", d.ID), body)
		s.must(err)
		r.Header.Set("Authorization", "Bearer dop_v1_test")
		r.Header.Set("Content-Type", "application/json")
		if resp, err := s.sim.Transport().RoundTrip(r); err == nil {
			resp.Body.Close()
		}
	})
}

// rival is another tool, which sets one field of a droplet again every few minutes for a while.
func (s *soak) rival() bool {
	d, ok := s.ours()
	if !ok {
		return false
	}
	tag := fmt.Sprintf("rival-%d", s.rng.IntN(1000))
	var field, value string
	var set func()
	switch s.rng.IntN(4) {
	case 0:
		field, value, set = "backups", strconv.FormatBool(!d.Backups), func() { s.sim.SwitchBackups(d.ID, !d.Backups) }
	case 1:
		field, value, set = "status", "off", func() { s.sim.PowerOff(d.ID) }
	case 2:
		field, value, set = "name", "pet", func() { s.sim.Rename(d.ID, "pet") }
	default:
		field, value, set = "tag:"+tag, "on", func() { s.sim.Tag(d.ID, tag) }
	}
	d0, crashes := s.clock(), s.deaths
	began := time.Now()
	lasts := s.between(20*time.Minute, 2*time.Hour)
	s.tell("another tool makes %s of droplet %d %s %s, again and again for %v", field, d.ID, d.Name, value, lasts)
	for time.Since(began) < lasts {
		now, there := s.sim.Droplet(d.ID)
		if !there {
			break
		}
		if shownIn(now, field) != value {
			s.touch(now, field, value)
			set()
		}
		s.sleep(s.between(2*time.Minute, 6*time.Minute))
	}
	if crashes != s.deaths || s.watch.jumped || s.second != nil {
		return true
	}
	corrections := 0
	for _, g := range s.sagas() {
		if g.Labels[fleet.LabelCorrects] != "" && g.Labels[fleet.LabelDroplet] == strconv.FormatInt(d.ID, 10) && g.Status == saga.Completed &&
			!g.CreatedAt.Before(began) && g.Labels[fleet.LabelRetried] == "" {
			corrections++
		}
	}
	if corrections > 5 { // after 0, 15, 45 and 105 minutes, and one that was under way
		s.t.Errorf("since %v droplet %d was corrected %d times in %v against another tool", d0, d.ID, corrections, lasts)
	}
	return true
}
