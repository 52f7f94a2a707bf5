package plan

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

// worlds is how many random worlds each property is tried on.
const worlds = 400

// anyWorld makes a world in which anything may have happened to anything, by seed.
func anyWorld(seed uint64) *scene {
	r := rand.New(rand.NewPCG(seed, 1))
	chance := func(percent int) bool { return r.IntN(100) < percent }
	s := newScene()
	s.desired.Policy.MaxDestroy = fleet.Limit{Value: r.IntN(101), Percent: chance(50)}
	s.desired.Policy.MaxDroplets = r.IntN(3) * 6
	names := []string{"db", "web-1", "web-2", "web-3", "web-4", "api", "WEB-5", "x-10"}
	sizes := []string{"s-1vcpu-1gb", "s-2vcpu-2gb"}
	for i, name := range names {
		spec := specOf(name)
		spec.Size = sizes[r.IntN(2)]
		if chance(20) {
			spec.UserData = "#!"
		}
		if chance(20) {
			protect := chance(50)
			spec.Protect = &protect
		}
		if chance(25) {
			spec.Rules = fleet.Rules{
				Resize:   []fleet.Resize{fleet.ResizeInPlace, fleet.ResizeWithDisk}[r.IntN(2)],
				OnChange: []fleet.OnChange{"", fleet.OnChangeIgnore}[r.IntN(2)],
				Order:    []fleet.Order{"", fleet.DestroyFirst}[r.IntN(2)],
				Drift:    []fleet.DriftPolicy{"", fleet.DriftCorrect, fleet.DriftReplace}[r.IntN(3)],
			}
		}
		if chance(20) {
			spec.Tags, spec.Backups = []string{"mine"}, chance(50)
		}
		if chance(15) {
			spec.Was = "old-" + name
		}
		if chance(70) {
			s.desired.Specs = append(s.desired.Specs, spec)
		}
		for k := range r.IntN(3) {
			id := int64(100 + 10*i + k)
			tags := []string{fleet.ManagedTag, fleet.FleetTag("demo"), fleet.SagaTag(sagaID(id))}
			if chance(15) {
				tags[2] = fleet.SagaTag(sagaID(id - int64(k))) // a second droplet of one saga
			}
			if chance(10) {
				tags = slices.Delete(tags, 0, 1+r.IntN(2))
			}
			if chance(5) {
				tags = append(tags, fleet.FleetTag("other"))
			}
			if chance(10) {
				tags = append(tags, fleet.ProtectTag)
			}
			if chance(10) && k > 0 {
				tags = append(tags, fleet.ReplacesTag(id-1))
			}
			d := s.see(id, name, tags...)
			d.Size = sizes[r.IntN(2)]
			d.Status = []fleet.Status{fleet.StatusActive, fleet.StatusActive, fleet.StatusActive, fleet.StatusOff, fleet.StatusNew, fleet.StatusArchive}[r.IntN(6)]
			if chance(10) {
				d.VolumeIDs = []string{"v"}
			}
			if chance(10) {
				d.Name = names[r.IntN(len(names))]
			}
			if chance(20) {
				d.Name = "old-" + name
			}
			if chance(10) {
				s.recorded.Deviations = append(s.recorded.Deviations, fleet.Deviation{DropletID: id, Field: "size", Seen: d.Size, Since: noon.Add(-time.Hour)},
					fleet.Deviation{DropletID: id, Field: "status", Seen: "off", Since: noon.Add(-time.Hour)})
			}
			if chance(60) {
				name := d.Name
				spec := spec
				spec.Size = sizes[r.IntN(2)]
				s.recorded.Records = append(s.recorded.Records, fleet.Record{
					DropletID: id, Name: name, Values: fleet.ValuesOf(spec), SagaID: sagaID(id), Protect: chance(10), ImageID: 9000,
				})
			}
			if chance(60) {
				status := []string{"completed", "compensated", "superseded"}[r.IntN(3)]
				saga := s.ended(id, []string{fleet.SagaProvision, fleet.SagaReplace}[r.IntN(2)], name, status, spec.Hash(), time.Duration(r.IntN(100))*time.Minute)
				saga.Undone = chance(30)
			}
			if chance(8) {
				s.vanish(id, chance(50))
			}
		}
		if chance(20) {
			s.ended(int64(800+i), fleet.SagaProvision, name, "compensated", spec.Hash(), time.Second)
		}
		if chance(10) {
			saga := s.ended(int64(900+i), fleet.SagaReplace, name, "running", spec.Hash(), time.Minute)
			saga.Live, saga.Replaces = true, int64(100+10*i)
		}
	}
	if len(s.observed.Droplets) > 0 && chance(3) {
		for i := range s.observed.Droplets {
			s.observed.Droplets[i].Tags = nil
		}
	}
	return s
}

