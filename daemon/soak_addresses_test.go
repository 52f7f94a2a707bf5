package daemon

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// addressed tells whether reserved IPs follow names in this world.
func (s *soak) addressed() bool { return s.seed%5 == 3 }

// reserves gives the account some reserved IPs.
func (s *soak) reserves() {
	for s.addressed() && len(s.addresses) < 3 {
		s.addresses = append(s.addresses, s.sim.ReserveIPIn("syd1"))
	}
}

// addressKey writes a reserved IP into the stanza of a single droplet, one that no other stanza has.
func (s *soak) addressKey(b *strings.Builder) {
	if !s.addressed() || s.oneIn(3) {
		return
	}
	if ip := pick(s.rng, append(slices.Clone(s.addresses), fleet.NoAddress)); !strings.Contains(b.String(), ip) || ip == fleet.NoAddress {
		b.WriteString(", reserved_ip: " + ip)
	}
}

// movesAddress is a person who moves a reserved IP, or gives it back to DigitalOcean.
func (s *soak) movesAddress() {
	if !s.addressed() || s.oneIn(2) {
		return
	}
	ip := pick(s.rng, s.addresses)
	s.watch.mu.Lock()
	s.watch.moved[ip] = time.Now()
	s.watch.mu.Unlock()
	what, done := "unassigns", false
	switch s.rng.IntN(8) {
	case 0, 1:
		done = s.sim.Unassign(ip)
	case 2, 3:
		if len(s.foreign) > 0 {
			what, done = "gives a stranger", s.sim.Assign(ip, pick(s.rng, s.foreign).ID)
		}
	case 4:
		what, done = "gives back", s.oneIn(3) && s.sim.ReleaseIP(ip)
	default:
		if d, ok := s.ours(); ok {
			what, done = "moves to "+d.Name, s.sim.Assign(ip, d.ID)
		}
	}
	if done {
		s.tell("console: %s reserved IP %s", what, ip)
		s.count("event a person moves a reserved ip")
	}
}

// holder is the droplet that a reserved IP points to; false: the account does not have it.
func (s *soak) holder(ip string) (droplet int64, there bool) {
	for _, r := range s.sim.ReservedIPs() {
		if r.IP == ip {
			return r.Droplet, true
		}
	}
	return 0, false
}

// checkAddress holds the move of a reserved IP against the laws. The caller holds the lock.
func (x wire) checkAddress(r *http.Request, path []string, body []byte) {
	w := x.w
	var act struct {
		Type    string
		Droplet int64 `json:"droplet_id"`
	}
	_ = json.Unmarshal(body, &act)
	if r.Method != http.MethodPost || len(path) != 3 || path[2] != "actions" {
		w.broke("law 20", "%s %s", r.Method, r.URL.Path)
		return
	}
	ip := path[1]
	from, _ := w.s.holder(ip)
	d, there := w.s.sim.Droplet(from)
	if alien := w.foreign[from] || there && !x.who.owns(d) && w.untag.Before(time.Now().Add(-slack)); alien && w.moved[ip].Before(time.Now().Add(-slack)) {
		w.broke("law 20", "reserved IP %s is taken from droplet %d %s, which shows %v", ip, from, d.Name, d.Tags)
	}
	if w.foreign[act.Droplet] {
		w.broke("law 20", "reserved IP %s is given to the foreign droplet %d", ip, act.Droplet)
	}
	if _, _, ok := x.journaled(func(_ saga.Saga, c sagaContext) bool {
		return c.Found.Address.IP == ip || c.Found.Address.Instead == ip
	}); !ok {
		w.broke("law 03", "reserved IP %s moves, and where it was is not in the journal", ip)
	}
	w.s.count("law 20: a move of an address was checked against the truth")
}

// mendAddresses takes reserved IPs from the droplets of strangers, and those that are given back out of the file.
func (s *soak) mendAddresses(file string) string {
	for _, ip := range s.addresses {
		droplet, there := s.holder(ip)
		if !there {
			file = strings.ReplaceAll(file, ", reserved_ip: "+ip, "")
		} else if s.watch.isForeign(droplet) {
			s.tell("person: unassigns reserved IP %s", ip)
			s.sim.Unassign(ip)
		}
	}
	return file
}

// judgeAddress looks where the reserved IP of a name points, now that all is at rest.
func (s *soak) judgeAddress(spec fleet.Spec, droplet int64) {
	ip := spec.ReservedIP
	at, there := s.holder(ip)
	if ip == "" || ip == fleet.NoAddress || !there {
		return
	}
	other := slices.ContainsFunc(s.addresses, func(o string) bool { d, _ := s.holder(o); return o != ip && d == droplet })
	s.watch.mu.Lock()
	moved := !s.watch.moved[ip].IsZero()
	corrects := s.watch.files[len(s.watch.files)-1].fleet.Policy.DriftOf(spec.Rules) != fleet.DriftReport
	s.watch.mu.Unlock()
	switch {
	case at == droplet:
		s.count("law 20: an address follows its name")
	case moved && (!corrects || other):
		s.count("law 20: where a person moved an address it was left")
	default:
		s.t.Errorf("reserved IP %s of %s points to droplet %d, and not to droplet %d", ip, spec.Name, at, droplet)
	}
}
