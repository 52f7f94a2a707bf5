package daemon

import (
	"database/sql"
	"fmt"
	"os"
	"strings"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/simulator"
	"arcadiad/state/sqlite"
)

// event is something that may happen in a random world. It tells whether it did.
type event struct {
	name   string
	weight int
	do     func(s *soak) bool
}

// consoleSize is a size that no file asks for.
const consoleSize = "s-2vcpu-2gb"

func events() []event {
	return []event{
		{"edit", 30, func(s *soak) bool { s.saveFile(s.randomFile()); return true }},
		{"small edit", 20, (*soak).smallEdit},
		{"bad file", 4, (*soak).badFile},
		{"faults", 40, (*soak).misbehave},
		{"scripted faults", 16, (*soak).misbehaveOnce},
		{"faults end", 8, func(s *soak) bool { s.healthy(); return true }},
		{"outage of minutes", 6, func(s *soak) bool { s.outage(s.between(time.Minute, 20*time.Minute)); return true }},
		{"outage of hours", 1, func(s *soak) bool { s.outage(s.between(time.Hour, 4*time.Hour)); return true }},
		{"crash", 22, (*soak).dieSoon},
		{"shutdown", 8, (*soak).restart},
		{"clock jump", 4, (*soak).clockJump},
		{"second daemon", 5, (*soak).another},
		{"second writer", 2, (*soak).secondWriter},
		{"lost database", 3, (*soak).loseAll},
		{"restored database", 3, (*soak).restore},
		{"another team's token", 2, (*soak).alienToken},
		{"token without tag:read", 2, (*soak).blindToken},
		{"pause", 3, (*soak).pauseAWhile},
		{"saga abort", 3, func(s *soak) bool {
			live, ok := s.liveSaga()
			if ok {
				s.tell("abort saga %s %s of %s: %v", live.ID[:8], live.Kind, live.Subject, s.life.h.engine.Abort(s.ctx(), live.ID))
			}
			return ok
		}},
		{"saga retry", 2, func(s *soak) bool {
			live, ok := s.liveSaga()
			if ok {
				s.tell("retry saga %s: %v", live.ID[:8], s.life.h.engine.Retry(s.ctx(), live.ID))
			}
			return ok
		}},
		{"approve", 4, func(s *soak) bool { return s.approve() }},
		{"console: a stranger of a wanted name", 3, func(s *soak) bool {
			s.stranger(pick(s.rng, []string{"a", "b", "web-1", "web-2", "api-1"}))
			return true
		}},
		{"console: resize", 3, func(s *soak) bool {
			return s.touches("size", pick(s.rng, []string{consoleSize, "s-1vcpu-2gb", "s-1vcpu-1gb"}), s.sim.Resize)
		}},
		{"console: rename", 3, func(s *soak) bool {
			return s.touches("name", pick(s.rng, []string{"a", "b", "web-1", "api-1", "pet"}), s.sim.Rename)
		}},
		{"console: power off", 3, func(s *soak) bool {
			return s.touches("status", "off", func(id int64, _ string) bool { return s.sim.PowerOff(id) })
		}},
		{"console: power on", 2, func(s *soak) bool {
			return s.touches("status", "active", func(id int64, _ string) bool { return s.sim.PowerOn(id) })
		}},
		{"console: switch backups", 3, func(s *soak) bool {
			on := s.oneIn(2)
			return s.touches("backups", fmt.Sprint(on), func(id int64, _ string) bool { return s.sim.SwitchBackups(id, on) })
		}},
		{"console: enable ipv6", 2, func(s *soak) bool {
			return s.touches("ipv6", "true", func(id int64, _ string) bool { return s.sim.EnableIPv6(id) })
		}},
		{"console: a tag of their own", 3, func(s *soak) bool {
			tag := fmt.Sprintf("mine-%d", s.rng.IntN(1000))
			return s.touches("tag:"+tag, "on", func(id int64, _ string) bool { return s.sim.Tag(id, tag) })
		}},
		{"console: a snapshot is under way", 3, (*soak).busy},
		{"console: another tool", 3, (*soak).rival},
		{"console: untag", 4, func(s *soak) bool {
			return s.console("untag", func(d simulator.Droplet) {
				if len(d.Tags) > 0 {
					tag := d.Tags[s.rng.IntN(len(d.Tags))]
					s.tell("  of %s", tag)
					s.untagged()
					if !fleet.OurTag(tag) {
						s.touch(d, "tag:"+strings.ToLower(tag), "off")
					}
					s.sim.Untag(d.ID, tag)
				}
			})
		}},
		{"console: delete", 6, func(s *soak) bool {
			return s.console("delete", func(d simulator.Droplet) { s.sim.Delete(d.ID) })
		}},
		{"console: delete the managed tag", 2, func(s *soak) bool {
			s.tell("console: delete the tag %s", fleet.ManagedTag)
			s.untagged()
			for _, d := range s.foreign { // somebody else's droplets lose it too; that is not arcadiad's doing
				s.sim.Untag(d.ID, fleet.ManagedTag)
			}
			for i := range s.foreign {
				s.foreign[i], _ = s.sim.Droplet(s.foreign[i].ID)
			}
			return s.sim.DeleteTag(fleet.ManagedTag)
		}},
		{"console: attach a volume", 2, func(s *soak) bool {
			return s.console("attach a volume to", func(d simulator.Droplet) { s.sim.AttachVolume(d.ID) })
		}},
		{"console: copied tags", 5, (*soak).copyTags},
		{"console: several are deleted", 2, (*soak).lostMany},
		{"console: our tags are off for a while", 2, (*soak).retagged},
		{"blank reads", 8, (*soak).blankReads},
		{"a droplet is hidden", 8, (*soak).hideOne},
		{"what was gone shows again", 4, (*soak).returning},
		{"reads are behind", 6, (*soak).readsBehind},
		{"the listing never holds still", 3, (*soak).restless},
		{"members are misread", 8, (*soak).misread},
		{"renames in a row", 5, (*soak).renames},
		{"protect", 10, (*soak).protects},
		{"a cloned machine", 3, (*soak).cloned},
		{"a database of moments ago", 5, (*soak).restoredSoon},
		{"release", 3, (*soak).releases},
		{"a rollout is paused", 5, func(s *soak) bool { return s.orderRollout(control.PauseRollout) }},
		{"a rollout is resumed", 5, func(s *soak) bool { return s.orderRollout(control.ResumeRollout) }},
		{"a rollout is aborted", 3, func(s *soak) bool { return s.orderRollout(control.AbortRollout) }},
		{"our own network is down", 6, (*soak).networkDown},
		{"a change of a group with members off", 14, (*soak).onEdge},
		{"another image", 24, (*soak).anotherImage},
	}
}

