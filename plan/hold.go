package plan

import (
	"fmt"
	"slices"

	"arcadiad/fleet"
)

// Hold is a reason not to carry out an action of a plan.
type Hold struct {
	Name string // in approvals and JSON, so it never changes

	// Liftable: a person's approval lifts it, for the action and the facts that the person saw. What a person may lift are judgements
	// about how much, and about whose a droplet is; never what was protected, or what cannot be seen.
	Liftable  bool
	Waits     bool // only time is missing: a later pass carries the action out by itself
	Failed    bool // it has failed before, which people are told also where it only waits
	Alone     bool // an approval of what else holds the action leaves it held: it is approved when it alone holds
	Catalogue bool // whatever is held by it, the preflight looks at its spec: the hold may end at any time

	Says   string // why it holds, in Markdown
	Ends   string // what lets the action go, in Markdown; PLAN stands for the plan's id
	advice string // what people are told to do; empty: what is told of all that are as liftable

	// judge is called once a plan, when the holds before have held what they hold, and gives the hold's verdict on an action.
	judge func(b *builder) func(d *draft) verdict
}

// holds is the table of all holds (law 9 and others), in order: the first that holds an action names it.
var holds = []Hold{
	{
		Name: "tags", judge: each(heldByTags),
		Says: "its tags cannot be read, or somebody removed them; the reason says which",
		Ends: "a token with `tag:read`, or restore the tags",
	}, {
		Name: "protect", judge: each(heldByProtect),
		Says: "the file, the record or the tag `arcadia-protect` protects it",
		Ends: "only `protect: false` under its name in the fleet file",
	}, {
		Name: "volumes", Liftable: true, judge: each(heldByVolumes),
		Says: "volumes are attached, or cannot be read",
		Ends: "detach the volumes, give the token `block_storage:read`, or `arcadiad approve PLAN`",
	}, {
		Name: "reserved_ip", Liftable: true, judge: each(heldByReservedIP),
		Says: "a reserved IP would be left without a droplet",
		Ends: "move the address, or `arcadiad approve PLAN`",
	}, {
		Name: "origin", Liftable: true, judge: overOrigin,
		Says: "it is not proved that this database created the droplet, or another arcadiad may depend on it",
		Ends: "remove one of the two, or `arcadiad approve PLAN`, which destroys the one that the reason names",
	}, {
		Name: "name_taken", Liftable: true, judge: each(heldByNamesake),
		Says: "an unmanaged droplet has the name",
		Ends: "`arcadiad adopt NAME` takes it over; `arcadiad approve PLAN` creates another beside it",
	}, {
		Name: "rename", Liftable: true, judge: unlikeRename,
		Says: "a group goes and another of the same spec comes, or a `was` leads nowhere",
		Ends: "`was: OLD` in the stanza, as the reason says; or `arcadiad approve PLAN`, which destroys the old droplets and creates new ones",
	}, {
		Name: holdLost, Liftable: true, judge: overMaxLost,
		Says: "more than `max_lost` droplets are missing, or the database is empty and the fleet's tag counts more droplets than are shown",
		Ends: "see [missing droplets](#missing-droplets)",
	}, {
		Name: "loop", Liftable: true, judge: each(heldByLoop),
		Says: "it was already replaced for this spec, and still differs",
		Ends: "correct the stanza, or `arcadiad approve PLAN`",
	}, {
		Name: HoldStalled, Failed: true, judge: each(heldByStall),
		Says:   "three droplets of one spec in one group did not come up, or three resizes of one failed",
		Ends:   "find out why (`arcadiad saga list`), then change the stanza or `arcadiad saga retry` one of them, which is for the whole group",
		advice: "find out why its sagas fail (arcadiad saga list); then change its stanza, or retry the last of them",
	}, {
		Name: HoldStopped, judge: each(heldByStop),
		Says:   "a member failed and stopped the rollout of its group, or a person paused or aborted it, or brought a droplet back with `arcadiad undo`",
		Ends:   "an edit of the stanza, or `arcadiad rollout resume GROUP`",
		advice: "find out why (arcadiad rollout list); then change the stanza, or: arcadiad rollout resume GROUP",
	}, {
		Name: "confirm", Waits: true, judge: each(heldByConfirm, heldByTraces),
		Says: "a second look is needed: drift was noticed just now, or the fleet's tag exists and no droplet has it",
		Ends: "half a minute, or five minutes",
	}, {
		Name: HoldBackoff, Waits: true, Failed: true, judge: each(heldByBackoff, heldByContest),
		Says:   "it failed, or another tool changes it back",
		Ends:   "time: it is retried automatically; `arcadiad apply` does not wait",
		advice: "nothing, it is retried automatically; to find out why it failed: arcadiad saga list",
	}, {
		Name: holdPreflight, Catalogue: true, judge: each(heldByPreflight),
		Says: "DigitalOcean would refuse it",
		Ends: "correct the line of the file that it names",
	}, {
		Name: "ready", Liftable: true, Catalogue: true, judge: overReady,
		Says: "no member of the group passes the probe of `ready`",
		Ends: "correct `ready` in the stanza, or `arcadiad approve PLAN`",
	}, {
		Name: HoldMaxDestroy, Liftable: true, judge: overMaxDestroy,
		Says: "one pass would destroy or replace too many, or the whole fleet, or too many were replaced without an edit",
		Ends: "`arcadiad approve PLAN`, if it is what you meant; [an example](getting-started.md#too-much-at-once)",
	}, {
		Name: holdWindow, Liftable: true, Waits: true, Alone: true, Catalogue: true, judge: overWindow,
		Says: "no window of `policy.windows` is open for what takes a droplet out of service",
		Ends: "the window opens at the time that the reason names; or `arcadiad approve PLAN` once nothing else holds it",
	}, {
		Name: "max_droplets", Catalogue: true, judge: overMaxDroplets,
		Says: "the fleet would have more droplets than the file allows",
		Ends: "a higher bound in the file, or fewer droplets",
	}, {
		Name: "max_monthly_cost", Catalogue: true, judge: overMaxMonthly,
		Says: "the fleet would cost more than the file allows, or what it would cost is not known",
		Ends: "a higher bound in the file, or fewer or smaller droplets",
	}, {
		Name: "account_limit", Catalogue: true, judge: overAccountLimit, // last of those that count: whatever they hold needs no room
		Says: "the account may not have more droplets",
		Ends: "see [quota](#quota)",
	}, {
		Name: HoldTurn, Waits: true, Catalogue: true, judge: outOfTurn,
		Says: "another action of the name goes first, or [`max_unavailable`](fleet-file.md#policy) of its group are out of service",
		Ends: "a later pass; if a member stays off or missing, the reason says what to do",
	},
}

