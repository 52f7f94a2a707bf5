package daemon

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"arcadiad/fleet"
)

// witness sees every request on the wire, and how it was answered.
type witness struct {
	mu    sync.Mutex
	total int // since the world began
	said  map[int]int
	seen  []sighting // since forget
}

// sighting is one request.
type sighting struct {
	at     time.Time
	what   what
	status int
}

// what a request is for.
type what string

const (
	aCreate  what = "create"
	aDestroy what = "destroy"
	anID     what = "droplet by id"
	aPage    what = "page of the account's list" // the list of GPU droplets too
	aTagPage what = "page of the fleet's list by tag"
	account  what = "account"
	// The fleet's tag, which an empty database asks for before anything is made.
	aTag what = "the fleet's tag"
	// What sizes and images there are, and what they cost: once a day, and for each image that the file names.
	catalogue what = "catalogue"
	// What hangs on the droplets: reserved IPs, firewalls and load balancers, for a pass that destroys, at most every five minutes.
	attachments what = "attachments"
	other       what = "other"
)

func whatIs(r *http.Request) what {
	list, one := r.URL.Path == "/v2/droplets", strings.HasPrefix(r.URL.Path, "/v2/droplets/")
	switch {
	case strings.HasPrefix(r.URL.Path, "/v2/sizes"), strings.HasPrefix(r.URL.Path, "/v2/images/"):
		return catalogue
	case r.Method == http.MethodGet && slices.Contains([]string{"/v2/reserved_ips", "/v2/firewalls", "/v2/load_balancers"}, r.URL.Path):
		return attachments
	case r.Method == http.MethodPost && list:
		return aCreate
	case r.Method == http.MethodDelete && one:
		return aDestroy
	case r.Method != http.MethodGet:
		return other
	case strings.HasPrefix(r.URL.Path, "/v2/tags/"+fleet.FleetTag("")):
		return aTag
	case r.URL.Path == "/v2/account":
		return account
	case list && r.URL.Query().Has("tag_name"):
		return aTagPage
	case list && !r.URL.Query().Has("name"):
		return aPage
	case one && !strings.Contains(r.URL.Path[len("/v2/droplets/"):], "/"):
		return anID
	}
	return other
}

func (v *witness) on(wire http.RoundTripper) http.RoundTripper { return watched{v, wire} }

type watched struct {
	v *witness
	http.RoundTripper
}

func (w watched) RoundTrip(r *http.Request) (*http.Response, error) {
	s := sighting{at: time.Now(), what: whatIs(r)}
	resp, err := w.RoundTripper.RoundTrip(r)
	if err == nil {
		s.status = resp.StatusCode
	}
	w.v.mu.Lock()
	defer w.v.mu.Unlock()
	w.v.total++
	if w.v.said == nil {
		w.v.said = map[int]int{}
	}
	w.v.said[s.status]++
	w.v.seen = append(w.v.seen, s)
	return resp, err
}

// requests are how many were made since the world began.
func (v *witness) requests() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.total
}

// forget drops what was seen so far; the totals stay.
func (v *witness) forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seen = nil
}

// kinds gives how often each kind of request was seen.
func (v *witness) kinds() map[what]int {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := map[what]int{}
	for _, s := range v.seen {
		n[s.what]++
	}
	return n
}

// moments gives the same for each moment. Without latency in the simulator, all requests of one tick or one look fall into one.
func (v *witness) moments() map[time.Time]map[what]int {
	v.mu.Lock()
	defer v.mu.Unlock()
	moments := map[time.Time]map[what]int{}
	for _, s := range v.seen {
		if moments[s.at] == nil {
			moments[s.at] = map[what]int{}
		}
		moments[s.at][s.what]++
	}
	return moments
}

// answered gives how many answers had this status since the world began.
func (v *witness) answered(status int) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.said[status]
}
