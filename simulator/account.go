package simulator

import (
	"container/heap"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

// Account is one account, or team, with all that it holds. Its exported methods are the peeks: the truth at once, whatever the
// API shows, and the console user's doings.
type Account struct {
	s *Simulator

	uuid, team   string
	dropletLimit int
	vpcs         []*vpc
	keys         []*key
	images       []*image // private ones, oldest first
	reservedIPs  []*reservedIP
	firewalls    []*Firewall
	volumes      []*volume // oldest first
	balancers    []*LoadBalancer
	projects     []*Project // the default one first

	volumeSnapshots []*volumeSnapshot // oldest first
	domains         []*domain
	reservedIPv6s   []*reservedIPv6
	certificates    []*certificate

	droplets map[int64]*droplet // all that GET may show
	endings  map[int64]*ending  // of droplets with what belonged to them
	ended    []Droplet          // what was, oldest end first
	buried   []*droplet         // what ended within keptPast
	moment   time.Time          // up to which everything has happened
	created  int                // droplets ever made, which addresses are counted from
	actions  []*action          // oldest first
	byAction map[int64]*action

	// Listings hold what the API shows now, in the order of ids, so that a page is a slice of one.
	standard, gpus listing
	byName         map[string]*listing // by lower-case name
	byTag          map[string]*listing // by lower-case tag
	tags           []*tag              // in the order in which they were first used
	tagNamed       map[string]*tag

	due queue
}

func newAccount(s *Simulator) *Account {
	a := &Account{
		s:            s,
		uuid:         newUUID(),
		team:         newUUID(),
		dropletLimit: s.opts.DropletLimit,
		droplets:     map[int64]*droplet{},
		endings:      map[int64]*ending{},
		byAction:     map[int64]*action{},
		byName:       map[string]*listing{},
		byTag:        map[string]*listing{},
		tagNamed:     map[string]*tag{},
	}
	now := time.Now()
	a.vpcs = defaultVPCs(s.cat, now)
	a.projects = []*Project{defaultProject(a.team, now)}
	return a
}

// UUID is the account's own uuid.
func (a *Account) UUID() string {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return a.uuid
}

// TeamUUID is the uuid of the account's team.
func (a *Account) TeamUUID() string {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return a.team
}

func getAccount(c *call) answer {
	status := c.s.faults.AccountStatus
	if status == "" {
		status = "active"
	}
	body := map[string]any{
		"floating_ip_limit": 3,
		"reserved_ip_limit": 3,
		"volume_limit":      100,
		"email":             "demo@arcadia.example",
		"name":              "Arcadia Demo",
		"uuid":              c.a.uuid,
		"email_verified":    true,
		"status":            status,
		"status_message":    "",
		"team":              map[string]string{"uuid": c.a.team, "name": "Arcadia Demo Team"},
	}
	if c.scopes.has("droplet:read") {
		body["droplet_limit"] = c.a.dropletLimit
	}
	return c.json(http.StatusOK, map[string]any{"account": body})
}

// queue holds what will happen later, by time.
type queue struct {
	events []event
	seq    uint64
}

type event struct {
	at  time.Time
	seq uint64 // keeps the order of events at one time
	do  func(at time.Time)
}

func (q *queue) Len() int { return len(q.events) }
func (q *queue) Less(i, j int) bool {
	if !q.events[i].at.Equal(q.events[j].at) {
		return q.events[i].at.Before(q.events[j].at)
	}
	return q.events[i].seq < q.events[j].seq
}
func (q *queue) Swap(i, j int) { q.events[i], q.events[j] = q.events[j], q.events[i] }
func (q *queue) Push(x any)    { q.events = append(q.events, x.(event)) }
func (q *queue) Pop() any {
	last := len(q.events) - 1
	e := q.events[last]
	q.events[last] = event{}
	q.events = q.events[:last]
	return e
}

// at lets something happen at a time, when the account is next advanced beyond it. The zero time is never.
func (a *Account) at(t time.Time, do func(at time.Time)) {
	if t.IsZero() {
		return
	}
	a.due.seq++
	heap.Push(&a.due, event{t, a.due.seq, do})
}

// advance plays everything that is due.
func (a *Account) advance(now time.Time) {
	for len(a.due.events) > 0 && !a.due.events[0].at.After(now) {
		e := heap.Pop(&a.due).(event)
		a.moment = e.at
		e.do(e.at)
	}
	a.moment = now
}

// index enters a droplet into the listings that show it; unindex takes it out. A droplet's name, tags and visibility change only
// between the two, which change does.
func (a *Account) index(d *droplet) {
	if !d.listed {
		return
	}
	if a.s.cat.size(d.Size).gpu() {
		a.gpus.add(d)
	} else {
		a.standard.add(d)
	}
	enter(a.byName, strings.ToLower(d.Name), d)
	if d.tagged {
		for _, t := range d.Tags {
			enter(a.byTag, strings.ToLower(t), d)
		}
	}
}

func (a *Account) unindex(d *droplet) {
	if !d.listed {
		return
	}
	a.gpus.remove(d)
	a.standard.remove(d)
	leave(a.byName, strings.ToLower(d.Name), d)
	if d.tagged {
		for _, t := range d.Tags {
			leave(a.byTag, strings.ToLower(t), d)
		}
	}
}

// change alters a droplet and keeps the listings and the rendered body true.
func (a *Account) change(d *droplet, alter func()) {
	a.remember(d)
	a.unindex(d)
	alter()
	d.rendered = nil
	a.index(d)
}

func enter(m map[string]*listing, key string, d *droplet) {
	l := m[key]
	if l == nil {
		l = &listing{}
		m[key] = l
	}
	l.add(d)
}

func leave(m map[string]*listing, key string, d *droplet) {
	l := m[key]
	if l == nil {
		return
	}
	l.remove(d)
	if l.len() == 0 {
		delete(m, key)
	}
}

// newUUID makes a random version 4 uuid.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return uuidOf(b)
}

// uuidOf makes a version 4 uuid of random bytes.
func uuidOf(b [16]byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
