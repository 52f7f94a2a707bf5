package plan

import (
	"cmp"
	"fmt"
	"slices"

	"arcadiad/fleet"
)

func newIndex(desired fleet.Fleet, recorded fleet.Recorded, observed fleet.Observed) (*index, error) {
	s := &index{desired: desired, recorded: recorded, observed: observed}
	s.owners = fleet.Owners{Fleet: desired.Name, Made: func(saga8 string) bool { return s.journal[saga8] != nil }}
	names := make(map[string]*subject, len(desired.Specs))
	var undesired []*subject
	slab := make([]subject, len(desired.Specs))
	next := 0 // in the slab; what is asked for comes mostly in the order of the file, and then nothing need be looked up
	of := func(name string) *subject {
		if next < len(slab) && slab[next].name == name {
			next++
			return &slab[next-1]
		}
		key := fleet.Key(name)
		x := names[key]
		switch {
		case x == nil:
			x = &subject{name: name}
			names[key] = x
			undesired = append(undesired, x)
		case x.spec != nil:
			next = x.place + 1
		}
		return x
	}

	for i := range desired.Specs {
		spec := &desired.Specs[i]
		slab[i] = subject{name: spec.Name, spec: spec, place: i}
		names[fleet.Key(spec.Name)] = &slab[i]
	}
	if len(names) != len(desired.Specs) {
		return nil, fmt.Errorf("the fleet has %d droplets under %d names: names must differ in more than letter case", len(desired.Specs), len(names))
	}
	if err := s.sortDroplets(); err != nil {
		return nil, err
	}
	s.addSagas(of)
	s.addDroplets(of, names)
	s.followHeirs(names)
	s.followRenames(names)

	s.subjects = make([]*subject, 0, len(names))
	for i := range slab {
		s.subjects = append(s.subjects, &slab[i])
	}
	s.subjects = append(s.subjects, undesired...)
	byName := func(a, b *subject) int { return fleet.CompareNames(a.name, b.name) }
	if !slices.IsSortedFunc(s.subjects, byName) {
		slices.SortFunc(s.subjects, byName)
	}
	return s, nil
}

// sorted gives pointers into a list, in order.
func sorted[T any](list []T, order func(a, b *T) int) []*T {
	all := make([]*T, len(list))
	for i := range list {
		all[i] = &list[i]
	}
	if !slices.IsSortedFunc(all, order) {
		slices.SortFunc(all, order)
	}
	return all
}

func (s *index) sortDroplets() error {
	s.droplets = sorted(s.observed.Droplets, func(a, b *fleet.Droplet) int { return cmp.Compare(a.ID, b.ID) })
	for i := 1; i < len(s.droplets); i++ {
		if s.droplets[i].ID == s.droplets[i-1].ID {
			return fmt.Errorf("%w: droplet %d is in it twice", ErrNotWhole, s.droplets[i].ID)
		}
	}
	return nil
}

func (s *index) addSagas(of func(string) *subject) {
	s.journal = make(map[string]*fleet.Saga, len(s.recorded.Sagas))
	s.busy = map[int64]bool{}
	s.sagas = sorted(s.recorded.Sagas, byAge)
	for _, saga := range s.sagas {
		if saga.Makes() {
			s.journal[fleet.Saga8(saga.ID)] = saga
		}
		x := of(saga.Name)
		if !saga.Live {
			x.past = append(x.past, saga)
			continue
		}
		x.live = saga
		for _, id := range []int64{saga.DropletID, saga.Replaces} {
			if id != 0 {
				s.busy[id] = true
			}
		}
	}
}

