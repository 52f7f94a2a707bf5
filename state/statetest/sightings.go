package statetest

import (
	"slices"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/state"
)

func save(t *testing.T, s Store, began int, gone []int64, droplets ...fleet.Droplet) {
	t.Helper()
	must(t, s.Save(t.Context(), fleet.Observed{Droplets: droplets, Gone: gone, BeganAt: at(began), EndedAt: at(began)}))
}

func forget(t *testing.T, s Store, ids ...int64) {
	t.Helper()
	must(t, s.Forget(t.Context(), ids))
}

func testObserved(t *testing.T, s Store) {
	save(t, s, 1, nil, droplet(7, "a", 1), droplet(8, "b", 1))
	save(t, s, 5, nil, droplet(7, "a", 5))
	wantKnown(t, s,
		fleet.Known{DropletID: 7, Name: "a", FirstSeenAt: at(1), LastSeenAt: at(5)},
		fleet.Known{DropletID: 8, Name: "b", FirstSeenAt: at(1), LastSeenAt: at(1)})
}

func testOlder(t *testing.T, s Store) {
	commit(t, s, 1, droplet(7, "oldest", 1), droplet(7, "new", 5))
	save(t, s, 3, nil, droplet(7, "old", 3))
	commit(t, s, 2, droplet(7, "older", 2))
	wantKnown(t, s, fleet.Known{DropletID: 7, Name: "new", FirstSeenAt: at(1), LastSeenAt: at(5)})
}

func testGone(t *testing.T, s Store) {
	commit(t, s, 1, droplet(7, "gone", 1), record(7, "gone"), droplet(8, "missing", 1), record(8, "missing"),
		droplet(9, "seen since", 9), record(9, "seen since"))
	save(t, s, 5, []int64{7, 9})
	wantKnown(t, s,
		fleet.Known{DropletID: 8, Name: "missing", FirstSeenAt: at(1), LastSeenAt: at(1)},
		fleet.Known{DropletID: 9, Name: "seen since", FirstSeenAt: at(9), LastSeenAt: at(9)})
	wantRecords(t, s, record(7, "gone"), record(8, "missing"), record(9, "seen since"))
}

// absence is that of a droplet which so many looks, a minute apart, have lacked; gone: it is proved.
func absence(id int64, looks int, gone bool) fleet.Absence {
	a := fleet.Absence{DropletID: id, Since: at(5), LastAt: at(5).Add(time.Duration(looks-1) * time.Minute), Looks: looks, Witnessed: looks, Process: "p"}
	if gone {
		a.GoneAt = a.LastAt.Add(time.Second)
	}
	return a
}

// observe saves a look that saw nothing but these absences.
func observe(t *testing.T, s Store, absences ...fleet.Absence) {
	t.Helper()
	o := fleet.Observed{BeganAt: at(5), EndedAt: at(5)}
	for _, a := range absences {
		if o.Absences = append(o.Absences, a); a.LastAt.After(o.BeganAt) {
			o.BeganAt, o.EndedAt = a.LastAt, a.LastAt
		}
		if !a.GoneAt.IsZero() {
			o.Gone = append(o.Gone, a.DropletID)
		}
	}
	must(t, s.Save(t.Context(), o))
}

func wantAbsences(t *testing.T, s Store, want ...fleet.Absence) {
	t.Helper()
	wantEqual(t, "absences", load(t, s).Absences, want)
}

func testAbsences(t *testing.T, s Store) {
	commit(t, s, 1, droplet(7, "a", 1), record(7, "a"), droplet(8, "b", 1), record(8, "b"), droplet(9, "theirs", 1))
	observe(t, s, absence(0, 1, false), absence(7, 1, false), absence(8, 1, false), absence(9, 1, false))
	observe(t, s, absence(7, 2, true), absence(8, 2, true))
	wantAbsences(t, s, absence(7, 2, true), absence(8, 2, true)) // those that the look knows nothing of are over
	wantRecords(t, s, record(7, "a"), record(8, "b"))
	forget(t, s, 9) // is not gone
	commit(t, s, 2, fleet.Unrecorded{DropletID: 7})
	wantAbsences(t, s, absence(8, 2, true))
	forget(t, s, 8)
	wantAbsences(t, s)
	wantRecords(t, s)
}

