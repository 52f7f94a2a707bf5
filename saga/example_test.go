package saga_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"arcadiad/saga"
)

// A trip is a flight and a bed, or neither. Steps share a context, the trip; each writes down what it is about to do before it
// does it, and knows how to undo it. Here the hotel is full, so the flight is given back.
func Example() {
	type trip struct {
		Traveller, From, To string

		Ticket string // set before the ticket is bought, so that a crash in between does not buy it twice
	}

	var journal saga.Journal = &process{disk: newDisk()} // in life: the state database
	engine := saga.New(journal, saga.Options{
		Backoff: func(attempts int) time.Duration { return time.Millisecond },
	})

	tries := 0
	engine.Define("BookTrip",
		saga.Typed("BookFlight",
			func(ctx context.Context, run *saga.Run, t *trip) error {
				if t.Ticket == "" {
					t.Ticket = "ticket-of-" + t.Traveller
					if err := run.Checkpoint(ctx); err != nil {
						return err // the intent is not durable: buy nothing
					}
				}
				fmt.Println("buy", t.Ticket, "from", t.From, "to", t.To)
				return nil
			},
			func(ctx context.Context, run *saga.Run, t *trip) error {
				fmt.Println("give back", t.Ticket)
				return nil
			}),
		saga.Typed("BookBed",
			func(ctx context.Context, run *saga.Run, t *trip) error {
				if tries++; tries == 1 {
					return errors.New("the line is busy") // tried again, after a backoff
				}
				fmt.Println("ask for a bed in", t.To, "at try", tries)
				return nil
			},
			nil),
		saga.Typed("Confirm",
			func(ctx context.Context, run *saga.Run, t *trip) error {
				return saga.Permanent(errors.New("the hotel in " + t.To + " is full"))
			},
			nil),
	)

	// Resume carries on with what an earlier process left behind; its context is the lifetime of all sagas.
	lifetime, stop := context.WithCancel(context.Background())
	defer stop()
	if err := engine.Resume(lifetime); err != nil {
		fmt.Println(err)
		return
	}

	draft, err := engine.Draft("BookTrip", "ada", trip{Traveller: "ada", From: "Sydney", To: "Turin"}, nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := engine.Begin(lifetime, draft); err != nil {
		fmt.Println(err)
		return
	}
	engine.Wait() // until no saga is live

	live, err := journal.Live(lifetime)
	fmt.Println(len(live), "live sagas,", err)
	// Output:
	// buy ticket-of-ada from Sydney to Turin
	// ask for a bed in Turin at try 2
	// give back ticket-of-ada
	// 0 live sagas, <nil>
}
