package inventory

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
)

// prove finds out what became of the droplets that are known and that the listing lacks (law 6). Those of ours, which have a record or were made
// by a saga of this journal, are asked for by id; the end of others is read from whole listings alone. Under another account's token
// nothing is asked: it would answer 404 to everything.
func (i *Inventory) prove(ctx context.Context, o *fleet.Observed, recorded fleet.Recorded, pinned bool) error {
	listed := *o // what the listing shows
	if !pinned {
		a := absentFrom(listed, recorded)
		o.Missing, o.Absences = a.recorded, recorded.Absences
		return nil
	}
	shown := endedAndListed(listed, recorded)
	absent := absentFrom(listed, recorded)
	ask := slices.Concat(shown, absent.asked(o.Partial), mayReturn(listed, recorded))
	found, notFound, err := i.getAll(ctx, ask)
	o.Requests += len(ask)
	if err != nil {
		return err
	}
	if n := len(found) - len(shown) + len(intersect(shown, notFound)); n > 0 && !o.Partial {
		i.o.Log.Warn("the account's listing leaves out droplets that answer by id; listings lag, so nothing is concluded from it", "count", n)
	}
	if len(notFound) > 0 {
		// A dead token, or another team's, answers 404 to everything: only a healthy answer of the same account behind the 404s makes
		// them a proof.
		if err := i.confirm(ctx, o); err != nil {
			return err
		}
	}
	if stale := intersect(shown, notFound); len(stale) > 0 {
		// Droplets that ended, and that the listing still shows: the answer by id decides.
		o.Droplets = slices.DeleteFunc(slices.Clone(o.Droplets), func(d fleet.Droplet) bool { return slices.Contains(stale, d.ID) })
		listed = *o
		absent = absentFrom(listed, recorded)
	}
	o.Droplets = sorted(append(o.Droplets, found...))
	i.conclude(o, listed, absent, recorded)
	return nil
}

// conclude counts the look for every droplet that it lacks, and says which of them are gone by now.
func (i *Inventory) conclude(o *fleet.Observed, listed fleet.Observed, absent absent, recorded fleet.Recorded) {
	before := map[int64]fleet.Absence{}
	for _, a := range recorded.Absences {
		before[a.DropletID] = a
		if _, there := o.Droplet(a.DropletID); there {
			i.saw(a.DropletID, o.BeganAt)
		}
	}
	var process string
	var witnesses witnesses
	if len(absent.all) > 0 {
		process, witnesses = i.counting(), witnessesOf(listed, recorded.Known)
	}
	o.Absences = absent.unseen(o.Partial, before)
	for _, x := range absent.all {
		if _, there := o.Droplet(x.id); there || o.Partial && !x.recorded {
			continue
		}
		a := before[x.id]
		if i.seenSince(x.id, a.Since) {
			a = fleet.Absence{}
		}
		a.DropletID = x.id
		gone := !a.GoneAt.IsZero()
		if !gone {
			a = a.Again(o.BeganAt, witnesses.after(x), process)
			gone = i.proved(a, x)
		}
		if gone {
			o.Gone = append(o.Gone, x.id)
			a.GoneAt = cmp.Or(a.GoneAt, time.Now())
		} else if x.recorded {
			o.Missing = append(o.Missing, x.id)
		}
		if x.recorded || !gone {
			o.Absences = append(o.Absences, a)
		}
	}
	slices.Sort(o.Gone)
	slices.Sort(o.Missing)
	slices.SortFunc(o.Absences, func(a, b fleet.Absence) int { return int(a.DropletID - b.DropletID) })
	i.remember(o.Absences, recorded)
}

// proved tells whether an absence is a proof. One that no record and no saga of ours knows takes two looks; one that was never
// registered may never have been shown since its create was answered.
func (i *Inventory) proved(a fleet.Absence, x absentee) bool {
	switch {
	case !x.ours:
		return a.Looks >= 2
	case !x.recorded:
		return a.Proved(x.made) && a.LastAt.Sub(a.Since) >= i.o.Visibility
	}
	return a.Proved(x.made)
}

