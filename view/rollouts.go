package view

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

// Rollout is a change that goes, or went, through a group, as people and programs see it.
type Rollout struct {
	ID          string        `json:"id,omitempty"` // left out: it has not begun
	Group       string        `json:"group"`
	From        string        `json:"from"`
	To          string        `json:"to"`
	State       RolloutState  `json:"state"`
	HeldBy      string        `json:"held_by,omitempty"`
	Reason      string        `json:"reason,omitempty"` // why it is in that state, or does not go on now
	Members     plan.Standing `json:"members"`
	Desired     int           `json:"desired,omitempty"` // members of the group; from here to next_at, only of what the daemon's last plan tells of
	Serving     int           `json:"in_service,omitempty"`
	Ready       string        `json:"ready,omitempty"`
	Batch       int           `json:"batch,omitempty"`
	Batches     int           `json:"batches,omitempty"` // that are left, that one too
	SecondsLeft int           `json:"seconds_left,omitempty"`
	NextAt      time.Time     `json:"next_at,omitzero"`
	Failed      *plan.Failure `json:"failed,omitempty"`
	Approval    string        `json:"approval,omitempty"` // the plan that a person approved
	BeganAt     time.Time     `json:"began_at,omitzero"`
	EndedAt     time.Time     `json:"ended_at,omitzero"`

	change string // in words
}

// RolloutState is what a rollout is at.
type RolloutState string

const (
	RolloutWaits      RolloutState = "waiting" // for approval, a window, the next batch or something else that the reason tells
	RolloutRuns       RolloutState = "running"
	RolloutStopped    RolloutState = "stopped" // by a member that failed
	RolloutPaused     RolloutState = "paused"
	RolloutAborted    RolloutState = "aborted"
	RolloutDone       RolloutState = "done"
	RolloutSuperseded RolloutState = "superseded"
)

// RolloutOf is a rollout as it stands. How many are done comes from the journal, and all else from the last plan.
func RolloutOf(r control.Rollout) Rollout {
	v := Rollout{
		ID: r.ID, Group: r.Group, From: r.From, To: r.To, Reason: r.Reason, Failed: r.Failed, Approval: r.Approval, BeganAt: r.BeganAt, EndedAt: r.EndedAt,
		Members: plan.Standing{Total: len(r.Done) + len(r.Moving) + len(r.Waiting), Done: orEmpty(r.Done), Live: orEmpty(r.Moving), Next: []string{}, Waiting: orEmpty(r.Waiting)},
		change:  r.Change(),
	}
	stopped := r.Phase != fleet.RolloutRunning || r.Failed != nil
	p := r.Plan
	if p != nil && p.HeldBy == plan.HoldStopped && !stopped { // it was lifted since
		p = nil
	}
	if p != nil && r.Live() {
		v.Desired, v.Serving, v.Ready = p.Count, p.Serving, p.Probe
		v.Batch, v.Batches, v.SecondsLeft = p.Batch, p.Batches, int(p.Left.Seconds())
	}
	switch {
	case r.Phase != fleet.RolloutRunning:
		v.State = RolloutState(r.Phase)
	case r.Failed != nil:
		v.State, v.Reason = RolloutStopped, r.Failed.Why
	case p != nil && len(r.Moving) == 0 && p.Why != "":
		v.State, v.HeldBy, v.Reason, v.NextAt = RolloutWaits, p.HeldBy, p.Why, p.NextAt
	default:
		v.State = RolloutRuns
	}
	return v
}

func orEmpty(names []string) []string { return append([]string{}, names...) }

// RolloutsOf are rollouts as they stand.
func RolloutsOf(list []control.Rollout) []Rollout {
	views := make([]Rollout, len(list))
	for i, r := range list {
		views[i] = RolloutOf(r)
	}
	return views
}

// RolloutList is the rollouts of a state database, live ones first.
type RolloutList struct {
	Rows  []Rollout
	older int // that are left out
}

// RolloutListOf is the list of the live ones, and the latest that ended; all: every one that ended.
func RolloutListOf(rollouts []control.Rollout, all bool) RolloutList {
	l := RolloutList{Rows: RolloutsOf(rollouts)}
	ended := slices.IndexFunc(l.Rows, func(v Rollout) bool { return !v.EndedAt.IsZero() })
	if ended >= 0 && !all && len(l.Rows) > ended+latest {
		l.older = len(l.Rows) - ended - latest
		l.Rows = l.Rows[:ended+latest]
	}
	return l
}

// Text writes the list for people.
func (l RolloutList) Text(w io.Writer, now time.Time) error {
	return tabled(w, func(t *table) {
		if len(l.Rows) == 0 {
			t.row("There are no rollouts yet: no change has gone through a group.")
			return
		}
		rolloutRows(t, l.Rows, now, len(l.Rows), true)
		t.older(l.older)
	})
}

