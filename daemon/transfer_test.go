package daemon

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/control"
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

// imports describes the account, as arcadiad import does.
func (w *world) imports(o Options) (control.Imported, error) {
	s, end, err := Local(context.Background(), o, control.AccountOnly, false)
	w.must(err)
	defer end()
	return s.Import(context.Background(), control.ImportRequest{Fleet: "test"})
}

// assent agrees to everything, and keeps quiet.
var assent = control.Assent{Confirm: func([]plan.Transfer) (bool, error) { return true, nil }, Progress: func(control.Progress) {}}

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
	own := w.sim.AddVPC("syd1")
	looks := func(name string) simulator.Droplet {
		d := simulator.Droplet{Name: name, Region: pick("syd1", "fra1", "nyc3"), Size: pick("s-1vcpu-1gb", "s-2vcpu-4gb"),
			Image: pick("ubuntu-24-04-x64", "debian-12-x64"), Monitoring: r.IntN(3) == 0, Backups: r.IntN(5) == 0, IPv6: r.IntN(3) == 0}
		if d.Region == "syd1" && r.IntN(4) == 0 {
			d.VPCUUID = own
		}
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
			d.Name = "under_score"
		case 1:
			d.Status = "off"
		case 2:
			d.Volumes = []string{"0f2f3e3c-1111-4222-8333-444455556666"}
		case 3:
			d.Tags = []string{fleet.ManagedTag, "arcadia-fleet-another"}
		case 4:
			d.Name = "DOUBLE"
			add(false, looks("double"))
		}
		add(false, d)
	}
	return fit
}

