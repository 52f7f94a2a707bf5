package plan

import (
	"errors"
	"fmt"

	"arcadiad/fleet"
)

// ErrNoFleet says that no fleet is in force, so that nothing can be planned. An absent fleet is not an empty one: the empty one
// destroys everything.
var ErrNoFleet = errors.New("no fleet is in force: fix the fleet file first (arcadiad validate)")

// ErrNotWhole says that the observation is not one that a plan may be built upon.
var ErrNotWhole = errors.New("the account was not read completely: nothing can be planned from it")

// The pins of [PinError].
const (
	PinAccount   = "account"    // the database belongs to another account
	PinSimulated = "simulated"  // the database belongs to a simulated account and this one is real, or the reverse
	PinFleet     = "fleet"      // the database belongs to another fleet
	PinFile      = "fleet file" // the fleet file names another account
)

// PinError says that the fleet, the database and the account do not belong together (law 10). Every write stops, creates too.
type PinError struct {
	Pin    string // which of the pins
	Pinned string // what it is pinned to
	Got    string
}

func (e *PinError) Error() string {
	switch e.Pin {
	case PinAccount:
		return fmt.Sprintf("the state database belongs to account %s, and the token to account %s: use the token of the first, or another --state", e.Pinned, e.Got)
	case PinSimulated:
		return fmt.Sprintf("the state database belongs to a %s account, and this one is %s: use another --state, or check --simulate", e.Pinned, e.Got)
	case PinFleet:
		return fmt.Sprintf("the state database belongs to fleet %s, and the fleet file is for fleet %s: use another --state, or correct `fleet:`", e.Pinned, e.Got)
	}
	return fmt.Sprintf("the fleet file is for account %s, and the token belongs to account %s: use another token, or correct `account:`", e.Pinned, e.Got)
}

// checkPins refuses inputs that do not belong together. A pin that is not set yet is no mismatch: this is its first use.
func checkPins(desired fleet.Fleet, recorded fleet.Recorded, account fleet.Account) error {
	switch {
	case recorded.Account != "" && recorded.Simulated != account.Simulated:
		return &PinError{PinSimulated, realness(recorded.Simulated), realness(account.Simulated)}
	case recorded.Account != "" && recorded.Account != account.UUID:
		return &PinError{PinAccount, recorded.Account, account.UUID}
	case recorded.Fleet != "" && recorded.Fleet != desired.Name:
		return &PinError{PinFleet, recorded.Fleet, desired.Name}
	case desired.Account != "" && desired.Account != account.UUID:
		return &PinError{PinFile, desired.Account, account.UUID}
	}
	return nil
}

func realness(simulated bool) string {
	if simulated {
		return "simulated"
	}
	return "real"
}
