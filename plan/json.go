package plan

import (
	"encoding/json"
	"io"
	"math"
	"time"
)

// JSON writes the plan for programs, indented, with a newline at the end. Lists are never null.
func (p Plan) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(p)
}

// MarshalJSON gives the contract's shape of a plan. Licences, specs and records stay inside.
func (p Plan) MarshalJSON() ([]byte, error) {
	type action struct {
		Action     Kind          `json:"action"`
		Name       string        `json:"name"`
		DropletID  int64         `json:"droplet_id,omitempty"`
		Reason     string        `json:"reason"`
		Changes    []FieldChange `json:"changes"`
		Held       bool          `json:"held"`
		HeldBy     string        `json:"held_by"`
		HeldReason string        `json:"held_reason"`
		Approvable bool          `json:"approvable"`
		Keep       float64       `json:"keep_monthly,omitempty"` // US dollars
	}
	actions := make([]action, len(p.Actions))
	for i, a := range p.Actions {
		actions[i] = action{a.Kind, a.Name, a.DropletID, a.Reason, list(a.Changes), a.Held, a.HeldBy, a.HeldReason, a.Approvable, cents(a.KeepMonthly)}
	}
	return json.Marshal(struct {
		ID         string     `json:"id"`
		Fleet      string     `json:"fleet"`
		Approved   bool       `json:"approved"`
		Actions    []action   `json:"actions"`
		Drift      []Drift    `json:"drift"`
		Pending    []Drift    `json:"pending"`
		Released   []Released `json:"released"`
		InFlight   []InFlight `json:"in_flight"`
		Warnings   []string   `json:"warnings"`
		Keep       float64    `json:"keep_monthly,omitempty"` // US dollars, all that is held back
		Summary    Summary    `json:"summary"`
		ObservedAt time.Time  `json:"observed_at,omitzero"`
		Lapses     time.Time  `json:"lapses_at,omitzero"`
	}{
		p.ID, p.Fleet, p.Approved, actions, list(p.Drift), list(p.Pending), list(p.Released), list(p.InFlight), list(p.Warnings),
		cents(p.KeepMonthly()), p.Summary, p.ObservedAt, p.Lapses,
	})
}

// cents rounds away the noise of prices that were summed up (do-api.md, section 8).
func cents(dollars float64) float64 { return math.Round(dollars*100) / 100 }

func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
