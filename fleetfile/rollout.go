package fleetfile

import (
	"time"

	"arcadiad/fleet"

	"gopkg.in/yaml.v3"
)

// rolloutKey is the key of a stanza, and of the policy, that says how a change goes through a group.
const rolloutKey = "rollout"

// The bounds of the times of a rollout.
const (
	mostPause = 24 * time.Hour
	mostDrain = time.Hour
)

// Keys that go with some other ones only.
const (
	maxUnavailableKey = "max_unavailable" // also a short form, under policy
	unattendedKey     = "unattended"
	onFailureKey      = "on_failure"
)

// unavailables are limits of how many may be out of service.
func unavailables() kind[fleet.Limit] { return limits(0, fleet.DefaultMaxUnavailable, "0 means none") }

// rolloutTable has the keys under `rollout:`.
var rolloutTable = []member[fleet.RolloutKeys]{
	keyOf(maxUnavailableKey, unavailables(),
		"How many droplets of the group may be out of service at once, whoever took them out: a number, or a percentage of the group, "+
			"at least one; 0 for none.",
		func(k *fleet.RolloutKeys, l fleet.Limit) { k.MaxUnavailable = &l }),
	keyOf("max_surge", limits(1, fleet.DefaultMaxSurge, "a replace needs room for the new droplet; without it, use replace: destroy_first"),
		"How many new droplets may stand beside the old ones, with create_first: a number, or a percentage of the group, at least one. "+
			"If no place says it, as many as max_unavailable if that is more.",
		func(k *fleet.RolloutKeys, l fleet.Limit) { k.MaxSurge = &l }),
	keyOf("canary", wholes(0, 0, "0 for none"), "How many droplets go first, alone; 0 for none.",
		func(k *fleet.RolloutKeys, n int) { k.Canary = &n }),
	keyOf("pause", durations(0, mostPause, 0), "How long to wait between the end of a batch and the next one; at most 24h.",
		func(k *fleet.RolloutKeys, length time.Duration) { k.Pause = &length }),
	keyOf("drain", durations(0, mostDrain, 0),
		"How long a droplet goes without its load balancer's tags before it is shut down; at most 1h.",
		func(k *fleet.RolloutKeys, length time.Duration) { k.Drain = &length }),
	keyOf(onFailureKey, wordsOf([]string{string(fleet.OnFailureStop), string(fleet.OnFailureBack)}, string(fleet.OnFailureStop)),
		"What to do if a droplet fails: stop the rollout, until the file changes or a person resumes it; with back, also bring back the droplets "+
			"that the finished members had. Needs create_first and destroy.keep.",
		func(k *fleet.RolloutKeys, word string) { k.OnFailure = fleet.OnFailure(word) }),
	keyOf(unattendedKey, flags(), "Whether it goes without approval, however many it replaces: max_destroy does not count them. Needs ready and create_first.",
		func(k *fleet.RolloutKeys, yes bool) { k.Unattended = &yes }),
}

func rolloutSchema(doc string) object { return membersSchema(rolloutTable, doc) }

// rollout reads how a change goes through a group.
func (d *decoder) rollout(n *yaml.Node) value {
	keys := &fleet.RolloutKeys{}
	said, ok := readMembers(d, n, rolloutKey, rolloutTable, keys)
	return value{ok: ok, rollout: keys, said: said, at: n}
}

// contradiction is a value that does not go with another one, and where it is.
type contradiction struct {
	at            *yaml.Node
	message, hint string
}

// goTogether looks for keys of a stanza, with its defaults, and of the policy that rule each other out: the group could never be changed,
// or would be changed with nobody looking.
func (x *expansion) goTogether(all stanza, p policies) {
	name, own := all["name"], all[rolloutKey]
	if _, said := all[rolloutKey]; !name.ok || said && !own.ok {
		return
	}
	spec := all.spec()
	how, rules := p.policy.RolloutOf(spec), p.policy.RulesOf(spec.Rules)
	found := func(key, message, hint string) {
		at := own.said[key]
		if at == nil {
			at = p.said[key]
		}
		c := contradiction{at: at, message: message, hint: hint}
		x.contradictions[c] = append(x.contradictions[c], name.text)
	}
	if how.MaxUnavailable.Value == 0 {
		if rules.Order == fleet.DestroyFirst {
			found(maxUnavailableKey, "max_unavailable: 0 rules out replace: destroy_first", "it takes a droplet out of service first; allow at least 1, or use create_first")
		}
		if rules.Resize != fleet.ResizeReplace {
			found(maxUnavailableKey, "max_unavailable: 0 rules out resize: "+string(rules.Resize), "it switches a droplet off meanwhile; allow at least 1, or use resize: replace")
		}
	}
	if how.OnFailure == fleet.OnFailureBack {
		if spec.Ending.Keep == 0 {
			found(onFailureKey, "on_failure: back needs destroy.keep", "without it there is nothing to go back to; add destroy: {keep: 24h}, or use on_failure: stop")
		}
		if rules.Order == fleet.DestroyFirst {
			found(onFailureKey, "on_failure: back rules out replace: destroy_first", "nothing serves while it goes back; use create_first, or on_failure: stop")
		}
	}
	if how.Unattended {
		if _, ready := all[readyKey]; !ready {
			found(unattendedKey, "unattended: true needs ready", "nothing else shows that a new droplet serves; add ready, or set unattended: false for the group")
		}
		if rules.Order == fleet.DestroyFirst {
			found(unattendedKey, "unattended: true rules out replace: destroy_first", "it has no way back; use create_first, or set unattended: false for the group")
		}
	}
}

// contradictory reports what does not go together, once for all groups that it is the case of.
func (d *decoder) contradictory(x expansion) {
	for c, groups := range x.contradictions {
		d.fail(d.follow(c.at), c.hint, "%s, in group %s%s", c.message, groups[0], fleet.More(len(groups)-1))
	}
}
