package saga

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Saga is one row of the journal: a durable piece of work in named steps.
type Saga struct {
	ID      string            `json:"ID"`      // 32 hex digits; the first 8 are unique in a journal
	Kind    string            `json:"Kind"`    // what its steps were put together for
	Subject string            `json:"Subject"` // what it works on; at most one live saga has it
	Labels  map[string]string `json:"Labels"`  // small facts for those who only look; they stay when the context is gone

	Status      Status          `json:"Status"`
	Reverse     bool            `json:"Reverse"`    // going back: compensating, or stuck while compensating
	Superseded  bool            `json:"Superseded"` // it goes back because it is no longer asked for, not because it failed
	Steps       []string        `json:"Steps"`      // step names, frozen when the saga began
	Step        int             `json:"Step"`       // index of the current step; len(Steps) when all are done
	Begun       bool            `json:"Begun"`      // the current step has checkpointed, or going back was done: something outside may have happened
	Attempts    int             `json:"Attempts"`   // failed tries of the current step in the current direction
	NotBefore   time.Time       `json:"NotBefore"`  // of the next try; zero: at once
	Error       string          `json:"Error"`      // the last error; of a saga that ended undone, why it went back
	Context     json.RawMessage `json:"Context"`    // shared by the steps
	Secret      []byte          `json:"Secret"`     // leaves the journal when the saga ends
	CreatedAt   time.Time       `json:"CreatedAt"`
	UpdatedAt   time.Time       `json:"UpdatedAt"`
	EndedAt     time.Time       `json:"EndedAt"` // zero while live
	History     []StepTime      `json:"History"`
	Rows        []any           `json:"-"`           // committed with its beginning, as those of a step are with its result; gone after that
	Undecodable string          `json:"Undecodable"` // why the row could not be read whole; such a saga is stuck, alone
}

// StepTime is the history of one step.
type StepTime struct {
	Name      string     `json:"Name"`
	Status    StepStatus `json:"Status"`
	Attempts  int        `json:"Attempts"`
	Error     string     `json:"Error"`
	StartedAt time.Time  `json:"StartedAt"`
	EndedAt   time.Time  `json:"EndedAt"`
}

// StepStatus is the state of one step.
type StepStatus string

const (
	StepPending     StepStatus = "pending"
	StepRunning     StepStatus = "running"
	StepDone        StepStatus = "done"
	StepFailed      StepStatus = "failed"
	StepCompensated StepStatus = "compensated"
)

// Status is the state of a saga.
type Status string

const (
	Pending      Status = "pending"      // written, not started
	Running      Status = "running"      // going forward
	Compensating Status = "compensating" // going back
	Stuck        Status = "stuck"        // needs a person, or patience: retried with backoff
	Completed    Status = "completed"
	Compensated  Status = "compensated" // failed, and everything undone
	Superseded   Status = "superseded"  // no longer asked for, and everything undone
)

// Live tells whether a saga in this state still holds its subject.
func (s Status) Live() bool { return s != Completed && s != Compensated && s != Superseded }

// Filter chooses sagas; the zero filter means all.
type Filter struct {
	Live    bool   `json:"Live"`    // only those that have not ended
	Subject string `json:"Subject"` // only those for this subject, in whatever letter case
	Limit   int    `json:"Limit"`   // only the newest so many; 0: no limit
}

// Journal keeps sagas durably. The engine has one; it is the only way by which it remembers anything.
type Journal interface {
	// Begin writes new sagas with their Rows, all or none. ErrLive where a subject has a live saga; ErrID where the first 8 digits of an id are
	// taken already.
	Begin(ctx context.Context, sagas ...Saga) error
	// Commit writes the saga's present state and the rows of its step in one durable transaction. The Secret of an ended saga is
	// erased from the file.
	Commit(ctx context.Context, s Saga, rows []any) error
	// Live gives the sagas that have not ended, oldest first. A row that cannot be read whole comes with Undecodable set.
	Live(ctx context.Context) ([]Saga, error)
}

var (
	// ErrLive says that a subject has a live saga already.
	ErrLive = errors.New("a saga for this subject is live")
	// ErrID says that the first 8 hex digits of a saga's id are taken; a new id mends it.
	ErrID = errors.New("saga id prefix is taken")
)