// An account of any shape: what import writes is a good file for exactly the droplets that it names, adopting them changes nothing but
// their tags, and then there is nothing to do.
func TestImportAndAdoptAccountsOfManyShapes(t *testing.T) {
	t.Parallel()
	for i, size := range []int{0, 1, 2, 3, 5, 8, 9, 12, 15, 16, 20, 25, 30, 33, 40, 50, 60, 80, 120, 250} {
		if !visits(i) {
			continue
		}
		t.Run(fmt.Sprintf("account %d of %d", i, size), func(t *testing.T) {
			t.Parallel()
			inWorld(t, simulator.Options{}, func(w *world) {
				fit := w.shape(rand.New(rand.NewPCG(uint64(i), 17)), size)
				before := w.truth()
				ctx := context.Background()
				o := w.disk("")
				imported, err := w.imports(o)
				w.must(err)
				for _, region := range []string{"syd1", "fra1", "nyc3"} {
					if strings.Contains(string(imported.File), w.sim.VPC(region)) {
						t.Errorf("the file names the default VPC of %s:\n%s", region, imported.File)
					}
				}
				if !slices.Equal(imported.Taken, fit) || len(imported.Taken)+imported.LeftOut != len(before) {
					t.Fatalf("it took %v and left %d out, of %d; want %v", imported.Taken, imported.LeftOut, len(before), fit)
				}
				o = w.disk(string(imported.File))
				desired, err := fleetfile.Load(o.Fleet)
				if err != nil || len(desired.Specs) != size {
					t.Fatalf("%d droplets, %v:\n%s", len(desired.Specs), err, imported.File)
				}
				handed, err := Adopt(ctx, o, nil, assent)
				w.must(err)
				if len(handed.Failed) > 0 || len(handed.Transfers) != size {
					t.Fatalf("%d of %d, failed %v", len(handed.Transfers), size, handed.Failed)
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

func marksOf(d simulator.Droplet) []string { return (&fleet.Droplet{Tags: d.Tags}).Marks() }

// hand does an request at a running daemon, as far as it goes: the process may die in the middle of it, and nobody waits for the dead.
func (w *world) hand(kind plan.Kind, names ...string) {
	time.Sleep(time.Second)
	ctx, hangUp := context.WithCancel(context.Background())
	defer hangUp()
	over := w.life.over
	go func() {
		select {
		case <-over:
			hangUp()
		case <-ctx.Done():
		}
	}()
	control.Transfer(ctx, w.beside(), control.OfferRequest{Kind: kind, Names: names}, assent)
}

// paused is a fleet at rest under one file, then paused, and the file edited.
func paused(file, edited string) func(w *world) {
	return func(w *world) {
		w.edit(file)
		w.start()
		w.rest()
		w.must(w.life.h.pause(context.Background(), true))
		w.stop()
		w.edit(edited)
	}
}

// handed makes a transfer while writes are paused, and lets them through.
func handed(kind plan.Kind, name string) func(w *world) {
	return func(w *world) {
		w.hand(kind, name)
		if !w.life.taps.dead() {
			w.must(w.life.h.pause(context.Background(), false))
		}
	}
}

// transferScenarios are what a person does by name, and during which the process may die.
func transferScenarios() []scenario {
	both, one := fleetOf("name: a", "name: b, protect: true"), fleetOf("name: a")
	stranger := simulator.Droplet{Name: "b", Region: "syd1", Tags: []string{"mine"}}
	// only tells whether the one droplet b there ever was bears these of arcadiad's tags.
	only := func(marks ...string) func(w *world) {
		return func(w *world) {
			all := w.sim.Named("b")
			if len(all) != 1 || !sameSet(marksOf(all[0]), marks) {
				w.t.Errorf("droplets b: %+v, want one with the tags %v", all, marks)
			}
		}
	}
	withdrawn := func(w *world) {
		handed(plan.TakeOver, "b")(w)
		time.Sleep(300 * time.Millisecond) // the tags are written, and no look has shown them yet
		w.edit(one)
	}
	return []scenario{
		{name: "claim", before: func(w *world) {
			paused(one, both)(w)
			w.sim.Add(stranger)
		}, during: handed(plan.TakeOver, "b"), recover: handed(plan.TakeOver, "b"),
			after: only(fleet.ManagedTag, fleet.FleetTag("test"), fleet.ProtectTag)},
		{name: "claim withdrawn", before: func(w *world) {
			paused(one, both)(w)
			w.sim.Add(stranger)
		}, during: withdrawn, recover: func(w *world) {
			w.edit(one)
			w.hand(plan.TakeOver) // nothing is left to claim
			w.must(w.life.h.pause(context.Background(), false))
		}, after: only()},
		{name: "release", before: paused(both, one), during: handed(plan.Release, "b"), recover: handed(plan.Release, "b"), after: only()},
	}
}

// A token that cannot read tags sees nobody's droplets everywhere: nothing is begun under it.
func TestLaw01NothingChangesHandsUnderABlindToken(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.sim.Add(simulator.Droplet{Name: "a", Region: "syd1", Tags: []string{fleet.ManagedTag, "arcadia-fleet-other"}})
		o := w.disk(fleetOf("name: a"))
		w.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"tag:read"}})
		if _, err := Adopt(context.Background(), o, nil, assent); err == nil || !strings.Contains(err.Error(), "tag:read") {
			t.Errorf("adopt: %v", err)
		}
		if _, err := Release(context.Background(), o, "a", assent); err == nil || !strings.Contains(err.Error(), "tag:read") {
			t.Errorf("release: %v", err)
		}
		if _, err := w.imports(o); err == nil || !strings.Contains(err.Error(), "tag:read") {
			t.Errorf("import: %v", err)
		}
		if n := w.sim.Writes(); n != 0 {
			t.Errorf("%d writes", n)
		}
	})
}

// A claim that cannot be finished takes off what it put on, and nothing else.
func TestLaw01AnAdoptionByNameGoesBack(t *testing.T) {
	t.Parallel()
	const other = "arcadia-fleet-other"
	for name, tc := range map[string]struct {
		meet func(w *world, id int64)
		want []string // all tags in the end
	}{
		"the token may not tag": {func(w *world, _ int64) {
			w.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"droplet:update"}})
		}, []string{"mine"}},
		"the managed tag is refused": {func(w *world, _ int64) {
			w.must(w.sim.Script("POST /v2/tags/{tag}/resources", 1, simulator.Pass())) // no such tag yet
			w.must(w.sim.Script("POST /v2/tags/{tag}/resources", 1, simulator.Pass()))
			w.must(w.sim.Script("POST /v2/tags/{tag}/resources", 1, simulator.Status(422).Saying("that tag is not for you")))
		}, []string{"mine"}},
		"another fleet takes it at the same time": {func(w *world, id int64) {
			w.sim.After(func(r *http.Request) {
				if r.Method == http.MethodPost && strings.Contains(r.URL.Path, fleet.ManagedTag) {
					w.sim.Tag(id, other)
				}
			})
		}, []string{"mine", fleet.ManagedTag, other}},
		"it is renamed meanwhile": {func(w *world, id int64) {
			w.must(w.sim.Script("POST /v2/tags/{tag}/resources", 2, simulator.Pass()))
			w.must(w.sim.Script("POST /v2/tags/{tag}/resources", 1, simulator.Status(503)))
			w.sim.Before(func(r *http.Request) {
				if r.Method == http.MethodPost && strings.Contains(r.URL.Path, fleet.ManagedTag) {
					w.sim.Rename(id, "elsewhere")
				}
			})
		}, []string{"mine"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, simulator.Options{}, func(w *world) {
				d := w.sim.Add(simulator.Droplet{Name: "a", Region: "syd1", Tags: []string{"mine"}})
				o := w.disk(fleetOf("name: a"))
				tc.meet(w, d.ID)
				handed, err := Adopt(context.Background(), o, []string{"a"}, assent)
				w.must(err)
				if len(handed.Failed) != 1 || !handed.Failed[0].Ended || handed.Failed[0].Error == "" {
					t.Errorf("failed: %+v", handed.Failed)
				}
				if now, _ := w.sim.Droplet(d.ID); !sameSet(now.Tags, tc.want) {
					t.Errorf("it bears %v, want %v (%+v)", now.Tags, tc.want, handed.Failed)
				}
				if recorded, err := w.reader().Load(context.Background()); err != nil || len(recorded.Records) != 0 {
					t.Errorf("recorded: %v, %v", recorded.Records, err)
				}
			})
		})
	}
}

