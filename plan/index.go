package plan

import (
	"cmp"
	"slices"
	"time"

	"arcadiad/fleet"
)

// index is who is who: everything that is known, sorted under the names it belongs to.
type index struct {
	desired  fleet.Fleet
	recorded fleet.Recorded
	observed fleet.Observed
	owners   fleet.Owners

	subjects []*subject             // by name
	droplets []*fleet.Droplet       // by id
	sagas    []*fleet.Saga          // oldest first
	journal  map[string]*fleet.Saga // the sagas that make droplets, by the part of their id that tags carry
	busy     map[int64]bool         // droplets that a live saga makes, adopts or destroys
	records  []*fleet.Record        // by droplet id
	strays   []*fleet.Record        // those of them whose name is not desired
	ours     []*fleet.Droplet       // droplets that are ours, but for archived ones
	gone     map[int64]bool         // proved
	standing int                    // registered droplets that are not proved gone
	blind    bool                   // registered droplets are seen, and none of them shows any tag of ours

	numberings []*fleet.Spec // a member of each group that numbers names in a way of its own; nil: not sorted out yet

	rows        []*fleet.Quarantined // by droplet id
	quarantined []quarantined        // what bears no name any more
}

// subject is one name, and all that belongs to it.
type subject struct {
	name      string
	spec      *fleet.Spec // nil: not desired
	place     int         // of the spec among the desired
	holdings  []holding
	untracked []*fleet.Droplet // ours by their tags and not registered, by id
	strangers []*fleet.Droplet // droplets of this name that are not ours
	returned  []*fleet.Droplet // released by a person, not registered, and ours by their tags again
	stripped  []int64          // those of them that show this fleet's tag, and lack arcadiad's
	untold    []int64          // those of them whose tags cannot be read: they may be ours
	live      *fleet.Saga
	past      []*fleet.Saga // ended sagas, oldest first
	heir      *subject      // the new name of a renamed group, that cannot have what stands here yet; nil: none
	waits     string        // why nothing is done under this name, or with its heir, in words
	serves    bool          // a droplet of it is in service, and no saga takes that out; of desired names, once the groups are sorted
}

// holding is a registered droplet, or what is left of one.
type holding struct {
	record *fleet.Record
	seen   *fleet.Droplet // nil: gone or missing
	state  state
	reason string // why it was released
}

type state int

const (
	present  state = iota
	gone           // proved
	missing        // neither seen nor proved gone, or archived: nothing is known
	released       // seen, but no longer ours by its tags
	busy           // in the hands of a live saga
	untagged       // seen, but its tags cannot be read: nothing is known of whose it is
	isolated       // seen, and it shows that it was taken out of its name: this state database is older than that
)

// quarantined is a droplet in quarantine. It has a row, or shows the tag: a lost database knows it by that alone.
type quarantined struct {
	subject *subject           // the name that it had
	own     *subject           // under which it ends: it bears none
	row     *fleet.Quarantined // nil: this database did not take it out
	seen    *fleet.Droplet     // nil: it is not shown
	until   time.Time          // the later of row and tag: a person may have put another tag on it
}

// registered tells whether a droplet is recorded, and not proved gone.
func (s *index) registered(id int64) bool {
	_, found := slices.BinarySearchFunc(s.records, id, func(r *fleet.Record, id int64) int { return cmp.Compare(r.DropletID, id) })
	return found && !s.gone[id]
}

// makerOf finds the saga of this journal that made a droplet, by its tags; nil: none is proved to have.
func (s *index) makerOf(d *fleet.Droplet) *fleet.Saga { return s.journal[s.owners.Maker(d.Tags)] }

func (s *index) madeByLive(d *fleet.Droplet) bool {
	return slices.ContainsFunc(d.Saga8s(), func(tag string) bool { return s.journal[tag] != nil && s.journal[tag].Live })
}

func byAge(a, b *fleet.Saga) int {
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
}

// lastDone is the last saga of the name that came through; nil: none did.
func (x *subject) lastDone() *fleet.Saga {
	for _, saga := range slices.Backward(x.past) {
		if saga.Completed() {
			return saga
		}
	}
	return nil
}

// hadDroplet tells whether a saga ever made or took over a droplet under the name.
func (x *subject) hadDroplet() bool {
	return slices.ContainsFunc(x.past, func(saga *fleet.Saga) bool {
		return saga.Completed() && saga.Kind != fleet.SagaDestroy && saga.Kind != fleet.SagaRelease
	})
}

// stands tells whether there is anything under the name, or about to be.
func (x *subject) stands() bool {
	return x.live != nil || len(x.untracked) > 0 || slices.ContainsFunc(x.holdings, func(h holding) bool { return h.state != gone })
}

