package plan

import (
	"encoding/json"
	"io"
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
	}
	actions := make([]action, len(p.Actions))
	for i, a := range p.Actions {
		actions[i] = action{a.Kind, a.Name, a.DropletID, a.Reason, list(a.Changes), a.Held, a.HeldBy, a.HeldReason, a.Approvable}
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
		Summary    Summary    `json:"summary"`
		ObservedAt time.Time  `json:"observed_at,omitzero"`
		Lapses     time.Time  `json:"lapses_at,omitzero"`
	}{
		p.ID, p.Fleet, p.Approved, actions, list(p.Drift), list(p.Pending), list(p.Released), list(p.InFlight), list(p.Warnings),
		p.Summary, p.ObservedAt, p.Lapses,
	})
}

func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