// Beside a daemon that still wants the name, a release leaves the name taken: neither is another made in its place, nor is the droplet
// destroyed when the stanza goes. Only the second release frees the name.
func TestReleaseBesideADaemon(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		both, one := fleetOf("name: a", "name: b, protect: true"), fleetOf("name: a")
		w.edit(both)
		w.start()
		w.rest()
		id := w.sim.Named("b")[0].ID
		still := func(when string, marks, records int) {
			t.Helper()
			w.rest()
			d, there := w.sim.Droplet(id)
			recorded, err := w.reader().Load(context.Background())
			w.must(err)
			if !there || len(marksOf(d)) != marks || len(w.sim.Named("b")) != 1 || len(recorded.Records) != records {
				t.Fatalf("%s: %v, %d records\n%s", when, d, len(recorded.Records), w.describe())
			}
		}
		still("before", 4, 2)
		w.hand(plan.Release, "b")
		still("released", 0, 2)
		w.edit(one)
		still("no longer wanted", 0, 2)
		w.hand(plan.Release, "b")
		still("forgotten", 0, 1)
		w.edit(both)
		w.rest()
		if d, there := w.sim.Droplet(id); !there || len(marksOf(d)) != 0 || len(w.sim.Named("b")) != 2 {
			t.Errorf("wanted again: %v", w.sim.Named("b"))
		}
	})
}

// Who lost the tags of a registered droplet in the console gets them back on by adopting it; what was recorded of it stays.
func TestAdoptPutsTagsBackOn(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		file := fleetOf("name: a, user_data: '#!/bin/sh'", "name: b")
		w.edit(file)
		w.start()
		w.rest()
		w.stop()
		before, err := w.reader().Load(context.Background())
		w.must(err)
		a := w.sim.Named("a")[0]
		for _, tag := range marksOf(a) {
			w.sim.Untag(a.ID, tag)
		}
		o := w.disk(file)
		handed, err := Adopt(context.Background(), o, []string{"a"}, assent)
		if err != nil || len(handed.Failed) > 0 || len(handed.Transfers) != 1 || handed.Transfers[0].Refused != "" {
			t.Fatalf("%+v, %v", handed, err)
		}
		after, err := w.reader().Load(context.Background())
		w.must(err)
		for i := range after.Records {
			before.Records[i].RecordedAt = after.Records[i].RecordedAt
		}
		if !reflect.DeepEqual(before.Records, after.Records) {
			t.Errorf("recorded %+v, was %+v", after.Records, before.Records)
		}
		p, err := Plan(context.Background(), o)
		if err != nil || !p.Settled() || p.Summary.Unchanged != 2 {
			t.Errorf("%+v, %v", p.Summary, err)
		}
	})
}

// A release that a person takes back puts exactly the tags back on that it took off.
func TestAbortedReleaseGivesTheTagsBack(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: a, protect: true, tags: [web]"))
		w.start()
		w.rest()
		before := w.sim.Named("a")[0].Tags
		done := make(chan struct{})
		go func() {
			defer close(done)
			w.hand(plan.Release, "a")
		}()
		for len(marksOf(w.sim.Named("a")[0])) > 0 {
			time.Sleep(10 * time.Millisecond)
		}
		during := w.sim.Named("a")[0]
		for _, s := range w.life.h.engine.Live() {
			w.must(w.life.h.engine.Abort(context.Background(), s.ID))
		}
		<-done
		w.rest()
		w.check()
		if len(marksOf(during)) != 0 || !sameSet(w.sim.Named("a")[0].Tags, before) {
			t.Errorf("bore %v, then %v, and now %v", before, during.Tags, w.sim.Named("a")[0].Tags)
		}
	})
}
