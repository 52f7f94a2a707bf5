package fleet

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Facts are what stays known of a saga when its context is gone. They lie in the saga's labels.
type Facts struct {
	SpecHash  string    // Spec.Hash of what it provisions or updates; of a destroy: of what replaces the droplet, empty for nothing
	GroupHash string    // Spec.GroupHash of what it makes; empty: it makes none, or is of a version that did not say
	DropletID int64     // the droplet that it made, adopted or destroys; 0: none (yet)
	Replaces  int64     // the droplet that a replace takes down; 0: not a replace
	IP        string    // public IPv4 address of the droplet that it made
	Undone    bool      // it made a droplet that had to be destroyed again
	Downtime  bool      // its droplet is off while it runs
	Corrects  bool      // it puts back what somebody changed behind arcadiad's back
	Retried   bool      // it ended, and a person said to try again: it and the failures before it hold nothing any more
	Copied    bool      // the database was copied while the saga was live, and the other copy may have gone on with it
	TagGone   bool      // its tag is not in the account any more
	Approval  string    // id of the plan that a person approved; empty: no approval was needed
	Grants    []int64   // Grant.ID of each approval that is used up with the saga's beginning
	SweptAt   time.Time // when the removal of its tag was last about to be sent; zero: never yet
	Snapshot  string    // the name of the snapshot that was taken of the droplet before it went; empty: none was
	KeptUntil time.Time // until when the droplet is kept that it took out of its name; zero: it kept none
	Rollout   string    // Rollout.ID of the rollout that it is a part of; empty: none
	Creates   Creates
}

// Approved tells whether a person approved what the saga does.
func (f Facts) Approved() bool { return f.Approval != "" }

// The labels of the facts. They are in databases out there, and never renamed.
const (
	LabelSpec      = "spec"
	LabelGroup     = "group_spec"
	LabelDroplet   = "droplet"
	LabelReplaces  = "replaces"
	LabelIP        = "ip"
	LabelUndone    = "undone"
	LabelDowntime  = "downtime"
	LabelCorrects  = "corrects"
	LabelRetried   = "retried"
	LabelCopied    = "copied"
	LabelApproval  = "approval"
	LabelGrants    = "grants"
	LabelSwept     = "swept"
	LabelTagGone   = "tag_gone"
	LabelSnapshot  = "snapshot"
	LabelKeptUntil = "kept_until"
	LabelRollout   = "rollout"
	LabelSent      = "sent"
	LabelAnswered  = "answered"
	LabelNamesakes = "namesakes" // absent where they are not witnessed
)

// fact is one fact and its label.
type fact struct {
	label string
	write func(*Facts) (value string, known bool)
	read  func(f *Facts, value string) error
}

// facts is the one table of facts.
var facts = []fact{
	textFact(LabelSpec, func(f *Facts) *string { return &f.SpecHash }),
	textFact(LabelGroup, func(f *Facts) *string { return &f.GroupHash }),
	numberFact(LabelDroplet, func(f *Facts) *int64 { return &f.DropletID }),
	numberFact(LabelReplaces, func(f *Facts) *int64 { return &f.Replaces }),
	textFact(LabelIP, func(f *Facts) *string { return &f.IP }),
	boolFact(LabelUndone, func(f *Facts) *bool { return &f.Undone }),
	boolFact(LabelDowntime, func(f *Facts) *bool { return &f.Downtime }),
	boolFact(LabelCorrects, func(f *Facts) *bool { return &f.Corrects }),
	boolFact(LabelRetried, func(f *Facts) *bool { return &f.Retried }),
	boolFact(LabelCopied, func(f *Facts) *bool { return &f.Copied }),
	textFact(LabelApproval, func(f *Facts) *string { return &f.Approval }),
	idsFact(LabelGrants, func(f *Facts) *[]int64 { return &f.Grants }),
	timeFact(LabelSwept, func(f *Facts) *time.Time { return &f.SweptAt }),
	boolFact(LabelTagGone, func(f *Facts) *bool { return &f.TagGone }),
	textFact(LabelSnapshot, func(f *Facts) *string { return &f.Snapshot }),
	timeFact(LabelKeptUntil, func(f *Facts) *time.Time { return &f.KeptUntil }),
	textFact(LabelRollout, func(f *Facts) *string { return &f.Rollout }),
	numberFact(LabelSent, func(f *Facts) *int { return &f.Creates.Sent }),
	idsFact(LabelAnswered, func(f *Facts) *[]int64 { return &f.Creates.Answered }),
	{LabelNamesakes, func(f *Facts) (string, bool) {
		return joinIDs(f.Creates.Namesakes), f.Creates.Witnessed
	}, func(f *Facts, value string) (err error) {
		f.Creates.Witnessed = true
		f.Creates.Namesakes, err = splitIDs(value)
		return err
	}},
}

// Labels gives the labels of the facts that are known, and of these in any case.
func (f Facts) Labels(anyway ...string) map[string]string {
	labels := map[string]string{}
	for _, x := range facts {
		if value, known := x.write(&f); known || slices.Contains(anyway, x.label) {
			labels[x.label] = value
		}
	}
	return labels
}

// FactsOf reads what Labels gave.
func FactsOf(labels map[string]string) (f Facts, err error) {
	err = f.Read(labels)
	return f, err
}

// Read reads what Labels gave, as far as that can be read. Sagas of older versions have fewer labels.
func (f *Facts) Read(labels map[string]string) error {
	var bad []error
	for _, x := range facts {
		if value, there := labels[x.label]; there {
			if err := x.read(f, value); err != nil {
				bad = append(bad, fmt.Errorf("label %s: %w", x.label, err))
			}
		}
	}
	if len(bad) > 0 {
		f.Creates = Creates{} // fewer droplets than it knew of would prove more
	}
	return errors.Join(bad...)
}

func textFact(label string, in func(*Facts) *string) fact {
	return fact{label, func(f *Facts) (string, bool) { return *in(f), *in(f) != "" }, func(f *Facts, value string) error {
		*in(f) = value
		return nil
	}}
}

func boolFact(label string, in func(*Facts) *bool) fact {
	return fact{label, func(f *Facts) (string, bool) {
		if *in(f) {
			return "true", true
		}
		return "", false
	}, func(f *Facts, value string) error {
		*in(f) = value == "true"
		return nil
	}}
}

func numberFact[N int | int64](label string, in func(*Facts) *N) fact {
	return fact{label, func(f *Facts) (string, bool) { return strconv.FormatInt(int64(*in(f)), 10), *in(f) != 0 }, func(f *Facts, value string) error {
		if value == "" {
			return nil
		}
		n, err := strconv.ParseInt(value, 10, 64)
		if err == nil {
			*in(f) = N(n)
		}
		return err
	}}
}

func idsFact(label string, in func(*Facts) *[]int64) fact {
	return fact{label, func(f *Facts) (string, bool) { return joinIDs(*in(f)), len(*in(f)) > 0 }, func(f *Facts, value string) (err error) {
		*in(f), err = splitIDs(value)
		return err
	}}
}

func timeFact(label string, in func(*Facts) *time.Time) fact {
	return fact{label, func(f *Facts) (string, bool) { return in(f).UTC().Format(time.RFC3339), !in(f).IsZero() }, func(f *Facts, value string) (err error) {
		if value == "" {
			return nil
		}
		*in(f), err = time.Parse(time.RFC3339, value)
		return err
	}}
}