// Holds are all holds, in the order in which they judge.
func Holds() []Hold { return slices.Clone(holds) }

// Hold is what holds the action; the zero Hold: nothing does.
func (a Action) Hold() Hold { return holdNamed(a.HeldBy) }

// Hold is the hold that keeps all that is left of the rollout; the zero Hold: none does.
func (r Rollout) Hold() Hold { return holdNamed(r.HeldBy) }

func holdNamed(name string) Hold {
	for i := range holds {
		if holds[i].Name == name {
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
		return "review it: arcadiad plan; to approve: arcadiad approve " + plan
	}
	return "change the fleet file, or wait; details: arcadiad plan"
}

// each makes a judge of functions that need no preparation. The first that gives a reason holds.
func each(verdicts ...func(*builder, *draft) verdict) func(*builder) func(*draft) verdict {
	return func(b *builder) func(*draft) verdict {
		return func(d *draft) (v verdict) {
			for i := 0; i < len(verdicts) && v.why == ""; i++ {
				v = verdicts[i](b, d)
			}
			return v
		}
	}
}

// hold goes over the drafts with all holds. An action that a person may let through is shown to the other holds of that kind as well:
// one approval is to be enough, and the person must have read all that it lifts. A hold that only waits for its time is not lifted along.
func hold(b *builder) {
	line, left := inLine(b), map[*draft]bool{}
	for _, h := range holds {
		verdictOn := h.judge(b)
		for _, d := range line {
			if d.Held && !(d.Approvable && h.Liftable && !h.Alone) {
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
				if grant, granted := b.granted(need, v.why != "" && !(h.Alone && d.approvedNow())); granted {
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
				d.Held, d.HeldBy, d.HeldReason, d.Approvable, d.waits = true, h.Name, v.why, h.Liftable, h.Waits
				if d.destroys() && !(d.waits && !d.Blocked) {
					d.KeepMonthly = d.seen.Price.Monthly
				}
			}
		}
	}
	b.drafts = slices.DeleteFunc(b.drafts, func(d *draft) bool { return left[d] })
}

// inLine are the drafts in the order in which they get what there is too little of: first the second halves of replaces, so that the
// room that was made for a droplet is not given to another.
func inLine(b *builder) []*draft {
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

// Waits tells whether an action is held by nothing but time: a pass to come carries it out by itself.
func (a Action) Waits() bool { return a.Hold().Waits && !a.Blocked }

// AwaitsApproval tells whether an action goes on only if a person approves it.
func (a Action) AwaitsApproval() bool { return a.Approvable && !a.Waits() }

// AwaitsApproval tells whether something goes on only if a person approves it: not what waits for a window, which one may open early.
func (p Plan) AwaitsApproval() bool {
	return slices.ContainsFunc(p.Actions, Action.AwaitsApproval)
}

// HeldWhole gives the rollout of which all is held for the reason of this action, so that it need not be said of each; nil: there is none, or it
// is of one droplet.
func (p Plan) HeldWhole(a Action) *Rollout {
	for i := range p.Rollouts {
		r := &p.Rollouts[i]
		if a.Held && a.Rollout != "" && r.Group == a.Rollout && r.Total() > 1 && r.HeldBy == a.HeldBy && r.Why == a.HeldReason {
			return r
		}
	}
	return nil
}

// HeldBack are the actions that are held until a person, the file or the account changes something: not those that only wait for
// their turn or for a backoff.
func (p Plan) HeldBack() []Action {
	return slices.DeleteFunc(slices.Clone(p.Actions), func(a Action) bool { return !a.Held || a.Waits() })
}

// KeepMonthly is what the droplets go on costing whose destroy or replace is held back, in US dollars a month, as far as it is known.
func (p Plan) KeepMonthly() (cost fleet.Money) {
	for _, a := range p.HeldBack() {
		cost += a.KeepMonthly
	}
	return cost
}

// Makes are the specs of the droplets that the plan would make or resize, now or once somebody lets it: what a preflight has to look at. So
// are those whose SSH keys only the account can tell: whether they are others, or which ones the names of an adoption mean.
func (p Plan) Makes() (specs []fleet.Spec) {
	for _, a := range p.Actions {
		makes := (a.creates() || a.Alter.Downtime()) && (!a.Held || a.Approvable || a.Hold().Catalogue)
		if makes || a.Spec.NamesKeys() && (a.Kind == Adopt || a.Kind == Replace && a.changesKeys()) {
			specs = append(specs, a.Spec)
		}
	}
	return specs
}

// Doubts tells whether the preflight holds anything: what it holds by is worth a second look before it is believed.
func (p Plan) Doubts() bool {
	return slices.ContainsFunc(p.Actions, func(a Action) bool { return a.HeldBy == holdPreflight })
}

// Unapprovable says what holds a plan that no approval lets through, by its first held action.
func (p Plan) Unapprovable() string {
	held := slices.DeleteFunc(slices.Clone(p.Actions), func(a Action) bool { return !a.Held })
	if len(held) == 0 {
		return ": nothing in it is held"
	}
	words := fmt.Sprintf(": %s %s is held by %s: %s", held[0].Kind, held[0].Name, held[0].HeldBy, held[0].HeldReason)
	if len(held) > 1 {
		words += fmt.Sprintf(" (and %d more; see: arcadiad plan)", len(held)-1)
	}
	return words
}