// rolloutRows writes one row for each of the first so many rollouts; wide: with what changes.
func rolloutRows(t *table, list []Rollout, now time.Time, most int, wide bool) {
	columns := []any{"ROLLOUT", "CHANGE", "DONE", "IN SERVICE", "BEGAN", "LEFT", "STATE"}
	cells := func(all ...any) []any {
		if wide {
			return all
		}
		return slices.Delete(all, 1, 2)
	}
	t.row(cells(columns...)...)
	for _, v := range list[:min(len(list), most)] {
		began, serving := "-", "-"
		if !v.BeganAt.IsZero() {
			began = ago(now, v.BeganAt)
		}
		if v.Desired > 0 {
			serving = fmt.Sprintf("%d of %d", v.Serving, v.Desired)
		}
		done := fmt.Sprintf("%d of %d", len(v.Members.Done), v.Members.Total)
		t.row(cells(v.Group, fleet.Fit(v.change, 60), done, serving, began, orNone(v.left()), v.inked(v.words(now)))...)
	}
	t.more(len(list), most)
}

// inked colours the words of a state.
func (v Rollout) inked(words string) any {
	switch v.State {
	case RolloutStopped, RolloutAborted:
		return red{words}
	case RolloutPaused:
		return yellow{words}
	}
	return words
}

// left is about how long the rest takes; empty: it does not go on by itself, or nobody knows.
func (v Rollout) left() string {
	if v.Batches == 0 || v.State != RolloutRuns && v.State != RolloutWaits {
		return ""
	}
	return estimate(time.Duration(v.SecondsLeft) * time.Second)
}

// words is the state in one line, with what to do about it where a person must.
func (v Rollout) words(now time.Time) string {
	hold := plan.Rollout{HeldBy: v.HeldBy}.Hold()
	switch v.State {
	case RolloutStopped:
		return fmt.Sprintf("stopped: %s failed %s (see: arcadiad rollout show %s)", v.Failed.Name, ago(now, v.Failed.At), v.Group)
	case RolloutPaused, RolloutAborted:
		words := v.Reason
		if len(v.Members.Live) > 0 {
			words += "; " + some(v.Members.Live) + " still under way"
		}
		return words + " (to go on: arcadiad rollout resume " + v.Group + ")"
	case RolloutDone:
		return "done in " + rough(v.EndedAt.Sub(v.BeganAt))
	case RolloutSuperseded:
		return "superseded: " + v.Reason
	case RolloutWaits:
		switch {
		case hold.Liftable && !hold.Waits:
			return "waiting for approval, held by " + v.HeldBy + " (see: arcadiad plan)"
		case v.HeldBy != "" && !hold.Waits:
			return "held by " + v.HeldBy + ": " + v.Reason
		}
		return v.Reason
	}
	return v.running()
}

// running says how far a rollout has come that goes on by itself.
func (v Rollout) running() string {
	words := "running"
	if last := v.Batch + v.Batches - 1; last > 1 {
		words += fmt.Sprintf(", batch %d of %d", min(v.Batch, last), last)
	}
	switch {
	case len(v.Members.Live) > 0:
		words += ": " + some(v.Members.Live) + " under way"
	case len(v.Members.Waiting) == 0:
		words = "all done; ends with the next pass"
	case v.Batch == 0:
		words = "begun; goes on with the next pass of a daemon or an apply"
	}
	return words
}

// RolloutDetail is a rollout with each of its members.
type RolloutDetail struct {
	Rollout
	Droplets []RolloutMember `json:"droplets"`
}

// RolloutMember is a droplet that a rollout changes.
type RolloutMember struct {
	Name      string `json:"name"`
	State     string `json:"state"`      // done, live, failed or waiting
	DropletID int64  `json:"droplet_id"` // the droplet that stands under the name now, as far as the journal tells
	Saga      string `json:"saga,omitempty"`
	Step      string `json:"step,omitempty"`
	Error     string `json:"error,omitempty"`
}

// RolloutDetailOf is a rollout with its members, by the sagas of the journal, oldest first.
func RolloutDetailOf(r control.Rollout, sagas []saga.Saga) RolloutDetail {
	d := RolloutDetail{Rollout: RolloutOf(r), Droplets: []RolloutMember{}}
	last := map[string]Saga{}
	for _, s := range sagas {
		if r.ID != "" && s.Labels[fleet.LabelRollout] == r.ID {
			last[fleet.Key(s.Subject)] = SagaOf(s, nil)
		}
	}
	for _, m := range r.Members {
		each := RolloutMember{Name: m.Name, State: "waiting", DropletID: m.DropletID}
		if s, begun := last[m.Name]; begun {
			each.Saga, each.Step, each.Error = s.ID, s.Step, s.Error
			if facts, err := fleet.FactsOf(s.Labels); err == nil && facts.DropletID != 0 && s.Status == saga.Completed {
				each.DropletID = facts.DropletID
			}
		}
		switch {
		case slices.Contains(r.Done, m.Name):
			each.State, each.Error = "done", ""
		case slices.Contains(r.Moving, m.Name):
			each.State = "live"
		case r.Failed != nil && fleet.Key(r.Failed.Name) == m.Name, last[m.Name].Status == saga.Compensated:
			each.State = "failed"
		}
		d.Droplets = append(d.Droplets, each)
	}
	return d
}

