package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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

// watch sees every write of every daemon, and holds it against the truth of the simulator and against the journal.
type watch struct {
	s *soak

	mu      sync.Mutex
	foreign map[int64]bool             // droplets of other people
	born    map[int64][]string         // the tags of each droplet that a daemon made, as it asked for them
	posts   map[post]postedOnce        // the last create of each daemon under each saga tag
	files   []fileAt                   // good versions of the fleet file
	deleted map[string]bool            // sagas that have sent a DELETE under a license
	paused  time.Time                  // since when writes are paused; zero: they are not
	alien   bool                       // the token in use is another team's
	jumped  bool                       // the clock did, so times in the journal mean little
	untag   time.Time                  // when tags were last taken off anything
	moved   map[string]time.Time       // when the console moved a reserved IP last
	touched map[int64]map[string]touch // what the console did to droplets last, by field
	forgot  bool                       // a database was lost or replaced, and with it what its sagas were about to do

	pasts    map[int64]*past // of droplets
	eras     map[*world]int  // how often a daemon's database was lost
	copies   map[int64]bool  // droplets that bear copied tags
	released map[int64]bool  // droplets that a person released for good
	purged   map[int64]bool  // droplets that were kept, and of which a DELETE was sent because their time was over
	last     lastWrite
	lying    bool         // reads tell what is not so
	lied     time.Time    // when they did last; zero: never
	restored int          // how often an older database took the place of a daemon's
	hiding   bool         // reads hide droplets
	hidFrom  time.Time    // since when they do or did
	hidTo    time.Time    // until when they did
	sends    map[post]int // creates that were answered or stayed unknown
}

// post is what a daemon sends creates under.
type post struct {
	who   *world
	saga8 string
}

func (x wire) post(saga8 string) post { return post{x.who, saga8} }

type postedOnce struct {
	at      time.Time
	refused bool // a clean 4xx, so nothing was made
}

type fileAt struct {
	from, to time.Time // to is zero for the newest
	fleet    fleet.Fleet
}

func newWatch(s *soak) *watch {
	return &watch{s: s, foreign: map[int64]bool{}, born: map[int64][]string{}, posts: map[post]postedOnce{}, deleted: map[string]bool{},
		moved: map[string]time.Time{}, touched: map[int64]map[string]touch{}, pasts: map[int64]*past{}, eras: map[*world]int{}, copies: map[int64]bool{}, released: map[int64]bool{}, purged: map[int64]bool{}, sends: map[post]int{}}
}

// file notes that a good version of the file came into force.
func (w *watch) file(f fleet.Fleet) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if n := len(w.files); n > 0 {
		w.files[n-1].to = now
	}
	w.files = append(w.files, fileAt{from: now, fleet: f})
}

// slack is how long a word of the file, or a look at the cloud, may be old when it is acted upon: a look, a full queue, a slow answer.
const slack = 3 * time.Minute

// since is when the file may have asked for a saga.
func (w *watch) since(s saga.Saga) time.Time {
	if w.jumped {
		return time.Time{}
	}
	return s.CreatedAt.Add(-slack)
}

// lately tells whether a version in force within the last while says so.
func (w *watch) lately(since time.Time, says func(fleet.Fleet) bool) bool {
	for _, f := range w.files {
		if (f.to.IsZero() || f.to.After(since)) && says(f.fleet) {
			return true
		}
	}
	return false
}

// wire is the watch on the wire of one daemon.
type wire struct {
	w    *watch
	who  *world
	next http.RoundTripper
}

// RoundTrip checks a write before it goes out, and notes what came of it.
func (x wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		return x.next.RoundTrip(r)
	}
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body.Close()
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	x.w.mu.Lock()
	if x.who.life == nil || !x.who.life.taps.dead() {
		x.check(r, body)
		x.w.wrote(r)
	}
	x.w.mu.Unlock()
	arrived := time.Now()
	resp, err := x.next.RoundTrip(r)
	if r.Method == http.MethodPost && r.URL.Path == "/v2/droplets" {
		x.w.mu.Lock()
		defer x.w.mu.Unlock()
		x.w.made(x.who, resp)
		x.posted(body, arrived, resp, err)
	}
	return resp, err
}

func (w *watch) broke(law, format string, args ...any) {
	w.s.t.Errorf("%v: %s: %s", w.s.clock(), law, fmt.Sprintf(format, args...))
}

