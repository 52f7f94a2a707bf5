package daemon

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"arcadiad/simulator"
)

// lie has reads of droplets tell something that is not so for a while, beside the faults that are in force.
func (s *soak) lie(what string, lasts time.Duration, tell func(f *simulator.Faults)) bool {
	f := s.faultSet
	tell(&f)
	s.tell("for %v: %s", lasts.Round(time.Second), what)
	s.sim.SetFaults(f)
	s.watch.lies(true)
	defer s.watch.lies(false)
	if f.BlankReads || f.ReadsBehind > 0 || len(f.HiddenFromLists)+len(f.HiddenFromGet) > 0 {
		s.watch.unseen(true)
		defer s.watch.unseen(false)
		if lasts > 5*time.Minute || f.ReadsBehind > time.Minute {
			s.forget() // a saga gives up what it does not see for so long, and what it did is taken for somebody else's when it shows
		}
	}
	if s.oneIn(2) {
		s.life.h.loop.Trigger("schedule", false) // a look falls into it
	}
	if s.oneIn(4) {
		s.saveFile(s.randomFile())
	}
	s.sleep(lasts)
	s.sim.SetFaults(s.faultSet)
	return true
}

// lies notes that reads tell what is not so from now on, or that they do not any more.
func (w *watch) lies(tell bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lying, w.lied = tell, time.Now()
}

// lasting is how long a lie lasts: seconds, minutes, seldom an hour.
func (s *soak) lasting() time.Duration {
	switch s.rng.IntN(6) {
	case 0, 1, 2:
		return s.between(time.Second, 90*time.Second)
	case 3, 4:
		return s.between(90*time.Second, 12*time.Minute)
	}
	return s.between(12*time.Minute, 70*time.Minute)
}

func (s *soak) blankReads() bool {
	return s.lie("reads of droplets are blank", s.lasting(), func(f *simulator.Faults) { f.BlankReads = true })
}

// hideOne hides one of our droplets from lists, from GET, or from both.
func (s *soak) hideOne() bool {
	d, ok := s.ours()
	if !ok {
		return false
	}
	from := s.rng.IntN(4)
	return s.lie(fmt.Sprintf("droplet %d %s is hidden from %s", d.ID, d.Name, []string{"all", "all", "lists", "GET"}[from]), s.lasting(),
		func(f *simulator.Faults) {
			id := []string{strconv.FormatInt(d.ID, 10)}
			if from != 3 {
				f.HiddenFromLists = id
			}
			if from != 2 {
				f.HiddenFromGet = id
			}
		})
}

// returning hides one of our droplets for longer than it takes to prove it gone, and shows it again.
func (s *soak) returning() bool {
	d, ok := s.ours()
	if !ok {
		return false
	}
	return s.lie(fmt.Sprintf("droplet %d %s seems to be gone", d.ID, d.Name), s.between(20*time.Minute, 3*time.Hour), func(f *simulator.Faults) {
		f.HiddenFromLists = []string{strconv.FormatInt(d.ID, 10)}
		f.HiddenFromGet = f.HiddenFromLists
	})
}

func (s *soak) readsBehind() bool {
	behind := s.between(10*time.Second, 15*time.Minute)
	return s.lie(fmt.Sprintf("reads are %v behind", behind.Round(time.Second)), s.lasting(), func(f *simulator.Faults) { f.ReadsBehind = behind })
}

func (s *soak) restless() bool {
	return s.lie("the account's listing never holds still", s.lasting(), func(f *simulator.Faults) { f.TotalMoves = true })
}

// misread has members of droplets null, missing or empty, or their status or features shown wrong.
func (s *soak) misread() bool {
	which := simulator.Everything
	if d, ok := s.ours(); ok && s.oneIn(2) {
		which = strconv.FormatInt(d.ID, 10)
	}
	r := s.rng
	var said string
	var tell func(f *simulator.Faults)
	switch r.IntN(6) {
	case 0:
		said, tell = "shown off", func(f *simulator.Faults) { f.ShownOff = []string{which} }
	case 1:
		said, tell = "features lack backups", func(f *simulator.Faults) { f.FeaturesLackBackups = true }
	default:
		wrong := wrongMembers(r, which)
		said, tell = fmt.Sprint(wrong), func(f *simulator.Faults) { f.Members = wrong }
	}
	return s.lie("of droplets "+which+": "+said, s.lasting(), tell)
}

func wrongMembers(r *rand.Rand, which string) (wrong []simulator.Member) {
	for range 1 + r.IntN(2) {
		wrong = append(wrong, simulator.Member{Droplet: which, As: pick(r, []string{"null", "missing", "empty"}), Name: pick(r, []string{
			"features", "features", "volume_ids", "tags", "name", "status", "size_slug", "size", "image", "image.slug", "region", "networks", "networks.v4",
			"vpc_uuid", "disk", "created_at", "backup_ids", "next_backup_window",
		})})
	}
	return wrong
}
