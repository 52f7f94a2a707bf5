package inventory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
)

// Query says what a saga waits for: one droplet by its id, or every droplet with a saga's tag or a name.
type Query struct {
	ID   int64
	Tag  string // with Name: droplets that show the tag, or bear the name
	Name string

	GPU bool // it may be a GPU droplet, which the listing by name leaves out
	// Proof asks that an absence means something: without a sighting the look fails, unless the account that was last observed
	// answers beside it, and under the same token.
	Proof bool

	// Due is when what is waited for may have happened; zero: a usual interval from now. Another's poll answers it before that, too.
	Due time.Time
}

// matches tells whether the droplet is one that the query asks for.
func (q Query) matches(d fleet.Droplet) bool {
	if q.ID != 0 {
		return d.ID == q.ID
	}
	if d.Name == "" && d.Unread.Has(fleet.UnreadTags) {
		return true // it may be
	}
	return q.Tag != "" && d.HasTag(q.Tag) || q.Name != "" && strings.EqualFold(d.Name, q.Name)
}

// among picks the droplets that match from a listing ordered by id.
func (q Query) among(listing []fleet.Droplet) []fleet.Droplet {
	if q.ID != 0 {
		if d, ok := (fleet.Observed{Droplets: listing}).Droplet(q.ID); ok {
			return []fleet.Droplet{d}
		}
		return nil
	}
	var out []fleet.Droplet
	for _, d := range listing {
		if q.matches(d) {
			out = append(out, d)
		}
	}
	return out
}

// questions are the single requests that answer a query.
func (q Query) questions() []Query {
	if q.ID != 0 {
		return []Query{{ID: q.ID}}
	}
	var qs []Query
	if q.Tag != "" {
		qs = append(qs, Query{Tag: q.Tag})
	}
	if q.Name != "" {
		qs = append(qs, Query{Name: strings.ToLower(q.Name)})
	}
	return qs
}

// looker is somebody who waits for the next tick.
type looker struct {
	q     Query
	ids   []int64  // instead of what q names: these droplets
	sagas []string // whom it is for
	came  time.Time
	done  chan sight // with room for the answer
}

type sight struct {
	droplets []fleet.Droplet
	err      error
}

// Look waits for the next tick and gives the droplets that match, as requests begun after the call showed them. An empty answer
// without an error means that the API answered and showed none.
func (i *Inventory) Look(ctx context.Context, q Query) ([]fleet.Droplet, error) {
	return i.await(ctx, &looker{q: q})
}

// LookAt is Look for droplets by their ids, due as Query.Due says: those that are shown, by id. One that is not is no proof of anything.
func (i *Inventory) LookAt(ctx context.Context, ids []int64, due time.Time) (map[int64]fleet.Droplet, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	shown, err := i.await(ctx, &looker{ids: ids, q: Query{Due: due}})
	byID := make(map[int64]fleet.Droplet, len(shown))
	for _, d := range shown {
		byID[d.ID] = d
	}
	return byID, err
}

func (i *Inventory) await(ctx context.Context, l *looker) ([]fleet.Droplet, error) {
	l.sagas, l.came, l.done = digitalocean.Callers(ctx), time.Now(), make(chan sight, 1)
	i.mu.Lock()
	i.lookers = append(i.lookers, l)
	i.first.add(l)
	i.mu.Unlock()
	select {
	case i.wake <- struct{}{}:
	default:
	}
	select {
	case s := <-l.done:
		return s.droplets, s.err
	case <-ctx.Done():
		i.leave(l)
		return nil, ctx.Err()
	}
}

// questions are the single requests that answer the looker.
func (l *looker) questions() []Query {
	if len(l.ids) == 0 {
		return l.q.questions()
	}
	qs := make([]Query, len(l.ids))
	for i, id := range l.ids {
		qs[i] = Query{ID: id}
	}
	return qs
}

// leave takes back a look that nobody waits for any more.
func (i *Inventory) leave(l *looker) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.lookers, i.first = slices.DeleteFunc(i.lookers, func(o *looker) bool { return o == l }), firsts{}
	for _, stays := range i.lookers {
		i.first.add(stays)
	}
}

// polls is how many polls may be under way at once. One may be slow; but were they to pile up behind a rush of writes, they would eat
// the budget once it is over.
const polls = 2

// Run answers looks until the context ends: one poll for all who wait, as often as somebody waits for what may have happened, and as the
// budget allows.
func (i *Inventory) Run(ctx context.Context) {
	var answers sync.WaitGroup
	defer answers.Wait()
	turns := make(chan struct{}, polls)
	var last time.Time // when the last poll began
	for {
		if i.tick(ctx, last) != nil {
			return
		}
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
			return
		}
		last = time.Now()
		i.mu.Lock()
		lookers := i.lookers
		i.lookers, i.first = nil, firsts{}
		i.mu.Unlock()
		// Answered aside: a slow answer must not hold up the next tick of those who come meanwhile.
		answers.Go(func() {
			i.answer(ctx, lookers)
			<-turns
		})
	}
}

