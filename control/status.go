package control

import (
	"arcadiad/fleet"
	"arcadiad/saga"
)

// Status is what a state database knows, and how the daemon on it is.
type Status struct {
	Meta       fleet.Meta       `json:"meta"`
	Resources  []fleet.Resource `json:"resources"` // every droplet that was ever seen
	Sagas      []saga.Saga      `json:"sagas"`     // live ones
	Deviations []fleet.Drift    `json:"deviations"`
	Daemon     *Live            `json:"daemon,omitempty"` // nil: none runs, or it does not answer

	DaemonError string `json:"-"` // why a daemon that is there was not asked
}
