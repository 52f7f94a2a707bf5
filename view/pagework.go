package view

import (
	"fmt"
	"slices"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

// pageChange is a field before and after.
type pageChange struct{ Field, From, To, Note string }

func pageChanges(changes []plan.FieldChange) (list []pageChange) {
	for _, c := range changes {
		list = append(list, pageChange{c.Field, shown(c.From), shown(c.To), comesAlong(c) + noticed(c)})
	}
	return list
}

// pageWait is what the plan is to do and does not now: a rollout as one thing, or actions alike.
type pageWait struct {
	Name, Does, Why string // who, what is to be done, and why it is
	Lines           []string
	Changes         []pageChange
	badge
	Reason, Advice string // why it waits, and how it goes on
}

// waitsOf are what waits in a plan. What only waits for its turn in a rollout is told of with the rollout.
func waitsOf(p plan.Plan) (list []pageWait) {
	for _, part := range partsOf(p) {
		for _, run := range part.runs {
			a := run[0]
			if !a.Held || part.rollout != nil && a.InTurn() && part.rollout.ID != "" {
				continue
			}
			w := pageWait{
				Name: spanOf(run), Does: deed(part.rollout, run), Why: motive(run), Lines: sideEffects(run), Changes: pageChanges(changesOf(run)),
				badge: badge{heldBy(a), toneWait}, Reason: clean(a.HeldReason),
			}
			if r := part.rollout; r != nil {
				w.Lines = append([]string{"rollout of " + r.Group + ": " + course(*r)}, w.Lines...)
			}
			if c := costOf(run); c != 0 {
				w.Lines = append(w.Lines, c.Signed()+" a month")
			}
			switch hold := a.Hold(); {
			case !hold.Waits:
				w.Advice = hold.Advice(p.ID)
			case a.Approvable:
				w.Advice = "to go ahead before the window opens: arcadiad approve " + p.ID
			}
			list = append(list, w)
		}
	}
	return list
}

// costOf is what a run of actions adds to the price of the fleet in a month.
func costOf(run []plan.Action) (sum fleet.Money) {
	for _, a := range run {
		sum += a.Cost.Monthly
	}
	return sum
}

// pageRollout is a change on its way through a group.
type pageRollout struct {
	Group, Change string
	badge
	Words, Left   string
	Done, Total   int
	Serving       string
	Next, Waiting string
	Failed        *plan.Failure
	Onward        []string
	BeganAt       time.Time
}

func rolloutParts(list []Rollout) (parts []pageRollout) {
	tones := map[RolloutState]string{
		RolloutRuns: toneBusy, RolloutStopped: toneBad, RolloutWaits: toneWait, RolloutPaused: toneWait, RolloutAborted: toneWait, RolloutDone: toneGood,
	}
	for _, v := range list {
		p := pageRollout{
			Group: v.Group, Change: fleet.OneLine(v.change), badge: badge{string(v.State), tones[v.State]}, Left: v.left(),
			Done: len(v.Members.Done), Total: v.Members.Total, Waiting: some(v.Members.Waiting), BeganAt: v.BeganAt,
		}
		if v.Desired > 0 {
			p.Serving = fmt.Sprintf("%d of %d", v.Serving, v.Desired)
		}
		if v.State == RolloutStopped {
			p.Failed, p.Onward = v.Failed, RolloutDetail{Rollout: v}.onward()
		} else {
			p.Words = v.words(time.Time{}) // only what is stopped tells how long ago
		}
		parts = append(parts, p)
	}
	return parts
}

// pageStep is a step of a saga.
type pageStep struct{ Name, Tone, Word string }

func stepsOf(v Saga) (steps []pageStep) {
	tones := map[saga.StepStatus]string{saga.StepDone: toneGood, saga.StepRunning: toneBusy, saga.StepFailed: toneBad, saga.StepCompensated: toneWait}
	for _, s := range v.Steps {
		tone := tones[s.Status]
		if tone == "" {
			tone = toneCalm
		}
		steps = append(steps, pageStep{s.Name, tone, string(s.Status)})
	}
	return steps
}

// pageSaga is a saga that is under way, or neighbours that stand alike.
type pageSaga struct {
	Name, Path, Does string
	badge
	Step, Error string
	Steps       []pageStep
	BeganAt     time.Time
	NextAt      time.Time // the next try; zero: now
	Advice      string
}

// sagaParts puts neighbours that stand alike together: stuck ones first.
func sagaParts(sagas []Saga) (parts []pageSaga) {
	sagas = slices.Clone(sagas)
	slices.SortStableFunc(sagas, func(a, b Saga) int {
		if n := rank(a) - rank(b); n != 0 {
			return n
		}
		return fleet.CompareNames(a.Name, b.Name)
	})
	same := func(a, b Saga) bool {
		return a.Kind == b.Kind && a.Status == b.Status && a.Step == b.Step && a.Back == b.Back && a.Error == b.Error && a.Attempts == b.Attempts
	}
	for _, run := range runs(sagas, func(v Saga) string { return v.Name }, same) {
		v := run[0]
		p := pageSaga{
			Name: fleet.Span(v.Name, run[len(run)-1].Name), Does: being[v.Kind], badge: sagaState(v), Error: fleet.Fit(v.Error, 301),
			Steps: stepsOf(v), BeganAt: v.CreatedAt,
		}
		if v.Attempts > 0 {
			p.NextAt = v.NotBefore
		}
		if v.Step != "" {
			p.Step = fmt.Sprintf("step %d of %d", v.StepNo, len(v.Steps))
			if doing := fleet.Doing(v.Step, v.Labels); doing != "" {
				p.Step += ", " + doing
			}
		}
		if len(run) > 1 {
			p.Does = fmt.Sprintf("%d droplets are %s", len(run), p.Does)
		} else {
			p.Path = pathOf(v.Name)
			p.Does = "is " + p.Does
		}
		if v.Status == saga.Stuck {
			id := fleet.Saga8(v.ID)
			p.Advice = fmt.Sprintf("details: arcadiad saga show %s; to retry: arcadiad saga retry %[1]s; to give up: arcadiad saga abort %[1]s", id)
		}
		parts = append(parts, p)
	}
	return parts
}

// liveOf gives the live saga of each name.
func liveOf(sagas []Saga) map[string]Saga {
	live := map[string]Saga{}
	for _, s := range sagas {
		if s.Status.Live() {
			live[fleet.Key(s.Name)] = s
		}
	}
	return live
}

// being says what a live saga does to its droplet.
var being = map[string]string{
	fleet.SagaProvision: "being made", fleet.SagaReplace: "being replaced", fleet.SagaDestroy: "being destroyed", fleet.SagaPurge: "being destroyed",
	fleet.SagaAdopt: "being adopted", fleet.SagaTakeOver: "being adopted", fleet.SagaUpdate: "being changed", fleet.SagaRelease: "being released",
	fleet.SagaRestore: "being brought back",
}

// sagaState is a saga's state in a word or two.
func sagaState(s Saga) badge {
	switch {
	case s.Status == saga.Stuck:
		return badge{"stuck", toneBad}
	case s.Status == saga.Completed:
		return badge{"completed", toneGood}
	case s.Status == saga.Compensated:
		return badge{"failed and undone", toneBad}
	case !s.Status.Live():
		return badge{string(s.Status), toneCalm}
	case s.Back:
		return badge{"being undone", toneWait}
	case s.Attempts > 0:
		return badge{fmt.Sprintf("%s failed", fleet.Counted(s.Attempts, "try")), toneWait}
	}
	return badge{string(s.Status), toneBusy}
}
