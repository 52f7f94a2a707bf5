package plan

import (
	"fmt"
	"slices"

	"arcadiad/fleet"
)

// Holds that others speak of.
const (
	holdLost      = "lost"
	holdTurn      = "turn"
	holdPreflight = "preflight"
)

// Hold is a reason not to carry out an action of a plan.
type Hold struct {
	Name string // in approvals and JSON, so it never changes

	// Liftable: a person's approval lifts it, for the action and the facts that the person saw. What a person may lift are judgements
	// about how much, and about whose a droplet is; never what was protected, or what cannot be seen.
	Liftable  bool
	Waits     bool // only time is missing: a later pass carries the action out by itself
	Failed    bool // it has failed before, which people are told also where it only waits
	Catalogue bool // whatever is held by it, the preflight looks at its spec: the hold may end at any time

	Says   string // why it holds, in Markdown
	Ends   string // what lets the action go, in Markdown; PLAN stands for the plan's id
	advice string // what people are told to do; empty: what is told of all that are as liftable

	// judge is called once a plan, when the holds before have held what they hold, and gives the hold's verdict on an action.
	judge func(b *builder) func(d *draft) verdict
}

// verdict is what a hold says of an action. The zero verdict holds nothing.
type verdict struct {
	why string // why it is held, in words

	// facts are what the words are about: ids and addresses. An approval covers those that the person saw. Times and counts are no
	// facts: they change by themselves.
	facts []string

	into *draft // the action that brings about what this one would: this one is left out of the plan; nil: none does
}

