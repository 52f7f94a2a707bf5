package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/saga"
	"arcadiad/simulator"
	"arcadiad/state/sqlite"
)

// past is the life of a droplet, as the watch knows it: what decides whether a DELETE of it was earned.
type past struct {
	names    map[*world]string // that each daemon last registered it under
	since    time.Time         // of the last registration under another name
	makers   map[*world]int    // the daemons whose create made it, by how often their database was lost until then
	adopted  bool              // it was registered without being made
	saw      time.Time         // when a person last approved a plan that names it
	shielded time.Time         // since when it bears arcadia-protect; zero: it does not
	volumes  time.Time         // since when volumes are attached to it; zero: none are
	sent     time.Time         // when a DELETE of it was sent first; zero: none was
}

// past gives what is known of a droplet. The caller holds the lock.
func (w *watch) past(id int64) *past {
	if w.pasts[id] == nil {
		w.pasts[id] = &past{names: map[*world]string{}, makers: map[*world]int{}}
	}
	return w.pasts[id]
}

// truths notes what droplets bear by now. The caller holds the lock.
func (w *watch) truths() {
	now := time.Now()
	note := func(at *time.Time, is bool) {
		switch {
		case !is:
			*at = time.Time{}
		case at.IsZero():
			*at = now
		}
	}
	for _, d := range w.s.sim.Droplets() {
		w.unanswered(d)
		p := w.past(d.ID)
		note(&p.shielded, hasTag(d, fleet.ProtectTag))
		note(&p.volumes, len(d.Volumes) > 0)
	}
}

// look notes what droplets bear by now.
func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.truths()
}

// unreleased forgets who was released: the database that knew is another now.
func (w *watch) unreleased() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.released)
}

// registrar sees what a daemon registers.
type registrar struct {
	saga.Journal
	w   *watch
	who *world
}

// Commit passes a step's rows on, and notes the registered droplets among them.
func (r registrar) Commit(ctx context.Context, s saga.Saga, rows []any) error {
	err := r.Journal.Commit(ctx, s, rows)
	if err == nil {
		r.w.registered(r.who, rows, s.Kind == fleet.SagaAdopt || s.Kind == fleet.SagaTakeOver)
		if s.Kind == fleet.SagaRestore {
			r.w.undone(r.who, rows)
		}
	}
	return err
}

// registry sees what a daemon records again.
type registry struct {
	reconcile.Store
	w   *watch
	who *world
}

// Record passes records on, and notes them.
func (r registry) Record(ctx context.Context, records []fleet.Record) error {
	err := r.Store.Record(ctx, records)
	if err == nil {
		rows := make([]any, len(records))
		for i := range records {
			rows[i] = records[i]
		}
		r.w.registered(r.who, rows, false)
	}
	return err
}

// overhear puts the watch between a daemon and its store.
func (w *watch) overhear(who *world) {
	who.wrap = func(store *sqlite.Store) (saga.Journal, reconcile.Store) {
		return registrar{store, w, who}, registry{store, w, who}
	}
}

// inherit notes that a daemon has a copy of another one's database.
func (w *watch) inherit(heir, from *world) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.eras[heir] = w.eras[from]
	for sent, n := range maps.Clone(w.sends) {
		if sent.who == from {
			w.sends[post{heir, sent.saga8}] = n
		}
	}
	for _, p := range w.pasts {
		if name, ok := p.names[from]; ok {
			p.names[heir] = name
		}
		if era, ok := p.makers[from]; ok {
			p.makers[heir] = era
		}
	}
}

func (w *watch) registered(who *world, rows []any, adopted bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, row := range rows {
		if r, ok := row.(fleet.Record); ok {
			p := w.past(r.DropletID)
			if p.names[who] != r.Name {
				p.since = time.Now()
			}
			p.names[who], p.adopted = r.Name, p.adopted || adopted
		}
	}
}

// made notes whose create made which droplet, by its answer.
func (w *watch) made(who *world, resp *http.Response) {
	if resp == nil || resp.StatusCode != http.StatusAccepted {
		return
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var answer struct {
		Droplet struct {
			ID int64 `json:"id"`
		} `json:"droplet"`
	}
	if json.Unmarshal(body, &answer) == nil && answer.Droplet.ID != 0 {
		w.madeBy(who, answer.Droplet.ID)
	}
}

func (w *watch) madeBy(who *world, id int64) {
	w.past(id).makers[who] = w.eras[who]
}

// seen notes that a person has approved a plan, and which droplets it would end.
func (w *watch) seen(p plan.Plan) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range p.Actions {
		if a.Held && a.Approvable && a.DropletID != 0 {
			w.past(a.DropletID).saw = time.Now()
		}
	}
}

