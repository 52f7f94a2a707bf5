package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Faults are the standing knobs. The zero value is a healthy API. In JSON (PUT /simulator/faults) durations read "30s".
//
// A knob is certain unless Chance names it: then it holds for that share of its subjects, by seed. The subject of a knob on new
// droplets is the droplet's name, of one on requests the route, and so on; the n-th time for a subject is decided by the seed,
// the knob, the subject and n alone.
type Faults struct {
	// Lags of new droplets, from the 202 on (docs/digitalocean-api.md, "New droplets").
	ActivationExtra  time.Duration `json:"activation_extra"`   // beyond Options.Activation
	NeverActive      bool          `json:"never_active"`       // stays new for ever, its create action in progress
	IPAfterActive    time.Duration `json:"ip_after_active"`    // active, but without addresses for so long
	TagVisibleAfter  time.Duration `json:"tag_visible_after"`  // tags given at create show so late, and tag_name finds them so late
	ListVisibleAfter time.Duration `json:"list_visible_after"` // no listing shows it for so long
	Get404For        time.Duration `json:"get_404_for"`        // GET by id answers 404 for so long
	VanishAfter202   time.Duration `json:"vanish_after_202"`   // then it is gone for good, its create action errored; 0: it stays
	ActionErrored    bool          `json:"action_errored"`     // actions end errored and change nothing; a new droplet stays new

	// Actions on droplets, by their types (docs/digitalocean-api.md, "Actions").
	ErroredActions     []string      `json:"errored_actions"`      // these end errored and change nothing
	EndlessActions     []string      `json:"endless_actions"`      // these stay in progress, and the droplet busy, until they are no longer named here
	ChangeVisibleAfter time.Duration `json:"change_visible_after"` // what a completed action, a tagging or an untagging does comes so late
	SnapshotFor        time.Duration `json:"snapshot_for"`         // a snapshot takes so long beyond Options.ActionTime, and the droplet is busy
	AssignRefusedFor   time.Duration `json:"assign_refused_for"`   // a droplet is given no reserved IP for so long after it has booted

	ProjectsDown bool `json:"projects_down"` // what is put into a project has the status service_down, and stays where it is

	// Service: what stands between active and serving, anew at each boot. Droplets are named by id or name, images by id or slug; *: all.
	ReadyAfter    time.Duration `json:"ready_after"`    // it serves so long after it has booted
	ReadyFor      time.Duration `json:"ready_for"`      // then it serves for so long and no longer, until it boots again; 0: it goes on
	NeverReady    []string      `json:"never_ready"`    // these droplets do not serve
	BadImages     []string      `json:"bad_images"`     // droplets of these images do not serve
	ServiceStatus int           `json:"service_status"` // that HTTP requests to droplets are answered with; 0: 200
	Unreachable   []string      `json:"unreachable"`    // these droplets do not answer Dial, though they serve; *: the caller's own network is down

	// Destroying (docs/digitalocean-api.md, "Destroying a droplet").
	DeleteLag             time.Duration `json:"delete_lag"`               // after the 204 it still shows, unchanged, for so long
	DeleteListLag         time.Duration `json:"delete_list_lag"`          // listings show it for so long after GET answers 404
	DeleteIgnored         bool          `json:"delete_ignored"`           // 204, and nothing happens
	DeleteIgnoredWhileNew bool          `json:"delete_ignored_while_new"` // the same, but for new droplets only
	PendingEvent422       bool          `json:"pending_event_422"`        // DELETE is refused while an action is in progress

	// Refused creates (docs/digitalocean-api.md, "Errors").
	Quota422    bool `json:"quota_422"`
	Size422     bool `json:"size_422"`
	Region422   bool `json:"region_422"`
	TryAgain422 bool `json:"try_again_422"`

	// The wire. The ones after the work hit writes only: the work is done, and the client cannot know.
	Latency              time.Duration `json:"latency"`                 // beyond Options.Latency
	Refuse               bool          `json:"refuse"`                  // in process a dial error; over HTTP a cut
	CutBeforeWork        bool          `json:"cut_before_work"`         // the connection ends, nothing was done
	CutAfterWork         bool          `json:"cut_after_work"`          // a write is done, then the connection ends
	Hang                 bool          `json:"hang"`                    // no answer until the client goes; nothing is done
	HangAfterWork        bool          `json:"hang_after_work"`         // a write is done, but never answered
	Truncated202         bool          `json:"truncated_202"`           // a create is done, its answer breaks off in the middle
	ServerError          bool          `json:"server_error"`            // 500, nothing was done
	ServerErrorAfterWork bool          `json:"server_error_after_work"` // a write is done, then 500
	HTMLError            bool          `json:"html_error"`              // 502 with HTML, as a proxy sends it; nothing was done
	TooManyRequests      bool          `json:"too_many_requests"`       // 429
	RetryAfter           time.Duration `json:"retry_after"`             // the Retry-After of those 429s; 0: none

	// What is shown.
	PageShift          int    `json:"page_shift"`           // so many of the newest droplets are gone from pages after the first
	ListHides          bool   `json:"list_hides"`           // listings leave droplets out, and count as if they were not there; by name
	SlugRetired        bool   `json:"slug_retired"`         // image.slug of droplets is null: the slug has moved on
	TagFilterHidesGPU  bool   `json:"tag_filter_hides_gpu"` // tag_name does not find GPU droplets
	FullCreateResponse bool   `json:"full_create_response"` // the 202 has vpc_uuid and features, which the real one lacks
	AccountStatus      string `json:"account_status"`       // warning or locked; empty: active

	WithoutScopes []string `json:"without_scopes"` // scopes that no token has, such as tag:read

	// What reads of droplets say that is not so. The account, its tags and all writes are well. Droplets are named by id or name; *: all.
	BlankReads          bool          `json:"blank_reads"`           // a replica without droplets: lists are empty, GET by id answers 404
	ReadsBehind         time.Duration `json:"reads_behind"`          // a replica that shows droplets as they were so long ago, an hour at most
	HiddenFromLists     []string      `json:"hidden_from_lists"`     // no listing shows these droplets
	HiddenFromGet       []string      `json:"hidden_from_get"`       // GET by id answers 404 for these droplets
	Members             []Member      `json:"members"`               // these members of droplets are null, missing or empty
	ShownOff            []string      `json:"shown_off"`             // these droplets are shown as off while they are on
	FeaturesLackBackups bool          `json:"features_lack_backups"` // features lack backups though they are on, and their next window shows
	TotalMoves          bool          `json:"total_moves"`           // meta.total of the account's listing, unfiltered, is another on each page, and never right
	TagCountOff         int           `json:"tag_count_off"`         // a tag's object counts so many droplets more; negative: fewer
	ClockBehind         time.Duration `json:"clock_behind"`          // the Date of answers is so long ago: to the client its own clock is ahead

	Chance map[string]float64 `json:"chance"` // by knob, as named in JSON: the share of its subjects, 0 to 1
}

