package daemon

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/simulator"
)

// story is something that happens to a fleet at rest, told through the simulator's knobs, the console and the file alone. What is
// checked is what is left in the account hours later: nothing about how it came about.
type story struct {
	name    string
	policy  string   // of the file
	stanzas []string // of the file; none: a protected db and seven of web
	happens func(w *world)
	ends    []string // names whose droplets may end, for the file or a person says so
	lack    int      // desired names that wait for a person, so without a droplet
	more    int      // droplets beside those of the file: held, or of somebody else
}

// fileOf is a fleet file with a policy of its own; none: the default.
func fileOf(policy string, stanzas ...string) string {
	file := fleetOf(stanzas...)
	if policy == "" {
		return strings.Replace(file, "policy: {max_destroy: 100%}\n", "", 1)
	}
	return strings.Replace(file, "max_destroy: 100%", policy, 1)
}

// beforeTheMinute waits until so long before the next full minute, when a daemon that syncs each minute looks.
func beforeTheMinute(by time.Duration) {
	now := time.Now()
	time.Sleep(now.Truncate(time.Minute).Add(2*time.Minute - by).Sub(now))
}

// lies puts faults in force for a while.
func (w *world) lies(f simulator.Faults, lasts time.Duration) {
	w.sim.SetFaults(f)
	time.Sleep(lasts)
	w.sim.SetFaults(simulator.Faults{})
}

// blank lets all reads of droplets be blank for a while, three times, each time at another moment between two looks.
func blank(lasts time.Duration) func(w *world) {
	return func(w *world) {
		for _, by := range []time.Duration{time.Second, lasts / 2, 30 * time.Second} {
			beforeTheMinute(by)
			w.lies(simulator.Faults{BlankReads: true}, lasts)
			time.Sleep(10 * time.Minute)
		}
	}
}

// hidden hides one droplet from all reads for a while.
func hidden(name string, lasts time.Duration) func(w *world) {
	return func(w *world) {
		id := fmt.Sprint(w.sim.Named(name)[0].ID)
		beforeTheMinute(time.Second)
		w.lies(simulator.Faults{HiddenFromLists: []string{id}, HiddenFromGet: []string{id}}, lasts)
	}
}

// copied adds a droplet of somebody else with all the tags of web-1.
func copied(d simulator.Droplet, more ...string) func(w *world) {
	return func(w *world) {
		d := d
		d.Region, d.Tags = "syd1", append(slices.Clone(more), w.sim.Named("web-1")[0].Tags...)
		made := w.sim.Add(d)
		if len(d.Volumes) > 0 {
			w.sim.AttachVolume(made.ID)
		}
		w.foreign = append(w.foreign, d)
		w.foreign[len(w.foreign)-1].ID = made.ID
	}
}

// wrong has members of all droplets shown wrong for half an hour.
func wrong(as string, members ...string) func(w *world) {
	return func(w *world) {
		var f simulator.Faults
		for _, m := range members {
			f.Members = append(f.Members, simulator.Member{Name: m, As: as})
		}
		w.lies(f, 30*time.Minute)
	}
}

// edited saves files, with a pause between them.
func edited(between time.Duration, files ...string) func(w *world) {
	return func(w *world) {
		for i, file := range files {
			if i > 0 {
				time.Sleep(between)
			}
			w.edit(file)
		}
	}
}

// whilePaused has something happen while writes are paused.
func whilePaused(happens func(w *world)) func(w *world) {
	return func(w *world) {
		w.must(w.life.h.pause(context.Background(), true))
		happens(w)
		time.Sleep(5 * time.Minute)
		w.must(w.life.h.pause(context.Background(), false))
	}
}

// off has something happen while no daemon runs.
func off(happens func(w *world)) func(w *world) {
	return func(w *world) {
		w.stop()
		happens(w)
		w.start()
	}
}

// inOrder has one thing happen after another.
func inOrder(all ...func(w *world)) func(w *world) {
	return func(w *world) {
		for _, happens := range all {
			happens(w)
		}
	}
}

func letPass(d time.Duration) func(w *world) { return func(*world) { time.Sleep(d) } }