// check holds one write against the laws. The caller holds the lock.
func (x wire) check(r *http.Request, body []byte) {
	w := x.w
	if w.alien {
		w.broke("law 10", "%s %s under another team's token", r.Method, r.URL.Path)
	}
	if !w.paused.IsZero() && time.Since(w.paused) > 5*time.Second {
		w.broke("pause", "%s %s though writes are paused since %v", r.Method, r.URL.Path, w.paused)
	}
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/v2/"), "/")
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/v2/droplets":
		x.checkPost(body)
	case r.Method == http.MethodDelete && path[0] == "droplets" && len(path) == 2:
		id, _ := strconv.ParseInt(path[1], 10, 64)
		x.checkReleased("a DELETE", id)
		x.checkDelete(id)
	case r.Method == http.MethodPost && path[0] == "droplets" && len(path) == 3 && path[2] == "actions":
		id, _ := strconv.ParseInt(path[1], 10, 64)
		x.checkReleased("an action", id)
		x.checkAct(id, body)
	case r.Method == http.MethodDelete && path[0] == "tags" && len(path) == 2:
		for _, d := range w.s.sim.Droplets() {
			if !strings.HasPrefix(path[1], "arcadia-saga-") || hasTag(d, path[1]) {
				w.broke("law 01", "the tag %s is deleted, and droplet %d %s bears %v", path[1], d.ID, d.Name, d.Tags)
			}
		}
		w.s.count("law 05: the tag of a saga that is over was removed")
	case path[0] == "reserved_ips":
		x.checkAddress(r, path, body)
	case path[0] == "tags":
		var on struct {
			Resources []struct {
				ID string `json:"resource_id"`
			} `json:"resources"`
		}
		_ = json.Unmarshal(body, &on)
		for _, res := range on.Resources {
			id, _ := strconv.ParseInt(res.ID, 10, 64)
			if w.foreign[id] {
				w.broke("law 01", "%s %s on the foreign droplet %d", r.Method, r.URL.Path, id)
			}
			if r.Method == http.MethodPost {
				x.checkReleased("a tagging", id)
			}
		}
	default:
		w.broke("law 01", "an unknown write: %s %s", r.Method, r.URL)
	}
}

// sagaContext is what a saga journals about its writes.
type sagaContext struct {
	Name       string    `json:"name"`
	Attempt    *struct{} `json:"attempt"`
	DropletID  int64     `json:"droplet_id"`
	Posted     bool      `json:"posted"`
	TagSeen    bool      `json:"tag_seen"`
	Demolition struct {
		DropletID int64 `json:"droplet_id"`
		Sent      bool  `json:"sent"`
	} `json:"demolition"`
	License struct {
		While     string `json:"while"`
		Name      string `json:"name"`
		DropletID int64  `json:"droplet_id"`
		SpecHash  string `json:"spec_hash"`
	} `json:"licence"`
	Found struct {
		Name    string `json:"name"`
		Backups *bool  `json:"backups"`
		On      *bool  `json:"on"`
		Off     bool   `json:"off"`

		Snapshot struct {
			Sent bool `json:"sent"`
		} `json:"snapshot"`
		Address struct {
			IP      string `json:"ip"`
			Instead string `json:"instead"`
		} `json:"address"`
	} `json:"found"`
}

// journaled finds the live saga in the durable journal that fits.
func (x wire) journaled(fits func(saga.Saga, sagaContext) bool) (saga.Saga, sagaContext, bool) {
	live, err := x.who.life.store.Live(context.Background())
	if err != nil {
		x.w.broke("law 03", "the journal cannot be read while a write is on the wire: %v", err)
	}
	for _, s := range live {
		var c sagaContext
		_ = json.Unmarshal(s.Context, &c)
		if fits(s, c) {
			return s, c, true
		}
	}
	return saga.Saga{}, sagaContext{}, false
}

func postOf(body []byte) (name, saga8 string, tags []string) {
	var req struct {
		Name string   `json:"name"`
		Tags []string `json:"tags"`
	}
	_ = json.Unmarshal(body, &req)
	ids := (&fleet.Droplet{Tags: req.Tags}).Saga8s()
	return req.Name, strings.Join(ids, ","), req.Tags
}

func (x wire) checkPost(body []byte) {
	w := x.w
	name, saga8, tags := postOf(body)
	if !slices.Contains(tags, fleet.ManagedTag) || !slices.Contains(tags, fleet.FleetTag("test")) || len(saga8) != 8 {
		w.broke("tags", "a create of %s with tags %v", name, tags)
	}
	if last, again := w.posts[x.post(saga8)]; again && !last.refused && time.Since(last.at) < 2*time.Minute {
		w.broke("law 04", "%s was sent again under saga tag %s only %v after it went unanswered", name, saga8, time.Since(last.at))
	}
	made, _, ok := x.journaled(func(s saga.Saga, c sagaContext) bool {
		return fleet.Saga8(s.ID) == saga8 && c.Attempt != nil && !s.Reverse
	})
	if !ok {
		w.broke("law 03", "a create of %s went out under saga %s, and the journal has no intent of it", name, saga8)
	}
	if made.Kind == fleet.SagaProvision {
		x.checkHeir(made, name)
	}
	w.s.count("law 03: an intent was durable before the wire")
	if !w.lately(time.Now().Add(-slack), func(f fleet.Fleet) bool { _, ok := f.Spec(name); return ok }) {
		w.broke("law 17", "a create of %s, which no file of late asks for", name)
	}
}

