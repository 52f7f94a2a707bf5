package daemon

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/simulator"
)

// copyTags is a person who gives all tags of one of ours to a droplet of their own.
func (s *soak) copyTags() bool {
	return s.console("copy the tags of", func(d simulator.Droplet) {
		if !s.owns(d) {
			return // the copy of a stranger is a stranger
		}
		theirs := simulator.Droplet{Name: d.Name, Region: d.Region, Size: d.Size, Tags: slices.Clone(d.Tags)}
		if s.oneIn(2) {
			theirs.Name = pick(s.rng, []string{"debug", "a", "b", "web-1", "web-2"})
		}
		if s.oneIn(3) {
			theirs.CreatedAt = time.Now().Add(-s.between(time.Minute, 1000*time.Hour))
		}
		if s.oneIn(4) {
			theirs.Tags = append(theirs.Tags, fleet.ProtectTag)
		}
		made := s.sim.Add(theirs)
		if s.oneIn(4) {
			s.sim.AttachVolume(made.ID)
		}
		s.watch.mu.Lock()
		s.watch.copies[made.ID] = true
		s.watch.mu.Unlock()
		s.tell("  onto droplet %d %s %v, made %v", made.ID, made.Name, made.Tags, made.CreatedAt)
	})
}

var nameKey = regexp.MustCompile(`\{name: [a-z]+`)

// renames gives one group new names, one soon after the other, with a typo now and then.
func (s *soak) renames() bool {
	lines, i, ok := s.stanza()
	if !ok {
		return false
	}
	for range 2 + s.rng.IntN(2) {
		now := strings.TrimPrefix(nameKey.FindString(lines[i]), "{name: ")
		next := pick(s.rng, []string{"a", "c", "web", "api", "svc"})
		was := now
		if s.oneIn(6) {
			was = now + "x"
		}
		if strings.Contains(s.good, "{name: "+next+",") || strings.Contains(s.good, "{name: "+next+"}") {
			continue
		}
		lines[i] = wasKey.ReplaceAllString(lines[i], "")
		lines[i] = nameKey.ReplaceAllLiteralString(lines[i], "{name: "+next+", was: "+was)
		s.saveFile(strings.Join(lines, "\n"))
		s.sleep(s.between(0, 20*time.Second))
	}
	return true
}

// stanza picks one stanza of the last good file.
func (s *soak) stanza() (lines []string, i int, ok bool) {
	lines = strings.Split(s.good, "\n")
	var stanzas []int
	for i, l := range lines {
		if strings.HasPrefix(l, "  - {") {
			stanzas = append(stanzas, i)
		}
	}
	if len(stanzas) == 0 {
		return nil, 0, false
	}
	return lines, pick(s.rng, stanzas), true
}

var protectKey = regexp.MustCompile(`, protect: (true|false)`)

// protects writes protect into one stanza, or explicitly lifts it: at any moment, and also while writes are paused.
func (s *soak) protects() bool {
	lines, i, ok := s.stanza()
	if !ok || s.life.taps.dead() {
		return false
	}
	word := pick(s.rng, []string{"true", "true", "false"})
	if live, ok := s.liveSaga(); ok && s.oneIn(2) {
		stem := regexp.MustCompile(`-\d+$`).ReplaceAllString(live.Subject, "")
		if at := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "{name: "+stem+",") }); at >= 0 {
			i = at
		}
	}
	pauses := s.second == nil && s.oneIn(3)
	if pauses {
		s.must(s.life.h.pause(s.ctx(), true))
		s.tell("paused")
		s.setPaused(time.Now())
	}
	lines[i] = strings.TrimSuffix(protectKey.ReplaceAllString(lines[i], ""), "}") + ", protect: " + word + "}"
	s.saveFile(strings.Join(lines, "\n"))
	if pauses {
		s.sleep(s.between(time.Second, 10*time.Minute))
		s.up(s.world)
		s.setPaused(time.Time{})
		s.tell("resumed")
		return s.resume()
	}
	return true
}

