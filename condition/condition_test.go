package condition

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/scripts/goldentest"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// shapes are conditions without their words.
func shapes(conditions []Condition) (list []string) {
	for _, c := range conditions {
		list = append(list, fmt.Sprintf("%s %s: %s", c.Kind, c.Subject, strings.TrimSpace(c.State)))
	}
	return list
}

// of judges a plan alone.
func of(desired fleet.Fleet, p plan.Plan) Set {
	if p.ID == "" {
		p.ID = "3f2a9c51d0e7"
	}
	return Of(Input{Desired: &desired, PassAt: noon, Plan: p, Now: noon})
}

// troubles are inputs that bring every kind about.
func troubles() []Input {
	missing := plan.Plan{
		ID: "3f2a9c51d0e7",
		Actions: []plan.Action{
			{Kind: plan.Provision, Name: "hopeless", Held: true, HeldBy: "stalled"},
			{Kind: plan.Destroy, Name: "many", DropletID: 2, Held: true, HeldBy: "max_destroy", Approvable: true},
			{Kind: plan.Provision, Name: "web-2", Held: true, HeldBy: "backoff"},
			{Kind: plan.Provision, Name: "dead", Held: true, HeldBy: "lost", Lost: []int64{9}},
		},
		Failed:   plan.FailedOf(tries("web-2", 1)),
		Missing:  []plan.Missing{{Name: "lost", DropletID: 7, Since: noon, Again: true}},
		Drift:    []plan.Drift{{Name: "odd", DropletID: 5, Changes: []plan.FieldChange{{Field: "size", From: "a", To: "b"}}}},
		Released: []plan.Released{{Name: "gone", DropletID: 6, Reason: "it lost its tags"}},
		Rollouts: []plan.Rollout{{Rollout: fleet.Rollout{Group: "web"}, Failed: &plan.Failure{Name: "web-3", Saga: "5f0c9a1e00000000", Why: "it was not ready"}}},
	}
	return []Input{
		{FileErr: errors.New("half a file"), Desired: &fleet.Fleet{}, PassAt: noon, Plan: missing, Live: []saga.Saga{aStuckSaga()}, Now: noon},
		{Live: []saga.Saga{{ID: aStuckSaga().ID, Subject: "web-3", Status: saga.Running, Steps: []string{"CreateDroplet"}, Attempts: 3, Error: "no answer"}}},
		{Token: errors.New("refused")},
		{Fetched: &fleet.Fetched{Ref: "main", At: noon, Error: "no route"}, Now: noon.Add(time.Hour)},
		{PassAt: noon, PassErr: errors.New("no answer"), Failing: noon, Now: noon.Add(time.Hour)},
	}
}

// tries are creates of a name that failed one after the other, the last of them at noon.
func tries(name string, n int) (journal []fleet.Saga) {
	for i := range n {
		at := noon.Add(time.Duration(i-n+1) * time.Hour)
		journal = append(journal, fleet.Saga{ID: fmt.Sprintf("%08x", i), Kind: fleet.SagaProvision, Name: name, Status: "compensated", Error: "no room", CreatedAt: at, EndedAt: at,
			Facts: fleet.Facts{SpecHash: "cafe"}})
	}
	return journal
}

func aStuckSaga() saga.Saga {
	return saga.Saga{ID: "5f0c9a1e000000000000000000000000", Kind: fleet.SagaReplace, Subject: "web-1", Status: saga.Stuck, Reverse: true,
		Steps: []string{"CreateDroplet", "WaitDropletActive"}, Step: 1, Error: "no answer"}
}

