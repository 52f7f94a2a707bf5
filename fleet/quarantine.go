package fleet

import (
	"fmt"
	"strconv"
	"time"
)

// Quarantined is a droplet that was taken out of its name and is kept for a while: switched off, without its user tags, and with the tag of
// [UntilTag]. It bears no name. As a row of a saga it takes the droplet's record along.
type Quarantined struct {
	DropletID  int64     `json:"DropletID"`
	Name       string    `json:"Name"`       // the name that it had
	Record     Record    `json:"Record"`     // as it was when it was taken out
	Tags       []string  `json:"Tags"`       // the user's tags that were taken off, canonical
	ReservedIP string    `json:"ReservedIP"` // the address that it had last; empty: none
	SagaID     string    `json:"SagaID"`     // that took it out
	At         time.Time `json:"At"`         // when it was taken out
	Until      time.Time `json:"Until"`      // from then on it may be destroyed
}

// Unquarantined ends the quarantine of a droplet: it is brought back, or gone.
type Unquarantined struct{ DropletID int64 }

// PurgeName is the name that a saga works for which destroys a droplet in quarantine. The droplet bears no name, so its saga takes none: what is
// made under the name that it had does not wait for its end.
func PurgeName(name string, dropletID int64) string {
	return fmt.Sprintf("%s (droplet %d)", name, dropletID)
}

// untilPrefix begins the tag of a droplet in quarantine.
const untilPrefix = "arcadia-until-"

// UntilTag marks a droplet in quarantine, so that a lost database still knows what it is.
func UntilTag(t time.Time) string { return untilPrefix + strconv.FormatInt(t.Unix(), 10) }

// Until tells whether the droplet shows that it is in quarantine, and until when. Of several such tags the latest counts: a person may have
// put it on. A time that cannot be read is the zero time.
func (d *Droplet) Until() (until time.Time, quarantined bool) {
	for _, s := range d.tagged(untilPrefix) {
		quarantined = true
		if seconds, err := strconv.ParseInt(s, 10, 64); err == nil && time.Unix(seconds, 0).After(until) {
			until = time.Unix(seconds, 0).UTC()
		}
	}
	return until, quarantined
}

// UntilTags are the tags that put the droplet in quarantine, as it spells them.
func (d *Droplet) UntilTags() (tags []string) {
	for _, t := range d.Tags {
		if rest, ok := cutFold(t, untilPrefix); ok && rest != "" {
			tags = append(tags, t)
		}
	}
	return tags
}
