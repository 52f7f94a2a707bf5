package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// reign is the time of one leader.
type reign struct {
	from  time.Time
	epoch int64
	pid   int // 0: nobody led
}

// reigns are those that the database has noted.
func (k *trio) reigns() (list []reign) {
	const query = `SELECT coalesce(string_agg(concat_ws('|', extract(epoch FROM CASE WHEN at = '-infinity' THEN 'epoch'::timestamptz ELSE at END)::text, epoch, host), E'\n' ORDER BY at), '')
		FROM public.led WHERE schema = current_schema()::text`
	for line := range strings.SplitSeq(k.value(query).(string), "\n") {
		part := strings.SplitN(line, "|", 3)
		var t reign
		var seconds float64
		_, err := fmt.Sscan(part[0], &seconds)
		k.must(err)
		_, err = fmt.Sscan(part[1], &t.epoch)
		k.must(err)
		t.from, t.pid = time.UnixMicro(int64(seconds*1e6)), processOf(part[2])
		list = append(list, t)
	}
	return list
}

// audit checks what was sent, by whom, and that somebody took over each time.
func (k *trio) audit() {
	reigns := k.reigns()
	for _, w := range k.writes {
		if led := at(reigns, w.at); led.pid != w.by && k.unfenced(w) {
			k.late = append(k.late, fmt.Sprintf("%s (%d)", w.what, w.status))
		} else if led.pid != w.by {
			k.t.Errorf("%s by process %d arrived at %s, and process %d has led since %s by epoch %d", w.what, w.by, clock(w.at), led.pid, clock(led.from), led.epoch)
		}
	}
	for _, e := range k.events {
		if took := taken(reigns, e); e.leads && !e.over.IsZero() && (took.IsZero() || took.Sub(e.at) > time.Minute) {
			k.t.Errorf("%s at %s (process %d): nobody took over within a minute; the reigns are %v", e.what, clock(e.at), e.pid, reigns)
		}
	}
}

// at is who led at a time.
func at(reigns []reign, t time.Time) reign {
	i := slices.IndexFunc(reigns, func(r reign) bool { return r.from.After(t) })
	if i < 0 {
		i = len(reigns)
	}
	return reigns[i-1]
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05.000") }

// unfenced tells of a write that nobody can hold back: its sender was stopped between its last look at the clock and the wire.
func (k *trio) unfenced(w write) bool {
	return slices.ContainsFunc(k.events, func(e event) bool {
		return e.stop && e.pid == w.by && w.at.After(e.over) && w.at.Before(e.over.Add(250*time.Millisecond))
	})
}

// taken is when another one led after an event; zero: nobody did. Who sends a write need not have led any more.
func taken(reigns []reign, e event) time.Time {
	for i, t := range reigns {
		last := i+1 == len(reigns) || reigns[i+1].from.After(e.at)
		if last && t.from.Before(e.at) && t.pid != e.pid {
			return e.at // another one led already
		}
		if t.from.After(e.at) && t.pid != 0 {
			return t.from
		}
	}
	return time.Time{}
}

// tally is what all fleets have come to.
type tally struct {
	mu                        sync.Mutex
	fleets, creates, destroys int
	twice                     int
	late                      []string
	own                       []string
	events                    map[string]int
	took, served              []time.Duration // from the end of a leader until another one had the lease, and until it worked
}

func (s *tally) add(k *trio) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.events == nil {
		s.events = map[string]int{}
	}
	s.fleets++
	alive := map[string]int{} // members of the group, none of which is ever replaced
	for _, w := range k.writes {
		if id := alive[w.name]; id != 0 && w.created != 0 && w.name != "db" {
			s.twice++
			k.said.add(fmt.Sprintf("%s was made as %d beside %d", w.name, w.created, id))
		}
		switch {
		case w.created != 0:
			s.creates++
			alive[w.name] = w.created
		case strings.HasPrefix(w.what, "DELETE /v2/droplets/") && w.status == 204:
			s.destroys++
			for name, id := range alive {
				if strings.HasSuffix(w.what, fmt.Sprint("/", id)) {
					delete(alive, name)
				}
			}
		}
	}
	s.late = append(s.late, k.late...)
	for _, h := range k.hosts {
		s.own = append(s.own, h.own...)
	}
	reigns := k.reigns()
	for i, e := range k.events {
		s.events[e.what]++
		took := taken(reigns, e)
		if !e.leads || e.what == "interrupted" || took.Equal(e.at) || took.IsZero() || i+1 < len(k.events) && k.events[i+1].at.Before(took.Add(trioSettle*2)) {
			continue
		}
		s.took = append(s.took, took.Sub(e.at))
		for _, l := range k.said.leads {
			if l.at.After(took) {
				s.served = append(s.served, l.at.Sub(e.at))
				break
			}
		}
	}
}

func (s *tally) String() string {
	var events []string
	for what, n := range s.events {
		events = append(events, fmt.Sprint(n, " × ", what))
	}
	slices.Sort(events)
	return fmt.Sprintf("three daemons built %d fleets with %d creates and %d destroys, %d droplets were made beside another one of their name and ended, %d daemons ended by themselves, %d writes were sent by one that was stopped "+
		"after its last look (%s)\nevents: %s\nfrom the end of a leader until the next one had the lease of %v: %s; until it worked: %s\nends by themselves: %s",
		s.fleets, s.creates, s.destroys, s.twice, len(s.own), len(s.late), strings.Join(s.late, ", "), strings.Join(events, ", "), trioLease, spread(s.took), spread(s.served), strings.Join(s.own, "\n  "))
}

// spread tells how durations lie.
func spread(d []time.Duration) string {
	if len(d) == 0 {
		return "never"
	}
	slices.Sort(d)
	at := func(part float64) time.Duration { return d[int(part*float64(len(d)-1))].Round(10 * time.Millisecond) }
	return fmt.Sprintf("%d times, least %v, half within %v, nine of ten within %v, most %v", len(d), at(0), at(0.5), at(0.9), at(1))
}
