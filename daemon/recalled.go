package daemon

import (
	"time"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
)

// recalled are the conditions that a state database tells of without a daemon: what failed, is stuck, is missing or is stopped; and what
// arcadiad pull wrote down. What only a look at the account or at the fleet file tells is not among them.
func recalled(st control.Status, recorded fleet.Recorded) []condition.Condition {
	in := condition.Input{Live: st.Sagas, Fetched: st.Fetched, Now: time.Now()}
	in.Plan.Failed = plan.FailedOf(recorded.Sagas)
	for _, r := range st.Rollouts {
		in.Plan.Rollouts = append(in.Plan.Rollouts, plan.Rollout{Rollout: r.Rollout, Done: r.Done, Live: r.Moving, Waiting: r.Waiting, Failed: r.Failed})
	}
	absences := map[int64]fleet.Absence{}
	for _, a := range recorded.Absences {
		absences[a.DropletID] = a
	}
	there := map[string]bool{} // names under which a droplet stands that is not absent
	for _, r := range recorded.Records {
		if _, absent := absences[r.DropletID]; !absent {
			there[fleet.Key(r.Name)] = true
		}
	}
	for _, r := range recorded.Records {
		switch a, absent := absences[r.DropletID]; {
		case !absent || there[fleet.Key(r.Name)]:
		case !a.GoneAt.IsZero():
			in.Plan.Actions = append(in.Plan.Actions, plan.Action{Kind: plan.Provision, Name: r.Name, Lost: []int64{r.DropletID}})
		default:
			in.Plan.Missing = append(in.Plan.Missing, plan.Missing{Name: r.Name, DropletID: r.DropletID, Since: a.Since, Again: true})
		}
	}
	return condition.Of(in).All()
}
