package control

import (
	"time"

	"arcadiad/condition"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// Status is what a state database knows, and how the daemon on it is.
type Status struct {
	Meta       fleet.Meta       `json:"meta"`
	Resources  []fleet.Resource `json:"resources"` // every droplet that was ever seen
	Sagas      []saga.Saga      `json:"sagas"`     // live ones
	Rollouts   []Rollout        `json:"rollouts"`  // that are under way, by group
	Deviations []fleet.Drift    `json:"deviations"`
	Daemon     *Live            `json:"daemon,omitempty"`  // nil: none runs, or it does not answer, or it stands by
	Standby    int              `json:"standby,omitempty"` // the process of a daemon that stands by, while another host leads; 0: none
	Fetched    *fleet.Fetched   `json:"fetched,omitempty"` // what arcadiad pull did last; nil: the fleet file does not come by it, or that is not known

	// Conditions are what needs attention: all that the daemon knows of, or what the state database alone tells.
	Conditions []condition.Condition `json:"conditions"`

	DaemonError string `json:"-"` // why a daemon that is there was not asked
}

// Owners tells whose droplets are. The saga that made a droplet is mostly named by a record; find asks the journal for the others.
func (st Status) Owners(find func(saga8 string) (saga.Saga, error)) fleet.Owners {
	makers := map[string]bool{}
	for _, r := range st.Resources {
		if r.Recorded && r.SagaID != "" {
			makers[fleet.Saga8(r.SagaID)] = true
		}
	}
	return fleet.Owners{Fleet: st.Meta.Fleet, Made: func(saga8 string) bool {
		if makers[saga8] {
			return true
		}
		s, err := find(saga8)
		return err == nil && fleet.Saga8(s.ID) == saga8 && fleet.Saga{Kind: s.Kind}.Makes()
	}}
}

// Live is how a running daemon is, beyond what the state database knows.
type Live struct {
	PID       int       `json:"pid"`
	Pass      time.Time `json:"pass"` // when the last pass began; zero before the first has ended
	Trigger   string    `json:"trigger"`
	PassError string    `json:"pass_error,omitempty"`
	FileError string    `json:"file_error,omitempty"` // why the newest version of the fleet file is not in force
	InForce   string    `json:"in_force,omitempty"`   // hash of the fleet file in force
	Writes    string    `json:"writes,omitempty"`     // why the write gate is shut; empty: it is open
	Limit     int       `json:"limit"`                // requests an hour
	Remaining int       `json:"remaining"`
	Plan      string    `json:"plan,omitempty"` // id of the last plan
	Held      int       `json:"held"`
	Drifted   int       `json:"drifted"`

	Revision *fleet.Revision     `json:"revision,omitempty"` // of the fleet file that the last plan is for; null: it is not in git
	Waiting  []condition.Waiting `json:"waiting"`            // what that plan is to do and does not now, for whatever reason

	HeldBack    []condition.HeldBack `json:"held_back"`              // what waits for a person or a change
	Approvable  bool                 `json:"approvable"`             // arcadiad approve would let some of it through
	KeptMonthly fleet.Money          `json:"kept_monthly,omitempty"` // US dollars for what is in quarantine, as far as it is known
	KeepMonthly fleet.Money          `json:"keep_monthly,omitempty"` // US dollars that it keeps droplets for, as far as it is known
}