// tick waits until the next poll is due. That is asked for again and again: the pace quickens when a rush is over, which is most likely a
// moment after somebody has come.
func (i *Inventory) tick(ctx context.Context, last time.Time) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for recheck := i.gather(); ; {
		wait, waited := i.next(last)
		if waited && wait <= 0 {
			return nil
		}
		timer.Stop()
		var again <-chan time.Time
		if waited {
			timer.Reset(min(wait, recheck))
			again = timer.C
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-i.wake:
			recheck = i.gather()
		case <-again:
			recheck = min(2*recheck, i.o.Interval)
		}
	}
}

// next tells in how long the next poll goes, where the last one began at that time. False: nobody waits.
func (i *Inventory) next(last time.Time) (wait time.Duration, waited bool) {
	i.mu.Lock()
	first, requests := i.first, min(len(i.lookers), i.pages)
	i.mu.Unlock()
	if requests == 0 {
		return 0, false
	}
	at := time.Time{}
	if !first.patient.IsZero() {
		pace := i.o.Interval
		if i.o.Pace != nil {
			pace = max(pace, i.o.Pace(pace, requests))
		}
		at = first.patient.Add(pace)
	}
	if due := i.due(first, requests); !due.IsZero() {
		if earliest := last.Add(i.gap(requests)); due.Before(earliest) {
			due = earliest
		}
		at = earlier(at, due)
	}
	return time.Until(at), true
}

// firsts are the first of those who wait.
type firsts struct {
	patient time.Time // when the first came that waits for a usual interval; zero: there is none
	prompt  time.Time // when the first came that is due at once
	due     time.Time // when the first of the others is due
}

func (f *firsts) add(l *looker) {
	switch due := l.q.Due; {
	case due.IsZero():
		f.patient = earlier(f.patient, l.came)
	case !due.After(l.came):
		f.prompt = earlier(f.prompt, l.came)
	default:
		f.due = earlier(f.due, due)
	}
}

// earlier is the earlier of two times; zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// answer polls once for all lookers, with as few requests as will do.
func (i *Inventory) answer(ctx context.Context, lookers []*looker) {
	questions := distinct(lookers)
	if len(questions) == 0 {
		return // whoever woke this tick has left
	}
	i.mu.Lock()
	pages := i.pages
	i.mu.Unlock()
	proved := i.o.Poll.Proved()
	var answers map[Query]sight
	if gpus := needsListing(lookers); gpus || len(questions) > pages {
		answers = i.askAll(ctx, questions, gpus, pages, askers(lookers))
	} else {
		answers = i.askEach(ctx, questions, askers(lookers))
	}
	unproved := i.unproved(ctx, proved, lookers, answers)
	for _, l := range lookers {
		l.done <- l.collect(answers, unproved)
	}
}

// askAll answers the questions from one listing. One that moved while it was read still shows who is there; of the others it says
// nothing, so they are asked for one by one where they are few, and get the error where they are many: the account of a large fleet
// in the making hardly ever holds still.
//
// The listing of the GPU droplets is part of it if somebody asks for what may be one, or if the other one lacks something.
func (i *Inventory) askAll(ctx context.Context, questions []Query, gpus bool, few int, whom asking) map[Query]sight {
	began := time.Now()
	droplets, _, err := i.whole(digitalocean.For(ctx, whom.all()...), i.o.Poll, spareBut(questions), func(listed []fleet.Droplet) bool {
		return gpus || i.lacks(listed, questions)
	})
	i.polled(droplets, began, err == nil, questions)
	answers := make(map[Query]sight, len(questions))
	var open []Query
	for _, q := range questions {
		s := sight{q.among(droplets), err}
		if errors.Is(err, digitalocean.ErrMoved) {
			if len(s.droplets) > 0 {
				s.err = nil
			} else if q.ID != 0 { // a listing by tag or name may leave out GPU droplets
				open = append(open, q)
			}
		}
		answers[q] = s
	}
	if len(open) > 0 && len(open) <= few {
		maps.Copy(answers, i.askEach(ctx, open, whom))
	}
	return answers
}

// spareBut drops the data of droplets that nobody asks for: they are most of what a listing of a large account holds.
func spareBut(questions []Query) func(*fleet.Droplet) {
	asked := make(map[Query]bool, len(questions))
	for _, q := range questions {
		q.Tag = strings.ToLower(q.Tag)
		asked[q] = true
	}
	tagged := func(tag string) bool { return asked[Query{Tag: strings.ToLower(tag)}] }
	return func(d *fleet.Droplet) {
		if d.Name != "" && !asked[Query{ID: d.ID}] && !asked[Query{Name: strings.ToLower(d.Name)}] && !slices.ContainsFunc(d.Tags, tagged) {
			d.Data = nil
		}
	}
}

