package fleet

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"
)

// RolloutKeys are the keys under `rollout:` as one place of the file has them. What is nil or empty is not said there.
type RolloutKeys struct {
	MaxUnavailable *Limit         `json:"max_unavailable,omitempty"`
	MaxSurge       *Limit         `json:"max_surge,omitempty"`
	Canary         *int           `json:"canary,omitempty"`
	Pause          *time.Duration `json:"pause,omitempty"`
	Drain          *time.Duration `json:"drain,omitempty"`
	OnFailure      OnFailure      `json:"on_failure,omitempty"`
	Unattended     *bool          `json:"unattended,omitempty"`
}

// RolloutRules say how a change goes through a group.
type RolloutRules struct {
	MaxUnavailable Limit         // members that may be out of service at once, whatever the reason; the zero Limit: none
	MaxSurge       Limit         // new droplets beside the old ones; the zero Limit: not said, see Surge
	Canary         int           // the size of the first batch; 0: as the others
	Pause          time.Duration // between the end of a batch and the next one
	Drain          time.Duration // without its load balancer's tags for so long before it is taken out of service
	OnFailure      OnFailure
	Unattended     bool // max_destroy does not count its replaces
}

// OnFailure says what becomes of a rollout whose member failed.
type OnFailure string

const (
	OnFailureStop OnFailure = "stop" // leave the group as it is until the file changes or a person resumes the rollout
	OnFailureBack OnFailure = "back" // stop, and bring back what the finished members had: it is kept
)

// The bounds where the file does not say: a quarter of the group.
var DefaultMaxSurge = Limit{Percent: true, Value: 25}

// RolloutOf is how a change goes through the group of a droplet, with nothing left open: key by key the group's own word, the policy's,
// the default.
func (p Policy) RolloutOf(spec Spec) RolloutRules {
	var group RolloutKeys
	if spec.Rollout != nil {
		group = *spec.Rollout
	}
	unavailable := p.MaxUnavailable
	if unavailable == (Limit{}) {
		unavailable = DefaultMaxUnavailable
	}
	return RolloutRules{
		MaxUnavailable: first(unavailable, group.MaxUnavailable, p.Rollout.MaxUnavailable),
		MaxSurge:       first(Limit{}, group.MaxSurge, p.Rollout.MaxSurge),
		Canary:         first(0, group.Canary, p.Rollout.Canary),
		Pause:          first(0, group.Pause, p.Rollout.Pause),
		Drain:          first(0, group.Drain, p.Rollout.Drain),
		OnFailure:      cmp.Or(group.OnFailure, p.Rollout.OnFailure, OnFailureStop),
		Unattended:     first(false, group.Unattended, p.Rollout.Unattended),
	}
}

// Unavailable is how many members of a group of that many may be out of service at once.
func (r RolloutRules) Unavailable(count int) int { return r.MaxUnavailable.Of(count) }

// Surge is how many new droplets a group of that many may have beside the old ones, at least 1. Where the file does not say it is a quarter
// of the group, or what may be out of service if that is more.
func (r RolloutRules) Surge(count int) int {
	if r.MaxSurge == (Limit{}) {
		return max(1, DefaultMaxSurge.Of(count), r.Unavailable(count))
	}
	return max(1, r.MaxSurge.Of(count))
}

// first is the first value that is said.
func first[T any](otherwise T, said ...*T) T {
	for _, v := range said {
		if v != nil {
			return *v
		}
	}
	return otherwise
}

// Rollout is a change on its way through a group: the row that is kept of it. How far it has come is not in it, see [Rollout.Progress].
type Rollout struct {
	ID       string          `json:"ID"`       // 16 hex digits; its sagas have it as a label
	Group    string          `json:"Group"`    // the Key of the group's name
	From     string          `json:"From"`     // what the first member had that changes, in words
	To       string          `json:"To"`       // what it gets, in words
	Spec     string          `json:"Spec"`     // Spec.GroupHash of what the file asks for
	Rules    string          `json:"Rules"`    // Spec.RulesHash of the same: another one lifts a stop
	Members  []RolloutMember `json:"Members"`  // that were to change, and were let go, when it began or since
	Approval string          `json:"Approval"` // id of the plan that a person approved; empty: it needed none
	Phase    RolloutPhase    `json:"Phase"`
	Reason   string          `json:"Reason"`   // why it is in that phase, in words; empty: nothing to say
	BeganAt  time.Time       `json:"BeganAt"`  // with the sagas of its first batch
	LiftedAt time.Time       `json:"LiftedAt"` // members that failed before this time stop it no more; zero: nobody has lifted a stop
	EndedAt  time.Time       `json:"EndedAt"`  // zero while live
}