func (s *soak) badFile() bool {
	bad := []string{"", "version: 1\nfleet: test\n<<<<<<< HEAD\ndroplets: []\n", s.good[:len(s.good)/2] + "\n\tx", "version: 1\nfleet: test\ndroplets: {}\n"}
	s.saveFile(bad[s.rng.IntN(len(bad))])
	return true
}

// misbehave puts some faults in force.
func (s *soak) misbehave() bool {
	all := standingFaults()
	f := s.faultSet
	if f.Chance == nil {
		f.Chance = map[string]float64{}
	}
	names := ""
	for range 1 + s.rng.IntN(3) {
		x := all[s.rng.IntN(len(all))]
		x.set(&f, s.rng)
		if x.chance {
			f.Chance[x.name] = []float64{0.1, 0.3, 0.5, 0.9}[s.rng.IntN(4)]
		}
		names += fmt.Sprintf(" %s(%v)", x.name, f.Chance[x.name])
	}
	s.faultSet = f
	s.sim.SetFaults(f)
	s.tell("faults:%s", names)
	if s.oneIn(2) {
		s.saveFile(s.randomFile()) // most faults only meet those who write
	}
	return true
}

func (s *soak) misbehaveOnce() bool {
	all := scriptedFaults()
	for range 1 + s.rng.IntN(3) {
		x, n := all[s.rng.IntN(len(all))], 1+s.rng.IntN(2)
		s.must(s.sim.Script(x.route, n, x.effect))
		s.tell("scripted: %d x %s: %+v", n, x.route, x.effect)
	}
	if s.oneIn(2) {
		s.saveFile(s.randomFile())
	}
	return true
}