// absentee is a droplet that is known and that a listing lacks.
type absentee struct {
	id       int64
	made     time.Time // by the API, else when it was first known; zero: not known
	created  time.Time // by the API; zero: not known
	recorded bool      // or in quarantine
	ours     bool      // recorded, or made by a saga of this journal
	gone     bool      // proved already
}

// absent are the known droplets that a listing lacks, but for those that a live saga works on: it finds out by itself.
type absent struct {
	all      []absentee
	recorded []int64
}

func absentFrom(o fleet.Observed, recorded fleet.Recorded) absent {
	var a absent
	busy, sagas := map[int64]bool{}, map[int64]bool{}
	for _, s := range recorded.Sagas {
		sagas[s.DropletID] = true
		if s.Live {
			busy[s.DropletID], busy[s.Replaces] = true, true
		}
	}
	var known map[int64]*fleet.Known // made when it is needed: at rest nothing is absent
	gone := map[int64]bool{}
	for _, was := range recorded.Absences {
		gone[was.DropletID] = !was.GoneAt.IsZero()
	}
	noted := map[int64]bool{}
	note := func(x absentee) {
		if _, there := o.Droplet(x.id); there || busy[x.id] || noted[x.id] {
			return
		}
		noted[x.id], x.gone = true, gone[x.id]
		if known == nil {
			known = make(map[int64]*fleet.Known, len(recorded.Known))
			for n := range recorded.Known {
				known[recorded.Known[n].DropletID] = &recorded.Known[n]
			}
		}
		if k := known[x.id]; k != nil {
			x.created, x.made = k.CreatedAt, k.Made()
		}
		if a.all = append(a.all, x); x.recorded {
			a.recorded = append(a.recorded, x.id)
		}
	}
	for _, r := range recorded.Records {
		note(absentee{id: r.DropletID, made: r.RecordedAt, recorded: true, ours: true})
	}
	for _, q := range recorded.Quarantine {
		note(absentee{id: q.DropletID, made: q.Record.RecordedAt, recorded: true, ours: true})
	}
	for _, k := range recorded.Known {
		note(absentee{id: k.DropletID, ours: sagas[k.DropletID]})
	}
	return a
}

// asked are those of ours that are asked for by id. What is proved gone is asked for again only where the listing is not whole.
func (a absent) asked(partial bool) (ids []int64) {
	for _, x := range a.all {
		if x.ours && (partial && x.recorded || !partial && !x.gone) {
			ids = append(ids, x.id)
		}
	}
	return ids
}

// unseen are the absences about which a listing that is not whole says nothing: those of droplets without a record.
func (a absent) unseen(partial bool, before map[int64]fleet.Absence) (kept []fleet.Absence) {
	for _, x := range a.all {
		if was, ok := before[x.id]; ok && partial && !x.recorded {
			kept = append(kept, was)
		}
	}
	return kept
}

