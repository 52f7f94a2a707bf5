package control

import (
	"context"
	"io"

	"arcadiad/doctor"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

// Service is all that commands ask for: of a running daemon, or of their own process where none runs. [Client] asks either one.
type Service interface {
	// Status gives what the state database knows, and how the daemon is.
	Status(ctx context.Context) (Status, error)
	// Changed waits until more happened than was seen, but not for long, and gives what there is to see by then.
	Changed(ctx context.Context, seen int64) (int64, error)
	// Sagas gives the sagas that pass the filter, oldest first, without their secrets.
	Sagas(ctx context.Context, f saga.Filter) ([]saga.Saga, error)
	// Saga finds a saga by its id, or by the first digits of it.
	Saga(ctx context.Context, id string) (saga.Saga, error)
	// Calls gives the API requests that were made for a saga.
	Calls(ctx context.Context, sagaID string) ([]fleet.Call, error)
	// Plan looks at the account, and gives the plan for the fleet file. It writes nothing to the account.
	Plan(ctx context.Context, q PlanRequest) (plan.Plan, error)
	// Apply carries out a plan that was asked for with Plan, and waits for its sagas.
	Apply(ctx context.Context, q ApplyRequest, progress func(Progress)) (ApplyAnswer, error)
	// Offer gives what a transfer of droplets would do.
	Offer(ctx context.Context, q OfferRequest) ([]plan.Transfer, error)
	// Transfer does what a person agreed to of an offer, and waits for its sagas.
	Transfer(ctx context.Context, q TransferRequest, progress func(Progress)) (TransferAnswer, error)
	// Import writes the fleet file of a new fleet, for droplets that are there. It only looks at the account.
	Import(ctx context.Context, q ImportRequest) (Imported, error)
	// Sync takes one inventory of the account, and gives how many droplets it saw.
	Sync(ctx context.Context) (droplets int, err error)
	// Missed has the daemon look for itself, after somebody else's look lacked a registered droplet.
	Missed(ctx context.Context) error
	// Approve lets through, once, what is held in the plan of that id: each action, for the facts that the plan shows. A daemon checks that
	// it is the present plan, and carries it out. Without one the next apply or run does, within a day, if it is still the plan.
	Approve(ctx context.Context, planID string) error
	// Pause stops all writes to the account, or starts them again.
	Pause(ctx context.Context, paused bool) error
	// Retry makes a saga try now. One that ended undone is forgiven, so that its name may be tried again.
	Retry(ctx context.Context, sagaID string) error
	// Abort makes a saga go back, unless a step that cannot be undone has begun.
	Abort(ctx context.Context, sagaID string) error
	// Rollouts gives the changes that go through groups, and those that went: live ones first, and of each kind the newest first.
	Rollouts(ctx context.Context) ([]Rollout, error)
	// OrderRollout pauses, resumes or aborts the live rollout of a group, and tells of it.
	OrderRollout(ctx context.Context, q RolloutOrder) (Rollout, error)
	// Token gives the daemon another API token.
	Token(ctx context.Context, token string) error
	// Doctor examines what the daemon lives on.
	Doctor(ctx context.Context, q DoctorRequest) (doctor.Report, error)
	// Backup gives a consistent copy of the state database.
	Backup(ctx context.Context) (io.ReadCloser, error)
}

// DoctorRequest asks for an examination.
type DoctorRequest struct {
	Notify bool `json:"notify,omitempty"` // a test message is sent to the webhook, too
}

// ImportRequest says which droplets a fleet file is to describe: those that pass all of it.
type ImportRequest struct {
	Fleet string `json:"fleet"`
	Tag   string `json:"tag,omitempty"`  // they show this tag; empty: whatever they show
	Name  string `json:"name,omitempty"` // a pattern as of path.Match that their name matches, whatever its letter case; empty: any name
}

// Imported is a fleet file for droplets that are there.
type Imported struct {
	File    []byte  `json:"file"`
	Taken   []int64 `json:"taken"`    // the droplets that it describes, by id
	LeftOut int     `json:"left_out"` // how many it does not, for the reasons at its end
}

// PlanRequest asks for a plan.
type PlanRequest struct {
	Hash  string `json:"hash,omitempty"`  // of the fleet file to plan for; empty: the one in force
	Apply bool   `json:"apply,omitempty"` // an apply follows: what waits for time alone goes ahead
	Only
}

// Only says what an apply is for, where it is not for all that the file asks for.
type Only struct {
	Names   []string `json:"names,omitempty"`   // of droplets and groups; none: all
	Replace bool     `json:"replace,omitempty"` // the droplet of the one name is to be replaced, though it is as the file asks
}

// ApplyRequest names the plan that a person said yes to.
type ApplyRequest struct {
	Plan string `json:"plan"`
	Only
	Droplet int64 `json:"droplet,omitempty"` // of a replace: that the plan was for
	Approve bool  `json:"approve,omitempty"` // the person has read what holds it, too, and lets it through as far as that may be
}

// ApplyAnswer is what an apply came to.
type ApplyAnswer struct {
	Failed  []Progress // sagas that ended undone, or are stuck
	Remains plan.Plan
}

// OfferRequest says which droplets are to change hands.
type OfferRequest struct {
	Hash  string    `json:"hash,omitempty"` // of the fleet file; empty: the one in force
	Kind  plan.Kind `json:"kind"`
	Names []string  `json:"names,omitempty"` // none, to take over: all that the file asks for

	Droplet int64 `json:"droplet,omitempty"` // of an undo: which one of those that are kept under the name; 0: the newest
}

// TransferRequest is an offer that a person agreed to.
type TransferRequest struct {
	Kind    plan.Kind    `json:"kind"`
	Names   []string     `json:"names,omitempty"`
	Droplet int64        `json:"droplet,omitempty"` // as in the offer
	Agreed  TransferList `json:"agreed"`            // what the person said yes to, and nothing else
}

// Undone is what an undo came to.
type Undone struct {
	Released int64  `json:"released,omitempty"` // the droplet that had the name: it goes on running, and is billed; 0: there was none
	Unready  string `json:"unready,omitempty"`  // why the droplet that is back does not serve yet; empty: it does
}

// TransferAnswer is what a transfer came to.
type TransferAnswer struct {
	Failed  []Progress `json:"failed,omitempty"`  // those that came to nothing, or are stuck
	Waiting bool       `json:"waiting,omitempty"` // all is begun, and waits for `arcadiad resume`
	Undone  Undone     `json:"undone,omitzero"`
}
