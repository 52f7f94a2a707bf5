package fleet

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Fleet is what one fleet file asks for, expanded: one Spec for every droplet.
type Fleet struct {
	Name    string // the fleet's name, from `fleet:`
	Account string // the pinned team or account uuid from `account:`; empty: not said
	Specs   []Spec // ordered by CompareNames
	Policy  Policy
	Windows Windows // from policy.windows: when droplets may be taken out of service; none: always
	Hash    string  // SHA-256 in hex of the fleet file and every user_data file that it names

	Warnings []string // what is odd in the file, as FILE:LINE:COL: message
}

// Spec is one desired droplet.
type Spec struct {
	Name       string   `json:"Name"`
	Region     string   `json:"Region"`
	Size       string   `json:"Size"`
	Image      string   `json:"Image"`    // a slug, or a numeric image id in decimal
	SSHKeys    []string `json:"SSHKeys"`  // numeric ids in decimal, fingerprints, or names of keys in the account
	Tags       []string `json:"Tags"`     // the user's own; arcadiad's tags are added when the droplet is made
	UserData   string   `json:"UserData"` // the text itself, from user_data or user_data_file
	VPCUUID    string   `json:"VPCUUID"`  // empty: the region's default VPC
	Monitoring bool     `json:"Monitoring"`
	Backups    bool     `json:"Backups"`
	IPv6       bool     `json:"IPv6"`
	Protect    *bool    `json:"Protect"` // nil: the file does not say; a recorded protection then stays

	Group  string `json:"Group"`  // name of the stanza that it comes from
	Line   int    `json:"Line"`   // line of that stanza in the fleet file, from 1
	Single bool   `json:"Single"` // the stanza has no count: the droplet bears the stanza's name itself
	Was    string `json:"Was"`    // the name that the droplet had before its group was renamed, from `was:`; empty: none
	Rules  Rules  `json:"Rules"`  // how it may be changed; they are no part of what it is. Those of a file leave nothing open, see Policy.RulesOf

	Ready   *Ready       `json:"Ready"`   // how it shows that it serves, which is no part of what it is either; nil: by being active
	Rollout *RolloutKeys `json:"Rollout"` // how a change goes through its group, see Policy.RolloutOf; nil: the group does not say

	// What its stanza says of all its droplets, where they differ in more than the plain numbers of their names.
	Template     string    `json:"Template,omitempty"`    // a hash of the texts that the user data and the tags were expanded from; empty: they are the same for all
	Numbering    Numbering `json:"Numbering,omitzero"`    // how their names are numbered
	WasNumbering Numbering `json:"WasNumbering,omitzero"` // and how the old ones were

	// The SSH keys with ids in the place of names: what a plan that read the account's keys has a droplet made with. They are no part of what
	// it asks for, or a key that is renamed would change it. Nil: there are no names, or they were not looked up.
	KeysSent []string `json:"KeysSent,omitempty"`

	// What hangs on it, and how it ends: no part of what it is.
	ReservedIP string `json:"ReservedIP,omitempty"` // the address that follows the name; NoAddress: it has none; empty: the file does not say
	Project    string `json:"Project,omitempty"`    // the name of the project that it is put into; empty: the file does not say
	Ending     Ending `json:"Ending,omitzero"`
}

// GPU reports whether it asks for a GPU droplet, which only a listing of its own shows (docs/digitalocean-api.md, "Lists").
func (s Spec) GPU() bool { return strings.HasPrefix(strings.ToLower(s.Size), "gpu-") }

// Protected tells whether the file asks for protection.
func (s Spec) Protected() bool { return s.Protect != nil && *s.Protect }

// Hash names what the spec asks for: equal for specs that would make the same droplet. Protection is not part of it: lifting it
// does not change the droplet.
func (s Spec) Hash() string {
	return HashDesired(func(i int) (string, bool) { return Fields[i].Desired(s) })
}

// HashDesired is Spec.Hash for those who have the canonical values already: desired gives what Fields[i].Desired would.
func HashDesired(desired func(i int) (value string, asked bool)) string {
	var b []byte
	for i := range Fields {
		if Fields[i].Change == ChangeRecord {
			continue
		}
		if v, ok := desired(i); ok {
			b = append(append(append(append(b, Fields[i].Name...), 0), v...), 0)
		}
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])[:16]
}

// GroupHash names what the spec asks for and the group that asks for it, whatever the droplet's own name: equal for the members of a
// group that would be made alike.
func (s Spec) GroupHash() string {
	nameless := s
	nameless.Name = ""
	if s.Template != "" {
		nameless.UserData, nameless.Tags = s.Template, nil
	}
	sum := sha256.Sum256([]byte(Key(s.Group) + "\x00" + nameless.Hash()))
	return hex.EncodeToString(sum[:])[:16]
}

// RulesHash names how the spec is to be changed and how it shows that it serves: what a person edits of a group when its rollout has
// stopped, beside what it asks for.
func (s Spec) RulesHash() string {
	b, err := json.Marshal(struct {
		Rules   Rules
		Ready   *Ready
		Rollout *RolloutKeys
		Ending  Ending `json:",omitzero"` // absent as in older versions, or an update of arcadiad would lift every stop
	}{s.Rules, s.Ready, s.Rollout, s.Ending})
	if err != nil {
		panic(err) // there is nothing in it that JSON has not
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])[:16]
}

// Spec finds the desired droplet of that name, whatever its letter case. It is quick where Specs are ordered and the name is among
// them: every waiting saga asks again and again.
func (f Fleet) Spec(name string) (Spec, bool) {
	i, found := slices.BinarySearchFunc(f.Specs, name, func(s Spec, name string) int { return CompareNames(s.Name, name) })
	if found {
		return f.Specs[i], true
	}
	key := Key(name)
	return find(f.Specs, func(s Spec) bool { return Key(s.Name) == key })
}