func testAbsenceEnded(t *testing.T, s Store) {
	commit(t, s, 1, droplet(7, "a", 1), record(7, "a"), droplet(8, "b", 1), record(8, "b"))
	observe(t, s, absence(7, 1, false), absence(8, 2, true))
	commit(t, s, 2, droplet(7, "a", 6)) // a saga saw it
	wantAbsences(t, s, absence(8, 2, true))
	observe(t, s, absence(7, 2, false), absence(8, 2, true)) // made from what was loaded before
	wantAbsences(t, s, absence(8, 2, true))
	later := droplet(8, "b", 1)
	later.SeenAt = at(5).Add(time.Hour)
	commit(t, s, 3, later)
	wantAbsences(t, s)
	forget(t, s, 8) // it shows again
	wantRecords(t, s, record(7, "a"), record(8, "b"))

	commit(t, s, 4, droplet(9, "c", 1), record(9, "c"))
	observe(t, s, absence(9, 3, false))
	amid := droplet(9, "c", 1)
	amid.SeenAt = at(5).Add(time.Minute)
	commit(t, s, 5, amid) // a sighting that comes late, of a time between two looks
	observe(t, s, absence(9, 4, false))
	wantAbsences(t, s) // the next look counts anew
}

func testEnded(t *testing.T, s Store) {
	recent, old := droplet(7, "a", 1), droplet(8, "b", 1)
	now := time.Now()
	commit(t, s, 1, recent, old, fleet.Deleted{DropletID: 7, At: now.Add(-time.Hour)}, fleet.Deleted{DropletID: 8, At: now.Add(-48 * time.Hour)})
	wantEqual(t, "ended of late", load(t, s).Ended, []int64{7})
}

func testDeleted(t *testing.T, s Store) {
	commit(t, s, 1, droplet(7, "a", 1), record(7, "a"))
	commit(t, s, 2, fleet.Deleted{DropletID: 7, At: at(5)})
	save(t, s, 4, nil, droplet(7, "a", 4))
	wantKnown(t, s)
	wantRecords(t, s)
	save(t, s, 6, nil, droplet(7, "a", 6))
	wantKnown(t, s, fleet.Known{DropletID: 7, Name: "a", FirstSeenAt: at(1), LastSeenAt: at(6)})
	wantRecords(t, s)
}

func wantKnown(t *testing.T, s Store, want ...fleet.Known) {
	t.Helper()
	got := load(t, s).Known
	for i := range got {
		if got[i].Digest != fleet.DigestOf([]byte(`{}`)) {
			t.Errorf("the digest of the data of droplet %d: %x", got[i].DropletID, got[i].Digest)
		}
		got[i].Digest = fleet.Digest{}
	}
	wantEqual(t, "known", got, want)
}

func testSaved(t *testing.T, s Store) {
	commit(t, s, 1, droplet(1, "kept", 0), record(1, "kept"), droplet(2, "gone", 0), record(2, "gone"),
		droplet(3, "missing", 0), record(3, "missing"), droplet(4, "seen since", 20), record(4, "seen since"))
	stranger := droplet(5, "stranger", 11)
	stranger.PublicIPv4, stranger.Tags, stranger.Status = "198.51.100.24", []string{"a"}, fleet.StatusOff
	o := fleet.Observed{
		Droplets: []fleet.Droplet{droplet(1, "renamed", 10), stranger}, Gone: []int64{2, 4}, Missing: []int64{3}, BeganAt: at(10), EndedAt: at(12),
		Absences: []fleet.Absence{{DropletID: 3, Since: at(10), LastAt: at(10), Looks: 1}},
	}
	must(t, s.Save(t.Context(), o))
	commit(t, s, 2, fleet.Released{DropletID: 5, At: at(13)})
	recorded := func(id int64, name string, r fleet.Resource) fleet.Resource {
		r.DropletID, r.Name, r.Region, r.Recorded, r.Size, r.Protect, r.SagaID = id, name, "syd1", true, "s-1vcpu-1gb", true, record(id, "").SagaID
		if r.RecordName == "" {
			r.RecordName = name
		}
		return r
	}
	got := get(s.Resources(t.Context()))(t)
	for i := range got {
		if len(got[i].Tags) == 0 {
			got[i].Tags = nil
		}
	}
	wantEqual(t, "resources", got, []fleet.Resource{
		recorded(1, "renamed", fleet.Resource{Status: fleet.StatusActive, FirstSeenAt: at(0), LastSeenAt: at(10), RecordName: "kept"}),
		recorded(2, "gone", fleet.Resource{Status: fleet.StatusDeleted, FirstSeenAt: at(0), LastSeenAt: at(0), DeletedAt: at(12)}),
		recorded(3, "missing", fleet.Resource{Status: fleet.StatusActive, FirstSeenAt: at(0), LastSeenAt: at(0), MissingSince: at(10)}),
		recorded(4, "seen since", fleet.Resource{Status: fleet.StatusActive, FirstSeenAt: at(20), LastSeenAt: at(20)}),
		{
			DropletID: 5, Name: "stranger", Region: "syd1", Status: fleet.StatusOff, PublicIP: "198.51.100.24", Tags: []string{"a"},
			FirstSeenAt: at(11), LastSeenAt: at(11), Released: true,
		},
	})
	synced := func() time.Time { return get(s.Meta(t.Context()))(t).LastSync }
	wantEqual(t, "last sync", synced(), at(12))
	o.BeganAt, o.EndedAt = at(1), at(2)
	must(t, s.Save(t.Context(), o))
	wantEqual(t, "last sync after an older observation", synced(), at(12))
	wantErr(t, s.Save(t.Context(), fleet.Observed{}), state.ErrRow)
}