// soon waits until a saga is live, and a little longer.
func soon(after time.Duration) func(w *world) {
	return func(w *world) {
		for range 600 {
			if len(w.life.h.engine.Live()) > 0 {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(after)
		synctest.Wait()
	}
}

// personApproves has a person approve what is held just now.
func personApproves(w *world) {
	p := w.life.h.loop.Last().Outcome.Pass.Plan
	if p.Approvable() {
		w.must(w.life.h.approve(context.Background(), p.ID))
	}
}

// deleted has somebody delete droplets in the console.
func deleted(names ...string) func(w *world) {
	return func(w *world) {
		for _, name := range names {
			w.sim.Delete(w.sim.Named(name)[0].ID)
		}
	}
}

// cloned starts a second daemon on a copy of the database for a day, beside the first one.
func cloned(happens func(w *world)) func(w *world) {
	return func(w *world) {
		w.stop()
		second := &world{t: w.t, sim: w.sim, o: w.o, log: w.log, file: w.file}
		second.o.State = filepath.Join(fastDir(w.t), "arcadiad.db")
		for _, f := range w.files() {
			if name, content, _ := strings.Cut(f, "\x00"); !strings.Contains(name, ".lock") {
				w.must(os.WriteFile(filepath.Join(filepath.Dir(second.o.State), name), []byte(content), 0o600))
			}
		}
		w.start()
		second.start()
		happens(w)
		second.edit(w.file)
		time.Sleep(24 * time.Hour)
		second.stop()
	}
}

// restored puts the database of a moment of a rollout back later.
func restored(begins, later time.Duration, file string) func(w *world) {
	return func(w *world) {
		w.edit(file)
		soon(begins)(w)
		files := w.files()
		time.Sleep(later)
		w.stop()
		w.restore(files)
		w.start()
	}
}

func stories() []story {
	one, three := []string{"name: web"}, []string{"name: web", "name: db", "name: app"}
	web := []string{"name: web", "name: a", "name: b", "name: c"}
	as := func(first string) string { return fileOf("", append([]string{first}, web[1:]...)...) }
	bigger := func(protect string) string {
		return fileOf("max_destroy: 100%", "name: db, size: s-2vcpu-2gb"+protect, "name: web, count: 3")
	}
	pair := []string{"name: db", "name: web, count: 3"}
	nine := []string{"name: web, count: 9"}
	eight := []string{"web-1", "web-2", "web-3", "web-4", "web-5", "web-6", "web-7", "web-8"}
	return []story{
		{name: "law 06: blank reads for 3 s", happens: blank(3 * time.Second)},
		{name: "law 06: blank reads for 20 s", happens: blank(20 * time.Second)},
		{name: "law 06: blank reads for 75 s", happens: blank(75 * time.Second)},
		{name: "law 06: blank reads for 20 minutes", happens: blank(20 * time.Minute)},
		{name: "law 06: blank reads, max_destroy 0", policy: "max_destroy: 0", happens: blank(6 * time.Minute)},
		{name: "law 06: a protected droplet is hidden for 90 s", happens: hidden("db", 90*time.Second), more: 1},
		{name: "law 05: what was gone for hours shows again", happens: hidden("web-3", 3*time.Hour), more: 1},
		{name: "law 06: eight of nine are lost", stanzas: nine, happens: inOrder(deleted(eight...), letPass(2*time.Hour)), ends: eight, lack: 8},
		{name: "law 06: eight of nine are lost, and a person approves", stanzas: nine,
			happens: inOrder(deleted(eight...), letPass(2*time.Hour), personApproves), ends: eight},
		{name: "law 06: one is destroyed by hand", happens: deleted("web-2"), ends: []string{"web-2"}},
		{name: "law 07: the account's listing never holds still", stanzas: web, happens: func(w *world) {
			w.sim.SetFaults(simulator.Faults{TotalMoves: true})
			w.edit(fileOf("", append(slices.Clone(web), "name: d")...))
		}},
		{name: "law 07: reads are ten minutes behind", stanzas: web, policy: "max_destroy: 100%", ends: []string{"c"}, lack: 1, happens: func(w *world) {
			w.sim.SetFaults(simulator.Faults{ReadsBehind: 10 * time.Minute})
			w.edit(fileOf("max_destroy: 100%", "name: web", "name: a", "name: b", "name: d, size: s-2vcpu-2gb"))
			time.Sleep(3 * time.Hour)
			w.sim.SetFaults(simulator.Faults{})
		}},

		{name: "law 05: copied tags, a name of their own", policy: "max_destroy: 0", happens: copied(simulator.Droplet{Name: "debug"}), more: 1},
		{name: "law 05: copied tags, the same name", policy: "max_destroy: 0", happens: copied(simulator.Droplet{Name: "web-1"}), more: 1},
		{name: "law 05: copied tags, older", policy: "max_destroy: 100%", more: 1,
			happens: copied(simulator.Droplet{Name: "web-1", CreatedAt: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)})},
		{name: "law 05: copied tags, with arcadia-protect", happens: copied(simulator.Droplet{Name: "web-1"}, fleet.ProtectTag), more: 1},
		{name: "law 05: copied tags, with a volume", happens: copied(simulator.Droplet{Name: "x", Volumes: []string{"v"}}), more: 1},
		{name: "law 05: copied tags, then the original is lost", policy: "max_destroy: 100%", ends: []string{"web-1"}, more: 1,
			happens: inOrder(copied(simulator.Droplet{Name: "web-1"}), letPass(time.Hour), deleted("web-1"))},

		{name: "law 09: a file of one is emptied", stanzas: one, happens: edited(0, fileOf("")), more: 1},
		{name: "law 09: a file of three is emptied", stanzas: three, happens: edited(0, fileOf("")), more: 3},
		{name: "law 09: three renamed without was", stanzas: three, happens: edited(0, fileOf("", "name: x", "name: y", "name: z")), lack: 3, more: 3},
		{name: "law 09: protected while paused, a replace", stanzas: pair, policy: "max_destroy: 100%",
			happens: whilePaused(edited(time.Minute, bigger(""), bigger(", protect: true")))},
		{name: "law 09: protected while paused, a replace that has begun", stanzas: pair, policy: "max_destroy: 100%",
			happens: inOrder(edited(0, bigger("")), soon(5*time.Second), whilePaused(edited(0, bigger(", protect: true")))), more: 1},
		{name: "law 09: protected in the middle of a replace", stanzas: pair, policy: "max_destroy: 100%",
			happens: inOrder(edited(0, bigger("")), soon(15*time.Second), edited(0, bigger(", protect: true"))), more: 1},
		{name: "law 09: protected by its tag alone", stanzas: pair, policy: "max_destroy: 100%", happens: func(w *world) {
			w.sim.Tag(w.sim.Named("db")[0].ID, fleet.ProtectTag)
			time.Sleep(time.Minute)
			w.edit(fileOf("max_destroy: 100%", "name: web, count: 3"))
		}, more: 1},
		{name: "law 09: approved, and then a volume", stanzas: []string{"name: db", "name: web, count: 3"}, more: 1, ends: []string{"web-3"},
			happens: func(w *world) {
				w.edit(fileOf("", "name: web, count: 2"))
				time.Sleep(time.Minute)
				id := w.life.h.loop.Last().Outcome.Pass.Plan.ID
				w.stop()
				w.must(Approve(context.Background(), w.o, id))
				w.sim.AttachVolume(w.sim.Named("db")[0].ID)
				w.start()
			}},

		{name: "law 17: two renames in a row, in flight", stanzas: web,
			happens: inOrder(edited(0, as("name: api, was: web")), soon(2*time.Second), edited(0, as("name: svc, was: api")))},
		{name: "law 17: two renames in a row, paused", stanzas: web, happens: whilePaused(edited(time.Minute, as("name: api, was: web"), as("name: svc, was: api")))},
		{name: "law 17: two renames in a row, no daemon", stanzas: web, lack: 1, more: 1, // nobody saw the first one: held
			happens: off(edited(0, as("name: api, was: web"), as("name: svc, was: api")))},
		{name: "law 17: renamed, and back again", stanzas: web,
			happens: inOrder(edited(0, as("name: api, was: web")), soon(50*time.Millisecond), edited(0, as("name: web")))},
		{name: "law 17: a typo in was", stanzas: web, happens: edited(0, as("name: api, was: wbe")), lack: 1, more: 1},
		{name: "law 17: a typo in was, and then mended", stanzas: web, happens: edited(time.Hour, as("name: api, was: wbe"), as("name: api, was: web"))},

		{name: "law 05: null features", policy: "drift: replace, max_destroy: 100%", stanzas: []string{"name: web, count: 3, monitoring: true, backups: true"},
			happens: wrong("null", "features")},
		{name: "law 05: features and their window are missing", policy: "drift: replace, max_destroy: 100%",
			stanzas: []string{"name: web, count: 3, monitoring: true, backups: true"}, happens: wrong("missing", "features", "next_backup_window")},
		{name: "law 05: empty features", policy: "drift: replace, max_destroy: 100%", stanzas: []string{"name: web, count: 3, monitoring: true"},
			happens: wrong("empty", "features")},
		{name: "law 05: most of a droplet is null", policy: "drift: replace, max_destroy: 100%", stanzas: []string{"name: web, count: 3, monitoring: true"},
			happens: wrong("null", "image", "size_slug", "size", "region", "status", "networks", "vpc_uuid", "tags", "name")},
		{name: "law 09: null volumes", stanzas: pair, policy: "max_destroy: 100%", more: 1, happens: func(w *world) {
			w.sim.AttachVolume(w.sim.Named("db")[0].ID)
			w.sim.SetFaults(simulator.Faults{Members: []simulator.Member{{Name: "volume_ids", As: "null"}}})
			time.Sleep(20 * time.Minute)
			w.edit(fileOf("max_destroy: 100%", "name: web, count: 3"))
		}},
		{name: "law 18: shown off while they are on", policy: "drift: correct, max_destroy: 100%", happens: func(w *world) {
			w.lies(simulator.Faults{ShownOff: []string{simulator.Everything}}, 2*time.Hour)
		}},

		{name: "law 04: lost answers", policy: "max_destroy: 100%", stanzas: pair, ends: []string{"db", "web-3"}, happens: func(w *world) {
			w.sim.SetFaults(simulator.Faults{CutAfterWork: true, Chance: map[string]float64{"cut_after_work": 0.6}})
			w.edit(fileOf("max_destroy: 100%", "name: db, size: s-2vcpu-2gb", "name: web, count: 2", "name: api, count: 3"))
			time.Sleep(20 * time.Minute)
			w.sim.SetFaults(simulator.Faults{})
		}},
		{name: "law 16: two copies of a state, while a create is due", stanzas: web,
			happens: cloned(func(w *world) { w.edit(fileOf("", append(slices.Clone(web), "name: d")...)) }), more: 1},
		{name: "law 16: a state of half a minute ago", stanzas: web,
			happens: restored(2*time.Second, 30*time.Second, fileOf("", append(slices.Clone(web), "name: d, count: 20")...))},
		{name: "law 16: a state of minutes ago, from amid a replace", stanzas: pair, policy: "max_destroy: 100%", ends: []string{"db"},
			happens: restored(2*time.Second, 4*time.Minute, bigger("")), more: 1},
		{name: "law 01: released, and tagged again", stanzas: web, happens: func(w *world) {
			d := w.sim.Named("web")[0]
			w.edit(as("name: web"))
			for _, tag := range d.Tags {
				w.sim.Untag(d.ID, tag)
			}
			time.Sleep(20 * time.Minute)
			for _, tag := range d.Tags {
				w.sim.Tag(d.ID, tag)
			}
		}},
	}
}

// Droplets end by the file's word, a person's, or the drift that a policy takes: never by a lie, a copy, a race or a restart.
func TestLaw05ADestroyHasToBeEarned(t *testing.T) {
	t.Parallel()
	for i, s := range stories() {
		if !visits(i) {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, simulator.Options{Activation: 25 * time.Second, Latency: 200 * time.Millisecond, Limits: simulator.Unlimited()}, s.play)
		})
	}
}