// holds is the table of all holds (law 9 and others), in order: the first that holds an action names it.
var holds = []Hold{
	{
		Name: "tags", judge: each((*builder).heldByTags),
		Says: "its tags cannot be read, or somebody took them off; the reason says which",
		Ends: "a token with `tag:read`, or the tags put back",
	}, {
		Name: "protect", judge: each((*builder).heldByProtect),
		Says: "the file, the record or the tag `arcadia-protect` protects it",
		Ends: "only `protect: false` under its name in the fleet file",
	}, {
		Name: "volumes", Liftable: true, judge: withFacts((*builder).heldByVolumes),
		Says: "volumes are attached, or cannot be read",
		Ends: "detach them, give the token `block_storage:read`, or `arcadiad approve PLAN`",
	}, {
		Name: "reserved_ip", Liftable: true, judge: withFacts((*builder).heldByReservedIP),
		Says: "a reserved IP would be left without a droplet",
		Ends: "move the address, or `arcadiad approve PLAN`",
	}, {
		Name: "origin", Liftable: true, judge: (*builder).overOrigin,
		Says: "it is not proved that this database made the droplet, or another arcadiad may count on it",
		Ends: "take one of the two away, or `arcadiad approve PLAN`, which destroys the one that the reason names",
	}, {
		Name: "name_taken", Liftable: true, judge: withFacts((*builder).heldByNamesake),
		Says: "a droplet that no arcadiad manages has the name",
		Ends: "`arcadiad adopt NAME` takes it over; `arcadiad approve PLAN` makes another beside it",
	}, {
		Name: "rename", Liftable: true, judge: (*builder).unlikeRename,
		Says: "a group goes and another of the same spec comes, or a `was` leads nowhere",
		Ends: "`was: OLD` in the stanza, as the reason says; or `arcadiad approve PLAN`, which destroys the old droplets and makes new ones",
	}, {
		Name: holdLost, Liftable: true, judge: (*builder).overMaxLost,
		Says: "more than `max_lost` droplets are missing, or an empty database stands beside the tag of a fleet",
		Ends: "see [missing droplets](#missing-droplets)",
	}, {
		Name: "loop", Liftable: true, judge: each((*builder).heldByLoop),
		Says: "it was replaced for this very spec already, and still differs",
		Ends: "correct the stanza, or `arcadiad approve PLAN`",
	}, {
		Name: "stalled", Failed: true, judge: each((*builder).heldByStall),
		Says:   "three droplets of one spec in one group did not come up, or three resizes of one failed",
		Ends:   "find out why (`arcadiad saga list`), then change the stanza or `arcadiad saga retry` one of them, which is for the whole group",
		advice: "find out why its sagas fail (arcadiad saga list); then change its stanza, or retry the last of them",
	}, {
		Name: "confirm", Waits: true, judge: each((*builder).heldByConfirm, (*builder).heldByTraces),
		Says: "one look is not enough: drift that was noticed just now, or the tag of a fleet that shows no droplet",
		Ends: "time: half a minute, or five",
	}, {
		Name: "backoff", Waits: true, Failed: true, judge: each((*builder).heldByBackoff, (*builder).heldByContest),
		Says:   "it failed, or another tool changes it back",
		Ends:   "time: it is tried again by itself; `arcadiad apply` does not wait",
		advice: "nothing, it is tried again by itself; to find out why it failed: arcadiad saga list",
	}, {
		Name: holdPreflight, Catalogue: true, judge: each((*builder).heldByPreflight),
		Says: "DigitalOcean would refuse it",
		Ends: "correct the line of the file that it names",
	}, {
		Name: "max_destroy", Liftable: true, judge: counting((*builder).overMaxDestroy),
		Says: "too many would go in one pass, the whole fleet would be destroyed or replaced, or too many were replaced that no edit asked for",
		Ends: "`arcadiad approve PLAN`, if it is what you meant; [an example](getting-started.md#too-much-at-once)",
	}, {
		Name: "max_droplets", Catalogue: true, judge: counting((*builder).overMaxDroplets),
		Says: "the fleet would have more droplets than the file allows",
		Ends: "a higher bound in the file, or fewer droplets",
	}, {
		Name: "max_monthly_cost", Catalogue: true, judge: counting((*builder).overMaxMonthly),
		Says: "the fleet would cost more than the file allows, or what it would cost is not known",
		Ends: "a higher bound in the file, or fewer or smaller droplets",
	}, {
		Name: "account_limit", Catalogue: true, judge: counting((*builder).overAccountLimit), // last of those that count: whatever they hold needs no room
		Says: "the account may not have more droplets",
		Ends: "see [quota](#quota)",
	}, {
		Name: holdTurn, Waits: true, Catalogue: true, judge: (*builder).outOfTurn,
		Says: "another action of the name goes first, or [`max_unavailable`](fleet-file.md#policy) of its group are out of service",
		Ends: "a later pass, by itself; where a member is off or missing and nothing brings it back, the reason says what does",
	},
}

// Holds are all holds, in the order in which they judge.
func Holds() []Hold { return slices.Clone(holds) }

// Hold is what holds the action; the zero Hold: nothing does.
func (a Action) Hold() Hold {
	for i := range holds {
		if holds[i].Name == a.HeldBy {
			return holds[i]
		}
	}
	return Hold{}
}

// Advice says what to do about an action of a plan that is held by it.
func (h Hold) Advice(plan string) string {
	switch {
	case h.advice != "":
		return h.advice
	case h.Liftable:
		return "look at it with arcadiad plan; to let the plan through: arcadiad approve " + plan
	}
	return "change the fleet file, or wait until it no longer holds; to look: arcadiad plan"
}

// each makes a judge of functions that need no preparation and have no facts. The first that gives a reason holds.
func each(reasons ...func(*builder, *draft) string) func(*builder) func(*draft) verdict {
	return withFacts(func(b *builder, d *draft) (v verdict) {
		for i := 0; i < len(reasons) && v.why == ""; i++ {
			v.why = reasons[i](b, d)
		}
		return v
	})
}

// withFacts makes a judge of a function that needs no preparation.
func withFacts(look func(*builder, *draft) verdict) func(*builder) func(*draft) verdict {
	return func(b *builder) func(*draft) verdict {
		return func(d *draft) verdict { return look(b, d) }
	}
}

