package plan

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"arcadiad/fleet"
)

// scene is a small world: a fleet file, a database and an account. Tests change it and build.
type scene struct {
	desired  fleet.Fleet
	recorded fleet.Recorded
	observed fleet.Observed
	now      time.Time
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// sixDollars is what s-1vcpu-1gb costs.
var sixDollars = fleet.Price{Monthly: 6 * fleet.Dollar, Hourly: fleet.Dollars(0.00893)}

// offer gives the scene a catalogue, as it is when something is to be made.
func (s *scene) offer() *fleet.Catalogue {
	s.observed.Catalogue = &fleet.Catalogue{
		Sizes: map[string]fleet.Size{
			"s-1vcpu-512mb-10gb": {Slug: "s-1vcpu-512mb-10gb", Available: true, Regions: []string{"nyc3"}, Disk: 10, Price: fleet.Price{Monthly: 4 * fleet.Dollar, Hourly: fleet.Dollars(0.00595)}},
			"s-1vcpu-1gb":        {Slug: "s-1vcpu-1gb", Available: true, Regions: []string{"syd1", "nyc3"}, Disk: 25, Price: sixDollars},
			"s-2vcpu-2gb":        {Slug: "s-2vcpu-2gb", Available: true, Regions: []string{"syd1"}, Disk: 60, Price: fleet.Price{Monthly: 18 * fleet.Dollar, Hourly: fleet.Dollars(0.02679)}},
			"s-retired":          {Slug: "s-retired", Regions: []string{"syd1"}, Disk: 25},
		},
		Images: map[string]fleet.Image{"ubuntu-24-04-x64": {ID: 9000, Slug: "ubuntu-24-04-x64", Regions: []string{"syd1", "nyc3"}, MinDisk: 7}},
	}
	return s.observed.Catalogue
}

// newScene wants the names and has nothing yet.
func newScene(names ...string) *scene {
	s := &scene{now: noon}
	s.desired = fleet.Fleet{Name: "demo", Policy: fleet.Policy{MaxDestroy: fleet.Limit{Value: 100, Percent: true}}}
	for _, n := range names {
		s.desired.Specs = append(s.desired.Specs, specOf(n))
	}
	s.observed.Account = fleet.Account{UUID: "team-1", Status: "active"}
	s.observed.BeganAt = noon.Add(-time.Second)
	return s
}

// converged wants the names and has each of them, registered, as droplets 101, 102 and so on.
func converged(names ...string) *scene {
	s := newScene(names...)
	for i, n := range names {
		s.register(int64(101+i), n)
	}
	return s
}

func specOf(name string) fleet.Spec {
	stem, n := fleet.SplitName(name)
	return fleet.Spec{Name: name, Region: "syd1", Size: "s-1vcpu-1gb", Image: "ubuntu-24-04-x64", Group: stem, Single: n < 0, Line: 8}
}

// sagaID is the id of the saga that made a droplet in a scene.
func sagaID(droplet int64) string { return fmt.Sprintf("%08x%024x", droplet, droplet) }

// seeTagged puts a droplet of the fleet into the account, made by a saga that the journal does not know.
func (s *scene) seeTagged(id int64, name string, tags ...string) *fleet.Droplet {
	return s.see(id, name, append([]string{fleet.ManagedTag, fleet.SagaTag(sagaID(id)), fleet.FleetTag("demo")}, tags...)...)
}

func (s *scene) see(id int64, name string, tags ...string) *fleet.Droplet {
	s.observed.Droplets = append(s.observed.Droplets, fleet.Droplet{
		ID: id, Name: name, Status: fleet.StatusActive, Region: "syd1", Size: "s-1vcpu-1gb", ImageID: 9000, ImageSlug: "ubuntu-24-04-x64",
		Tags: tags, PublicIPv4: "198.51.100.1", Price: sixDollars, CreatedAt: noon.Add(-time.Hour), SeenAt: noon,
	})
	return &s.observed.Droplets[len(s.observed.Droplets)-1]
}

// register puts a droplet into the account, its record into the database, and its completed saga into the journal.
func (s *scene) register(id int64, name string) {
	s.seeTagged(id, name)
	s.recorded.Records = append(s.recorded.Records, fleet.Record{
		DropletID: id, Name: name, Values: fleet.ValuesOf(specOf(name)), ImageID: 9000, SagaID: sagaID(id), RecordedAt: noon.Add(-time.Hour),
	})
	s.ended(id, fleet.SagaProvision, name, "completed", specOf(name).Hash(), time.Hour)
}

// ended puts an ended saga into the journal; its id is the one that droplet's tag carries.
func (s *scene) ended(droplet int64, kind, name, status, hash string, ago time.Duration) *fleet.Saga {
	s.recorded.Sagas = append(s.recorded.Sagas, fleet.Saga{
		ID: sagaID(droplet), Kind: kind, Name: name, Status: status, Facts: fleet.Facts{SpecHash: hash, DropletID: droplet},
		CreatedAt: noon.Add(-ago), EndedAt: noon.Add(-ago),
	})
	return &s.recorded.Sagas[len(s.recorded.Sagas)-1]
}

// left puts into the journal an ended saga whose creates made these droplets; the first one's tags name it.
func (s *scene) left(name, status string, ago time.Duration, made ...int64) *fleet.Saga {
	saga := s.ended(made[0], fleet.SagaProvision, name, status, specOf(name).Hash(), ago)
	saga.DropletID, saga.Creates = 0, fleet.Creates{Sent: len(made), Answered: made, Witnessed: true}
	return saga
}

func (s *scene) droplet(id int64) *fleet.Droplet {
	i := slices.IndexFunc(s.observed.Droplets, func(d fleet.Droplet) bool { return d.ID == id })
	return &s.observed.Droplets[i]
}

// vanish takes a droplet out of the account, proved or not.
func (s *scene) vanish(id int64, proved bool) {
	s.observed.Droplets = slices.DeleteFunc(s.observed.Droplets, func(d fleet.Droplet) bool { return d.ID == id })
	if proved {
		s.observed.Gone = append(s.observed.Gone, id)
	} else {
		s.observed.Missing = append(s.observed.Missing, id)
	}
}

func (s *scene) unwant(name string) {
	s.desired.Specs = slices.DeleteFunc(s.desired.Specs, func(x fleet.Spec) bool { return x.Name == name })
}

func (s *scene) spec(name string) *fleet.Spec {
	i := slices.IndexFunc(s.desired.Specs, func(x fleet.Spec) bool { return x.Name == name })
	return &s.desired.Specs[i]
}

func (s *scene) build(t testing.TB) Plan {
	t.Helper()
	p, err := Build(s.desired, s.recorded, s.observed, s.now)
	if err != nil {
		t.Fatalf("build: %v", err)
	}
	return p
}

// said is an action in one line, for comparing.
func said(a Action) string {
	line := fmt.Sprintf("%s %s", a.Kind, a.Name)
	if a.DropletID != 0 {
		line += fmt.Sprintf(" %d", a.DropletID)
	}
	if a.Held {
		line += " held by " + a.HeldBy
	}
	return line
}

// expect compares the plan's actions, and checks what is true of every plan.
func (s *scene) expect(t *testing.T, want ...string) Plan {
	t.Helper()
	p := s.build(t)
	var got []string
	for _, a := range p.Actions {
		got = append(got, said(a))
	}
	if !slices.Equal(got, want) {
		t.Errorf("actions\n got %q\nwant %q", got, want)
	}
	checkSound(t, s, p)
	return p
}

// checkSound checks the laws that no plan may break, whatever the world looks like.
func checkSound(t testing.TB, s *scene, p Plan) {
	t.Helper()
	live := map[string]bool{}
	for _, saga := range s.recorded.Sagas {
		if saga.Live {
			live[fleet.Key(saga.Name)] = true
		}
	}
	free := map[string]string{}
	for _, a := range p.Actions {
		key := fleet.Key(a.Name)
		if live[key] {
			t.Errorf("law 2: %s, though a saga for the name is live", said(a))
		}
		if !a.Held && a.Kind != Purge {
			if free[key] != "" {
				t.Errorf("law 2: %s and %s may both start", free[key], said(a))
			}
			free[key] = said(a)
		}
		target, licensed := a.License.Droplet()
		if destroys := a.destroys(); licensed != (destroys && !a.Held) {
			t.Errorf("%s: licensed is %v", said(a), licensed)
		}
		if licensed && target.ID != a.DropletID {
			t.Errorf("%s: the license is for droplet %d", said(a), target.ID)
		}
		if licensed && !a.License.Asks(s.desired) {
			t.Errorf("law 17: %s: the very file that it was planned from does not ask for it", said(a))
		}
		if a.Kind == Provision {
			if a.DropletID != 0 {
				t.Errorf("%s names a droplet", said(a))
			}
			continue
		}
		i := slices.IndexFunc(s.observed.Droplets, func(d fleet.Droplet) bool { return d.ID == a.DropletID })
		if i < 0 {
			t.Errorf("law 6: %s: the droplet was not seen", said(a))
			continue
		}
		d := s.observed.Droplets[i]
		if !d.Managed() {
			t.Errorf("law 1: %s: the droplet does not show the managed tag", said(a))
		}
		for _, f := range d.Fleets() {
			if f != "demo" {
				t.Errorf("law 1: %s: the droplet shows fleet %s", said(a), f)
			}
		}
	}
}
