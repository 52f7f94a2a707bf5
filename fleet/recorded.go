package fleet

import (
	"cmp"
	"slices"
	"time"
)

// Recorded is all that the state database knows and a plan needs, loaded in one read transaction before the cloud is looked at.
type Recorded struct {
	Account   string // uuid that the database is pinned to; empty: not yet
	Simulated bool   // the pinned account is a simulated one
	Fleet     string // fleet that the database is pinned to; empty: not yet
	Paused    bool   // `arcadiad pause` is in force
	Records   []Record
	Sagas     []Saga  // every saga of the journal, oldest first
	Known     []Known // rows of cloud_resources that are not marked deleted

	Registrations []Registration // of every droplet that was ever registered or released, by id
	FirstLook     int64          // the highest droplet id of the first look that was saved, at least 1; 0: none was saved yet

	Approved []string // ids of plans that a person approved without a daemon, less than GrantLasts ago, and that no pass has seen since
	Lapsed   []string // the same, longer ago
	Grants   []Grant  // approvals that were not used yet, oldest first; some may have lapsed

	Absences []Absence // droplets that the last look lacked, by id; proved gone ones only as long as they have a record
	Ended    []int64   // droplets that were marked deleted within the last day: a listing may still show them

	Rollouts []Rollout // live ones, at most one of each group

	Quarantine []Quarantined // by droplet id

	// Deviations are what the last pass saw of registered droplets that was not as recorded.
	Deviations []Deviation

	// Hurry is not stored: a person asked for this pass (apply, SIGHUP, an edit), so no backoff holds it (law 14).
	Hurry bool
	// Scope is not stored either: what a person asks of this pass beside what the file asks.
	Scope Scope
}

// MadeNothing reports whether the database is new, or was lost: its journal has done nothing but adopt what was there. What a look has shown
// and was adopted says nothing of the droplets that it left out (law 7).
func (r Recorded) MadeNothing() bool {
	return !slices.ContainsFunc(r.Sagas, func(s Saga) bool { return s.Kind != SagaAdopt && s.Kind != SagaTakeOver && s.Kind != SagaPurge })
}

// Deviation is one field of a registered droplet that is not as recorded: somebody changed it, or it is broken.
type Deviation struct {
	DropletID int64     `json:"DropletID"`
	Field     string    `json:"Field"`
	Seen      string    `json:"Seen"`  // the value that the droplet shows, canonical
	Since     time.Time `json:"Since"` // when the first look that showed it began
	By        string    `json:"By"`    // the action that did it, in words; empty: not known, or no action leads to it
	Asked     bool      `json:"Asked"` // its actions were looked through: By is all that there is to know
}

// Drift is a deviation with what is recorded of it: what `arcadiad status` shows.
type Drift struct {
	Deviation
	Name     string `json:"Name"`     // that the droplet is recorded under
	Recorded string `json:"Recorded"` // the value that it should show, canonical
}

// Known is a droplet that was seen at some time and not proved gone since.
type Known struct {
	DropletID   int64
	Name        string
	FirstSeenAt time.Time
	LastSeenAt  time.Time
	CreatedAt   time.Time // when it was made, by the API; zero: not known
	Digest      Digest    // of the data that is kept of it; zero: none is
}

// Made is when the droplet was made: by the API, else when it was first seen.
func (k Known) Made() time.Time { return cmp.Or(k.CreatedAt, k.FirstSeenAt) }

// Saga is what a plan needs to know of a saga; package saga has the whole of it.
type Saga struct {
	ID        string
	Kind      string // one of the Saga… kinds below
	Name      string // the droplet name that it works for
	Status    string // as in package saga
	Live      bool   // pending, running, compensating or stuck: its name is taken
	Step      string
	Error     string
	CreatedAt time.Time
	EndedAt   time.Time // zero while live

	Facts
	Ended []int64 // droplets that bore its tag and are gone; filled in only where they matter: more creates were sent than droplets are known
}

// Unaccounted reports whether the saga sent a create whose droplet was never seen, so that it may still turn up.
func (s Saga) Unaccounted() bool { return len(s.Creates.Bearers(s.DropletID)) < s.Creates.Sent }

// Completed tells whether the saga ended with its work done.
func (s Saga) Completed() bool { return !s.Live && s.Status == "completed" }