// approvalLasts is how long what a person approved may still be carried out.
const approvalLasts = 25 * time.Hour

// checkEarned holds a DELETE against what gives leave to it. The caller holds the lock.
func (x wire) checkEarned(d simulator.Droplet, g saga.Saga) {
	w := x.w
	w.truths()
	p, now := w.past(d.ID), time.Now()
	recent := now.Add(-slack)
	asked := recent
	if g.Kind == fleet.SagaReplace { // its replacement is registered, so whatever the file says since lets it go forward
		asked = w.since(g)
	}
	if p.sent.IsZero() {
		p.sent = now
	}
	unseen := w.lying && p.volumes.After(p.sent) // a DELETE that had no effect is sent again while reads hide what has come since
	approved := p.saw.After(now.Add(-approvalLasts))
	recorded, err := x.who.life.store.Load(context.Background())
	if err != nil {
		w.broke("law 05", "the records cannot be read: %v", err)
		return
	}
	i := slices.IndexFunc(recorded.Records, func(r fleet.Record) bool { return r.DropletID == d.ID })
	name, ever := p.names[x.who]
	era, made := p.makers[x.who]
	lifted := ever && w.lately(recent, func(f fleet.Fleet) bool {
		spec, ok := f.Spec(name)
		return ok && spec.Protect != nil && !*spec.Protect
	})
	switch {
	case !p.shielded.IsZero() && p.shielded.Before(recent) && !lifted:
		w.broke("law 09", "a DELETE of droplet %d %s, which bears %s since %v", d.ID, d.Name, fleet.ProtectTag, p.shielded.Sub(w.s.began))
	case ever && (i >= 0 || !approved) && w.always(now.Add(-5*time.Second), func(f fleet.Fleet) bool { return w.shields(f, p, name, d.ID) }):
		w.broke("law 09", "a DELETE of droplet %d, registered as %s, which the file in force protects", d.ID, name)
	case !p.volumes.IsZero() && p.volumes.Before(recent) && !unseen && !(approved && p.saw.After(p.volumes)):
		w.broke("law 09", "a DELETE of droplet %d %s with volumes since %v, and nobody approved that", d.ID, d.Name, p.volumes.Sub(w.s.began))
	case approved:
		w.s.count("law 05: a person's approval ended a droplet")
	case !ever && made && era == w.eras[x.who]:
		w.s.count("law 05: a leftover was destroyed unasked")
	case !ever && x.asIfMade(d, recorded.Sagas):
		w.s.count("law 05: a copy could not be told from what an unanswered create made")
	case !ever && len(p.makers) == 0:
		w.broke("law 05", "a DELETE of droplet %d %s, which no daemon made and nobody approved", d.ID, d.Name)
	case !ever:
		w.broke("law 16", "a DELETE of droplet %d %s by %s, and %v made it, and nobody approved", d.ID, d.Name, w.s.which(x.who), w.s.all(p.makers))
	case i < 0:
		w.broke("law 05", "a DELETE of droplet %d, which was registered as %s and is not any more, and nobody approved it", d.ID, name)
	case !w.lately(asked, func(f fleet.Fleet) bool { return w.ends(f, recorded.Records[i], p) }):
		w.broke("law 05", "a DELETE of droplet %d, registered as %s: no file of late drops or changes it, no drift policy takes it, and nobody approved it",
			d.ID, name)
	default:
		w.s.count("law 05: the file's word ended a registered droplet")
	}
}

// unseen notes that reads hide droplets from now on, or that they do not any more.
func (w *watch) unseen(hidden bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hiding = hidden
	if now := time.Now(); hidden {
		w.hidFrom = now
	} else {
		w.hidTo = now
	}
}

