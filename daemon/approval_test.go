package daemon

import (
	"context"
	"maps"
	"strings"
	"time"

	"arcadiad/fleet"
)

// careful is a fleet file under the default policy: no more than a quarter of the fleet goes in one pass.
func careful(stanzas ...string) string {
	return strings.Replace(fleetOf(stanzas...), "max_destroy: 100%", "max_destroy: 25%", 1)
}

// operator is a person who lets held plans through, and remembers whether a daemon said that it will.
type operator struct{ told bool }

// approve lets through what is held, if anything is within a minute. Who was told that it goes ahead has no reason to come back.
func (p *operator) approve(w *world) {
	for range 60 {
		time.Sleep(time.Second)
		held := w.life.h.loop.Last().Outcome.Pass.Plan
		switch {
		case p.told || w.life.taps.dead():
			return
		case held.Approvable():
			_, err := around(w.life.taps, "approve", func() (int, error) { return 0, w.life.h.approve(context.Background(), held.ID) })
			if p.told = err == nil; !p.told && !w.life.taps.dead() {
				w.t.Errorf("approve %s: %v", held.ID, err)
			}
		}
	}
}

// approvalScenarios are held plans that a person lets through. A crash may swallow an approval that nobody was told of: then the plan
// is still held, and the person, who saw the command fail, says it again. One that the person was told of is not asked for twice.
func approvalScenarios() []scenario {
	const six, three = "name: web, count: 4", "name: web, count: 1"
	before := func(w *world) {
		settled(careful(six, "name: db, count: 2"))(w)
		w.edit(careful(three, "name: db, count: 2"))
	}
	var person operator
	return []scenario{
		{name: "approval", before: func(w *world) {
			person = operator{}
			before(w)
		}, during: person.approve, recover: person.approve, after: carriedOutOnce},
		{name: "approval before the start", before: func(w *world) {
			before(w)
			o := w.disk(w.file)
			held, err := Plan(context.Background(), o)
			w.must(err)
			w.must(Approve(context.Background(), o, held.ID))
		}, after: carriedOutOnce},
	}
}

// carriedOutOnce tells whether each destroy that was let through was done by one saga, whether nothing else was, and whether the
// approval is used up: the next plan of that size is held.
func carriedOutOnce(w *world) {
	recorded, err := w.reader().Load(context.Background())
	w.must(err)
	done := map[string]int{}
	for _, s := range recorded.Sagas {
		if s.Kind == fleet.SagaDestroy {
			done[s.Name+" "+s.Status]++
		}
	}
	if want := map[string]int{"web-2 completed": 1, "web-3 completed": 1, "web-4 completed": 1}; !maps.Equal(done, want) {
		w.t.Errorf("destroys: %v, want %v", done, want)
	}
	if len(recorded.Approved) > 0 {
		w.t.Errorf("approvals %v are still open", recorded.Approved)
	}
	w.edit(careful("name: web, count: 1"))
	time.Sleep(time.Hour)
	p := w.life.h.loop.Last().Outcome.Pass.Plan
	if n := len(w.sim.Named("db-1")) + len(w.sim.Named("db-2")); n != 2 || p.Approved || p.Summary.Held != 2 {
		w.t.Errorf("%d of 2 droplets stand that nobody let go\n%s", n, w.describe())
	}
}