func (s *soak) healthy() {
	s.tell("faults end")
	s.faultSet = simulator.Faults{BadImages: []string{badImage}}
	s.sim.SetFaults(s.faultSet)
	s.sim.ClearScript()
}

func (s *soak) outage(d time.Duration) {
	s.tell("an outage of %v", d)
	f := simulator.Faults{BadImages: []string{badImage}}
	all := outages()
	all[s.rng.IntN(len(all))](&f)
	s.sim.SetFaults(f)
	s.sleep(d)
	s.sim.SetFaults(s.faultSet)
}

// dieSoon lets the daemon, or both, die soon.
func (s *soak) dieSoon() bool {
	w := s.world
	if s.second != nil && s.second.life != nil && s.oneIn(3) {
		w = s.second
	}
	if w.life == nil {
		return false
	}
	n := s.rng.IntN(20)
	s.tell("the daemon will die in %d points", n)
	w.life.taps.crashSoon(n)
	if s.oneIn(2) {
		s.saveFile(s.randomFile())
	}
	s.sleep(s.between(time.Second, 3*time.Minute))
	return true
}

// restart stops the daemon in good order, and starts it a while later.
func (s *soak) restart() bool {
	s.tell("shutdown with %d live sagas", len(s.life.h.engine.Live()))
	before := s.life.h.engine.Live()
	s.down(s.world)
	live := 0
	for _, b := range before {
		now, err := s.reader().Saga(s.ctx(), b.ID)
		s.must(err)
		if now.Status.Live() {
			live++
		}
		if now.Reverse && !b.Reverse && now.Error == "context canceled" {
			s.t.Errorf("law 12: saga %s of %s goes back because of a shutdown", b.ID, b.Subject)
		}
	}
	if live > 0 {
		s.count("law 12: a saga lived through a shutdown")
	}
	time.Sleep(s.between(0, 10*time.Minute))
	s.up(s.world)
	return true
}

// clockJump shifts all times in the database while nothing runs: it is the same as a clock that jumped.
func (s *soak) clockJump() bool {
	s.down(s.world)
	by := pick(s.rng, []time.Duration{-48 * time.Hour, -time.Hour, -time.Minute, time.Minute, time.Hour, 48 * time.Hour})
	s.tell("the clock jumps by %v", -by)
	s.watch.jumped = true
	db, err := sql.Open("sqlite3", s.o.State)
	s.must(err)
	defer func() { s.must(db.Close()) }()
	shift := func(expr string) string {
		return fmt.Sprintf("strftime('%%Y-%%m-%%dT%%H:%%M:%%S', %s, '%+d seconds') || substr(%s, 20)", expr, int(by.Seconds()), expr)
	}
	for table, columns := range map[string][]string{
		"sagas":             {"not_before", "created_at", "updated_at", "ended_at"},
		"saga_steps":        {"started_at", "ended_at"},
		"resources":         {"first_seen_at", "deleted_at"},
		"sightings":         {"last_seen_at"},
		"cloud_provisioned": {"recorded_at"},
		"absences":          {"since", "last_at", "gone_at"},
		"rollouts":          {"began_at", "lifted_at", "ended_at"},
		"quarantine":        {"taken_at", "until"},
	} {
		for _, c := range columns {
			_, err := db.Exec("UPDATE " + table + " SET " + c + " = " + shift(c) + " WHERE " + c + " IS NOT NULL")
			s.must(err)
		}
	}
	_, err = db.Exec("UPDATE sagas SET context = json_set(context, '$.attempt.intended_at', " + shift("json_extract(context, '$.attempt.intended_at')") +
		") WHERE json_extract(context, '$.attempt.intended_at') IS NOT NULL")
	s.must(err)
	s.up(s.world)
	return true
}

// secondWriter is somebody who starts another daemon on the same database.
func (s *soak) secondWriter() bool {
	if s.life.taps.dead() {
		return false
	}
	if store, err := sqlite.Open(s.ctx(), s.o.State, sqlite.Options{}); err == nil {
		store.Close()
		s.t.Errorf("law 11: a second daemon opened the database of a running one")
	}
	s.count("law 11: a second writer was refused")
	return true
}