// addDroplets walks records and droplets side by side, both by id: a registered droplet is matched by its id and nothing else.
func (s *index) addDroplets(of func(string) *subject, names map[string]*subject) {
	s.records = sorted(s.recorded.Records, func(a, b *fleet.Record) int { return cmp.Compare(a.DropletID, b.DropletID) })
	s.gone = fleet.SetOf(s.observed.Gone, func(id int64) int64 { return id })
	s.rows = sorted(s.recorded.Quarantine, func(a, b *fleet.Quarantined) int { return cmp.Compare(a.DropletID, b.DropletID) })

	seen, tagged := 0, 0
	slab := make([]holding, len(s.records)) // nearly every name has one, and few have more
	i := 0
	for n, record := range s.records {
		for i < len(s.droplets) && s.droplets[i].ID < record.DropletID {
			s.addUnregistered(s.droplets[i], of, names)
			i++
		}
		h := holding{record: record, state: missing}
		if i < len(s.droplets) && s.droplets[i].ID == record.DropletID {
			h.seen = s.droplets[i]
			i++
			seen++
			h.state, h.reason = s.standingOf(h.seen)
			if h.state != released && h.state != untagged || slices.ContainsFunc(h.seen.Tags, fleet.OurTag) {
				tagged++
			}
		} else if s.gone[record.DropletID] {
			h.state = gone
		}
		if h.state != gone {
			s.standing++
		}
		x := of(record.Name)
		if x.spec == nil {
			s.strays = append(s.strays, record)
		}
		if slab[n] = h; x.holdings == nil {
			x.holdings = slab[n : n+1 : n+1]
		} else {
			x.holdings = append(x.holdings, h)
		}
	}
	for ; i < len(s.droplets); i++ {
		s.addUnregistered(s.droplets[i], of, names)
	}
	s.addHidden(of)
	s.blind = seen > 0 && tagged == 0
}

// standingOf tells what a registered droplet that is seen counts as.
func (s *index) standingOf(d *fleet.Droplet) (st state, why string) {
	if d.Unread.Has(fleet.UnreadTags) {
		return untagged, ""
	}
	if whose := s.owners.Of(d.Tags); !whose.Ours() {
		return released, whose.Reason()
	}
	if !s.recorded.Registration(d.ID).ReleasedAt.IsZero() {
		return released, "a person released it, and its tags are back"
	}
	if d.Status != fleet.StatusArchive {
		s.ours = append(s.ours, d)
	}
	if s.busy[d.ID] {
		return busy, ""
	}
	if d.Status == fleet.StatusArchive {
		return missing, ""
	}
	if _, kept := d.Until(); kept {
		return isolated, ""
	}
	return present, ""
}

func (s *index) addUnregistered(d *fleet.Droplet, of func(string) *subject, names map[string]*subject) {
	if s.addQuarantined(d, of) {
		return
	}
	if whose := s.owners.Of(d.Tags); !whose.Ours() {
		if x := names[fleet.Key(d.Name)]; x != nil && x.spec != nil {
			x.strangers = append(x.strangers, d)
			if d.Unread.Has(fleet.UnreadTags) {
				x.untold = append(x.untold, d.ID)
			}
			if whose.By == fleet.Stripped {
				x.stripped = append(x.stripped, d.ID)
			}
		}
		return
	}
	if d.Status == fleet.StatusArchive || d.Name == "" { // without a name it belongs nowhere
		return
	}
	if !s.recorded.Registration(d.ID).ReleasedAt.IsZero() { // what a person gave back is not taken back because of its tags (law 16)
		x := of(d.Name)
		x.returned = append(x.returned, d)
		return
	}
	s.ours = append(s.ours, d)
	if s.busy[d.ID] || s.madeByLive(d) {
		return
	}
	x := of(d.Name)
	x.untracked = append(x.untracked, d)
}

// addQuarantined sorts out a droplet that has no record. Quarantined: it bears no name, so nothing else is to be made of it.
func (s *index) addQuarantined(d *fleet.Droplet, of func(string) *subject) bool {
	i, has := slices.BinarySearchFunc(s.rows, d.ID, func(r *fleet.Quarantined, id int64) int { return cmp.Compare(r.DropletID, id) })
	until, shows := d.Until()
	ours := s.owners.Of(d.Tags).Ours()
	switch {
	case has && !ours && !d.Unread.Has(fleet.UnreadTags): // somebody took it
		return false
	case has:
	case !shows, !ours, d.Name == "", !s.recorded.Registration(d.ID).ReleasedAt.IsZero():
		return false
	}
	q := quarantined{seen: d, until: until}
	name := d.Name
	if has {
		q.row, name = s.rows[i], s.rows[i].Name
		if q.row.Until.After(until) {
			q.until = q.row.Until
		}
	}
	q.subject, q.own = of(name), of(fleet.PurgeName(name, d.ID))
	s.quarantined = append(s.quarantined, q)
	if ours {
		s.ours = append(s.ours, d)
	}
	return true
}

// addHidden adds the droplets in quarantine that the account does not show, and that are not proved gone.
func (s *index) addHidden(of func(string) *subject) {
	for _, row := range s.rows {
		if !s.sees(row.DropletID) && !s.gone[row.DropletID] {
			s.quarantined = append(s.quarantined, quarantined{subject: of(row.Name), row: row, until: row.Until})
		}
	}
}
