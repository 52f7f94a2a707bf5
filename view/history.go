package view

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// Deed is a plan that was carried out: the sagas that began together.
type Deed struct {
	Plan      string          `json:"plan"`
	At        time.Time       `json:"at"`
	EndedAt   time.Time       `json:"ended_at,omitzero"` // when the last of its sagas ended; left out while one is live
	Revision  *fleet.Revision `json:"revision,omitempty"`
	Kinds     map[string]int  `json:"kinds"` // how many sagas of each
	Names     []string        `json:"names"`
	Rollouts  []string        `json:"rollouts,omitempty"`  // the groups of more than one whose rollouts it is a part of
	Snapshots []string        `json:"snapshots,omitempty"` // that were taken of droplets before they went
	Completed int             `json:"completed"`
	Failed    int             `json:"failed"`
	Gone      int             `json:"superseded"`
	Live      int             `json:"live"`
	Stuck     int             `json:"stuck"`
}

// History is the plans that were carried out, newest first.
type History struct {
	Rows  []Deed
	older int // that are left out
}

// together is how far apart the sagas of one plan are drafted at most.
const together = 10 * time.Second

// HistoryOf puts sagas together that began together. They come with the oldest first. All: every plan, not just the latest.
func HistoryOf(sagas []saga.Saga, all bool) History {
	deeds := []Deed{}
	var last time.Time
	for _, s := range sagas {
		plan := s.Labels[fleet.LabelPlan]
		if n := len(deeds); n == 0 || deeds[n-1].Plan != plan || s.CreatedAt.Sub(last) > together {
			d := Deed{Plan: plan, At: s.CreatedAt, Kinds: map[string]int{}}
			if r, ok := fleet.RevisionOf(s.Labels); ok {
				d.Revision = &r
			}
			deeds = append(deeds, d)
		}
		last = s.CreatedAt
		deeds[len(deeds)-1].add(s)
	}
	for i := range deeds {
		if deeds[i].Live+deeds[i].Stuck > 0 {
			deeds[i].EndedAt = time.Time{}
		}
	}
	slices.Reverse(deeds)
	if all || len(deeds) <= latest {
		return History{Rows: deeds}
	}
	return History{deeds[:latest], len(deeds) - latest}
}

func (d *Deed) add(s saga.Saga) {
	d.Kinds[s.Kind]++
	d.Names = append(d.Names, s.Subject)
	if group := s.Labels[fleet.LabelGoesThrough]; group != "" && group != fleet.Key(s.Subject) && !slices.Contains(d.Rollouts, group) {
		d.Rollouts = append(d.Rollouts, group)
	}
	if snapshot := s.Labels[fleet.LabelSnapshot]; snapshot != "" {
		d.Snapshots = append(d.Snapshots, snapshot)
	}
	if s.EndedAt.After(d.EndedAt) {
		d.EndedAt = s.EndedAt
	}
	switch s.Status {
	case saga.Completed:
		d.Completed++
	case saga.Compensated:
		d.Failed++
	case saga.Superseded:
		d.Gone++
	case saga.Stuck:
		d.Stuck++
	default:
		d.Live++
	}
}

// Text writes the history for people.
func (h History) Text(w io.Writer, _ time.Time) error {
	return tabled(w, func(t *table) {
		if len(h.Rows) == 0 {
			t.row("Nothing was done yet.")
			return
		}
		t.row("WHEN", "PLAN", "WHAT", "OUTCOME", "FROM")
		for _, d := range h.Rows {
			t.row(d.At.Local().Format(time.DateTime), orNone(d.Plan), d.what(), d.outcome(), d.from())
		}
		t.older(h.older)
	})
}

// what says what was done, and to whom where that is short.
func (d Deed) what() string {
	var parts []string
	for _, kind := range []string{fleet.SagaProvision, fleet.SagaReplace, fleet.SagaDestroy, fleet.SagaPurge, fleet.SagaAdopt, fleet.SagaUpdate} {
		if n := d.Kinds[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", verbOf(kindOf(kind)), n))
		}
	}
	for _, asked := range []struct{ kind, verb string }{{fleet.SagaTakeOver, "adopt"}, {fleet.SagaRelease, "release"}, {fleet.SagaRestore, "undo"}} {
		if n := d.Kinds[asked.kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", asked.verb, n))
		}
	}
	words := strings.Join(parts, ", ")
	if len(d.Names) == 1 && len(parts) == 1 {
		words = strings.TrimSuffix(parts[0], " 1") + " " + d.Names[0]
	}
	if len(d.Rollouts) > 0 {
		words += " (rollout of " + some(d.Rollouts) + ")"
	}
	if len(d.Snapshots) > 0 {
		words += " (snapshot " + some(d.Snapshots) + ")"
	}
	return words
}

func (d Deed) outcome() string {
	open := enumerate([]count{{d.Failed, "failed"}, {d.Stuck, "stuck"}, {d.Live, "live"}, {d.Gone, "superseded"}})
	switch {
	case open != "":
		return fmt.Sprintf("%s, %d done", open, d.Completed)
	case !d.EndedAt.IsZero():
		return "done in " + rough(d.EndedAt.Sub(d.At))
	}
	return fmt.Sprintf("%d done", d.Completed)
}

// from is the commit, as far as it is known.
func (d Deed) from() string {
	r := d.Revision
	switch {
	case r == nil:
		return "-"
	case r.Commit == "":
		return "a file that was not committed"
	}
	changed := ""
	if r.Differs {
		changed = " (changed since)"
	}
	return fleet.Fit(fmt.Sprintf("%s %s: %s", r.Short(), r.Author, r.Subject), 70) + changed
}
