package plan

import (
	"fmt"
	"slices"

	"arcadiad/fleet"
)

// rule is one reason to hold an action.
type rule struct {
	name     string
	byPerson bool // approving the plan lifts it

	// look is called once a plan, when the rules before have held what they hold, and gives the rule's verdict on an action that
	// is still free: why it is held, or nothing.
	look func(b *builder) func(d *draft) (why string)
}

// rules are the holds (law 9 and others), in order: the first that holds an action names it. What a person may lift are
// judgements about how much, and about whose a droplet is; never what was protected, or what we cannot see.
var rules = []rule{
	{"tags", false, each((*builder).heldByTags)},
	{"protect", false, each((*builder).heldByProtect)},
	{"volumes", true, each((*builder).heldByVolumes)},
	{"origin", true, each((*builder).heldByOrigin)},
	{"loop", true, each((*builder).heldByLoop)},
	{"stalled", false, each((*builder).heldByStall)},
	{ruleConfirm, false, each((*builder).heldByConfirm)},
	{ruleBackoff, false, each((*builder).heldByBackoff)},
	{ruleBackoff, false, each((*builder).heldByContest)},
	{rulePreflight, false, each((*builder).heldByPreflight)},
	{"max_destroy", true, (*builder).overMaxDestroy},
	{ruleMaxDroplets, false, (*builder).overMaxDroplets},
	{ruleMaxMonthly, false, (*builder).overMaxMonthly},
	{ruleAccountLimit, false, (*builder).overAccountLimit}, // last of those that count: whatever they hold needs no room
	{ruleTurn, false, (*builder).outOfTurn},
}

// Rules that others speak of.
const (
	rulePreflight    = "preflight"
	ruleMaxDroplets  = "max_droplets"
	ruleMaxMonthly   = "max_monthly_cost"
	ruleAccountLimit = "account_limit"
	ruleConfirm      = "confirm"
	ruleBackoff      = "backoff"
	ruleTurn         = "turn"
)