// cloned is a machine that was cloned: a second daemon on a copy of the database, for a while.
func (s *soak) cloned() bool {
	if s.clone != nil {
		return false
	}
	s.down(s.world)
	files := s.files()
	s.clone = &world{t: s.t, sim: s.sim, o: s.o, file: s.file, log: slog.New(slog.DiscardHandler)}
	s.clone.o.State = filepath.Join(fastDir(s.t), "arcadiad.db")
	s.prepare(s.clone)
	for _, f := range files {
		if name, content, _ := strings.Cut(f, "\x00"); strings.HasPrefix(name, "arcadiad.db") && !strings.Contains(name, ".lock") {
			s.must(os.WriteFile(filepath.Join(filepath.Dir(s.clone.o.State), name), []byte(content), 0o600))
		}
	}
	s.forget()
	s.watch.unreleased()
	s.watch.inherit(s.clone, s.world)
	s.tell("the machine is cloned")
	s.up(s.world)
	s.up(s.clone)
	for range 1 + s.rng.IntN(3) {
		s.saveFile(s.randomFile())
		s.sleep(s.between(time.Second, 40*time.Minute))
	}
	s.tell("the clone is switched off")
	s.down(s.clone)
	return true
}

// restoredSoon puts a copy of the database back that is seconds to minutes old.
func (s *soak) restoredSoon() bool {
	if s.life.taps.dead() {
		return false
	}
	s.saveFile(s.randomFile())
	s.sleep(s.between(0, 90*time.Second))
	synctest.Wait()
	if s.life.taps.dead() {
		return false
	}
	backup := slices.DeleteFunc(s.files(), func(f string) bool { return !strings.HasPrefix(f, "arcadiad.db") })
	s.sleep(s.between(time.Second, 10*time.Minute))
	s.down(s.world)
	s.world.restore(backup)
	s.watch.older()
	s.forget()
	s.watch.unreleased()
	s.tell("a copy of the database of moments ago is put back")
	s.up(s.world)
	return true
}

// retagged is a droplet that loses our tags, and gets them again a while later.
func (s *soak) retagged() bool {
	return s.console("take all our tags off, for a while,", func(d simulator.Droplet) {
		s.untagged()
		mine := slices.DeleteFunc(slices.Clone(d.Tags), func(t string) bool { return !fleet.OurTag(t) })
		for _, tag := range mine {
			s.sim.Untag(d.ID, tag)
		}
		s.sleep(s.between(time.Minute, 40*time.Minute))
		s.untagged()
		for _, tag := range mine {
			s.sim.Tag(d.ID, tag)
		}
	})
}

// releases has a person release a droplet for good, and somebody put its tags back later.
func (s *soak) releases() bool {
	if s.life.taps.dead() {
		return false
	}
	recorded, err := s.reader().Load(s.ctx())
	s.must(err)
	if len(recorded.Records) == 0 {
		return false
	}
	r := pick(s.rng, recorded.Records)
	before, there := s.sim.Droplet(r.DropletID)
	if !there {
		return false
	}
	s.untagged()
	for range 2 { // the second one frees the name
		s.hand(plan.Release, r.Name)
		s.sleep(30 * time.Second)
	}
	after, there := s.sim.Droplet(r.DropletID)
	s.tell("person: releases %s, droplet %d: %v", r.Name, r.DropletID, after.Tags)
	if !there || hasTag(after, fleet.ManagedTag) {
		return false
	}
	s.watch.mu.Lock()
	s.watch.released[r.DropletID] = true
	s.watch.mu.Unlock()
	s.sleep(s.between(time.Minute, 30*time.Minute))
	s.untagged()
	for _, tag := range before.Tags {
		s.sim.Tag(r.DropletID, tag)
	}
	s.tell("somebody puts its tags back: %v", fmt.Sprint(before.Tags))
	return true
}

// lostMany is somebody who deletes several of ours in the console at once.
func (s *soak) lostMany() bool {
	n := 0
	for _, d := range s.sim.Droplets() {
		if !s.watch.isForeign(d.ID) && !s.oneIn(3) {
			s.tell("console: delete droplet %d %s", d.ID, d.Name)
			s.sim.Delete(d.ID)
			n++
		}
	}
	return n > 0
}