// mayBeGone tells whether reads have hidden droplets for long enough to take one for gone, until a moment ago. The caller holds the lock.
func (w *watch) mayBeGone() bool {
	now := time.Now()
	if w.hidFrom.IsZero() || !w.hiding && w.hidTo.Before(now.Add(-slack)) {
		return false
	}
	return w.hiding && now.Sub(w.hidFrom) > time.Minute || !w.hiding && w.hidTo.Sub(w.hidFrom) > time.Minute
}

// checkReleased: what a person released is a person's, whatever tags it shows. The caller holds the lock.
func (x wire) checkReleased(what string, id int64) {
	if x.who == x.w.s.world && x.w.released[id] && x.w.past(id).saw.IsZero() {
		x.w.broke("law 16", "%s of droplet %d, which a person released", what, id)
	}
}

// which names a daemon.
func (s *soak) which(w *world) string {
	switch w {
	case s.second:
		return "the second daemon"
	case s.clone:
		return "the clone"
	}
	return "the daemon"
}

func (s *soak) all(makers map[*world]int) (list []string) {
	for w := range makers {
		list = append(list, s.which(w))
	}
	return list
}

// always tells whether every version in force within the last while says so.
func (w *watch) always(since time.Time, says func(fleet.Fleet) bool) bool {
	return len(w.files) > 0 && !w.lately(since, func(f fleet.Fleet) bool { return !says(f) })
}

// asIfMade tells whether nothing in the account tells the droplet from one that an unanswered create of its saga made (law 5): it bears the
// saga's tag and the name, and there are no more such droplets than creates that were answered or stayed unknown.
func (x wire) asIfMade(d simulator.Droplet, sagas []fleet.Saga) bool {
	w := x.w
	for _, saga8 := range (&fleet.Droplet{Tags: d.Tags}).Saga8s() {
		such := 0
		for _, other := range slices.Concat(w.s.sim.Droplets(), w.s.sim.Ended()) {
			if hasTag(other, "arcadia-saga-"+saga8) && fleet.Key(other.Name) == fleet.Key(d.Name) {
				such++
			}
		}
		sent := w.sends[x.post(saga8)]
		for _, s := range sagas {
			if fleet.Saga8(s.ID) == saga8 {
				sent = max(sent, s.Creates.Sent) // one that a crash may have cut off counts
			}
		}
		if sent >= such {
			return true
		}
	}
	return false
}

// shields tells whether the file protects what is registered under the name.
func (w *watch) shields(f fleet.Fleet, p *past, name string, id int64) bool {
	spec, ok := f.Spec(name)
	if !ok {
		spec, ok = w.heir(f, p, name, id)
	}
	return ok && spec.Protected()
}

// ends tells whether the file drops the name of a registered droplet, or asks for something that takes another droplet.
func (w *watch) ends(f fleet.Fleet, r fleet.Record, p *past) bool {
	spec, ok := f.Spec(r.Name)
	if !ok {
		if spec, ok = w.heir(f, p, r.Name, r.DropletID); !ok {
			return true
		}
	}
	if f.Policy.DriftOf(spec.Rules) == fleet.DriftReplace {
		return true
	}
	for _, field := range fleet.Fields {
		want, asked := field.Desired(spec)
		has, known := r.Values[field.Name]
		if field.Change == fleet.ChangeReplace && asked && known && want != has {
			return true
		}
	}
	return false
}

// heir finds the desired droplet that has, or had in steps, the name of a registered one: `was` in the file in force, and in versions
// since it was registered. A name that another droplet is registered under has no need of it.
func (w *watch) heir(f fleet.Fleet, p *past, name string, id int64) (fleet.Spec, bool) {
	from := map[string]bool{fleet.Key(name): true}
	for range w.files {
		for _, v := range w.files {
			if !v.to.IsZero() && v.to.Before(p.since) {
				continue
			}
			for _, s := range v.fleet.Specs {
				if s.Was != "" && from[fleet.Key(s.Was)] {
					from[fleet.Key(s.Name)] = true
				}
			}
		}
	}
	for _, s := range f.Specs {
		if s.Was == "" || !from[fleet.Key(s.Was)] {
			continue
		}
		taken := false
		for other, q := range w.pasts {
			_, there := w.s.sim.Droplet(other)
			for _, has := range q.names {
				taken = taken || there && other != id && fleet.Key(has) == fleet.Key(s.Name)
			}
		}
		if !taken {
			return s, true
		}
	}
	return fleet.Spec{}, false
}