// Faults gives the knobs in force.
func (s *Simulator) Faults() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.clone()
}

// SetFaults puts knobs in force, for everything that happens from now on; droplets that exist keep the lags they were made with.
// It panics when Chance names no knob or no chance, for that would be a test that tests nothing.
func (s *Simulator) SetFaults(f Faults) {
	if err := f.check(); err != nil {
		panic("simulator: " + err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setFaults(f.clone())
}

func (s *Simulator) setFaults(f Faults) {
	for _, a := range s.accounts() {
		a.advance(time.Now()) // what was due before met the faults of its time
	}
	s.faults = f
	s.forgetRendered()
	for _, a := range s.accounts() {
		a.endEndless(f.EndlessActions, time.Now())
	}
}

func (f Faults) clone() Faults {
	f.WithoutScopes = slices.Clone(f.WithoutScopes)
	f.HiddenFromLists, f.HiddenFromGet = slices.Clone(f.HiddenFromLists), slices.Clone(f.HiddenFromGet)
	f.Members, f.ShownOff = slices.Clone(f.Members), slices.Clone(f.ShownOff)
	f.ErroredActions, f.EndlessActions = slices.Clone(f.ErroredActions), slices.Clone(f.EndlessActions)
	f.NeverReady, f.BadImages, f.Unreachable = slices.Clone(f.NeverReady), slices.Clone(f.BadImages), slices.Clone(f.Unreachable)
	f.Chance = maps.Clone(f.Chance)
	return f
}

// certain are the knobs that Chance cannot name: they are not about single subjects.
func certain() []string {
	return []string{"errored_actions", "endless_actions", "retry_after", "page_shift", "tag_filter_hides_gpu", "full_create_response", "account_status", "without_scopes",
		"clock_behind", "chance"}
}

func (f Faults) check() error {
	known := f.knobs()
	for name, c := range f.Chance {
		if _, ok := known[name]; !ok {
			return fmt.Errorf("chance: there is no knob named %q", name)
		}
		if slices.Contains(certain(), name) {
			return fmt.Errorf("chance: %s is always certain", name)
		}
		if c < 0 || c > 1 {
			return fmt.Errorf("chance of %s: %v is not between 0 and 1", name, c)
		}
	}
	for name, v := range known {
		if d, ok := v.Interface().(time.Duration); ok && d < 0 {
			return fmt.Errorf("%s: %v is negative", name, d)
		}
	}
	for _, m := range f.Members {
		if err := m.check(); err != nil {
			return err
		}
	}
	if f.ReadsBehind > keptPast {
		return fmt.Errorf("reads_behind: %v is more than %v", f.ReadsBehind, keptPast)
	}
	if f.PageShift < 0 {
		return fmt.Errorf("page_shift: %d is negative", f.PageShift)
	}
	if f.ServiceStatus != 0 && (f.ServiceStatus < 200 || f.ServiceStatus > 599) {
		return fmt.Errorf("service_status: %d is not between 200 and 599", f.ServiceStatus)
	}
	switch f.AccountStatus {
	case "", "active", "warning", "locked":
	default:
		return fmt.Errorf("account_status: %q is none of active, warning, locked", f.AccountStatus)
	}
	return nil
}

// knobs gives the fields by their JSON names.
func (f *Faults) knobs() map[string]reflect.Value {
	v := reflect.ValueOf(f).Elem()
	out := make(map[string]reflect.Value, v.NumField())
	for i := range v.NumField() {
		out[v.Type().Field(i).Tag.Get("json")] = v.Field(i)
	}
	return out
}

// MarshalJSON writes durations as "30s".
func (f Faults) MarshalJSON() ([]byte, error) {
	out := map[string]any{}
	for name, v := range f.knobs() {
		out[name] = v.Interface()
		if d, ok := v.Interface().(time.Duration); ok {
			out[name] = d.String()
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON changes the knobs that are named and leaves the others alone. An unknown name is an error.
func (f *Faults) UnmarshalJSON(b []byte) error {
	var in map[string]json.RawMessage
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	next := f.clone()
	known := next.knobs()
	for name, raw := range in {
		v, ok := known[name]
		if !ok {
			return fmt.Errorf("there is no knob named %q", name)
		}
		if d, ok := v.Addr().Interface().(*time.Duration); ok {
			var text string
			if err := json.Unmarshal(raw, &text); err != nil {
				return fmt.Errorf("%s: want a duration such as \"30s\", got %s", name, raw)
			}
			parsed, err := time.ParseDuration(text)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			*d = parsed
			continue
		}
		v.SetZero() // a map or a list is replaced, not merged
		if err := json.NewDecoder(bytes.NewReader(raw)).Decode(v.Addr().Interface()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := next.check(); err != nil {
		return err
	}
	*f = next
	return nil
}

// holds decides whether a knob that is set hits this subject now.
func (s *Simulator) holds(set bool, knob, subject string) bool {
	if !set {
		return false
	}
	chance, limited := s.faults.Chance[knob]
	if limited && s.roll(knob, subject) >= chance {
		return false
	}
	s.hit(knob)
	return true
}

// lag is the knob's duration where it hits the subject, else 0.
func (s *Simulator) lag(d time.Duration, knob, subject string) time.Duration {
	if s.holds(d > 0, knob, subject) {
		return d
	}
	return 0
}

// always is holds for what must not change from one look to the next: a subject is hit each time or never.
func (s *Simulator) always(knob, subject string) bool {
	chance, limited := s.faults.Chance[knob]
	if limited && s.number(rollKey(knob, subject), 0) >= chance {
		return false
	}
	s.hit(knob)
	return true
}

// hit counts that a fault really met its subject.
func (s *Simulator) hit(fault string) { s.hits[fault]++ }

// Hits counts how often each fault really met a subject: knobs by their JSON names, scripted effects as "script " and what they do,
// with "after work" where the work was done first. Faults that were set and met nothing are not in it.
func (s *Simulator) Hits() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.hits)
}

// roll gives the next number in [0,1) for a knob and a subject. It depends on nothing else, so that the order in which
// concurrent requests come does not change what happens to them.
func (s *Simulator) roll(knob, subject string) float64 {
	key := rollKey(knob, subject)
	n := s.rolls[key]
	s.rolls[key] = n + 1
	return s.number(key, n)
}

func rollKey(knob, subject string) string { return knob + "\x00" + strings.ToLower(subject) }

func (s *Simulator) number(key string, n uint64) float64 {
	h := fnv.New64a()
	h.Write([]byte(strconv.FormatUint(s.opts.Seed, 10) + "\x00" + key + "\x00" + strconv.FormatUint(n, 10)))
	x := h.Sum64()
	x ^= x >> 30 // FNV mixes its last bytes badly: finish as splitmix64 does
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11) / (1 << 53)
}
