package daemon

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/simulator"
)

// serving watches law 18 by the simulator's truth, at the moment at which each request takes effect: a droplet that serves is taken out of
// service only if enough desired members of its group still serve after it. It keeps no books of its own about sagas or plans.
//
// A daemon learns of the world by looks, so what others did a moment ago counts as not done: a droplet that stopped serving by itself within
// the grace counts as serving, and one that began to serve within it as not.
type serving struct {
	sim   *simulator.Simulator
	grace time.Duration
	broke func(format string, args ...any)
	// files are the versions of the fleet file that a daemon may go by at this moment: what one of them allows is allowed.
	files  func(who *world) []fleet.Fleet
	count  func(what string)      // tells that the law was met; nil: nobody counts
	misled func(probed bool) bool // reads tell of late what is not so; nil: they never do
	era    func(who *world) int   // counts how often a daemon has lost what it knew; nil: it never does

	mu     sync.Mutex
	spells map[service]*spell
	begun  map[begun]bool // destroys that a DELETE was sent for, and whether the group could spare the droplet when the first one went
	down   time.Time      // since when this host's own network is down; zero: it works
}

// begun is the destroy of a droplet by a daemon.
type begun struct {
	who *world
	id  int64
}

// taker is a daemon that knows what it did.
type taker struct {
	who *world
	era int
}

func (s *serving) taker(who *world) taker {
	if s.era == nil {
		return taker{who: who}
	}
	return taker{who, s.era(who)}
}

// othersGrace is for how long reads may go on to show a droplet that another daemon took out of service.
const othersGrace = 8 * time.Minute

// service is what a droplet does for those who take it for in service by its status, or by its probe.
type service struct {
	id     int64
	probed bool
}

// spell is how long a droplet has served.
type spell struct {
	looked  bool // somebody has looked
	serves  bool
	from    time.Time // since when it serves; zero: since it was first looked at
	to      time.Time // when it was last seen to serve; zero: never
	taken   time.Time // when a daemon last took it out of service; zero: none did
	by      taker     // which one
	drained bool      // a daemon took its load balancer's tags off
}

// watchServing watches all that the daemon of a world does.
func watchServing(w *world) *serving {
	s := &serving{
		sim: w.sim, grace: 75 * time.Second, spells: map[service]*spell{}, begun: map[begun]bool{},
		broke: func(format string, args ...any) { w.t.Errorf("law 18: "+format, args...) },
		files: func(who *world) []fleet.Fleet {
			f, _ := who.life.h.loop.Desired()
			return []fleet.Fleet{f}
		},
	}
	wire := w.wire
	w.wire = func(next http.RoundTripper) http.RoundTripper {
		if wire != nil {
			next = wire(next)
		}
		return s.onWire(w, next)
	}
	s.listen(w)
	return s
}

// listen has the simulator tell what takes effect, and the daemon what it asks droplets.
func (s *serving) listen(w *world) {
	s.sim.After(func(r *http.Request) {
		if t, ok := r.Context().Value(takingKey{}).(*takingOut); ok {
			s.done(t)
		}
	})
	dial := w.o.Dial
	w.o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		s.sample()
		return dial(ctx, network, address)
	}
}

// onWire is the watch on the wire of a daemon.
func (s *serving) onWire(who *world, next http.RoundTripper) http.RoundTripper {
	return servingWire{s, who, next}
}

type servingWire struct {
	s    *serving
	who  *world
	next http.RoundTripper
}

// takingKey is under which a request carries what it takes out of service.
type takingKey struct{}

// takingOut is a request on its way that takes a droplet out of service.
type takingOut struct {
	who   *world
	what  string
	d     simulator.Droplet
	drain bool
	posed []question // of each version of the file
}

// question is what one version of the file asks about a droplet that goes.
type question struct {
	f      fleet.Fleet
	group  string
	probed bool
	need   int // desired members that must serve after it
	of     int
}

// RoundTrip looks before a request, and lets it carry what is checked once its work is done.
func (x servingWire) RoundTrip(r *http.Request) (*http.Response, error) {
	s := x.s
	if r.Method == http.MethodGet {
		s.sample()
		return x.next.RoundTrip(r)
	}
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body.Close()
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	s.sample()
	if t := x.leaving(r, body); t != nil {
		r = r.WithContext(context.WithValue(r.Context(), takingKey{}, t))
	}
	return x.next.RoundTrip(r)
}

// tookEffect is within what time a droplet that was taken out of service stops serving: one that does not shut down is powered off after a
// minute.
const tookEffect = 3 * time.Minute