// RolloutMember is a droplet that a rollout changes.
type RolloutMember struct {
	Name      string `json:"name"`       // the Key of its name
	DropletID int64  `json:"droplet_id"` // that stood under the name when the rollout began
	Way       string `json:"way"`        // how it was to be changed then, as package plan has it: nobody has agreed to another way
}

// RolloutPhase is what a rollout is at.
type RolloutPhase string

const (
	RolloutRunning    RolloutPhase = "running" // or stopped by a member that failed, which its sagas tell
	RolloutPaused     RolloutPhase = "paused"  // by a person
	RolloutAborted    RolloutPhase = "aborted" // by a person: what is left to change waits for `rollout resume` or an edit of the group
	RolloutDone       RolloutPhase = "done"
	RolloutSuperseded RolloutPhase = "superseded" // the file asks for something else
)

// Change says what changes, each field once: image a → b, size c → d.
func (r Rollout) Change() string {
	if r.From == "" {
		return ""
	}
	from, to := strings.Split(r.From, ", "), strings.Split(r.To, ", ")
	words := make([]string, len(from))
	for i := range from {
		field, was, _ := strings.Cut(from[i], " ")
		is, same := "", len(from) == len(to)
		if same {
			is, same = strings.CutPrefix(to[i], field+" ")
		}
		if !same {
			return strings.TrimSpace(r.From + " → " + r.To)
		}
		words[i] = field + " " + was + " → " + is
	}
	return strings.Join(words, ", ")
}

// Live tells whether the rollout still has a say: it has not ended.
func (r Rollout) Live() bool { return r.EndedAt.IsZero() }

// Has finds a member by its name.
func (r Rollout) Has(name string) (RolloutMember, bool) {
	key := Key(name)
	i := slices.IndexFunc(r.Members, func(m RolloutMember) bool { return m.Name == key })
	if i < 0 {
		return RolloutMember{}, false
	}
	return r.Members[i], true
}

var (
	// ErrRolloutLive says that the group has a live rollout already.
	ErrRolloutLive = errors.New("the group has a live rollout")
	// ErrRolloutChanged says that a rollout is not what it was when it was read: it has ended, or is in another phase.
	ErrRolloutChanged = errors.New("rollout has changed meanwhile")
)

// RolloutProgress is how far a rollout has come, by the journal.
type RolloutProgress struct {
	Done    []string // members that are changed
	Live    []string // members with a saga under way
	Waiting []string // the others

	Stopped *Saga     // the first saga that failed since the rollout began, or was last lifted, and that nobody retried; nil: none
	EndedAt time.Time // when the last of its sagas ended; zero: one is live, or none has ended
	Begun   int       // sagas that it began
}

// Progress tells how far the rollout has come. The sagas are those of the journal, oldest first.
func (r Rollout) Progress(sagas []Saga) (p RolloutProgress) {
	done, live := map[string]bool{}, map[string]bool{}
	for i := range sagas {
		s := &sagas[i]
		if s.Kind == SagaRestore && s.Completed() && !s.CreatedAt.Before(r.BeganAt) {
			delete(done, Key(s.Name)) // the droplet that it had is back
			continue
		}
		own := s.Rollout != "" && s.Rollout == r.ID
		if !own && (s.Live || s.GroupHash != r.Spec) {
			continue // nearly all of a journal
		}
		key := Key(s.Name)
		if s.Completed() && !s.CreatedAt.Before(r.BeganAt) && (s.Makes() && s.GroupHash == r.Spec || own && s.Kind == SagaUpdate) {
			done[key] = true
		}
		if !own {
			continue
		}
		p.Begun++
		switch {
		case s.Live:
			live[key] = true
		case s.Failed() && !s.Retried && s.EndedAt.After(r.LiftedAt) && p.Stopped == nil:
			p.Stopped = s
		}
		if s.EndedAt.After(p.EndedAt) {
			p.EndedAt = s.EndedAt
		}
	}
	if len(live) > 0 {
		p.EndedAt = time.Time{}
	}
	for _, m := range r.Members {
		switch {
		case live[m.Name]:
			p.Live = append(p.Live, m.Name)
		case done[m.Name]:
			p.Done = append(p.Done, m.Name)
		default:
			p.Waiting = append(p.Waiting, m.Name)
		}
	}
	return p
}

// Drain is how a droplet leaves its load balancers before it is taken out of service.
type Drain struct {
	Tags []string      `json:"tags,omitempty"` // by which a load balancer selects it, and no firewall does
	For  time.Duration `json:"for,omitempty"`  // from their end until it goes
}