// SightingsInAnyOrder: an older sighting never overwrites a newer one, so the order of arrival does not matter (law 6).
func SightingsInAnyOrder(t *testing.T, p Place) {
	s, id := p.Open(t), int64(0)
	for _, c := range []struct {
		name    string
		rows    func(id int64) []any
		want    string
		deleted bool
	}{
		{"seen twice", func(id int64) []any { return sightings(id)[:2] }, "second", false},
		{"gone since", func(id int64) []any { return sightings(id)[:3] }, "second", true},
		{"gone, but seen after that", sightings, "back", false},
	} {
		for order := range permutations(len(c.rows(0))) {
			id++
			rows := []any{droplet(id, "zeroth", 0)}
			for _, i := range order {
				rows = append(rows, c.rows(id)[i])
			}
			commit(t, s, int(id), rows...)
			all := get(s.Resources(t.Context()))(t)
			r := all[len(all)-1]
			if r.DropletID != id || r.Name != c.want || !r.DeletedAt.IsZero() != c.deleted || !r.FirstSeenAt.Equal(at(0)) {
				t.Errorf("%s, in order %v: %+v", c.name, order, r)
			}
			if c.deleted != (r.Status == fleet.StatusDeleted) {
				t.Errorf("%s, in order %v: status %s", c.name, order, r.Status)
			}
		}
	}
	wantEqual(t, "orders", id, int64(2+6+24))
}

func sightings(id int64) []any {
	second := droplet(id, "second", 2)
	second.Data, second.Status = nil, fleet.StatusOff // a sighting without raw data keeps what was there
	return []any{droplet(id, "first", 1), second, fleet.Deleted{DropletID: id, At: at(3)}, droplet(id, "back", 4)}
}

// permutations gives every order of 0 … n-1.
func permutations(n int) func(func([]int) bool) {
	return func(yield func([]int) bool) {
		list := make([]int, n)
		for i := range list {
			list[i] = i
		}
		var next func(k int) bool
		next = func(k int) bool {
			if k == n {
				return yield(slices.Clone(list))
			}
			for i := k; i < n; i++ {
				list[k], list[i] = list[i], list[k]
				if !next(k + 1) {
					return false
				}
				list[k], list[i] = list[i], list[k]
			}
			return true
		}
		next(0)
	}
}

// FirstLook: the first look that is saved stays the first (law 16).
func FirstLook(t *testing.T, p Place) {
	s := p.Open(t)
	save(t, s, 1, nil, droplet(7, "a", 1), droplet(9, "b", 1))
	save(t, s, 2, nil, droplet(12, "c", 2))
	wantEqual(t, "after two", load(t, s).FirstLook, int64(9))
}

func testFirstLookAtNothing(t *testing.T, s Store) {
	wantEqual(t, "before any", load(t, s).FirstLook, int64(0))
	save(t, s, 1, nil)
	wantEqual(t, "of an empty account", load(t, s).FirstLook, int64(1))
}
