package daemon

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/plan"
	"arcadiad/simulator"
)

// disk gives the options of the commands, with the fleet file on disk.
func (w *world) disk(file string) Options {
	w.t.Helper()
	o := w.o
	o.Transport = w.sim.Transport()
	o.Fleet = filepath.Join(filepath.Dir(w.o.State), "fleet.yaml")
	w.must(os.WriteFile(o.Fleet, []byte(file), 0o600))
	w.file = file
	return o
}

// assent agrees to everything, and keeps quiet.
var assent = Assent{Confirm: func([]plan.Handover) (bool, error) { return true, nil }, Progress: func(Progress) {}}

// bareTruth is a droplet without the tags that arcadiad puts on.
func bareTruth(d simulator.Droplet) simulator.Droplet {
	d.Tags = slices.DeleteFunc(append([]string{}, d.Tags...), fleet.OurTag)
	return d
}

func (w *world) truth() map[int64]simulator.Droplet {
	all := map[int64]simulator.Droplet{}
	for _, d := range w.sim.Droplets() {
		all[d.ID] = d
	}
	return all
}

// shape fills an account by a seed, and gives the ids of what a fleet file can describe.
func (w *world) shape(r *rand.Rand, size int) (fit []int64) {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	add := func(fits bool, d simulator.Droplet) {
		if d = w.sim.Add(d); fits {
			fit = append(fit, d.ID)
		}
	}
	looks := func(name string) simulator.Droplet {
		d := simulator.Droplet{Name: name, Region: pick("syd1", "fra1", "nyc3"), Size: pick("s-1vcpu-1gb", "s-2vcpu-4gb"),
			Image: pick("ubuntu-24-04-x64", "debian-12-x64"), Monitoring: r.IntN(3) == 0, Backups: r.IntN(5) == 0, IPv6: r.IntN(3) == 0}
		for _, tag := range []string{"web", "Team:A", "on", "1", "env_prod"} {
			if r.IntN(4) == 0 {
				d.Tags = append(d.Tags, tag)
			}
		}
		return d
	}
	for group := 0; len(fit) < size; group++ {
		stem := fmt.Sprintf("%s%d", pick("web", "db", "1e", "api.v", "job-1-"), group)
		if strings.HasPrefix(stem, "api") && r.IntN(2) == 0 {
			add(true, looks(stem))
			continue
		}
		alike, d := r.IntN(4) > 0, looks(stem)
		for n := range 1 + r.IntN(12) {
			if r.IntN(10) == 0 || len(fit) == size {
				continue // a gap
			}
			if !alike {
				d = looks(stem)
			}
			d.Name = fmt.Sprintf("%s-%d", stem, n+1)
			add(true, d)
		}
	}
	for i := range r.IntN(6) {
		d := looks(fmt.Sprintf("odd%d", i))
		switch i {
		case 0:
			d.Name = "Upper-Case"
		case 1:
			d.Status = "off"
		case 2:
			d.Volumes = []string{"0f2f3e3c-1111-4222-8333-444455556666"}
		case 3:
			d.Tags = []string{fleet.ManagedTag, "arcadia-fleet-another"}
		case 4:
			d.Name = "TWIN"
			add(false, looks("twin"))
		}
		add(false, d)
	}
	return fit
}

// An account of any shape: what import writes is a good file for exactly the droplets that it names, adopting them changes nothing but
// their tags, and then there is nothing to do.
func TestImportAndAdoptAccountsOfManyShapes(t *testing.T) {
	t.Parallel()
	for i, size := range []int{0, 1, 2, 3, 5, 8, 9, 12, 15, 16, 20, 25, 30, 33, 40, 50, 60, 80, 120, 500} {
		t.Run(fmt.Sprintf("account %d of %d", i, size), func(t *testing.T) {
			t.Parallel()
			inWorld(t, simulator.Options{}, func(w *world) {
				fit := w.shape(rand.New(rand.NewPCG(uint64(i), 17)), size)
				before := w.truth()
				ctx := context.Background()
				o := w.disk("")
				imported, err := Import(ctx, o, "test", Choice{})
				w.must(err)
				if !slices.Equal(imported.Taken, fit) || len(imported.Taken)+len(imported.LeftOut) != len(before) {
					t.Fatalf("it took %v and left %d out, of %d; want %v", imported.Taken, len(imported.LeftOut), len(before), fit)
				}
				o = w.disk(string(imported.File))
				wanted, err := fleetfile.Load(o.Fleet)
				if err != nil || len(wanted.Specs) != size {
					t.Fatalf("%d droplets, %v:\n%s", len(wanted.Specs), err, imported.File)
				}
				handed, err := Adopt(ctx, o, nil, assent)
				w.must(err)
				if len(handed.Failed) > 0 || len(handed.Handovers) != size {
					t.Fatalf("%d of %d, failed %v", len(handed.Handovers), size, handed.Failed)
				}
				p, err := Plan(ctx, o)
				w.must(err)
				if s := p.Summary; !p.Settled() || s.Unchanged != size || s.Drifted+s.Pending+s.Released > 0 {
					var b strings.Builder
					p.Text(&b, planText)
					t.Errorf("it does not settle: %s", b.String())
				}
				after := w.truth()
				for id, was := range before {
					is := after[id]
					taken := slices.Contains(fit, id)
					if !reflect.DeepEqual(bareTruth(was), bareTruth(is)) || !taken && !slices.Equal(was.Tags, is.Tags) {
						t.Fatalf("droplet %d was %+v, is %+v", id, was, is)
					}
					if want := []string{fleet.FleetTag("test"), fleet.ManagedTag}; taken && !slices.Equal(marksOf(is), want) {
						t.Errorf("droplet %d bears %v, want %v", id, is.Tags, want)
					}
				}
				if len(after) != len(before) {
					t.Errorf("%d droplets, want %d", len(after), len(before))
				}
			})
		})
	}
}

func marksOf(d simulator.Droplet) []string { return fleet.Droplet{Tags: d.Tags}.Marks() }
