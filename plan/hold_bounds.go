package plan

import (
	"fmt"

	"arcadiad/fleet"
)

// overMaxDroplets lets creates through in the order of their names until policy.max_droplets is reached. The two droplets that
// exist while a replace lasts count as one.
func overMaxDroplets(b *builder) func(*draft) verdict {
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
	return func(d *draft) verdict {
		if limit == 0 || d.Kind != Provision {
			return verdict{}
		}
		if count < limit {
			count++
			return verdict{}
		}
		return verdict{why: fmt.Sprintf("the fleet has %d droplets, and policy.max_droplets allows %d", have, limit)}
	}
}

// overMaxMonthly lets creates through in the order of their names until the fleet costs policy.max_monthly_cost. What this very plan
// destroys is cheaper only when it is gone, in a later pass. A create whose price is not known is held too.
func overMaxMonthly(b *builder) func(*draft) verdict {
	limit := b.desired.Policy.MaxMonthly
	if limit == 0 {
		return func(*draft) verdict { return verdict{} }
	}
	_, soon, _ := costNow(b)
	have, total := soon.Monthly, soon.Monthly
	return func(d *draft) verdict {
		if !d.creates() && !d.Alter.Downtime() {
			return verdict{}
		}
		p, known := difference(b, d)
		switch {
		case !known:
			return verdict{why: "its price is not known, so policy.max_monthly_cost cannot be checked"}
		case p.Monthly > 0 && total+p.Monthly > limit:
			return verdict{why: fmt.Sprintf("the fleet costs %s a month, this adds %s to %s, and policy.max_monthly_cost allows %s", have, p.Monthly, total, limit)}
		}
		total += p.Monthly
		return verdict{}
	}
}

// overAccountLimit holds creates for which the account has no room: DigitalOcean would refuse every one of them, again and again. A
// replace needs room for two droplets while it lasts; one whose old droplet is kept, for as long as that is, so its group needs all its places
// at once.
func overAccountLimit(b *builder) func(*draft) verdict {
	limit, have := b.observed.Account.DropletLimit, len(b.observed.Droplets)
	count := have + len(b.unseen()) + b.destroyedFirst()
	keeps := map[string]int{} // replaces that keep the old droplet, by the group that they go through
	for _, d := range b.drafts {
		if d.keeps() && !d.Held {
			keeps[d.Rollout]++
		}
	}
	return func(d *draft) verdict {
		if limit == 0 || b.observed.Partial || !d.creates() || d.destroyFirst() && !d.keeps() {
			return verdict{}
		}
		if n := keeps[d.Rollout]; d.keeps() && count+n > limit {
			return verdict{why: fmt.Sprintf("the account has %d of at most %d droplets, and this keeps %s beside the new ones: ask DigitalOcean for a higher limit, "+
				"or use destroy: {keep: 0s} in the fleet file", have, limit, fleet.Counted(n, "old droplet"))}
		}
		if !goesNow(b, d) || d.keeps() && d.destroyFirst() {
			return verdict{}
		}
		if count < limit {
			count++
			return verdict{}
		}
		return verdict{why: fmt.Sprintf("the account has %d of at most %d droplets: ask DigitalOcean for a higher limit, or ask for fewer in the fleet file", have, limit)}
	}
}
