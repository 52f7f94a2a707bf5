package control

import (
	"errors"
	"strings"
	"testing"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// Status asks the journal whose a droplet is that shows nothing but a saga's tag, as a plan does: the saga may have ended and left no record.
func TestLaw01StatusKnowsTheMakersOfTheJournal(t *testing.T) {
	const ended, adopting, recorded = "0123abcd01234567", "4567abcd01234567", "89ababcd01234567"
	journal := []saga.Saga{{ID: ended, Kind: fleet.SagaProvision, Status: saga.Compensated}, {ID: adopting, Kind: fleet.SagaAdopt}}
	st := Status{Meta: fleet.Meta{Fleet: "demo"}, Resources: []fleet.Resource{{DropletID: 1, Recorded: true, SagaID: recorded}}}
	owners := st.Owners(func(saga8 string) (saga.Saga, error) {
		for _, s := range journal {
			if strings.HasPrefix(s.ID, saga8) {
				return s, nil
			}
		}
		return saga.Saga{}, errors.New("no such saga")
	})
	for tag, want := range map[string]fleet.State{
		fleet.SagaTag(ended): fleet.StateUntracked, fleet.SagaTag(recorded): fleet.StateUntracked, fleet.FleetTag("demo"): fleet.StateUntracked,
		fleet.SagaTag(adopting): fleet.StateForeign, "arcadia-saga-ffffffff": fleet.StateForeign, "arcadia-saga-01": fleet.StateForeign,
	} {
		if got := (fleet.Resource{Tags: []string{fleet.ManagedTag, tag}}).State(owners); got != want {
			t.Errorf("%s: %s, want %s", tag, got, want)
		}
	}
}
