package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Everything is what a list of droplets names to name them all.
const Everything = "*"

// Member says how a member of a droplet's object is shown wrong.
type Member struct {
	Name    string `json:"name"`    // such as volume_ids, or networks.v4 for a member of a member
	As      string `json:"as"`      // null, missing, or empty: of its own type, such as [] or ""
	Droplet string `json:"droplet"` // id or name; empty or *: every droplet
}

// The ways in which a member is shown wrong.
const (
	asNull    = "null"
	asMissing = "missing"
	asEmpty   = "empty"
)

func (m Member) check() error {
	switch {
	case m.Name == "":
		return fmt.Errorf("members: a name is missing in %+v", m)
	case !slices.Contains([]string{asNull, asMissing, asEmpty}, m.As):
		return fmt.Errorf("members: %s as %q: want null, missing or empty", m.Name, m.As)
	}
	return nil
}

// named tells whether a list of ids and names, or [Everything], names the droplet.
func named(list []string, d *droplet) bool {
	return slices.ContainsFunc(list, func(n string) bool {
		return n == Everything || n == strconv.FormatInt(d.ID, 10) || strings.EqualFold(n, d.Name)
	})
}

// replica is what a read of droplets reads from. The zero value is the account itself.
type replica struct {
	blank bool
	at    time.Time // the account as it was then; zero: as it is
}

// replica decides what this request reads from. A write always meets the account itself.
func (c *call) replica() replica {
	f := c.s.faults
	if c.r.Method != http.MethodGet {
		return replica{}
	}
	if c.s.holds(f.BlankReads, "blank_reads", c.r.Pattern) {
		return replica{blank: true}
	}
	if behind := c.s.lag(f.ReadsBehind, "reads_behind", c.r.Pattern); behind > 0 {
		return replica{at: c.now.Add(-behind)}
	}
	return replica{}
}

// hides tells whether a read that could show the droplet does not.
func (c *call) hides(from []string, knob string, d *droplet) bool {
	return c.r.Method == http.MethodGet && c.s.holds(named(from, d), knob, d.Name)
}

// shown is the droplet's body with all that is wrong with it today.
func (c *call) shown(d *droplet) []byte {
	f := c.s.faults
	off := c.s.holds(named(f.ShownOff, d) && d.Status == statusActive, "shown_off", d.Name)
	lacks := f.FeaturesLackBackups && d.Backups && c.s.always("features_lack_backups", d.Name)
	var wrong []Member
	for _, m := range f.Members {
		if (m.Droplet == "" || named([]string{m.Droplet}, d)) && c.s.holds(true, "members", m.Name+" of "+d.Name) {
			wrong = append(wrong, m)
		}
	}
	if !off && !lacks {
		return spoil(c.a.render(d, c.scopes), wrong)
	}
	b := c.a.body(d, c.scopes)
	if off {
		b.Status = statusOff
	}
	if lacks {
		b.Features = slices.DeleteFunc(b.Features, func(f string) bool { return f == "backups" })
	}
	return spoil(b.encode(), wrong)
}

// spoil shows members of a JSON object wrong. What the object does not have stays missing.
func spoil(body []byte, wrong []Member) []byte {
	for _, m := range wrong {
		first, rest, nested := strings.Cut(m.Name, ".")
		var o map[string]json.RawMessage
		if json.Unmarshal(body, &o) != nil || o[first] == nil {
			continue
		}
		switch {
		case nested:
			m.Name = rest
			o[first] = spoil(o[first], []Member{m})
		case m.As == asMissing:
			delete(o, first)
		case m.As == asNull:
			o[first] = json.RawMessage("null")
		default:
			o[first] = emptied(o[first])
		}
		body = encode(o)
	}
	return body
}

// emptied is the empty value of a JSON value's type.
func emptied(v json.RawMessage) json.RawMessage {
	switch v[0] {
	case '[':
		return json.RawMessage("[]")
	case '{':
		return json.RawMessage("{}")
	case '"':
		return json.RawMessage(`""`)
	case 't', 'f':
		return json.RawMessage("false")
	case 'n':
		return v
	}
	return json.RawMessage("0")
}

// moved is the total that an answer shows: one that is never the same twice, and never right, while the account's listing holds
// never still.
func (c *call) moved(total int, filtered bool) int {
	if filtered || !c.s.holds(c.s.faults.TotalMoves, "total_moves", c.r.Pattern) {
		return total
	}
	c.s.moves++
	return total + 1 + c.s.moves%5
}

// counted is the number of droplets that a tag's object shows.
func (c *call) counted(t *tag, n int) int {
	off := c.s.faults.TagCountOff
	if off == 0 || !c.s.always("tag_count_off", t.Name) {
		return n
	}
	return max(0, n+off)
}