// lacks tells whether a listing in the order of ids does not show what is asked for, or what is registered and not known to be absent.
func (i *Inventory) lacks(listed []fleet.Droplet, questions []Query) bool {
	return slices.ContainsFunc(questions, func(q Query) bool { return len(q.among(listed)) == 0 }) || i.attention.lacks(listed)
}

// distinct are the requests that answering each looker by itself would take: by id, by tag, by name.
func distinct(lookers []*looker) []Query {
	var questions []Query
	seen := map[Query]bool{}
	for _, l := range lookers {
		for _, q := range l.questions() {
			if !seen[q] {
				seen[q] = true
				questions = append(questions, q)
			}
		}
	}
	return questions
}

// asking are the sagas for which each question is asked.
type asking map[Query][]string

func askers(lookers []*looker) asking {
	whom := asking{}
	for _, l := range lookers {
		for _, q := range l.questions() {
			whom[q] = append(whom[q], l.sagas...)
		}
	}
	return whom
}

// all are the sagas for which any question is asked, each once.
func (a asking) all() (sagas []string) {
	for _, of := range a {
		sagas = append(sagas, of...)
	}
	slices.Sort(sagas)
	return slices.Compact(sagas)
}

func needsListing(lookers []*looker) bool {
	return slices.ContainsFunc(lookers, func(l *looker) bool { return l.q.GPU && l.q.ID == 0 })
}

// askEach sends one request for each question, side by side.
func (i *Inventory) askEach(ctx context.Context, questions []Query, whom asking) map[Query]sight {
	answers, began := make(map[Query]sight, len(questions)), time.Now()
	var (
		mu sync.Mutex
		wg sync.WaitGroup
	)
	for _, q := range questions {
		wg.Go(func() {
			s := i.ask(digitalocean.For(ctx, whom[q]...), q)
			mu.Lock()
			defer mu.Unlock()
			answers[q] = s
		})
	}
	wg.Wait()
	for q, s := range answers {
		if s.err == nil {
			i.polled(s.droplets, began, false, []Query{q})
		}
	}
	return answers
}

func (i *Inventory) ask(ctx context.Context, q Query) sight {
	if q.ID == 0 {
		l, err := i.o.Poll.List(ctx, digitalocean.Filter{Tag: q.Tag, Name: q.Name})
		return sight{l.Droplets, err}
	}
	d, err := i.o.Poll.Get(ctx, q.ID)
	if errors.Is(err, digitalocean.ErrNotFound) {
		return sight{}
	}
	return sight{[]fleet.Droplet{d}, err}
}

// unproved says why absences of this tick prove nothing; nil where they do, or where nobody asked. One account request serves the
// whole tick. Proved is whose the token was when the tick began.
func (i *Inventory) unproved(ctx context.Context, proved string, lookers []*looker, answers map[Query]sight) error {
	missed := func(l *looker) bool {
		s := l.collect(answers, nil)
		return l.q.Proof && s.err == nil && len(s.droplets) == 0
	}
	if !slices.ContainsFunc(lookers, missed) {
		return nil
	}
	return i.healthy(ctx, i.o.Poll, proved)
}

// healthy says why absences prove nothing: a dead token, or another account's, sees nothing of what is there. Proved is whose the
// token was before they were asked for.
func (i *Inventory) healthy(ctx context.Context, by *digitalocean.Client, proved string) error {
	account, err := by.Account(ctx)
	if err != nil {
		return fmt.Errorf("ask for the account behind a missing droplet: %w", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.account == "":
		return errors.New("the account has not been observed since the start: what it does not show proves nothing")
	case account.UUID != i.account:
		return fmt.Errorf("the token belongs to account %s, not to %s: what it does not show proves nothing", account.UUID, i.account)
	case proved != i.account:
		return errors.New("the token changed while it was used: what it did not show proves nothing")
	}
	return nil
}

// Gone asks for one droplet by its id, at once: a 404 beside a healthy answer of the account that was last observed. It is for a
// droplet that has been out of sight for longer than the visibility window, which the caller knows.
func (i *Inventory) Gone(ctx context.Context, id int64) (bool, error) {
	proved := i.o.Lone.Proved()
	_, err := i.o.Lone.Get(ctx, id)
	if !errors.Is(err, digitalocean.ErrNotFound) {
		return false, err
	}
	err = i.healthy(ctx, i.o.Lone, proved)
	return err == nil, err
}

// collect puts one looker's answer together.
func (l *looker) collect(answers map[Query]sight, unproved error) sight {
	var out sight
	for _, question := range l.questions() {
		s := answers[question]
		if s.err != nil {
			return sight{err: s.err}
		}
		out.droplets = append(out.droplets, question.among(s.droplets)...)
	}
	out.droplets = sorted(out.droplets)
	if l.q.Proof && len(out.droplets) == 0 && unproved != nil {
		return sight{err: unproved}
	}
	return out
}
