package plan

import (
	"fmt"
	"slices"

	"arcadiad/fleet"
)

// rule is one reason to hold an action.
type rule struct {
	name     string
	byPerson bool // a person's approval lifts it, for the action and the facts that the person saw

	// look is called once a plan, when the rules before have held what they hold, and gives the rule's verdict on an action.
	look func(b *builder) func(d *draft) verdict
}

// verdict is what a rule says of an action. The zero verdict holds nothing.
type verdict struct {
	why string // why it is held, in words

	// facts are what the words are about: ids and addresses. An approval covers those that the person saw. Times and counts are no
	// facts: they change by themselves.
	facts []string
}

// rules are the holds (law 9 and others), in order: the first that holds an action names it. What a person may lift are
// judgements about how much, and about whose a droplet is; never what was protected, or what we cannot see.
var rules = []rule{
	{"tags", false, each((*builder).heldByTags)},
	{"protect", false, each((*builder).heldByProtect)},
	{"volumes", true, withFacts((*builder).heldByVolumes)},
	{"reserved_ip", true, withFacts((*builder).heldByReservedIP)},
	{"origin", true, (*builder).overOrigin},
	{"name_taken", true, withFacts((*builder).heldByNamesake)},
	{"rename", true, (*builder).unlikeRename},
	{ruleLost, true, (*builder).overMaxLost},
	{"loop", true, each((*builder).heldByLoop)},
	{"stalled", false, each((*builder).heldByStall)},
	{ruleConfirm, false, each((*builder).heldByConfirm)},
	{ruleConfirm, false, each((*builder).heldByTraces)},
	{ruleBackoff, false, each((*builder).heldByBackoff)},
	{ruleBackoff, false, each((*builder).heldByContest)},
	{rulePreflight, false, each((*builder).heldByPreflight)},
	{ruleMaxDestroy, true, counting((*builder).overMaxDestroy)},
	{ruleMaxDroplets, false, counting((*builder).overMaxDroplets)},
	{ruleMaxMonthly, false, counting((*builder).overMaxMonthly)},
	{ruleAccountLimit, false, counting((*builder).overAccountLimit)}, // last of those that count: whatever they hold needs no room
	{ruleTurn, false, counting((*builder).outOfTurn)},
}

// Rules that others speak of.
const (
	ruleLost         = "lost"
	rulePreflight    = "preflight"
	ruleMaxDestroy   = "max_destroy"
	ruleMaxDroplets  = "max_droplets"
	ruleMaxMonthly   = "max_monthly_cost"
	ruleAccountLimit = "account_limit"
	ruleConfirm      = "confirm"
	ruleBackoff      = "backoff"
	ruleTurn         = "turn"
)

// each makes a rule of a function that needs no preparation and has no facts.
func each(why func(*builder, *draft) string) func(*builder) func(*draft) verdict {
	return withFacts(func(b *builder, d *draft) verdict { return verdict{why: why(b, d)} })
}

// withFacts makes a rule of a function that needs no preparation.
func withFacts(look func(*builder, *draft) verdict) func(*builder) func(*draft) verdict {
	return func(b *builder) func(*draft) verdict {
		return func(d *draft) verdict { return look(b, d) }
	}
}

// counting makes a rule of a function that counts first, and has no facts.
func counting(look func(*builder) func(*draft) string) func(*builder) func(*draft) verdict {
	return func(b *builder) func(*draft) verdict {
		why := look(b)
		return func(d *draft) verdict { return verdict{why: why(d)} }
	}
}

// hold goes over the drafts with all rules. An action that a person may let through is shown to the other rules of that kind as well:
// one approval is to be enough, and the person must have read all that it lifts.
func (b *builder) hold() {
	for _, r := range rules {
		look := r.look(b)
		for _, d := range b.inLine() {
			if d.Held && !(d.Approvable && r.byPerson) {
				continue
			}
			v := look(d)
			if r.byPerson {
				need := d.need(r.name, v.facts)
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
				d.HeldReason += "; also held by " + r.name + ": " + v.why
			default:
				d.Held, d.HeldBy, d.HeldReason, d.Approvable = true, r.name, v.why, r.byPerson
				if d.destroys() && !d.Waits() {
					d.KeepMonthly = d.seen.Price.Monthly
				}
			}
		}
	}
}

// inLine are the drafts in the order in which they get what there is too little of: first the second halves of replaces, so that the
// room that was made for a droplet is not given to another.
func (b *builder) inLine() []*draft {
	line := slices.Clone(b.drafts)
	slices.SortStableFunc(line, func(x, y *draft) int {
		switch {
		case x.second == y.second:
			return 0
		case x.second:
			return -1
		}
		return 1
	})
	return line
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
		v.why = fmt.Sprintf("it has the reserved IPs %s, which would be left without a droplet", series(v.facts))
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