// sample notes who serves now.
func (s *serving) sample() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	f := s.sim.Faults()
	_, sometimes := f.Chance["unreachable"]
	switch down := slices.Contains(f.Unreachable, simulator.Everything) && !sometimes; {
	case !down:
		s.down = time.Time{}
	case s.down.IsZero():
		s.down = now
	}
	for _, d := range s.sim.Droplets() {
		for _, probed := range []bool{false, true} {
			p := s.spell(service{d.ID, probed})
			serves := d.Status == "active" && (!probed || s.sim.Serves(d.ID))
			if serves && !p.serves && (p.looked || now.Sub(d.CreatedAt) < s.grace) {
				p.from = now
			}
			p.looked, p.serves = true, serves
			if serves {
				p.to = now
				if now.Sub(p.taken) > tookEffect {
					p.taken = time.Time{} // it was not taken out after all, or it is back
				}
			}
		}
	}
}

// spell is that of a droplet. The caller holds the lock.
func (s *serving) spell(of service) *spell {
	p := s.spells[of]
	if p == nil {
		p = &spell{}
		s.spells[of] = p
	}
	return p
}

// leaving says what a write takes out of service; nil: nothing that serves for certain.
func (x servingWire) leaving(r *http.Request, body []byte) *takingOut {
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/v2/"), "/")
	var act struct {
		Type      string `json:"type"`
		Resources []struct {
			ID string `json:"resource_id"`
		} `json:"resources"`
	}
	_ = json.Unmarshal(body, &act)
	var ids []string
	t := &takingOut{who: x.who}
	switch {
	case r.Method == http.MethodDelete && path[0] == "droplets" && len(path) == 2:
		ids, t.what = path[1:], "a DELETE"
	case r.Method == http.MethodPost && path[0] == "droplets" && len(path) == 3 && (act.Type == "shutdown" || act.Type == "power_off"):
		ids, t.what = path[1:2], "a "+act.Type
	case path[0] == "tags" && len(path) == 3 && path[2] == "resources":
		for _, res := range act.Resources {
			ids = append(ids, res.ID)
		}
		t.drain, t.what = true, "a drain"
	}
	if len(ids) == 0 || x.who.life == nil {
		return nil
	}
	id, _ := strconv.ParseInt(ids[0], 10, 64)
	if t.drain && (r.Method == http.MethodPost || !x.drains(id, path[1])) {
		x.s.mu.Lock()
		defer x.s.mu.Unlock()
		if r.Method == http.MethodPost {
			x.s.tied(id)
		}
		return nil
	}
	there := false
	if t.d, there = x.s.sim.Droplet(id); !there {
		return nil
	}
	if name, ok := x.member(id); ok && !x.again(id, t) {
		t.posed = x.questions(name)
	}
	if slices.ContainsFunc(t.posed, func(q question) bool { return !x.s.surely(id, q.probed) }) {
		t.posed = nil // by one version it is out of service already
	}
	if t.what == "a DELETE" && x.s.goesOn(t) {
		t.posed = nil
	}
	return t
}

// member gives the name that a droplet is registered under, by its heir's name where it has one.
func (x servingWire) member(id int64) (name string, ok bool) {
	records, err := x.who.life.store.Records(context.Background())
	if err != nil {
		x.s.broke("the records cannot be read while a write is on the wire: %v", err)
	}
	i := slices.IndexFunc(records, func(r fleet.Record) bool { return r.DropletID == id })
	if i < 0 {
		return "", false
	}
	return records[i].Name, true
}

// goesOn notes the first DELETE of a droplet, and tells of a later one whether the group could spare it then: what has begun goes on (law 13),
// whatever others do meanwhile.
func (s *serving) goesOn(t *takingOut) bool {
	s.mu.Lock()
	spared, again := s.begun[begun{t.who, t.d.ID}]
	s.mu.Unlock()
	if again {
		return spared
	}
	spared = s.verdict(t) == ""
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun[begun{t.who, t.d.ID}] = spared
	return false
}

// again tells whether the droplet is on its way out already: it is powered off because it did not shut down. A DELETE that had no effect, and
// is sent again, is a new one.
func (x servingWire) again(id int64, t *takingOut) bool {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	p := x.s.spell(service{id, false})
	return t.drain && p.drained || t.what == "a power_off" && !p.taken.IsZero()
}

// drains tells whether the journal says that a tag comes off so that traffic leaves the droplet: what the file itself takes off is no drain.
func (x servingWire) drains(id int64, tag string) bool {
	live, err := x.who.life.store.Live(context.Background())
	if err != nil {
		x.s.broke("the journal cannot be read while a write is on the wire: %v", err)
	}
	return slices.ContainsFunc(live, func(g saga.Saga) bool {
		var c struct {
			DropletID int64 `json:"droplet_id"`
			License   struct {
				DropletID int64 `json:"droplet_id"`
			} `json:"licence"`
			Found struct {
				Drain *struct {
					Tags []string `json:"tags"`
				} `json:"drain"`
			} `json:"found"`
		}
		_ = json.Unmarshal(g.Context, &c)
		return (c.DropletID == id || c.License.DropletID == id) && c.Found.Drain != nil && slices.Contains(c.Found.Drain.Tags, tag)
	})
}

