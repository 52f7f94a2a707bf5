package control

import (
	"arcadiad/doctor"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

// The calls of the protocol. An arcadiad that speaks another one is told by its paths: they begin with another version.
var (
	statusCall   = call[struct{}, Status]{path: "/v2/status"}
	changedCall  = call[int64, int64]{path: "/v2/changed"}
	sagasCall    = call[saga.Filter, []saga.Saga]{path: "/v2/sagas"}
	sagaCall     = call[string, saga.Saga]{path: "/v2/saga"}
	callsCall    = call[string, []fleet.Call]{path: "/v2/calls"}
	planCall     = call[PlanRequest, wirePlan]{path: "/v2/plan"}
	applyCall    = call[ApplyRequest, wireApplyAnswer]{path: "/v2/apply"}
	offerCall    = call[OfferRequest, []plan.Transfer]{path: "/v2/offer", most: maxTransfer}
	transferCall = call[TransferRequest, TransferAnswer]{path: "/v2/transfer", most: maxTransfer}
	importCall   = call[ImportRequest, Imported]{path: "/v2/import"}
	syncCall     = call[struct{}, int]{path: "/v2/sync"}
	missedCall   = call[struct{}, struct{}]{path: "/v2/missed"}
	approveCall  = call[string, struct{}]{path: "/v2/approve"}
	pauseCall    = call[bool, struct{}]{path: "/v2/pause"}
	retryCall    = call[string, struct{}]{path: "/v2/retry"}
	abortCall    = call[string, struct{}]{path: "/v2/abort"}
	rolloutsCall = call[struct{}, []Rollout]{path: "/v2/rollouts"}
	rolloutCall  = call[RolloutOrder, Rollout]{path: "/v2/rollout"}
	tokenCall    = call[string, struct{}]{path: "/v2/token"}
	doctorCall   = call[DoctorRequest, doctor.Report]{path: "/v2/doctor"}
)

// backupPath answers with the copy itself.
const backupPath = "/v2/backup"

// wirePlan is a plan as the socket carries it: whole, so that the other end can render it, unlike its JSON for programs.
type wirePlan plan.Plan

// toWire leaves out the texts of user_data, which nobody needs to render a plan.
func toWire(p plan.Plan) wirePlan {
	actions := make([]plan.Action, len(p.Actions))
	copy(actions, p.Actions)
	for i := range actions {
		actions[i].Spec.UserData = ""
	}
	p.Actions = actions
	return wirePlan(p)
}

// wireApplyAnswer is an [ApplyAnswer].
type wireApplyAnswer struct {
	Failed  []Progress `json:"failed,omitempty"`
	Remains wirePlan   `json:"remains"`
}