// counting makes a judge of a function that counts first, and has no facts.
func counting(look func(*builder) func(*draft) string) func(*builder) func(*draft) verdict {
	return func(b *builder) func(*draft) verdict {
		why := look(b)
		return func(d *draft) verdict { return verdict{why: why(d)} }
	}
}

// hold goes over the drafts with all holds. An action that a person may let through is shown to the other holds of that kind as well:
// one approval is to be enough, and the person must have read all that it lifts.
func (b *builder) hold() {
	line, left := b.inLine(), map[*draft]bool{}
	for _, h := range holds {
		verdictOn := h.judge(b)
		for _, d := range line {
			if d.Held && !(d.Approvable && h.Liftable) {
				continue
			}
			v := verdictOn(d)
			if v.into != nil {
				d.joins(v.into)
				left[d] = true
				continue
			}
			if h.Liftable {
				need := d.need(h.Name, v.facts)
				if grant, granted := b.granted(need, v.why != ""); granted {
					d.Grants = append(d.Grants, grant)
					continue
				}
				if v.why != "" {
					d.Needs = append(d.Needs, need)
				}
			}
			switch {
			case v.why == "":
			case d.Held:
				d.HeldReason += "; also held by " + h.Name + ": " + v.why
			default:
				d.Held, d.HeldBy, d.HeldReason, d.Approvable = true, h.Name, v.why, h.Liftable
				if d.destroys() && !d.Waits() {
					d.KeepMonthly = d.seen.Price.Monthly
				}
			}
		}
	}
	b.drafts = slices.DeleteFunc(b.drafts, func(d *draft) bool { return left[d] })
}

// joins gives the changes of an update to the replace of the same droplet.
func (d *draft) joins(replace *draft) {
	for _, c := range d.Changes {
		c.Along = true
		replace.Changes = append(replace.Changes, c)
	}
}

// inLine are the drafts in the order in which they get what there is too little of: first the second halves of replaces, so that the
// room that was made for a droplet is not given to another.
func (b *builder) inLine() []*draft {
	line := make([]*draft, 0, len(b.drafts))
	for _, second := range []bool{true, false} {
		for _, d := range b.drafts {
			if d.secondHalf() == second {
				line = append(line, d)
			}
		}
	}
	return line
}

// secondHalf tells whether the action makes a droplet for which another was destroyed first.
func (d *draft) secondHalf() bool {
	done := d.subject.lastDone()
	return d.Kind == Provision && len(d.Lost) == 0 && done != nil && done.DestroysFirst()
}

// destroyedFirst counts the live first halves of replaces whose droplet is gone already: their room is not free either.
func (b *builder) destroyedFirst() (n int) {
	for _, saga := range b.sagas {
		if saga.Live && saga.DestroysFirst() && !b.sees(saga.DropletID) {
			n++
		}
	}
	return n
}

// destroys tells whether the action ends a living droplet.
func (d *draft) destroys() bool { return d.Kind == Destroy || d.Kind == Replace }

func (b *builder) heldByTags(d *draft) string {
	if d.Kind == Provision && len(d.subject.stripped) > 0 && !b.blind {
		return fmt.Sprintf("droplet %d bears the name and the tag %s, but not %s: put that tag back on it, or take the other one off",
			d.subject.stripped[0], fleet.FleetTag(b.desired.Name), fleet.ManagedTag)
	}
	if d.Kind == Provision && len(d.subject.untold) > 0 && !b.blind {
		return fmt.Sprintf("droplet %d bears the name, and its tags cannot be read, so it may be this fleet's: give the token the scope tag:read",
			d.subject.untold[0])
	}
	if !b.blind {
		return ""
	}
	return "no registered droplet shows our tags, so the token probably cannot read tags: give it the scope tag:read"
}

// unreadable is the fact that a person is told where there are no ids to tell.
const unreadable = "unreadable"

