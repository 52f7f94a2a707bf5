package control

import (
	"context"
	"slices"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// Past is a saga with the requests that were made for it.
type Past struct {
	saga.Saga
	Calls []fleet.Call
}

// mostPast is how many sagas of a name are told.
const mostPast = 20

// PastOf gives the latest sagas of a name, newest first.
func PastOf(ctx context.Context, s Service, name string) ([]Past, error) {
	sagas, err := s.Sagas(ctx, saga.Filter{Subject: name, Limit: mostPast})
	if err != nil {
		return nil, err
	}
	slices.Reverse(sagas)
	past := make([]Past, len(sagas))
	for i, g := range sagas {
		past[i].Saga = g
		if past[i].Calls, err = s.Calls(ctx, g.ID); err != nil {
			return nil, err
		}
	}
	return past, nil
}