// Heir finds the desired droplet that had the name before its group was renamed.
func (f Fleet) Heir(name string) (Spec, bool) {
	key := Key(name)
	return find(f.Specs, func(s Spec) bool { return s.Was != "" && Key(s.Was) == key })
}

// RecordName is the name under which a droplet that was found is recorded: the spec's, or the one that the droplet still has because
// its group was renamed since.
func (s Spec) RecordName(d Droplet) string {
	if s.Was != "" && Key(d.Name) == Key(s.Was) {
		return s.Was
	}
	return s.Name
}

// Policy bounds what one pass may do.
type Policy struct {
	MaxDestroy     Limit       // destroys and replaces that one pass may do; the zero Limit is "none"
	MaxLost        Limit       // registered droplets that may be gone at once and are made again unasked; at least one
	MaxDroplets    int         // cap on the droplets of the fleet; 0: no cap
	MaxMonthly     Money       // cap on what the fleet's droplets cost in a month; 0: no cap
	MaxUnavailable Limit       // droplets of one group that may be out of service at once; the zero Limit is the default, see RolloutOf
	Drift          DriftPolicy // what to do about drift; empty means DriftReport
	Rollout        RolloutKeys // how changes go through groups that do not say
}

// The bounds where the file does not say: a quarter of the managed droplets, or of the group.
var (
	DefaultMaxDestroy     = Limit{Percent: true, Value: 25}
	DefaultMaxLost        = Limit{Percent: true, Value: 25}
	DefaultMaxUnavailable = Limit{Percent: true, Value: 25}
)

// Limit is a number of droplets, or a percentage of them.
type Limit struct {
	Value   int  `json:"Value"`
	Percent bool `json:"Percent"`
}

// Of gives the limit as a number of droplets out of total: percentages are rounded down but allow at least 1, unless they are 0.
func (l Limit) Of(total int) int {
	if !l.Percent || l.Value == 0 {
		return l.Value
	}
	return max(1, total*l.Value/100)
}

// Key is a name's identity: DigitalOcean's name filter, and arcadiad, ignore letter case.
func Key(name string) string { return strings.ToLower(name) }

// SetOf collects what key says of each element of a list.
func SetOf[T any, K comparable](list []T, key func(T) K) map[K]bool {
	set := make(map[K]bool, len(list))
	for _, x := range list {
		set[key(x)] = true
	}
	return set
}

// CompareNames orders names as a person would: web-2 before web-10. Equal only for names with the same Key.
func CompareNames(a, b string) int { return rankOf(a).compare(rankOf(b)) }

// rank is what a name is ordered by.
type rank struct{ stem, ordinal, key string }

func rankOf(name string) rank {
	key := Key(name)
	stem, ordinal := splitOrdinal(key)
	return rank{strings.TrimRight(stem, "0"), ordinal, key} // web-09 before web-10
}

func (r rank) compare(s rank) int {
	if c := strings.Compare(r.stem, s.stem); c != 0 {
		return c
	}
	if c := cmp.Compare(len(r.ordinal), len(s.ordinal)); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(r.ordinal, s.ordinal), strings.Compare(r.key, s.key))
}

// SortByName gives a list in the order of CompareNames. It looks at each name once, which a long list is worth.
func SortByName[T any](list []T, name func(T) string) []T {
	type place struct {
		rank rank
		at   int
	}
	places := make([]place, len(list))
	for i, x := range list {
		places[i] = place{rankOf(name(x)), i}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(a.rank.compare(b.rank), a.at-b.at) })
	ordered := make([]T, len(list))
	for i, p := range places {
		ordered[i] = list[p.at]
	}
	return ordered
}

// SplitName cuts web-12 into its stem web and its number 12; number -1: it is not the name of a counted droplet.
func SplitName(name string) (stem string, number int) {
	stem, ordinal := splitOrdinal(name)
	n, err := strconv.Atoi(ordinal)
	if stem, counted := strings.CutSuffix(stem, "-"); counted && stem != "" && err == nil && n > 0 {
		return stem, n
	}
	return name, -1
}

// splitOrdinal cuts "web-10" into "web-" and "10". Leading zeros stay with the stem: they make another name.
func splitOrdinal(name string) (stem, ordinal string) {
	i := len(name)
	for i > 0 && name[i-1] >= '0' && name[i-1] <= '9' {
		i--
	}
	for i < len(name)-1 && name[i] == '0' {
		i++
	}
	return name[:i], name[i:]
}

// HeirsOf gives, by droplet id, the name that the fleet file gives to each droplet that is recorded under another one. It follows `was` from
// the recorded name, and from the name that an earlier version gave it and that it never got. A droplet that the file says nothing about
// keeps what an earlier version said: a later one may speak of it by that name.
func (f Fleet) HeirsOf(records []Record) map[int64]string {
	heirs, renamed := map[int64]string{}, map[string]string{}
	for i := range f.Specs {
		if was := f.Specs[i].Was; was != "" {
			renamed[Key(was)] = f.Specs[i].Name
		}
	}
	if len(renamed) == 0 && !slices.ContainsFunc(records, func(r Record) bool { return r.Heir != "" }) {
		return nil
	}
	taken := SetOf(records, func(r Record) string { return Key(r.Name) })
	for _, r := range records {
		heir := r.Heir
		for _, name := range []string{r.Heir, r.Name} { // the recorded name counts most
			if next := renamed[Key(name)]; name != "" && next != "" && !taken[Key(next)] {
				heir = next
			}
		}
		if heir == "" {
			continue
		}
		if _, desired := f.Spec(r.Name); desired {
			heir = ""
		}
		heirs[r.DropletID] = heir
	}
	return heirs
}