func (b *builder) heldByVolumes(d *draft) verdict {
	switch {
	case !d.destroys():
		return verdict{}
	case d.seen.Unread.Has(fleet.UnreadVolumes):
		return verdict{why: "its volumes cannot be read, so there may be some: give the token the scope block_storage:read", facts: []string{unreadable}}
	case len(d.seen.VolumeIDs) == 0:
		return verdict{}
	}
	v := verdict{why: "a volume is attached to it", facts: slices.Sorted(slices.Values(d.seen.VolumeIDs))}
	if n := len(v.facts); n > 1 {
		v.why = fmt.Sprintf("%d volumes are attached to it", n)
	}
	return v
}

// heldByReservedIP holds what would leave a reserved IP without a droplet. Addresses that could not be read hold nothing; a warning
// tells of them.
func (b *builder) heldByReservedIP(d *draft) verdict {
	if !d.destroys() || b.observed.Attachments == nil {
		return verdict{}
	}
	var v verdict
	for _, a := range b.observed.Attachments.ByDroplet[d.seen.ID] {
		if a.Kind == fleet.AttachedReservedIP {
			v.facts = append(v.facts, a.ID)
		}
	}
	switch slices.Sort(v.facts); len(v.facts) {
	case 0:
	case 1:
		v.why = fmt.Sprintf("it has the reserved IP %s, which would be left without a droplet", v.facts[0])
	default:
		v.why = fmt.Sprintf("it has the reserved IPs %s, which would be left without a droplet", fleet.Series(v.facts))
	}
	return v
}

func (b *builder) heldByLoop(d *draft) string {
	if d.Kind != Replace {
		return ""
	}
	for i := len(d.subject.past) - 1; i >= 0; i-- {
		saga := d.subject.past[i]
		if !saga.Completed() {
			continue
		}
		switch same := saga.SpecHash == d.hash; {
		case same && (saga.Kind == fleet.SagaReplace || saga.Kind == fleet.SagaDestroy):
			return "saga " + fleet.Saga8(saga.ID) + " replaced it for this very spec already, and it still differs"
		case saga.Kind == fleet.SagaUpdate, saga.Kind == fleet.SagaProvision && same: // the second half of a replace, if it is one
		default:
			return ""
		}
	}
	return ""
}

// overMaxDroplets lets creates through in the order of their names until policy.max_droplets is reached. The two droplets that
// exist while a replace lasts count as one.
func (b *builder) overMaxDroplets() func(*draft) string {
	limit := b.desired.Policy.MaxDroplets
	count := b.standing
	for _, x := range b.subjects {
		count += len(x.untracked)
		provisions := x.live != nil && x.live.Kind == fleet.SagaProvision
		destroysFirst := x.live != nil && x.live.DestroysFirst()
		if (provisions || destroysFirst) && !b.registered(x.live.DropletID) {
			count++
		}
	}
	have := count
	return func(d *draft) string {
		if limit == 0 || d.Kind != Provision {
			return ""
		}
		if count < limit {
			count++
			return ""
		}
		return fmt.Sprintf("the fleet has %d droplets, and policy.max_droplets allows %d", have, limit)
	}
}

// overAccountLimit holds creates for which the account has no room: DigitalOcean would refuse every one of them, again and again. A
// replace needs room for two droplets while it lasts.
func (b *builder) overAccountLimit() func(*draft) string {
	limit, have := b.observed.Account.DropletLimit, len(b.observed.Droplets)
	count := have + len(b.unseen()) + b.destroyedFirst()
	return func(d *draft) string {
		if limit == 0 || b.observed.Partial || !d.creates() || d.destroyFirst() {
			return ""
		}
		if count < limit {
			count++
			return ""
		}
		return fmt.Sprintf("the account has %d droplets, and may have %d: ask DigitalOcean for a higher limit, or want fewer", have, limit)
	}
}