func (x wire) checkDelete(id int64) {
	w := x.w
	d, there := w.s.sim.Droplet(id)
	if w.foreign[id] {
		w.broke("law 01", "a DELETE of the foreign droplet %d %s", id, d.Name)
	}
	s, c, ok := x.journaled(func(_ saga.Saga, c sagaContext) bool { return c.Demolition.DropletID == id && c.Demolition.Sent })
	if !ok {
		w.broke("law 03", "a DELETE of droplet %d %s, and the journal has no intent of it", id, d.Name)
		return
	}
	w.s.count("law 03: an intent was durable before the wire")
	if !there {
		return
	}
	w.s.count("law 01: a DELETE was checked against the truth")
	if s.Kind == fleet.SagaPurge {
		x.checkPurge(d)
	} else {
		x.checkEarned(d, s)
	}
	recent := time.Now().Add(-slack)
	unseen := c.DropletID == id && c.Posted && !c.TagSeen // the second edge of law 1: its tags were never shown yet
	if !x.who.owns(d) && !unseen && w.untag.Before(recent) {
		w.broke("law 01", "a DELETE of droplet %d %s, which shows %v", id, d.Name, d.Tags)
	}
	if s.Reverse || s.Kind == fleet.SagaProvision {
		if !hasTag(d, fleet.SagaTag(s.ID)) && !unseen && w.untag.Before(recent) {
			w.broke("law 13", "saga %s destroys droplet %d %s as its own, which shows %v", s.ID, id, d.Name, d.Tags)
		}
		w.s.count("law 13: a failed create was destroyed again")
		return
	}
	w.s.count("law 13: a destroy that began went forward")
	if s.Kind == fleet.SagaPurge {
		return
	}
	w.licensed(x.who, d, s, c, recent)
	w.snapped(x.who, d)
	w.protected(x.who, d, recent)
	w.bounded(x.who, s, c)
}

// owns tells whether a droplet is the daemon's own by law 1: it shows the managed tag, no other fleet's, and this fleet's or that of a
// saga of this journal.
func (w *world) owns(d simulator.Droplet) bool {
	seen := fleet.Droplet{Tags: d.Tags}
	if !seen.Managed() || len(seen.Fleets()) > 0 {
		return seen.Managed() && seen.OfFleet("test")
	}
	recorded, err := w.reader().Load(context.Background())
	w.must(err)
	return slices.ContainsFunc(recorded.Sagas, func(s fleet.Saga) bool { return s.Makes() && seen.HasTag(fleet.SagaTag(s.ID)) })
}

func hasTag(d simulator.Droplet, tag string) bool {
	return (&fleet.Droplet{Tags: d.Tags}).HasTag(tag)
}

// unanswered gives a droplet whose create was not answered to the daemons that sent one under its saga's tag. The caller holds the lock.
func (w *watch) unanswered(d simulator.Droplet) {
	if p := w.past(d.ID); len(p.makers) == 0 && !w.copies[d.ID] && !w.foreign[d.ID] {
		for _, saga8 := range (&fleet.Droplet{Tags: d.Tags}).Saga8s() {
			for by := range w.posts {
				if by.saga8 == saga8 {
					w.madeBy(by.who, d.ID)
				}
			}
		}
	}
}

// posted notes what became of a create. The caller holds the lock.
func (x wire) posted(body []byte, at time.Time, resp *http.Response, err error) {
	w := x.w
	name, saga8, tags := postOf(body)
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return // it never arrived
	}
	refused := err == nil && resp.StatusCode >= 400 && resp.StatusCode < 500 && resp.StatusCode != http.StatusRequestTimeout
	w.posts[x.post(saga8)] = postedOnce{at: at, refused: refused}
	if !refused {
		w.sends[x.post(saga8)]++
	}
	for _, d := range w.s.sim.Droplets() {
		if _, known := w.born[d.ID]; !known && !w.foreign[d.ID] && !w.copies[d.ID] && (strings.EqualFold(d.Name, name) || hasTag(d, "arcadia-saga-"+saga8)) {
			w.born[d.ID] = tags
		}
	}
}
