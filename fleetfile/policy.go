package fleetfile

import (
	"regexp"
	"strconv"

	"arcadiad/fleet"

	"gopkg.in/yaml.v3"
)

// policies are what `policy:` says.
type policies struct {
	policy      fleet.Policy
	unavailable *fleet.Limit // the short form of rollout.max_unavailable
	rollout     value        // what it says under rollout
	windows     fleet.Windows
	said        map[string]*yaml.Node // the values of a rollout's keys, the short form too
}

// policyTable has the keys under `policy:`.
var policyTable = []member[policies]{
	keyOf("max_destroy", limits(0, fleet.DefaultMaxDestroy, "0 means none"),
		"How many droplets one pass may destroy or replace: a number, or a percentage of the managed droplets, at least one; 0 for none.",
		func(p *policies, l fleet.Limit) { p.policy.MaxDestroy = l }),
	keyOf("max_lost", limits(1, fleet.DefaultMaxLost, "one missing droplet is always created again"),
		"How many registered droplets may be gone at once and are created again without approval: a number, or a percentage of them, at least one.",
		func(p *policies, l fleet.Limit) { p.policy.MaxLost = l }),
	keyOf("max_droplets", wholes(1, 0, "leave it out for no cap"), "Cap on the droplets of the fleet.",
		func(p *policies, n int) { p.policy.MaxDroplets = n }),
	keyOf("max_monthly_cost", amounts(), "Cap on the monthly cost of the fleet's droplets, in US dollars: creates beyond it are held.",
		func(p *policies, m fleet.Money) { p.policy.MaxMonthly = m }),
	keyOf(maxUnavailableKey, unavailables(), "The same as rollout.max_unavailable, in short.",
		func(p *policies, l fleet.Limit) { p.policy.MaxUnavailable, p.unavailable = l, &l }),
	keyOf(driftKey, wordsOf(drifts, string(fleet.DriftReport)),
		"What to do about droplets that were changed outside arcadiad: show it, correct what can change in place, or replace if that is not enough.",
		func(p *policies, word string) { p.policy.Drift = fleet.DriftPolicy(word) }),
	{
		name: rolloutKey, schema: rolloutSchema("How a change goes through a group, where the group does not say."),
		read: func(d *decoder, n *yaml.Node, p *policies) { p.rollout = d.rollout(n) },
	},
	{name: windowsKey, schema: windowsSchema(), read: func(d *decoder, n *yaml.Node, p *policies) { p.windows = d.windows(n) }},
}

// noPolicy is what holds where the file says nothing.
func noPolicy() policies {
	return policies{policy: fleet.Policy{MaxDestroy: fleet.DefaultMaxDestroy, MaxLost: fleet.DefaultMaxLost,
		MaxUnavailable: fleet.DefaultMaxUnavailable, Drift: fleet.DriftReport}}
}

func policySchema() object {
	s := membersSchema(policyTable, "Bounds of what one pass may do.")
	s["not"] = object{ // both at once
		"required":   []string{maxUnavailableKey, rolloutKey},
		"properties": object{rolloutKey: object{"required": []string{maxUnavailableKey}}},
	}
	return s
}

func (d *decoder) policy(n *yaml.Node) policies {
	p := noPolicy()
	said, _ := readMembers(d, n, "policy", policyTable, &p)
	if p.rollout.rollout != nil {
		p.policy.Rollout = *p.rollout.rollout
	}
	p.said = p.rollout.said
	short := said[maxUnavailableKey]
	switch {
	case short == nil:
	case p.said[maxUnavailableKey] != nil:
		d.fail(d.follow(short), "remove one of them", "policy has both max_unavailable and rollout.max_unavailable")
	default:
		p.policy.Rollout.MaxUnavailable = p.unavailable
		p.said = map[string]*yaml.Node{maxUnavailableKey: short}
		for key, at := range p.rollout.said {
			p.said[key] = at
		}
	}
	return p
}

// amount is a number of dollars as people write it.
var amount = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?$`)

// amounts are sums of US dollars above nothing.
func amounts() kind[fleet.Money] {
	return kind[fleet.Money]{
		schema: object{"type": "number", "exclusiveMinimum": 0},
		read: func(d *decoder, n *yaml.Node, what string) (fleet.Money, bool) {
			v := d.follow(n)
			dollars, err := strconv.ParseFloat(v.Value, 64)
			if v.Kind != yaml.ScalarNode || v.ShortTag() != "!!int" && v.ShortTag() != "!!float" || err != nil || !amount.MatchString(v.Value) {
				return 0, d.fail(v, "US dollars a month, such as 120 or 99.50", "%s must be an amount, not %s", what, describe(v))
			}
			if dollars == 0 {
				return 0, d.fail(v, "leave it out for no cap", "%s must be above 0", what)
			}
			return fleet.Dollars(dollars), true
		},
	}
}