// loseAll loses the database, and now and then the reads of droplets lie when the daemon starts anew.
func (s *soak) loseAll() bool {
	s.down(s.world)
	f := s.faultSet
	switch s.rng.IntN(6) {
	case 0:
		f.BlankReads = true
	case 1:
		f.TagCountOff = pick(s.rng, []int{-9, 3})
	case 2:
		f.HiddenFromLists = []string{pick(s.rng, []string{"a", "b", "web-1", simulator.Everything})}
	}
	s.sim.SetFaults(f)
	s.watch.lies(true)
	defer func() {
		s.sleep(s.lasting())
		s.sim.SetFaults(s.faultSet)
		s.watch.lies(false)
	}()
	s.tell("the database is lost")
	s.forget()
	s.loseDatabase()
	s.watch.mu.Lock()
	s.watch.eras[s.world]++
	clear(s.watch.released) // nobody knows any more
	s.watch.mu.Unlock()
	s.must(os.WriteFile(s.o.State, s.template, 0o600))
	s.up(s.world)
	s.count("law 07: an empty database looked twice")
	s.count("law 16: a lost database was adopted again")
	return true
}

// forget notes that a change may have been cut off with nobody left who knows of it: what it left behind is a person's.
func (s *soak) forget() {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	s.watch.forgot = true
}

// older notes that an older database took the place of the daemon's.
func (w *watch) older() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.restored++
}

// restore puts the backup of some earlier day back, or makes one.
func (s *soak) restore() bool {
	s.down(s.world)
	if s.backup == nil {
		var err error
		s.backup, err = os.ReadFile(s.o.State)
		s.must(err)
		s.tell("a backup of the database")
	} else {
		s.loseDatabase()
		s.must(os.WriteFile(s.o.State, s.backup, 0o600))
		s.tell("the backup is restored")
		s.watch.older()
		s.forget()
		s.watch.unreleased()
	}
	s.up(s.world)
	return true
}

// alienToken is a token of another team for a while.
func (s *soak) alienToken() bool {
	for _, w := range s.worlds() {
		if recorded, err := w.reader().Load(s.ctx()); err != nil || recorded.Account == "" {
			return false // the first account that a database meets is its own
		}
	}
	s.tell("another team's token")
	s.sim.AddAccount("dop_v1_alien")
	s.setAlien(true)
	s.sleep(s.between(10*time.Second, 30*time.Minute))
	s.setAlien(false)
	s.count("law 10: another team's token wrote nothing")
	s.tell("our own token again")
	return true
}

func (s *soak) setAlien(alien bool) {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	s.watch.alien, s.token = alien, "dop_v1_test"
	if alien {
		s.token = "dop_v1_alien"
	}
}

func (s *soak) blindToken() bool {
	s.tell("a token without tag:read")
	f := s.faultSet
	f.WithoutScopes = []string{"tag:read"}
	s.sim.SetFaults(f)
	s.sleep(s.between(time.Minute, 30*time.Minute))
	s.sim.SetFaults(s.faultSet)
	s.tell("a token with tag:read again")
	return true
}

// pauseAWhile stops all writes for a while.
func (s *soak) pauseAWhile() bool {
	if s.second != nil || s.life.taps.dead() {
		return false // the other one is not paused
	}
	s.must(s.life.h.pause(s.ctx(), true))
	s.setPaused(time.Now())
	s.tell("paused")
	s.sleep(s.between(time.Second, 30*time.Minute))
	s.up(s.world)
	s.setPaused(time.Time{})
	s.tell("resumed")
	return s.resume()
}

func (s *soak) setPaused(at time.Time) {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	s.watch.paused = at
}

func (s *soak) resume() bool {
	if s.life.taps.dead() {
		s.crashed(s.world)
		s.up(s.world)
	}
	s.must(s.life.h.pause(s.ctx(), false))
	return true
}

// untagged notes that tags were taken off.
func (s *soak) untagged() {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	s.watch.untag = time.Now()
}