// goneUnder are the droplets that are proved gone and still recorded under a name: they are forgotten when another is registered there, and
// the first of them that shows before that keeps the name.
func goneUnder(x *subject) (ids []int64) {
	for _, h := range x.holdings {
		if h.state == gone {
			ids = append(ids, h.record.DropletID)
		}
	}
	return ids
}

// numbered is the group, as a key, that numbers a name in a way of its own, or did before it was renamed; empty: none does.
func (x *index) numbered(name string) string {
	if x.numberings == nil {
		x.numberings = []*fleet.Spec{}
		for i := range x.desired.Specs {
			s := &x.desired.Specs[i]
			own := s.Numbering != fleet.Numbering{} || s.WasNumbering != fleet.Numbering{}
			if own && !slices.ContainsFunc(x.numberings, func(o *fleet.Spec) bool { return o.Group == s.Group }) {
				x.numberings = append(x.numberings, s)
			}
		}
	}
	for _, s := range x.numberings {
		if s.Numbers(name) || s.Numbered(name) {
			return fleet.Key(s.Group)
		}
	}
	return ""
}

// stemOf is the group that a name is numbered in, as a key; empty: it has no number.
func (x *index) stemOf(name string) string {
	return cmp.Or(x.numbered(name), stemOf(fleet.Key(name)))
}

// stemOf gives web for web-12, and nothing for a name without a number.
func stemOf(name string) string {
	stem, n := fleet.SplitName(name)
	if n < 0 {
		return ""
	}
	return stem
}

// Ownerless says why a droplet must not be taken over for a fleet, whoever asks for it; empty: it may be. One that a person released may show
// the fleet's tags again. The sagas ask it again on a fresh look.
func Ownerless(fleetName string, d fleet.Droplet, released bool) string {
	whose := fleet.Owners{Fleet: fleetName}.Of(d.Tags)
	switch controller := d.Controlled(); {
	case whose.By == fleet.OtherFleet:
		return whose.Reason()
	case controller != "" && !d.OfFleet(fleetName):
		return controller
	case d.Unread.Has(fleet.UnreadTags):
		return "its tags cannot be read, so it may be another fleet's: give the token the scope tag:read, or try again"
	case d.Managed() && !released:
		return "it shows the tag " + fleet.ManagedTag + ": another arcadiad may work on it"
	case len(d.Saga8s()) > 0 && !d.OfFleet(fleetName) && !released:
		return "it shows the tag of a saga, " + fleet.SagaTag(d.Saga8s()[0]) + ": another arcadiad may work on it"
	case d.Status == fleet.StatusNew:
		return "it is not active yet"
	case d.Status == fleet.StatusArchive:
		return "its status is " + string(d.Status)
	case d.Status == fleet.StatusUnknown:
		return "its status cannot be read: try again"
	}
	return ""
}

func (s *index) sees(id int64) bool { return s.droplet(id) != nil }

// droplet finds a droplet of the account; nil: it is not shown.
func (s *index) droplet(id int64) *fleet.Droplet {
	i, found := slices.BinarySearchFunc(s.droplets, id, func(d *fleet.Droplet, id int64) int { return cmp.Compare(d.ID, id) })
	if !found {
		return nil
	}
	return s.droplets[i]
}

// ofFleet tells whether a droplet of the account is this fleet's by its tags.
func (s *index) ofFleet(id int64) bool {
	d := s.droplet(id)
	return d != nil && s.owners.Of(d.Tags).Ours()
}

// unseen are the live sagas whose new droplet counts already, and is not seen yet.
func (s *index) unseen() (sagas []*fleet.Saga) {
	for _, saga := range s.sagas {
		if saga.Live && saga.Makes() && (saga.DropletID == 0 || !s.sees(saga.DropletID)) {
			sagas = append(sagas, saga)
		}
	}
	if len(sagas) == 0 {
		return nil // as nearly always: no droplet need be asked for its tags
	}
	seen := map[string]bool{}
	for _, d := range s.ours {
		for _, saga8 := range d.Saga8s() {
			seen[saga8] = true
		}
	}
	return slices.DeleteFunc(sagas, func(saga *fleet.Saga) bool { return seen[fleet.Saga8(saga.ID)] })
}

// destroyedFirst counts the live first halves of replaces whose droplet is gone already: their room is not free either.
func (s *index) destroyedFirst() (n int) {
	for _, saga := range s.sagas {
		if saga.Live && saga.DestroysFirst() && !s.sees(saga.DropletID) {
			n++
		}
	}
	return n
}

// keptOf is the droplet in quarantine that had the name last; nil: there is none.
func (s *index) keptOf(x *subject) (last *quarantined) {
	for i := range s.quarantined {
		q := &s.quarantined[i]
		if q.subject == x && q.row != nil && (last == nil || q.row.At.After(last.row.At)) {
			last = q
		}
	}
	return last
}

func (q quarantined) id() int64 {
	if q.seen != nil {
		return q.seen.ID
	}
	return q.row.DropletID
}
