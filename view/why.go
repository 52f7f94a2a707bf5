package view

import (
	"fmt"
	"io"
	"time"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
)

// Story is what is known of a name.
type Story struct {
	Name     string                 `json:"name"`
	Droplets []Droplet              `json:"droplets"` // that bear it, or were recorded under it
	Held     *condition.HeldBack    `json:"held"`     // what waits for a person or a change; null: nothing
	Drift    []condition.Difference `json:"drift"`    // what is not as the fleet file asks, and whose doing that is
	Sagas    []Saga                 `json:"sagas"`    // newest first
}

// StoryOf takes out of a status what is about a name, beside its sagas, which come with the newest first.
func StoryOf(name string, st Status, past []control.Past) Story {
	s := Story{Name: fleet.Key(name), Droplets: []Droplet{}, Drift: []condition.Difference{}, Sagas: make([]Saga, len(past))}
	for i, p := range past {
		s.Sagas[i] = SagaOf(p.Saga, p.Calls)
	}
	about := map[int64]bool{} // droplets that were renamed outside arcadiad
	for _, d := range st.Drift {
		if renamed := d.Field == "name" && fleet.Key(d.To) == s.Name && d.Cause == plan.CauseOutside; renamed || fleet.Key(d.Name) == s.Name {
			s.Drift, about[d.DropletID] = append(s.Drift, d), true
		}
	}
	for _, d := range st.Droplets {
		if fleet.Key(d.Name) == s.Name || about[d.ID] {
			s.Droplets = append(s.Droplets, d)
		}
	}
	for _, h := range st.heldBack() {
		if fleet.Key(h.Name) == s.Name {
			s.Held = &h
		}
	}
	return s
}

// Empty tells whether nothing is known of the name.
func (s Story) Empty() bool {
	return len(s.Droplets) == 0 && len(s.Sagas) == 0 && s.Held == nil && len(s.Drift) == 0
}

// Text tells the story to people: how things are, then how the last saga went, then the sagas before it.
func (s Story) Text(w io.Writer, now time.Time) error {
	return tabled(w, func(t *table) {
		for _, d := range s.Droplets {
			t.row("Droplet", d.text(now))
		}
		for _, d := range s.Drift {
			t.row("Drift", differenceText(d, now))
		}
		if s.Held != nil {
			t.row("Held", fmt.Sprintf("%s, by %s: %s", s.Held.Action, s.Held.By, s.Held.Reason))
		}
		if len(s.Sagas) == 0 {
			words := "none: arcadiad did nothing under this name"
			if len(s.Drift) > 0 && fleet.Key(s.Drift[0].Name) != s.Name {
				words += " (see: arcadiad why " + s.Drift[0].Name + ")"
			}
			t.row("Sagas", words)
			return
		}
		cause(t, s.Sagas[0], now)
		t.row()
		s.Sagas[0].timeline(t)
		if len(s.Sagas) > 1 {
			t.row()
			t.row("Before that:")
			most := len(s.Sagas)
			if t.screen.Height > 0 {
				most = mostShown
			}
			t.all = "arcadiad why " + s.Name
			sagaRows(t, s.Sagas[1:], now, most)
		}
	})
}

// text is a droplet in one line.
func (d Droplet) text(now time.Time) string {
	switch d.Bearing {
	case fleet.StateDeleted:
		return fmt.Sprintf("%d, gone since %s", d.ID, when(now, d.Deleted))
	case fleet.StateMissing:
		return fmt.Sprintf("%d, missing from the account since %s (when it is created again: arcadiad plan)", d.ID, when(now, d.Missing))
	case fleet.StateKept:
		return fmt.Sprintf("%d, %s, kept until %s (to bring it back: arcadiad undo %s)", d.ID, d.Status, stamp(d.Until), d.Name)
	}
	words := fmt.Sprintf("%d, %s, %s, %s, %s", d.ID, d.Bearing, d.Status, d.Region, orNone(d.PublicIP))
	if d.ReservedIP != "" {
		words += ", reserved IP " + d.ReservedIP
	}
	return words
}

// cause is why a saga was begun, and what it came to.
func cause(t *table, v Saga, now time.Time) {
	t.row("From", v.origin())
	t.fact("Plan", v.planned())
	t.fact("Rollout", v.rollout())
	words := fmt.Sprintf("%s, %s: %s", fleet.Saga8(v.ID), v.Kind, v.Status)
	if v.Status.Live() {
		words += ", began " + ago(now, v.CreatedAt)
	} else {
		words += " in " + rough(v.EndedAt.Sub(v.CreatedAt)) + ", " + ago(now, v.EndedAt)
	}
	t.row("Saga", words)
	t.fact("Error", v.Error)
}
