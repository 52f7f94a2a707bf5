package state

import (
	"fmt"
	"strconv"
	"time"

	"arcadiad/fleet"
)

// Describe fills in what the labels of a saga say to a plan, as far as they can be read.
func Describe(f *fleet.Saga, labels map[string]string) error {
	f.SpecHash, f.GroupHash = labels[fleet.LabelSpec], labels[fleet.LabelGroup]
	f.Undone = labels[fleet.LabelUndone] == "true"
	f.Downtime, f.Corrects = labels[fleet.LabelDowntime] == "true", labels[fleet.LabelCorrects] == "true"
	f.Retried, f.Approved = labels[fleet.LabelRetried] == "true", labels[fleet.LabelApproval] != ""
	f.TagGone = labels[fleet.LabelTagGone] == "true"
	var err error
	if f.Creates, err = fleet.CreatesOf(labels); err != nil {
		return err
	}
	if v := labels[fleet.LabelSwept]; v != "" {
		at, err := time.Parse(time.RFC3339, v)
		if err != nil {
			return fmt.Errorf("label %s: %w", fleet.LabelSwept, err)
		}
		f.SweptAt = at
	}
	for label, into := range map[string]*int64{fleet.LabelDroplet: &f.DropletID, fleet.LabelReplaces: &f.Replaces} {
		if v := labels[label]; v != "" {
			id, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return fmt.Errorf("label %s: %w", label, err)
			}
			*into = id
		}
	}
	return nil
}
