package control

import (
	"context"
	"slices"

	"arcadiad/plan"
)

// Handed is what an adopt, a release or an undo came to.
type Handed struct {
	Transfers []plan.Transfer `json:"handovers"` // what was to be done, and what is refused
	Declined  bool            `json:"declined"`  // the person said no
	Waiting   bool            `json:"waiting"`   // all is begun, and waits for `arcadiad resume`
	Failed    []Progress      `json:"failed"`    // those that came to nothing, or are stuck

	Undone Undone `json:"undone,omitzero"`
}

// Assent is how an adopt, a release or an undo talks to the one who asked for it.
type Assent struct {
	// Confirm is asked once, before anything is written, unless all is refused, or is under way already.
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
	if u := may[0].Undoing; u == nil || u.Follows == "" {
		if yes, err := a.Confirm(handed.Transfers); err != nil || !yes {
			handed.Declined = err == nil
			return handed, err
		}
	}
	answer, err := s.Transfer(ctx, TransferRequest{q.Kind, q.Names, q.Droplet, may}, a.Progress)
	handed.Failed, handed.Waiting, handed.Undone = append(handed.Failed, answer.Failed...), answer.Waiting, answer.Undone
	return handed, err
}