func (s story) play(w *world) {
	if s.stanzas == nil {
		s.stanzas = []string{"name: db, protect: true", "name: web, count: 7"}
	}
	w.o.SyncSchedule = "*/5 * * * *"
	w.edit(fileOf(s.policy, s.stanzas...))
	w.start()
	w.rest()
	time.Sleep(2 * time.Hour)
	before := w.sim.Droplets()
	w.sim.ResetRequests()
	s.happens(w)
	time.Sleep(6 * time.Hour)
	synctest.Wait()

	for _, d := range before {
		if now, there := w.sim.Droplet(d.ID); !there && !slices.Contains(s.ends, d.Name) {
			w.t.Errorf("%s, droplet %d, is gone", d.Name, d.ID)
		} else if there && now.Status != "active" {
			w.t.Errorf("%s, droplet %d, is %s", d.Name, d.ID, now.Status)
		}
	}
	for _, d := range w.foreign {
		if now, there := w.sim.Droplet(d.ID); !there || now.Name != d.Name || !slices.Equal(now.Tags, d.Tags) {
			w.t.Errorf("droplet %d %s, which no daemon made, is %+v (there: %v)", d.ID, d.Name, now, there)
		}
	}
	desired, lack := w.version().Fleet.Specs, 0
	for _, spec := range desired {
		if len(w.sim.Named(spec.Name)) == 0 {
			lack++
		}
	}
	extra := len(w.sim.Droplets()) - (len(desired) - lack)
	if lack > s.lack || extra > s.more {
		w.t.Errorf("%d names have no droplet, at most %d may; %d droplets are left over, at most %d may be", lack, s.lack, extra, s.more)
	}
	if w.t.Failed() {
		for _, d := range w.sim.Ended() {
			w.t.Logf("ended: %d %s at %s", d.ID, d.Name, d.EndedAt.Format(time.TimeOnly))
		}
		w.t.Log(w.describe())
	}
}
