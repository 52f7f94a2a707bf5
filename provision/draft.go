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
	w := work{Fleet: fleetName, Name: a.Name, Drain: a.Drain, Ending: a.Ending}
	var (
		facts  fleet.Facts
		kind   string
		secret []byte
		steps  []string // those that it has of its kind; none: all
	)
	addSpec := func() {
		w.Spec, w.SpecHash = a.Spec, a.Spec.Hash()
		secret = []byte(a.Spec.UserData)
		w.Spec.UserData = ""
		facts.SpecHash = w.SpecHash
	}
	takeNamesakes := func() {
		w.Namesakes, w.Witnessed = before.IDs, before.Witnessed
		facts.Creates = w.creates()
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
		kind, steps = fleet.SagaProvision, provisionSteps(a.Spec)
		takeNamesakes()
		w.Lost = a.Lost
		addSpec()
		facts.GroupHash = a.Spec.GroupHash()
	case plan.Replace:
		if a.Spec.Rules.Order == fleet.DestroyFirst { // the next pass makes the other one
			kind, steps = fleet.SagaDestroy, endingSteps(w.Drain, w.Ending)
			err = addLicense()
			facts.DropletID, facts.SpecHash = a.DropletID, a.Spec.Hash()
			break
		}
		kind, steps = fleet.SagaReplace, append(provisionSteps(a.Spec), endingSteps(w.Drain, w.Ending)...)
		takeNamesakes()
		addSpec()
		facts.GroupHash = a.Spec.GroupHash()
		err = addLicense()
		facts.Replaces = a.DropletID
	case plan.Adopt:
		kind = fleet.SagaAdopt
		w.DropletID, w.Maker = a.DropletID, a.Record.SagaID
		addSpec()
		facts.DropletID = a.DropletID
	case plan.Destroy:
		kind, steps = fleet.SagaDestroy, endingSteps(w.Drain, w.Ending)
		err = addLicense()
		facts.DropletID = a.DropletID
	case plan.Purge:
		err = addLicense()
		facts.DropletID = a.DropletID
		if err == nil {
			return e.Draft(fleet.SagaPurge, fleet.Key(fleet.PurgeName(a.Name, a.DropletID)), w, nil, facts.Labels())
		}
	case plan.Update:
		if !a.Alter.Downtime() {
			w.Drain = fleet.Drain{}
		}
		kind, steps = fleet.SagaUpdate, updateSteps(a.Alter, w.Drain)
		w.DropletID, w.Maker = a.DropletID, a.Record.SagaID
		w.Record, w.Alter = &a.Record, a.Alter
		addSpec()
		secret = nil // what is altered needs no user data
		facts.DropletID, facts.Downtime = a.DropletID, a.Alter.Downtime()
	default:
		err = fmt.Errorf("unknown action %q", a.Kind)
	}
	if err != nil {
		return saga.Saga{}, fmt.Errorf("%s %s: %w", a.Kind, a.Name, err)
	}
	return e.Draft(kind, fleet.Key(a.Name), w, secret, facts.Labels(), steps...)
}

// DraftTransfer makes the saga that adopts, releases or brings back a droplet, as a person asked; it is not yet written.
func DraftTransfer(e *saga.Engine, fleetName string, h plan.Transfer) (saga.Saga, error) {
	if h.Refused != "" || h.DropletID == 0 {
		return saga.Saga{}, fmt.Errorf("%s %s: %s", h.Kind, h.Name, h.Refused)
	}
	w := work{Fleet: fleetName, Name: h.Name, DropletID: h.DropletID}
	facts := fleet.Facts{DropletID: h.DropletID}
	switch h.Kind {
	case plan.TakeOver:
		w.Spec, w.SpecHash, w.Record, w.Returned = h.Spec, h.Spec.Hash(), h.Record, h.Returned
		w.Spec.UserData = ""
		facts.SpecHash = w.SpecHash
		return e.Draft(fleet.SagaTakeOver, fleet.Key(h.Name), w, []byte(h.Spec.UserData), facts.Labels())
	case plan.Release:
		w.Free = h.Another || h.Heir != 0
		if h.Record != nil {
			w.Maker = h.Record.SagaID
		}
		return e.Draft(fleet.SagaRelease, fleet.Key(h.Name), w, nil, facts.Labels())
	case plan.Undo:
		kept := h.Undoing.Kept
		w.Restore = &restoring{Kept: kept, Successor: h.Undoing.Successor, Record: h.Record, Address: h.Undoing.Address}
		w.Maker, w.Spec, w.SpecHash = kept.Record.SagaID, h.Spec, h.Spec.Hash()
		w.Spec.UserData = ""
		labels := facts.Labels()
		if id := h.Undoing.Successor; id != 0 {
			labels[fleet.LabelReleases] = strconv.FormatInt(id, 10)
		}
		return e.Draft(fleet.SagaRestore, fleet.Key(h.Name), w, nil, labels, restoringSteps(w.Restore)...)
	}
	return saga.Saga{}, fmt.Errorf("%s %s: this is no transfer", h.Kind, h.Name)
}

// choice is a step of a kind, and whether a saga has it.
type choice struct {
	step string
	has  bool
}

func chosen(all ...choice) (steps []string) {
	for _, c := range all {
		if c.has {
			steps = append(steps, c.step)
		}
	}
	return steps
}

// provisionSteps are the steps that make a droplet.
func provisionSteps(s fleet.Spec) []string {
	return chosen(
		choice{"CreateDroplet", true},
		choice{waitStep, true},
		choice{"AssignProject", s.Project != ""},
		choice{"WaitDropletReady", s.Ready != nil},
		choice{"AssignAddress", s.ReservedIP != "" && s.ReservedIP != fleet.NoAddress},
		choice{"RegisterDroplet", true},
	)
}

// endingSteps are the steps that end a droplet. One that is kept is switched off in any case, and taken out of its name.
func endingSteps(d fleet.Drain, e fleet.Ending) []string {
	return chosen(
		choice{"DrainDroplet", len(d.Tags) > 0},
		choice{"ShutdownDroplet", !e.Hard || e.Keep > 0},
		choice{"SnapshotDroplet", e.Snapshot},
		choice{"QuarantineDroplet", e.Keep > 0},
		choice{"DestroyDroplet", e.Keep == 0},
	)
}

// restoringSteps are the steps that bring a droplet back.
func restoringSteps(r *restoring) []string {
	return chosen(
		choice{"RetagDroplet", true},
		choice{"AssignAddress", r.Address != ""},
		choice{"UntagDroplet", r.Successor != 0},
		choice{"RegisterDroplet", true},
		choice{"PowerOnDroplet", true},
		choice{"WaitDropletReady", true},
	)
}

// updateSteps are the steps of an update that changes this, in the order of UpdateDroplet.
func updateSteps(a fleet.Alteration, d fleet.Drain) []string {
	drains := a.Downtime() && len(d.Tags) > 0
	return chosen(
		choice{"ProtectDroplet", a.Protection},
		choice{"RetagDroplet", len(a.Tag)+len(a.Untag) > 0},
		choice{"RenameDroplet", a.Name != ""},
		choice{"SwitchBackups", a.Backups != nil},
		choice{"EnableIPv6", a.IPv6},
		choice{"AssignAddress", a.Assign != "" || a.Unassign != ""},
		choice{"DrainDroplet", drains},
		choice{"PowerOffDroplet", a.Size != ""},
		choice{"ResizeDroplet", a.Size != ""},
		choice{"PowerOnDroplet", a.Size != "" || a.PowerOn},
		choice{"UndrainDroplet", drains},
		choice{"RecordDroplet", true},
	)
}