func TestAnyWorldGivesASoundPlan(t *testing.T) {
	kinds := map[string]int{}
	for seed := range uint64(worlds) {
		s := anyWorld(seed)
		p := s.build(t)
		checkSound(t, s, p)
		for _, a := range p.Actions {
			kinds[string(a.Kind)+"/"+a.HeldBy]++
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	// Worlds in which nothing happens would prove nothing.
	for _, k := range []string{"provision/", "destroy/", "replace/", "adopt/", "update/", "destroy/origin", "destroy/protect", "destroy/volumes",
		"destroy/max_destroy", "replace/max_destroy", "provision/max_droplets", "provision/backoff", "destroy/turn",
		"update/confirm", "update/turn"} {
		if kinds[k] == 0 {
			t.Errorf("no world had %s: %v", k, kinds)
		}
	}
}

func TestOrderOfInputsDoesNotMatter(t *testing.T) {
	for seed := range uint64(worlds) {
		s := anyWorld(seed)
		want := s.build(t)
		r := rand.New(rand.NewPCG(seed, 2))
		shuffle(r, s.desired.Specs)
		shuffle(r, s.recorded.Records)
		shuffle(r, s.recorded.Sagas)
		shuffle(r, s.observed.Droplets)
		shuffle(r, s.observed.Gone)
		for i := range s.observed.Droplets {
			shuffle(r, s.observed.Droplets[i].Tags)
		}
		got := s.build(t)
		if !reflect.DeepEqual(want, got) {
			t.Fatalf("seed %d:\n%s\n%s", seed, inText(want), inText(got))
		}
	}
}

func shuffle[T any](r *rand.Rand, list []T) {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func inText(p Plan) string {
	var b bytes.Buffer
	if err := p.Text(&b, Options{}); err != nil {
		return err.Error()
	}
	return b.String()
}

// Carrying out what is planned, again and again, comes to rest with nothing left to do but what is held.
func TestCarriedOutPlansComeToRest(t *testing.T) {
	for seed := range uint64(worlds) {
		s := anyWorld(seed)
		s.recorded.Sagas = slices.DeleteFunc(s.recorded.Sagas, func(x fleet.Saga) bool { return x.Live })
		next := int64(10_000)
		var p Plan
		for pass := 0; ; pass++ {
			s.now = s.now.Add(2 * time.Hour) // no backoff lasts so long
			s.observed.BeganAt = s.now
			p = s.build(t)
			checkSound(t, s, p)
			if pass == 12 {
				t.Fatalf("seed %d: no rest after %d passes:\n%s", seed, pass, inText(p))
			}
			waits := slices.ContainsFunc(p.Actions, func(a Action) bool { return a.HeldBy == "confirm" })
			if s.carryOut(p, &next) == 0 && !waits && !s.activate() {
				break
			}
		}
		seen := map[string]int{}
		for _, a := range p.Actions {
			if !a.Held {
				t.Fatalf("seed %d: %s is left", seed, said(a))
			}
			if a.Waits() && p.Summary.Missing == 0 { // what is missing here never shows again
				t.Fatalf("seed %d: at rest, and %s", seed, said(a))
			}
			seen[a.Name]++
		}
	}
}

// activate lets all droplets that are still being made become active; false: there are none.
func (s *scene) activate() (any bool) {
	for i := range s.observed.Droplets {
		if d := &s.observed.Droplets[i]; d.Status == fleet.StatusNew {
			d.Status, any = fleet.StatusActive, true
		}
	}
	return any
}

// carryOut does to the world what the sagas of a plan would do, and tells how many there were.
func (s *scene) carryOut(p Plan, next *int64) (done int) {
	for _, r := range p.Records {
		s.record(r)
	}
	s.recorded.Deviations = p.Deviations()
	for _, a := range p.Actions {
		if a.Held {
			continue
		}
		done++
		switch a.Kind {
		case Adopt:
			s.record(a.Record)
		case Update:
			s.record(a.Record)
			s.alter(s.droplet(a.DropletID), a)
			s.ended(a.DropletID, fleet.SagaUpdate, a.Name, "completed", a.Spec.Hash(), 0).Corrects = a.Corrects()
		case Provision, Replace:
			if a.Kind == Replace && a.Spec.Rules.Order == fleet.DestroyFirst {
				s.destroy(a.DropletID)
				s.ended(a.DropletID, fleet.SagaDestroy, a.Name, "completed", a.Spec.Hash(), 0)
				continue
			}
			*next++
			s.seeTagged(*next, a.Name)
			d := s.droplet(*next)
			d.Size = a.Spec.Size
			d.Tags = append(d.Tags, a.Spec.Tags...)
			if a.Spec.Backups {
				d.Features = append(d.Features, "backups")
			}
			if a.Spec.Protected() {
				d.Tags = append(d.Tags, fleet.ProtectTag)
			}
			s.record(fleet.Record{DropletID: *next, Name: a.Name, Values: fleet.ValuesOf(a.Spec), ImageID: 9000, Protect: a.Spec.Protected()})
			kind := fleet.SagaProvision
			if a.Kind == Replace {
				kind = fleet.SagaReplace
				s.destroy(a.DropletID)
			}
			s.ended(*next, kind, a.Name, "completed", a.Spec.Hash(), 0)
		case Destroy:
			s.destroy(a.DropletID)
		}
	}
	return done
}

// alter does to a droplet what an update would.
func (s *scene) alter(d *fleet.Droplet, a Action) {
	drop := func(list []string, gone ...string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(e string) bool { return slices.Contains(gone, strings.ToLower(e)) })
	}
	if a.Alter.Protection {
		d.Tags = drop(d.Tags, fleet.ProtectTag)
		if a.Record.Protect {
			d.Tags = append(d.Tags, fleet.ProtectTag)
		}
	}
	d.Tags = append(drop(d.Tags, a.Alter.Untag...), a.Alter.Tag...)
	if a.Alter.Name != "" {
		d.Name = a.Alter.Name
	}
	if on := a.Alter.Backups; on != nil {
		d.Features = drop(d.Features, "backups")
		if *on {
			d.Features = append(d.Features, "backups")
		}
	}
	if a.Alter.IPv6 {
		d.Features = append(d.Features, "ipv6")
	}
	if a.Alter.Size != "" {
		d.Size = a.Alter.Size
	}
	if a.Alter.PowerOn {
		d.Status = fleet.StatusActive
	}
}

func (s *scene) record(r fleet.Record) {
	s.recorded.Records = slices.DeleteFunc(s.recorded.Records, func(x fleet.Record) bool { return x.DropletID == r.DropletID })
	s.recorded.Records = append(s.recorded.Records, r)
}

func (s *scene) destroy(id int64) {
	s.vanish(id, true)
	s.recorded.Records = slices.DeleteFunc(s.recorded.Records, func(x fleet.Record) bool { return x.DropletID == id })
}

// The id names what is due: not when it is due, nor what holds it.
func TestIDNamesWhatIsDue(t *testing.T) {
	base := func() *scene {
		s := converged("a", "b", "c")
		s.unwant("a")
		s.spec("b").Size = "s-2vcpu-2gb"
		return s
	}
	id := base().build(t).ID
	if len(id) != 12 {
		t.Errorf("id %q", id)
	}
	for what, tc := range map[string]struct {
		change func(*scene)
		same   bool
	}{
		"time":             {func(s *scene) { s.now = s.now.Add(24 * time.Hour) }, true},
		"a later look":     {func(s *scene) { s.observed.BeganAt = s.now }, true},
		"policy":           {func(s *scene) { s.desired.Policy.MaxDestroy = fleet.Limit{} }, true},
		"pause":            {func(s *scene) { s.recorded.Paused = true }, true},
		"drift elsewhere":  {func(s *scene) { s.droplet(103).Status = fleet.StatusOff }, true},
		"another spec":     {func(s *scene) { s.spec("b").Size = "s-4vcpu-8gb" }, false},
		"one more destroy": {func(s *scene) { s.unwant("c") }, false},
		"one destroy less": {func(s *scene) { s.desired.Specs = append(s.desired.Specs, specOf("a")) }, false},
		"another account":  {func(s *scene) { s.observed.Account.UUID = "team-2" }, false},
		"another droplet":  {func(s *scene) { s.droplet(101).ID, s.recorded.Records[0].DropletID = 77, 77 }, false},
	} {
		s := base()
		tc.change(s)
		if got := s.build(t).ID; (got == id) != tc.same {
			t.Errorf("%s: id %s, before %s", what, got, id)
		}
	}
}

func TestWarnings(t *testing.T) {
	for _, tc := range []struct {
		name  string
		scene func() *scene
		want  string
	}{
		{"a count was added", func() *scene {
			s := converged("web")
			s.desired.Specs = []fleet.Spec{specOf("web-1"), specOf("web-2")}
			return s
		}, "the stanza web (line 8) has a count now: this destroys web and creates web-1 and so on; to keep web, give the counted stanza another name"},
		{"a count was taken away", func() *scene {
			s := converged("web-1", "web-2")
			s.desired.Specs = []fleet.Spec{specOf("web")}
			return s
		}, "the stanza web (line 8) no longer has a count: this destroys web-1 and its like, and creates web; `count: 1` keeps web-1"},
		{"another database at work", func() *scene {
			s := converged("a")
			s.seeTagged(200, "b")
			return s
		}, "droplet 200 is tagged for this fleet, but no saga of this state database created it: expected after a restored backup or a lost " +
			"database; if another arcadiad works on fleet demo, stop one of the two"},
		{"a locked account", func() *scene {
			s := converged("a")
			s.observed.Account.Status = "locked"
			return s
		}, `DigitalOcean reports the account status "locked" and may refuse writes`},
	} {
		if p := tc.scene().build(t); !slices.Equal(p.Warnings, []string{tc.want}) {
			t.Errorf("%s:\n got %q\nwant %q", tc.name, p.Warnings, tc.want)
		}
	}
}

func TestSplitName(t *testing.T) {
	for name, want := range map[string]string{
		"web-1": "web 1", "web-10": "web 10", "web-01": "web-01 -1", "web": "web -1", "web-": "web- -1", "-1": "-1 -1",
		"a-b-3": "a-b 3", "web-x": "web-x -1", "web-+1": "web-+1 -1", "web-99999999999999999999": "web-99999999999999999999 -1",
	} {
		stem, n := fleet.SplitName(name)
		if got := fmt.Sprint(stem, " ", n); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