// Text writes the rollout for people: how it stands, how to go on, and its members.
func (d RolloutDetail) Text(w io.Writer, now time.Time) error {
	return tabled(w, func(t *table) {
		d.facts(t, now)
		t.row()
		t.row("MEMBER", "STATE", "DROPLET", "SAGA", "STEP", "ERROR")
		for _, m := range d.Droplets {
			t.row(m.Name, memberWords[m.State], m.DropletID, orNone(fleet.Saga8(m.Saga)), orNone(m.Step), fleet.Fit(m.Error, 160))
		}
		if words := d.onward(); len(words) > 0 {
			t.row()
			for _, line := range words {
				t.row(line)
			}
		}
	})
}

// memberWords are the states of members in words.
var memberWords = map[string]string{"done": "done", "live": "under way", "failed": "failed", "waiting": "waiting"}

func (d RolloutDetail) facts(t *table, now time.Time) {
	v := d.Rollout
	t.row("Rollout", strings.TrimSpace(v.Group+" "+v.ID))
	t.fact("Change", v.change)
	t.row("State", v.words(now))
	if v.State != RolloutStopped && v.State != RolloutWaits && v.HeldBy != "" {
		t.fact("Why", v.Reason)
	}
	done := fmt.Sprintf("%d of %d", len(v.Members.Done), v.Members.Total)
	if v.Batches > 0 && v.Batch+v.Batches > 2 {
		done += fmt.Sprintf(", batch %d of %d", min(v.Batch, v.Batch+v.Batches-1), v.Batch+v.Batches-1)
	}
	t.row("Done", done)
	if v.Desired > 0 {
		t.row("In service", fmt.Sprintf("%d of %d", v.Serving, v.Desired))
	}
	t.fact("Ready", v.Ready)
	t.fact("Left", v.left())
	if v.Approval != "" {
		t.row("Approved", "plan "+v.Approval)
	}
	t.fact("Began", when(now, v.BeganAt))
	t.fact("Ended", when(now, v.EndedAt))
	if f := v.Failed; f != nil {
		t.row("Failed", fmt.Sprintf("%s, %s: %s", f.Name, when(now, f.At), f.Why))
	}
}

// onward says what a person can do.
func (d RolloutDetail) onward() []string {
	resume, abort := "arcadiad rollout resume "+d.Group, "arcadiad rollout abort "+d.Group
	switch v := d.Rollout; v.State {
	case RolloutStopped:
		return []string{
			"To find out why: arcadiad saga show " + fleet.Saga8(v.Failed.Saga),
			"To go on: correct the stanza of " + v.Group + " in the fleet file, or try the same again: " + resume,
		}
	case RolloutPaused:
		return []string{"To go on: " + resume}
	case RolloutAborted:
		return []string{"To go on: change the stanza of " + v.Group + " in the fleet file, or: " + resume}
	case RolloutWaits:
		if hold := (plan.Rollout{HeldBy: v.HeldBy}).Hold(); hold.Liftable {
			return []string{"To let it go now: arcadiad plan, then arcadiad approve with the id that it shows"}
		}
	case RolloutRuns:
		return []string{"To begin no more members: arcadiad rollout pause " + v.Group + "; to turn back also what is under way: " + abort}
	}
	return nil
}

// RolloutOrdered tells people what became of their order.
func RolloutOrdered(w io.Writer, do control.RolloutVerb, r control.Rollout) error {
	v := RolloutOf(r)
	done := fmt.Sprintf("%d of %d done", len(v.Members.Done), v.Members.Total)
	var words string
	switch do {
	case control.PauseRollout:
		words = fmt.Sprintf("The rollout of %s is paused, %s.", v.Group, done)
		if len(v.Members.Live) > 0 {
			words += fmt.Sprintf(" What is under way is finished: %s.", some(v.Members.Live))
		}
		words += " To go on: arcadiad rollout resume " + v.Group
	case control.ResumeRollout:
		words = fmt.Sprintf("The rollout of %s goes on, %s.", v.Group, done)
	case control.AbortRollout:
		words = fmt.Sprintf("The rollout of %s is aborted, %s.", v.Group, done)
		if len(v.Members.Live) > len(r.Onward) {
			words += " What is under way goes back."
		}
		for _, p := range r.Onward {
			words += fmt.Sprintf(" %s cannot go back any more, and is finished (%s).", p.Name, p.Step)
		}
		words += " To go on: arcadiad rollout resume " + v.Group
	}
	_, err := fmt.Fprintln(w, words)
	return err
}
