package control

import (
	"context"
	"slices"

	"arcadiad/plan"
)

// Handed is what an adopt or a release came to.
type Handed struct {
	Transfers []plan.Transfer `json:"handovers"` // what was to be done, and what is refused
	Declined  bool            `json:"declined"`  // the person said no
	Waiting   bool            `json:"waiting"`   // all is begun, and waits for `arcadiad resume`
	Failed    []Progress      `json:"failed"`    // those that came to nothing, or are stuck
}

// Assent is how an adopt or a release talks to the one who asked for it.
type Assent struct {
	// Confirm is asked once, before anything is written, unless all is refused.
	Confirm func([]plan.Transfer) (bool, error)
	// Progress is told of every transition of the sagas.
	Progress func(Progress)
}

// Transfer asks what an offer would do, has a person agree, does it and waits for its sagas.
func Transfer(ctx context.Context, s Service, q OfferRequest, a Assent) (handed Handed, err error) {
	offered, err := s.Offer(ctx, q)
	if err != nil {
		return Handed{}, err
	}
	handed = Handed{Transfers: append([]plan.Transfer{}, offered...), Failed: []Progress{}}
	may := slices.DeleteFunc(slices.Clone(handed.Transfers), func(t plan.Transfer) bool { return t.Refused != "" })
	if len(may) == 0 {
		return handed, nil
	}
	if yes, err := a.Confirm(handed.Transfers); err != nil || !yes {
		handed.Declined = err == nil
		return handed, err
	}
	answer, err := s.Transfer(ctx, TransferRequest{q.Kind, q.Names, may}, a.Progress)
	handed.Failed, handed.Waiting = append(handed.Failed, answer.Failed...), answer.Waiting
	return handed, err
}
