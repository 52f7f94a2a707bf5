package state

import (
	"errors"
	"fmt"
	"strings"

	"arcadiad/fleet"
)

// Pinned tells whether a store may be used for an account and a fleet, as far as it is pinned. ErrPinned: one of them is another, and
// the error says which, and what to do.
func Pinned(m fleet.Meta, account fleet.Account, fleetName string) error {
	switch {
	case account.UUID == "":
		return errors.New("the account has no uuid to pin the database to")
	case m.Account != "" && m.Simulated != account.Simulated:
		return fmt.Errorf("%w account: %s is pinned to %s account %s, the token's is %s account %s (give each its own --state)",
			ErrPinned, m.Path, nature(m.Simulated), m.Account, nature(account.Simulated), account.UUID)
	case m.Account != "" && !strings.EqualFold(m.Account, account.UUID):
		return fmt.Errorf("%w account: %s is pinned to account %s, the token's is %s (use a token of the pinned account, or another --state)",
			ErrPinned, m.Path, m.Account, account.UUID)
	case fleetName != "" && m.Fleet != "" && m.Fleet != fleetName:
		return fmt.Errorf("%w fleet: %s is pinned to fleet %s, the file says %s (put the name back, or use another --state)",
			ErrPinned, m.Path, m.Fleet, fleetName)
	}
	return nil
}

func nature(simulated bool) string {
	if simulated {
		return "the simulated"
	}
	return "the real"
}