// hold goes over the drafts with all rules.
func (b *builder) hold() {
	for _, r := range rules {
		if r.byPerson && b.plan.Approved {
			continue
		}
		verdict := r.look(b)
		for _, d := range b.inLine() {
			if d.Held {
				continue
			}
			if why := verdict(d); why != "" {
				d.Held, d.HeldBy, d.HeldReason, d.Approvable = true, r.name, why, r.byPerson
				if d.destroys() {
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

// madeRoom counts the live first halves of replaces whose droplet is gone already: their room is not free either.
func (b *builder) madeRoom() (rooms int) {
	for _, saga := range b.sagas {
		if saga.Live && saga.MakesRoom() && !b.sees(saga.DropletID) {
			rooms++
		}
	}
	return rooms
}

// each makes a rule of a verdict that needs no preparation.
func each(verdict func(*builder, *draft) string) func(*builder) func(*draft) string {
	return func(b *builder) func(*draft) string {
		return func(d *draft) string { return verdict(b, d) }
	}
}

// destroys tells whether the action ends a living droplet.
func (d *draft) destroys() bool { return d.Kind == Destroy || d.Kind == Replace }

func (b *builder) heldByTags(d *draft) string {
	if d.Kind == Provision && len(d.subject.stripped) > 0 && !b.blind {
		return fmt.Sprintf("droplet %d bears the name and the tag %s, but not %s: put that tag back on it, or take the other one off",
			d.subject.stripped[0], fleet.FleetTag(b.wanted.Name), fleet.ManagedTag)
	}
	if !b.blind {
		return ""
	}
	return "no registered droplet shows our tags, so the token probably cannot read tags: give it the scope tag:read"
}

// heldByProtect: protection is absolute from registration on. What was never registered is protected by its tag alone, and only
// where no saga of this journal proves that it is a leftover of our own.
func (b *builder) heldByProtect(d *draft) string {
	if !d.destroys() {
		return ""
	}
	protected := d.seen.HasTag(fleet.ProtectTag) && (d.record != nil || d.unproved)
	if d.record != nil {
		protected = protected || d.record.Protect
		if s := d.subject.spec; s != nil && s.Protect != nil {
			protected = *s.Protect
		}
	}
	if !protected {
		return ""
	}
	return "it is protected; only `protect: false` under its name in the fleet file lifts that"
}

func (b *builder) heldByVolumes(d *draft) string {
	if !d.destroys() || len(d.seen.VolumeIDs) == 0 {
		return ""
	}
	if n := len(d.seen.VolumeIDs); n > 1 {
		return fmt.Sprintf("%d volumes are attached to it", n)
	}
	return "a volume is attached to it"
}

// heldByOrigin: a tag alone permits to adopt a droplet, and no more (law 16). That it differed from the file when it was adopted says
// that this file is not the one it was made from: it may be somebody else's.
func (b *builder) heldByOrigin(d *draft) string {
	switch {
	case d.destroys() && d.unproved:
		return "no saga of this state database made it"
	case (d.Kind == Replace || d.Alter.Downtime() || d.Alter.EndsBackups()) && b.adoptedMisfit(d):
		return "no saga of this state database made it, and it differed from the file already when it was adopted"
	}
	return ""
}

// adoptedMisfit tells whether a droplet that another journal made was adopted for the very spec that it is to be replaced for.
func (b *builder) adoptedMisfit(d *draft) bool {
	if b.makerOf(d.seen) != nil {
		return false
	}
	for i := len(d.subject.past) - 1; i >= 0; i-- {
		saga := d.subject.past[i]
		if saga.Completed() && (saga.Kind == fleet.SagaAdopt || saga.Kind == fleet.SagaClaim) && saga.DropletID == d.DropletID {
			return saga.SpecHash == d.hash
		}
	}
	return false
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

// overMaxDestroy holds every destroy and replace when they are more than policy.max_destroy allows: which few of too many should go
// ahead is not for a program to choose.
func (b *builder) overMaxDestroy() func(*draft) string {
	planned, live := 0, 0
	for _, d := range b.drafts {
		if counted(d) && !d.Held {
			planned++
		}
	}
	for _, saga := range b.sagas {
		if saga.Live && b.destroysRegistered(saga) {
			live++
		}
	}
	limit := b.wanted.Policy.MaxDestroy.Of(b.standing)
	return func(d *draft) string {
		if !counted(d) || planned+live <= limit {
			return ""
		}
		why := fmt.Sprintf("%d of %d registered droplets would be destroyed or replaced", planned, b.standing)
		if live > 0 {
			why += fmt.Sprintf(" while %d more are under way", live)
		}
		return why + fmt.Sprintf(", and policy.max_destroy allows %d in one pass", limit)
	}
}

func counted(d *draft) bool { return d.destroys() && !d.outside }

// destroysRegistered tells whether a live saga takes a registered droplet down; twins and late arrivals are not registered.
func (b *builder) destroysRegistered(saga *fleet.Saga) bool {
	target := saga.Replaces
	switch saga.Kind {
	case fleet.SagaDestroy:
		target = saga.DropletID
	case fleet.SagaReplace:
	default:
		return false
	}
	return target == 0 || b.registered(target)
}

// overMaxDroplets lets creates through in the order of their names until policy.max_droplets is reached. The two droplets that
// exist while a replace lasts count as one.
func (b *builder) overMaxDroplets() func(*draft) string {
	limit := b.wanted.Policy.MaxDroplets
	count := b.standing
	for _, x := range b.subjects {
		count += len(x.claims)
		provisions := x.live != nil && x.live.Kind == fleet.SagaProvision
		makesRoom := x.live != nil && x.live.MakesRoom()
		if (provisions || makesRoom) && !b.registered(x.live.DropletID) {
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
	count := have + len(b.unseen()) + b.madeRoom()
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

// outOfTurn lets one action of each name go first (law 2: one saga per name), and a few of each group at a time through a resize. What
// a replace brings along anyway waits for it.
func (b *builder) outOfTurn() func(*draft) string {
	replaces, first := map[*subject]*draft{}, map[*subject]*draft{}
	for _, d := range b.drafts {
		if d.Kind == Replace && !d.Held {
			replaces[d.subject] = d
		}
	}
	rolling := b.newRoll()
	return func(d *draft) string {
		if before := first[d.subject]; before != nil {
			first := "the " + string(before.Kind)
			if before.Kind == Update {
				first = "what can be changed while it runs"
			}
			return first + " goes first; this follows in a later pass"
		}
		if d.Kind == Update && replaces[d.subject] != nil && !d.Alter.Protection {
			d.along = replaces[d.subject]
			return "the replace brings it along"
		}
		if d.Kind == Update && d.seen.Status == fleet.StatusNew && acts(d.Alter) {
			return "it is not active yet, and DigitalOcean does one thing to a droplet at a time; this follows when it is"
		}
		if d.Alter.Downtime() {
			if wait := rolling.turn(d.Spec.Group); wait != "" {
				return wait
			}
		}
		first[d.subject] = d
		return ""
	}
}