// questions are what the versions of the file ask about a member that goes. No version without a question is among them: then there is none.
func (x servingWire) questions(name string) (list []question) {
	for _, f := range x.s.files(x.who) {
		q, ok := x.question(f, name)
		if !ok {
			return nil
		}
		list = append(list, q)
	}
	return list
}

func (x servingWire) question(f fleet.Fleet, name string) (q question, ok bool) {
	spec, desired := f.Spec(name)
	for _, s := range f.Specs { // a renamed group's, or the one that a name of before is numbered in
		stem, _ := fleet.SplitName(name)
		if !desired && (s.Was != "" && fleet.Key(s.Was) == fleet.Key(name) || !s.Single && fleet.Key(s.Group) == fleet.Key(stem) || s.Numbers(name)) {
			spec, desired = s, true
		}
	}
	if !desired {
		return q, false
	}
	q = question{f: f, group: fleet.Key(spec.Group), probed: spec.Ready != nil}
	for _, s := range f.Specs {
		if fleet.Key(s.Group) == q.group {
			q.of++
		}
	}
	q.need = q.of - f.Policy.RolloutOf(spec).Unavailable(q.of)
	return q, true
}

// surely tells whether a droplet serves, and has for a while.
func (s *serving) surely(id int64, probed bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.spell(service{id, probed})
	return p.serves && time.Since(p.from) > s.grace
}

// perhaps tells whether a droplet serves, or did a moment ago and no daemon took it out. The caller holds the lock.
func (s *serving) perhaps(id int64, probed, drain bool, by taker) bool {
	p := s.spell(service{id, probed})
	if drain && p.drained {
		return false
	}
	switch {
	case p.taken.IsZero():
	case p.by != by && !probed && time.Since(p.taken) < othersGrace:
		return true
	case p.by == by && (time.Since(p.taken) < 5*time.Second || !p.serves): // a shutdown takes a moment
		return false
	}
	return p.serves || !p.to.IsZero() && time.Since(p.to) <= s.grace
}

// done checks a request whose work is done: this is the moment at which the droplet leaves.
func (s *serving) done(t *takingOut) {
	s.sample()
	s.mu.Lock()
	for _, probed := range []bool{false, true} {
		if p := s.spell(service{t.d.ID, probed}); t.drain {
			p.drained = true
		} else {
			p.taken, p.by = time.Now(), s.taker(t.who)
		}
	}
	s.mu.Unlock()
	if why := s.verdict(t); why != "" {
		s.broke("%s of droplet %d %s, which serves: %s", t.what, t.d.ID, t.d.Name, why)
	}
}

// verdict says why the group cannot spare the droplet at this moment; empty: it can.
func (s *serving) verdict(t *takingOut) (why string) {
	if len(t.posed) == 0 || t.who.life == nil {
		return ""
	}
	records, err := t.who.life.store.Records(context.Background())
	if err != nil {
		return "" // the process has died meanwhile
	}
	for _, q := range t.posed {
		if s.misled != nil && s.misled(q.probed) {
			return ""
		}
		if s.count != nil {
			s.count("law 18: a group was counted at " + t.what)
		}
		if why = s.short(q, records, t); why == "" {
			return ""
		}
	}
	return why
}

// short says why the group cannot spare the droplet by one version of the file; empty: it can.
func (s *serving) short(q question, records []fleet.Record, t *takingOut) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q.probed && !s.down.IsZero() && time.Since(s.down) > s.grace {
		return fmt.Sprintf("nothing could be probed since %v", s.down)
	}
	still, out := s.still(q, records, t)
	if len(still) >= q.need {
		return ""
	}
	return fmt.Sprintf("%d of %d of %s serve after it, and %d must: not %v", len(still), q.of, q.group, q.need, out)
}

// still are the desired members of the group that serve without the droplet that goes, and those that do not. The caller holds the lock.
func (s *serving) still(q question, records []fleet.Record, t *takingOut) (still, out []string) {
	heirs, by := q.f.HeirsOf(records), s.taker(t.who)
	for _, spec := range q.f.Specs {
		if fleet.Key(spec.Group) != q.group {
			continue
		}
		if slices.ContainsFunc(records, func(r fleet.Record) bool {
			return fleet.Key(cmp.Or(heirs[r.DropletID], r.Name)) == fleet.Key(spec.Name) && r.DropletID != t.d.ID && s.perhaps(r.DropletID, q.probed, t.drain, by)
		}) {
			still = append(still, spec.Name)
		} else {
			out = append(out, spec.Name)
		}
	}
	return still, out
}

// tied notes that a droplet got a tag. The caller holds the lock.
func (s *serving) tied(id int64) {
	for _, probed := range []bool{false, true} {
		s.spell(service{id, probed}).drained = false
	}
}