// Every kind comes about, has a sentence and an advice, is counted, and recovers.
func TestEveryKindIsTold(t *testing.T) {
	told := map[Kind]bool{}
	for _, in := range troubles() {
		board := NewBoard()
		for _, source := range []Source{Versions, Passes, Sagas, Answers, Fetches} {
			board.Replace(Of(in), source)
			conditions, _ := Of(in).From(source)
			for _, c := range conditions {
				told[c.Kind] = true
				if c.State == "" || c.Summary == "" || c.Advice == "" || c.Well == "" {
					t.Errorf("%s lacks its state, its sentence, its advice or what is well after it: %+v", c.Kind, c)
				}
				if n, there := board.Counts()[c.Kind]; !there || n < 1 {
					t.Errorf("%s is counted %d times", c.Kind, n)
				}
			}
			board.Replace(of(fleet.Fleet{}, plan.Plan{}), source)
		}
		for kind, n := range board.Counts() {
			if n != 0 {
				t.Errorf("%s does not recover", kind)
			}
		}
	}
	for _, k := range Kinds() {
		if !told[k] {
			t.Errorf("nothing brings %s about", k)
		}
	}
}

// docs/metrics.md has a row for every kind, as it is in the table here.
func TestDocumentation(t *testing.T) {
	var table strings.Builder
	table.WriteString("| kind | when | what to do |\n|---|---|---|\n")
	for _, r := range rows {
		if r.is == "" || r.do == "" {
			t.Errorf("%s lacks its words", r.kind)
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", r.kind, r.is, r.do)
	}
	goldentest.Part(t, "../docs/metrics.md", "conditions", table.String())
}

func TestConditionsOfAPlan(t *testing.T) {
	hash := plan.Action{}.Spec.Hash()
	desired := fleet.Fleet{Specs: []fleet.Spec{{Name: "odd"}}}
	p := plan.Plan{
		Actions: []plan.Action{
			{Kind: plan.Provision, Name: "free"},
			{Kind: plan.Destroy, Name: "next", DropletID: 1, Held: true, HeldBy: "turn"},
			{Kind: plan.Provision, Name: "again", Held: true, HeldBy: "backoff", HeldReason: "next try at noon"},
			{Kind: plan.Provision, Name: "hopeless", Held: true, HeldBy: "stalled"},
			{Kind: plan.Destroy, Name: "many", DropletID: 2, Held: true, HeldBy: "max_destroy", Approvable: true},
			{Kind: plan.Destroy, Name: "double", DropletID: 3, Held: true, HeldBy: "origin", HeldReason: "who made 3"},
			{Kind: plan.Destroy, Name: "double", DropletID: 4, Held: true, HeldBy: "volumes", HeldReason: "a volume"},
		},
		Drift:    []plan.Drift{{Name: "odd", DropletID: 5, Changes: []plan.FieldChange{{Field: "size", From: "a", To: "b"}}}},
		Released: []plan.Released{{Name: "gone", DropletID: 6, Reason: "it lost its tags"}},
		InFlight: []plan.InFlight{{Name: "busy"}},
	}
	set := of(desired, p)
	conditions, kinds := set.From(Passes)
	want := []string{
		"held again: provision backoff 0 " + hash, "stalled hopeless: provision stalled 0 " + hash, "held many: destroy max_destroy 2 " + hash,
		"held double: destroy origin 3 " + hash + " destroy volumes 4 " + hash, "released gone: 6", "drift odd: 5 size a -> b",
	}
	if got := shapes(conditions); !slices.Equal(got, want) {
		t.Fatalf("conditions\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if undecided := set.undecided(Held); len(kinds) != 9 || len(undecided) != 1 || !undecided["busy"] {
		t.Errorf("all is told of %v, but for %v", kinds, undecided)
	}
	for i, words := range [][]string{
		{"next try at noon", "automatically"}, {"provision is held by stalled", "change its stanza"}, {"max_destroy", "arcadiad approve 3f2a9c51d0e7"},
		{"who made 3", "a volume", "arcadiad plan"}, {"droplet 6", "it lost its tags", "arcadiad release gone"}, {"droplet 5", "size a -> b"},
	} {
		for _, w := range words {
			if !strings.Contains(conditions[i].Summary+"\n"+conditions[i].Advice, w) {
				t.Errorf("%s %s does not say %q: %+v", conditions[i].Kind, conditions[i].Subject, w, conditions[i])
			}
		}
	}
	p.Actions[2].HeldReason = "next try at one"
	if later, _ := of(desired, p).From(Passes); later[0].State != conditions[0].State {
		t.Error("the time of the next try is told anew")
	}
}

// A rollout is one condition, not one of each of its members: one that a member stopped, or one that is held as a whole. What a person paused
// is none.
func TestConditionsOfRollouts(t *testing.T) {
	p := plan.Plan{}
	rolls := func(group string, phase fleet.RolloutPhase, failed *plan.Failure, by, why string) {
		r := plan.Rollout{Rollout: fleet.Rollout{Group: group, Phase: phase, Spec: "cafe"}, Done: []string{group + "-1"}, Failed: failed, HeldBy: by, Why: why}
		for _, n := range []string{"-2", "-3"} {
			r.Waiting = append(r.Waiting, group+n)
			p.Actions = append(p.Actions, plan.Action{Kind: plan.Replace, Name: group + n, Rollout: group, Held: true, HeldBy: by, HeldReason: why, Approvable: by == "max_destroy"})
		}
		p.Rollouts = append(p.Rollouts, r)
	}
	failed := &plan.Failure{Name: "db-2", Saga: "5f0c9a1e00000000", Why: "it was not ready", At: noon.Add(-time.Hour)}
	rolls("aborted", fleet.RolloutAborted, failed, "stopped", "aborted by a person")
	rolls("api", fleet.RolloutRunning, nil, "max_destroy", "too many")
	rolls("db", fleet.RolloutRunning, failed, "stopped", "db-2 failed")
	rolls("own", fleet.RolloutRunning, nil, "volumes", "own-1: a volume is attached")
	rolls("paused", fleet.RolloutPaused, nil, "stopped", "paused by a person")
	rolls("window", fleet.RolloutRunning, nil, "window", "it opens at ten")
	for i := range p.Actions {
		if p.Actions[i].Rollout == "own" { // each for a reason of its own
			p.Actions[i].HeldReason = "a volume of " + p.Actions[i].Name
		}
	}
	set := of(fleet.Fleet{}, p)
	conditions, _ := set.From(Passes)
	hash := plan.Action{}.Spec.Hash()
	want := []string{"stopped db: 5f0c9a1e", "held api: rollout max_destroy cafe", "held own-2: replace volumes 0 " + hash, "held own-3: replace volumes 0 " + hash}
	if got := shapes(conditions); !slices.Equal(got, want) {
		t.Fatalf("conditions\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for i, words := range [][]string{
		{"the rollout of db is stopped, 1 of 3 done: db-2 failed: it was not ready", "arcadiad rollout show db", "change the stanza", "arcadiad rollout resume db"},
		{"the rollout of api (3 droplets) is held by max_destroy: too many", "arcadiad approve 3f2a9c51d0e7"},
	} {
		for _, w := range words {
			if !strings.Contains(conditions[i].Summary+"\n"+conditions[i].Advice, w) {
				t.Errorf("%s %s does not say %q: %+v", conditions[i].Kind, conditions[i].Subject, w, conditions[i])
			}
		}
	}
	if !conditions[0].Since.Equal(failed.At) {
		t.Errorf("stopped since %v", conditions[0].Since)
	}
	line := "rollout of db stopped (arcadiad rollout show db), rollout of api running, 1 of 3, rollout of own running, 1 of 3, rollout of paused paused, 1 of 3, " +
		"rollout of window running, 1 of 3, 4 held (arcadiad plan), 2 waiting, 0 as desired; last pass 12:00:00 UTC ()"
	for i := range set.Plan.Rollouts {
		set.Plan.Rollouts[i].ID = "5c1d9a02"
	}
	set.Plan.Rollouts = set.Plan.Rollouts[1:]
	if got := set.Line(); got != ": "+line {
		t.Errorf("in one line: %s\nwant: %s", got, line)
	}
	back := set.HeldBack()
	if len(back) != 10 || back[2].Rollout != "api" || back[6].Rollout != "" {
		t.Errorf("held back: %+v", back)
	}
}

// What to do about drift depends on what the file says about it.
func TestConditionOfDrift(t *testing.T) {
	d := plan.Drift{Name: "odd", DropletID: 5, Changes: []plan.FieldChange{
		{Field: "size", From: "a", To: "b", Cause: plan.CauseOutside, By: "resize (action 7)"}, {Field: "status", From: "active", To: "off", Cause: plan.CauseBroken},
	}}
	for policy, want := range map[fleet.DriftPolicy]string{
		"": "drift: correct)", fleet.DriftReport: "drift: correct)", fleet.DriftCorrect: "drift: replace)", fleet.DriftReplace: "put the change into the fleet file; details",
	} {
		desired := fleet.Fleet{Specs: []fleet.Spec{{Name: "odd", Rules: fleet.Rules{Drift: policy}}}}
		conditions, _ := of(desired, plan.Plan{Drift: []plan.Drift{d}}).From(Passes)
		if len(conditions) != 1 || !strings.Contains(conditions[0].Advice, want) {
			t.Errorf("drift: %s: %+v, want the advice %q", policy, conditions, want)
		}
		if s := "droplet 5 was changed outside arcadiad: size a -> b; droplet 5 is down: status active -> off (by resize (action 7))"; conditions[0].Summary != s {
			t.Errorf("summary %q\nwant    %q", conditions[0].Summary, s)
		}
	}
}

// A failure is told of after five minutes, and one that a wait does not mend at once. Until then it cannot be said whether passes fail.
func TestConditionOfFailingPasses(t *testing.T) {
	after := func(d time.Duration, err error) ([]Condition, []Kind) {
		return Of(Input{PassAt: noon, PassErr: err, Failing: noon, Now: noon.Add(d)}).From(Passes)
	}
	down := errors.New("no answer")
	if early, kinds := after(time.Minute, down); len(early) != 0 || len(kinds) != 0 {
		t.Errorf("the first failure is told at once: %+v, %v", early, kinds)
	}
	c, _ := after(failingAfter, down)
	if len(c) != 1 || !c[0].Since.Equal(noon) || !strings.Contains(c[0].Summary, "no answer") {
		t.Fatalf("after five minutes: %+v", c)
	}
	pinned, _ := after(0, fmt.Errorf("plan: %w", &plan.PinError{Pin: plan.PinFleet}))
	if len(pinned) != 1 || pinned[0].State == c[0].State {
		t.Errorf("another fleet is told at once, and apart: %+v", pinned)
	}
}

func TestConditionOfTheFile(t *testing.T) {
	bad := errors.New("fleet.yaml:1:1: half a file")
	if good, kinds := Of(Input{}).From(Versions); len(good) != 0 || len(kinds) != 1 {
		t.Errorf("a good file: %+v", good)
	}
	kept, _ := Of(Input{FileErr: bad, Desired: &fleet.Fleet{}}).From(Versions)
	none, _ := Of(Input{FileErr: bad}).From(Versions)
	if !strings.Contains(kept[0].Summary, "stays in force: "+bad.Error()) || !strings.Contains(none[0].Summary, "no fleet file is in force") {
		t.Errorf("%+v\n%+v", kept, none)
	}
}

func TestStuckConditionNamesSagaAndWayOut(t *testing.T) {
	s := aStuckSaga()
	state := func(s saga.Saga) string {
		c, _ := OfSaga(s)
		return c.State
	}
	c, _ := OfSaga(s)
	if c.Kind != Stuck || c.Subject != "web-1" || !strings.Contains(c.Summary, "saga 5f0c9a1e (ReplaceDroplet) is stuck at undoing WaitDropletActive: no answer") ||
		!strings.Contains(c.Advice, "arcadiad saga retry 5f0c9a1e") {
		t.Errorf("%+v", c)
	}
	s.Error = "no answer, request 77"
	if state(s) != c.State {
		t.Error("another error text is told anew")
	}
	s.Reverse = false
	if state(s) == c.State {
		t.Error("another direction is not told")
	}
}

// What failed is told with why and when it is tried again, once for all tries of the same, and is over when a try came through and not when
// one begins.
func TestConditionOfWhatFailed(t *testing.T) {
	held := func(by string) plan.Plan {
		return plan.Plan{Actions: []plan.Action{{Kind: plan.Provision, Name: "web-1", Held: by != "", HeldBy: by, HeldReason: "why"}}}
	}
	judge := func(p plan.Plan, journal []fleet.Saga) Set {
		p.Failed = plan.FailedOf(journal)
		return of(fleet.Fleet{}, p)
	}
	var state string
	for _, tt := range []struct {
		by, summary string
		tries       int
	}{
		{"backoff", "create failed once: no room; tried again at 12:01:00 UTC", 1},
		{"backoff", "create failed 3 times in a row: no room; tried again at 12:04:00 UTC", 3},
		{"", "create failed 2 times in a row: no room; being tried again", 2},
		{"max_droplets", "create failed once: no room; it now waits, held by max_droplets", 1},
	} {
		conditions, _ := judge(held(tt.by), tries("web-1", tt.tries)).From(Passes)
		if len(conditions) == 0 || conditions[0].Kind != Failed || conditions[0].Summary != tt.summary || !strings.Contains(conditions[0].Advice, "arcadiad why web-1") {
			t.Fatalf("held by %q: %+v, want %q", tt.by, conditions, tt.summary)
		}
		if tt.by == "backoff" && len(conditions) > 1 {
			t.Errorf("it is told twice: %+v", conditions)
		}
		if state != "" && state != conditions[0].State {
			t.Errorf("the next try is told anew: %s, before it %s", conditions[0].State, state)
		}
		state = conditions[0].State
	}
	b, r := NewBoard(), reader{}
	b.Replace(judge(held("backoff"), tries("web-1", 1)), Passes)
	r.hears(t, b, "raised failed web-1")
	b.Replace(judge(held(""), nil), Passes) // the journal of the pass is from before the try
	r.hears(t, b)
	b.Replace(judge(held("stalled"), tries("web-1", 3)), Passes)
	r.hears(t, b, "raised stalled web-1")
	b.Clear(Stalled, "web-1", "droplet 7 is active")
	if news := b.News(r); len(news) != 1 || news[0].What != Recovered || news[0].Well != "droplet 7 is active" {
		t.Errorf("told %+v", news)
	}
	b.Replace(judge(held("backoff"), tries("web-1", 1)), Passes)
	r.hears(t, b, "raised failed web-1", "recovered stalled web-1")
	b.Replace(of(fleet.Fleet{}, plan.Plan{}), Passes)
	r.hears(t, b, "recovered failed web-1")
}

// A saga that goes back is told of before it has ended, and afterwards with the time of the next try.
func TestAFailureIsToldBeforeAnyPass(t *testing.T) {
	s := saga.Saga{ID: "5f0c9a1e000000000000000000000000", Kind: fleet.SagaProvision, Subject: "web-1", Status: saga.Compensating, Reverse: true, Error: "the undoing fails too",
		History: []saga.StepTime{{Name: "CreateDroplet", Status: saga.StepDone}, {Name: "WaitDropletActive", Status: saga.StepFailed, Error: "it never came up"}},
		Labels:  map[string]string{fleet.LabelSpec: "cafe"}}
	back, ok := FailedNow(s, nil)
	if !ok || back.Summary != "create failed: it never came up; what it did is being undone" {
		t.Errorf("%+v", back)
	}
	s.Status, s.Error, s.EndedAt = saga.Compensated, "it never came up", noon
	ended, ok := FailedNow(s, []saga.Saga{s})
	if !ok || ended.Summary != "create failed once: it never came up; tried again at 12:01:00 UTC" || ended.State != back.State {
		t.Errorf("%+v", ended)
	}
	s.Superseded, s.Status = true, saga.Superseded
	if c, failed := FailedNow(s, []saga.Saga{s}); failed {
		t.Errorf("nobody asks for it any more: %+v", c)
	}
}