// Failed tells whether the saga ended without its work done, and not because the file asked for something else by then.
func (s Saga) Failed() bool { return !s.Live && s.Status == "compensated" }

// Stuck tells whether the saga waits for a person, or for patience.
func (s Saga) Stuck() bool { return s.Live && s.Status == "stuck" }

// Makes tells whether sagas of this kind make droplets, and so tag them.
func (s Saga) Makes() bool { return s.Kind == SagaProvision || s.Kind == SagaReplace }

// DestroysFirst tells whether the saga destroys a droplet as the first half of a replace.
func (s Saga) DestroysFirst() bool { return s.Kind == SagaDestroy && s.SpecHash != "" }

// The kinds of sagas.
const (
	SagaProvision = "ProvisionDroplet"
	SagaDestroy   = "DestroyDroplet"
	SagaReplace   = "ReplaceDroplet"
	SagaAdopt     = "AdoptDroplet"
	SagaUpdate    = "UpdateDroplet"
	SagaTakeOver  = "ClaimDroplet"   // tags and registers a droplet that was nobody's, by a person's word
	SagaPurge     = "PurgeDroplet"   // destroys a droplet whose quarantine is over; its name is PurgeName's
	SagaRelease   = "ReleaseDroplet" // gives a droplet back without destroying it, by a person's word
	SagaRestore   = "RestoreDroplet" // brings a droplet back out of quarantine, by a person's word
)

// SagaKinds are all of them.
func SagaKinds() []string {
	return []string{SagaProvision, SagaDestroy, SagaReplace, SagaAdopt, SagaUpdate, SagaTakeOver, SagaRelease, SagaRestore, SagaPurge}
}

// Labels that say where a saga comes from, for those who ask why.
const (
	LabelPlan      = "plan"      // id of the plan
	LabelReason    = "reason"    // why, in words
	LabelApprover  = "approver"  // who approved it, and why, as Person.String; none for what needed no approval, or where that is not known
	LabelCause     = "cause"     // whose doing it is that the saga is needed, as in package plan: file, outside or broken
	LabelLine      = "line"      // of the stanza in the fleet file; none for what is not in the file any more
	LabelFile      = "file"      // Revision.File; these six only where the fleet file is in git
	LabelCommit    = "commit"    // Revision.Commit; the next three only where there is one
	LabelAuthor    = "author"    // Revision.Author
	LabelSubject   = "subject"   // Revision.Subject
	LabelCommitted = "committed" // Revision.At, RFC 3339
	LabelDiffers   = "differs"   // Revision.Differs, "true" or "false"

	LabelGoesThrough = "rollout_group" // the group whose rollout it is a part of; none for one that is part of none
	LabelProbe       = "probe"         // what its new droplet must pass, in words, when it began; none for one that must only be active
	LabelDrain       = "drain"         // how long its droplet is drained; none for one that is not
	LabelReleases    = "releases"      // the droplet that an undo releases, because it has the name; none where nothing had it
	LabelUnready     = "unready"       // why the droplet that it brought back does not serve yet; none for one that does
)

// Doing says what a step of a saga with these labels waits for; empty: its name says enough.
func Doing(step string, labels map[string]string) string {
	switch probe, drain := labels[LabelProbe], labels[LabelDrain]; {
	case step == "WaitDropletReady" && probe != "":
		return "waiting until it answers " + probe
	case step == "DrainDroplet" && drain != "":
		return "draining for " + drain
	}
	return ""
}

// The rows that a saga step hands over, to be committed in one transaction with its result. A Droplet among them is upserted into
// cloud_resources, a Record into cloud_provisioned, and a Rollout is a new row of rollouts.
type (
	// Deleted marks a droplet's row deleted and drops its record.
	Deleted struct {
		DropletID int64
		At        time.Time
	}
	// Unrecorded drops a droplet's record and leaves its row in cloud_resources alone.
	Unrecorded struct{ DropletID int64 }
	// Released notes that a person gave the droplet back. Its record, if it has one, stays.
	Released struct {
		DropletID int64
		At        time.Time
	}
	// RolloutStands is written nowhere: what it comes with is committed only if that rollout is live and in that phase, else it is
	// ErrRolloutChanged. A pass that a person's `rollout pause` overtakes begins no member.
	RolloutStands struct {
		ID    string
		Phase RolloutPhase
	}
	// Readopted takes Released back.
	Readopted struct{ DropletID int64 }
)