// endedAndListed are the droplets that ended of late and that the listing shows: it may lag. What was only taken for gone is not among them:
// a listing that shows it has seen it.
func endedAndListed(o fleet.Observed, recorded fleet.Recorded) (ids []int64) {
	taken := takenForGone(recorded)
	for _, id := range recorded.Ended {
		if _, there := o.Droplet(id); there && !slices.Contains(taken, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// mostReturns is how many droplets a look asks for that may show again only by id.
const mostReturns = 16

// mayReturn are the newest of the droplets that were taken for gone and that the listing lacks. One that answers by id is there after all,
// maybe beside its successor, and is told of (law 6).
func mayReturn(o fleet.Observed, recorded fleet.Recorded) (ids []int64) {
	for _, id := range slices.Backward(takenForGone(recorded)) {
		if _, there := o.Droplet(id); there {
			continue
		}
		if ids = append(ids, id); len(ids) == mostReturns {
			break
		}
	}
	return ids
}

// takenForGone are the registered droplets that ended within the last day without a DELETE of ours: looks have lacked them, and no more is known.
func takenForGone(recorded fleet.Recorded) (ids []int64) {
	if len(recorded.Ended) == 0 {
		return nil
	}
	destroyed := map[int64]bool{}
	for _, s := range recorded.Sagas {
		destroyed[s.Replaces] = true
		if s.Kind == fleet.SagaDestroy || s.Kind == fleet.SagaPurge || s.Undone {
			destroyed[s.DropletID] = true
		}
	}
	for _, q := range recorded.Quarantine {
		delete(destroyed, q.DropletID)
	}
	for _, id := range recorded.Ended {
		if !destroyed[id] && !recorded.Registration(id).RegisteredAt.IsZero() {
			ids = append(ids, id)
		}
	}
	return ids
}

func intersect(a, b []int64) []int64 {
	return slices.DeleteFunc(slices.Clone(a), func(id int64) bool { return !slices.Contains(b, id) })
}

// witnesses are the known droplets that a listing shows.
type witnesses []fleet.Droplet

func witnessesOf(listed fleet.Observed, known []fleet.Known) (w witnesses) {
	ids := fleet.SetOf(known, func(k fleet.Known) int64 { return k.DropletID })
	for _, d := range listed.Droplets {
		if ids[d.ID] {
			w = append(w, d)
		}
	}
	return w
}

// after tells whether one of them was made after the missing one. A replica that lags shows what is old and lacks what is new.
func (w witnesses) after(x absentee) bool {
	for _, d := range slices.Backward(w) {
		if x.created.IsZero() || d.CreatedAt.IsZero() || d.CreatedAt.Equal(x.created) {
			if d.ID > x.id {
				return true
			}
		} else if d.CreatedAt.After(x.created) {
			return true
		}
	}
	return false
}

// Traces asks for the fleet's tag, for those who are about to make droplets and know of none (law 7): a database may have been lost, and the
// listing may lie. Where the tag is there and no droplet shows it, that is an absence of the whole fleet.
func (i *Inventory) Traces(ctx context.Context, recorded fleet.Recorded, o *fleet.Observed, fleetName string) error {
	o.Requests++
	uses, err := i.o.Sync.TagDroplets(ctx, fleet.FleetTag(fleetName))
	o.Absences = slices.DeleteFunc(slices.Clone(o.Absences), func(a fleet.Absence) bool { return a.DropletID == 0 })
	if errors.Is(err, digitalocean.ErrNotFound) {
		o.Traces = &fleet.Traces{}
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask for the tag of the fleet: %w", err)
	}
	o.Traces = &fleet.Traces{Exists: true, Droplets: uses}
	if slices.ContainsFunc(o.Droplets, func(d fleet.Droplet) bool { return d.OfFleet(fleetName) }) {
		return nil
	}
	var whole fleet.Absence
	if was, ok := (fleet.Observed{Absences: recorded.Absences}).Absence(0); ok {
		whole = was
	}
	whole = whole.Again(o.BeganAt, false, i.counting())
	if whole.GoneAt.IsZero() && whole.Proved(o.BeganAt.Add(-24*time.Hour)) { // how old the fleet was is not known: the tag alone makes nobody wait longer
		whole.GoneAt = time.Now()
	}
	o.Absences = slices.Insert(o.Absences, 0, whole)
	return nil
}

// clockJump is how far the clock may drift from the time that passes before it counts as a jump.
const clockJump = 5 * time.Second

// attention is what an inventory remembers of absent droplets between looks.
type attention struct {
	mu         sync.Mutex
	process    string              // who counts looks: another one after a restart, and after the clock jumped
	since      time.Time           // when it began, with the time that passes
	registered map[int64]bool      // as of the last look, but for those that a saga works on
	absent     map[int64]bool      // by the last look, and by polls since
	seen       map[int64]time.Time // droplets that were absent, and when they were shown again
}

// seenFor is how long it is remembered that an absent droplet was shown.
const seenFor = 24 * time.Hour

// counting names this process, for the looks that it counts.
func (i *Inventory) counting() string {
	a := &i.attention
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	passed, shown := now.Sub(a.since), now.Round(0).Sub(a.since.Round(0))
	if a.process == "" || (passed-shown).Abs() > clockJump {
		random := make([]byte, 8)
		rand.Read(random)
		a.process, a.since = hex.EncodeToString(random), now
	}
	return a.process
}

// remember notes which droplets are absent, and which are registered.
func (i *Inventory) remember(absences []fleet.Absence, recorded fleet.Recorded) {
	a := &i.attention
	a.mu.Lock()
	defer a.mu.Unlock()
	a.absent = fleet.SetOf(absences, func(x fleet.Absence) int64 { return x.DropletID })
	a.registered = fleet.SetOf(recorded.Records, func(r fleet.Record) int64 { return r.DropletID })
	for _, s := range recorded.Sagas {
		if s.Live {
			delete(a.registered, s.DropletID)
			delete(a.registered, s.Replaces)
		}
	}
	maps.DeleteFunc(a.seen, func(_ int64, at time.Time) bool { return time.Since(at) > seenFor })
}

// saw notes that a droplet that was absent is shown again.
func (i *Inventory) saw(id int64, at time.Time) {
	a := &i.attention
	a.mu.Lock()
	defer a.mu.Unlock()
	a.note(id, at)
}

func (a *attention) note(id int64, at time.Time) {
	if a.seen == nil {
		a.seen = map[int64]time.Time{}
	}
	a.seen[id] = at
}

// seenSince tells whether an absent droplet was shown after that time, by whatever look.
func (i *Inventory) seenSince(id int64, since time.Time) bool {
	i.attention.mu.Lock()
	defer i.attention.mu.Unlock()
	at, seen := i.attention.seen[id]
	return seen && at.After(since)
}

// polled takes in what a poll that began at that time has shown. Whole: it listed the account, and what that lacks is missing. Of what was
// asked for by id, whoever asked finds out what became of it.
func (i *Inventory) polled(shown []fleet.Droplet, began time.Time, whole bool, asked []Query) {
	a := &i.attention
	a.mu.Lock()
	missed := false
	there := make(map[int64]bool, len(shown))
	for _, d := range shown {
		if there[d.ID] = true; a.absent[d.ID] {
			a.note(d.ID, began)
		}
	}
	for _, q := range asked {
		if q.ID != 0 && !there[q.ID] {
			delete(a.registered, q.ID)
		}
	}
	if whole {
		for id := range a.registered {
			if !there[id] && !a.absent[id] {
				missed = true
				a.absent[id] = true // it is told once
			}
		}
	}
	a.mu.Unlock()
	if missed && i.o.Missed != nil {
		i.o.Missed()
	}
}

// lacks tells whether a listing does not show a droplet that is registered and not known to be absent.
func (a *attention) lacks(listed []fleet.Droplet) bool {
	there := fleet.SetOf(listed, func(d fleet.Droplet) int64 { return d.ID })
	a.mu.Lock()
	defer a.mu.Unlock()
	for id := range a.registered {
		if !there[id] && !a.absent[id] {
			return true
		}
	}
	return false
}

// Shown asks for a droplet that was gone at that time by its id: does it show again? It does if any look has shown it since. The next
// pass knows of it too, though listings may still lack it.
func (i *Inventory) Shown(ctx context.Context, id int64, gone time.Time) (bool, error) {
	if i.seenSince(id, gone) {
		return true, nil
	}
	began := time.Now()
	_, err := i.o.Lone.Get(ctx, id)
	if errors.Is(err, digitalocean.ErrNotFound) {
		return false, nil
	}
	if err == nil {
		i.saw(id, began)
	}
	return err == nil, err
}
