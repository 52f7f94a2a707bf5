package fleet

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Ending says how a droplet ends. The zero Ending is the default.
type Ending struct {
	Hard     bool          `json:"hard,omitempty"`     // the operating system is not asked to shut down first
	Snapshot bool          `json:"snapshot,omitempty"` // a snapshot is taken before anything is lost
	Keep     time.Duration `json:"keep,omitempty"`     // how long it stays, switched off and out of its tags, before it is destroyed; 0: it does not
}

// MostKept is the longest Ending.Keep.
const MostKept = 30 * 24 * time.Hour

// String is what a record has of it, and what people read: the keys of the file that are not as by default. It is empty for the default.
func (e Ending) String() string {
	var keys []string
	if e.Hard {
		keys = append(keys, "shutdown: false")
	}
	if e.Snapshot {
		keys = append(keys, "snapshot: true")
	}
	if e.Keep > 0 {
		keys = append(keys, "keep: "+ShortDuration(e.Keep))
	}
	return strings.Join(keys, ", ")
}

// ParseEnding reads what String wrote.
func ParseEnding(text string) (e Ending, err error) {
	if text == "" {
		return e, nil
	}
	for _, key := range strings.Split(text, ", ") {
		name, value, _ := strings.Cut(key, ": ")
		switch name {
		case "shutdown":
			var on bool
			on, err = strconv.ParseBool(value)
			e.Hard = !on
		case "snapshot":
			e.Snapshot, err = strconv.ParseBool(value)
		case "keep":
			e.Keep, err = time.ParseDuration(value)
		default:
			err = fmt.Errorf("%q is not known", name)
		}
		if err != nil {
			return Ending{}, fmt.Errorf("how a droplet ends: %w", err)
		}
	}
	return e, nil
}

// KeepEnding keeps how the droplet ends, for when the file does not say it any more. The default is not kept.
func (v Values) KeepEnding(s Spec) {
	if v[FieldDestroy] = s.Ending.String(); v[FieldDestroy] == "" {
		delete(v, FieldDestroy)
	}
}

// Ending is how the droplet ends where the file does not say it. What cannot be read is the default.
func (r Record) Ending() Ending {
	e, _ := ParseEnding(r.Values[FieldDestroy])
	return e
}

// Spares tells whether an ending keeps something that the other does not: a snapshot, or for a while the droplet.
func (e Ending) Spares(other Ending) bool {
	return e.Snapshot && !other.Snapshot || e.Keep > 0 && other.Keep == 0
}
