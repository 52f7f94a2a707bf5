package provision

import (
	"errors"
	"fmt"
	"strconv"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

// Namesakes are the droplets that bear a name before a create is sent: what an unanswered create made is told apart by not being one of
// them.
type Namesakes struct {
	IDs       []int64
	Witnessed bool // they are from a whole listing that showed every registered droplet
}

// Draft makes the saga that carries out one action of a plan; it is not yet written. Before are the droplets that bear the action's name
// already.
func Draft(e *saga.Engine, fleetName string, a plan.Action, before Namesakes) (saga.Saga, error) {
	w := work{Fleet: fleetName, Name: a.Name}
	labels := map[string]string{}
	var (
		kind   string
		secret []byte
		steps  []string // those that it has of its kind; none: all
	)
	addSpec := func() {
		w.Spec, w.SpecHash = a.Spec, a.Spec.Hash()
		secret = []byte(a.Spec.UserData)
		w.Spec.UserData = ""
		labels[fleet.LabelSpec] = w.SpecHash
	}
	takeNamesakes := func() {
		w.Namesakes, w.Witnessed = before.IDs, before.Witnessed
		w.creates().SetLabels(func(label, value string) { labels[label] = value })
	}
	addLicense := func() error {
		w.License = a.License
		if _, ok := a.License.Droplet(); !ok {
			return errors.New("the plan gave no license to destroy")
		}
		return nil
	}
	var err error
	switch a.Kind {
	case plan.Provision:
		kind = fleet.SagaProvision
		takeNamesakes()
		w.Lost = a.Lost
		addSpec()
		labels[fleet.LabelGroup] = a.Spec.GroupHash()
	case plan.Replace:
		if a.Spec.Rules.Order == fleet.DestroyFirst { // the next pass makes the other one
			kind = fleet.SagaDestroy
			err = addLicense()
			labels[fleet.LabelDroplet], labels[fleet.LabelSpec] = strconv.FormatInt(a.DropletID, 10), a.Spec.Hash()
			break
		}
		kind = fleet.SagaReplace
		takeNamesakes()
		addSpec()
		labels[fleet.LabelGroup] = a.Spec.GroupHash()
		err = addLicense()
		labels[fleet.LabelReplaces] = strconv.FormatInt(a.DropletID, 10)
	case plan.Adopt:
		kind = fleet.SagaAdopt
		w.DropletID, w.Maker = a.DropletID, a.Record.SagaID
		addSpec()
		labels[fleet.LabelDroplet] = strconv.FormatInt(a.DropletID, 10)
	case plan.Destroy:
		kind = fleet.SagaDestroy
		err = addLicense()
		labels[fleet.LabelDroplet] = strconv.FormatInt(a.DropletID, 10)
	case plan.Update:
		kind, steps = fleet.SagaUpdate, updateSteps(a.Alter)
		w.DropletID, w.Maker = a.DropletID, a.Record.SagaID
		w.Record, w.Alter = &a.Record, a.Alter
		addSpec()
		secret = nil // what is altered needs no user data
		if a.Alter.Downtime() {
			labels[fleet.LabelDowntime] = "true"
		}
		labels[fleet.LabelDroplet] = strconv.FormatInt(a.DropletID, 10)
	default:
		err = fmt.Errorf("unknown action %q", a.Kind)
	}
	if err != nil {
		return saga.Saga{}, fmt.Errorf("%s %s: %w", a.Kind, a.Name, err)
	}
	return e.Draft(kind, fleet.Key(a.Name), w, secret, labels, steps...)
}

// DraftTransfer makes the saga that claims or releases a droplet, as a person asked; it is not yet written.
func DraftTransfer(e *saga.Engine, fleetName string, h plan.Transfer) (saga.Saga, error) {
	if h.Refused != "" || h.DropletID == 0 {
		return saga.Saga{}, fmt.Errorf("%s %s: %s", h.Kind, h.Name, h.Refused)
	}
	w := work{Fleet: fleetName, Name: h.Name, DropletID: h.DropletID}
	labels := map[string]string{fleet.LabelDroplet: strconv.FormatInt(h.DropletID, 10)}
	switch h.Kind {
	case plan.TakeOver:
		w.Spec, w.SpecHash, w.Record, w.Returned = h.Spec, h.Spec.Hash(), h.Record, h.Returned
		w.Spec.UserData = ""
		labels[fleet.LabelSpec] = w.SpecHash
		return e.Draft(fleet.SagaTakeOver, fleet.Key(h.Name), w, []byte(h.Spec.UserData), labels)
	case plan.Release:
		w.Free = h.Another
		if h.Record != nil {
			w.Maker = h.Record.SagaID
		}
		return e.Draft(fleet.SagaRelease, fleet.Key(h.Name), w, nil, labels)
	}
	return saga.Saga{}, fmt.Errorf("%s %s: this is no transfer", h.Kind, h.Name)
}
