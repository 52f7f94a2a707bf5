package provision

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/saga"
)

// service tells which droplets are in service: those that are active, and pass the probe that the fleet file has for them (law 18).
type service struct{ *core }

func (p *core) service() service { return service{p} }

// againSoon is the pause of a saga that waits until others serve. It is no shorter, because each try looks at a whole group, and probes it, and
// what is waited for can take hours.
const againSoon = 30 * time.Second

// member is a droplet that the fleet file wants, with what is registered under its name.
type member struct {
	spec fleet.Spec
	ids  []int64 // two while one replaces the other; none while there is none
}

// members gives the droplets that the file wants, in its order.
func (p service) members(ctx context.Context, f fleet.Fleet) ([]member, error) {
	records, err := p.o.Records(ctx)
	if err != nil {
		return nil, err
	}
	heirs, registered := f.HeirsOf(records), map[string][]int64{}
	for _, r := range records {
		name := fleet.Key(cmp.Or(heirs[r.DropletID], r.Name))
		registered[name] = append(registered[name], r.DropletID)
	}
	members := make([]member, len(f.Specs))
	for i, s := range f.Specs {
		members[i] = member{s, registered[fleet.Key(s.Name)]}
	}
	return members, nil
}

// probe probes one droplet. Known is false where there was no time for it.
func (p service) probe(ctx context.Context, d fleet.Droplet, r fleet.Ready) (found inventory.Probed, known bool) {
	found, known = p.o.Inventory.Probe(ctx, []inventory.Target{{DropletID: d.ID, Address: r.Address(&d), Ready: r}}, 0)[d.ID]
	return found, known
}

// others are the droplets of the fleet beside one that does not pass its probe, as far as they were asked.
type others struct {
	some    bool               // there are others that have a probe
	passing []inventory.Target // of those, the ones that pass it: this host's network works
}

// othersProbed is how many other droplets are probed at most: when all of them fail, a few more would tell nothing else.
const othersProbed = 10

// beside probes other droplets of the fleet, each by its own probe.
func (p service) beside(ctx context.Context, run *saga.Run, id int64) (o others, err error) {
	f, ok := p.o.Desired()
	if !ok {
		return o, nil
	}
	members, err := p.members(ctx, f)
	if err != nil {
		return o, err
	}
	probes, ids := map[int64]fleet.Ready{}, []int64{}
	for _, m := range mixed(members) {
		for _, other := range m.ids {
			if m.spec.Ready != nil && other != id && len(ids) < othersProbed {
				probes[other], ids = *m.spec.Ready, append(ids, other)
			}
		}
	}
	if o.some = len(ids) > 0; !o.some {
		return o, nil
	}
	shown, err := p.o.Inventory.LookAt(ctx, ids, p.looks(run).due())
	if err != nil {
		return o, saga.Later(againSoon, fmt.Errorf("look at other droplets of the fleet: %w", err))
	}
	o.passing = p.passing(ctx, targets(shown, probes))
	return o, nil
}

// passing gives those of the targets that pass their probes now.
func (p service) passing(ctx context.Context, list []inventory.Target) []inventory.Target {
	found := p.o.Inventory.Probe(ctx, list, 0)
	return slices.DeleteFunc(slices.Clone(list), func(t inventory.Target) bool { return !found[t.DropletID].Passed })
}

// mixed puts members of all groups first, for those of one group tend to fail together; which of a group, chance decides.
func mixed(members []member) []member {
	members = slices.Clone(members)
	rand.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	place, of := map[string]int{}, map[string]int{} // the place of each in its group, by name; how many there are, by group
	for _, m := range members {
		place[m.spec.Name] = of[m.spec.Group]
		of[m.spec.Group]++
	}
	slices.SortStableFunc(members, func(a, b member) int { return cmp.Compare(place[a.spec.Name], place[b.spec.Name]) })
	return members
}

// targets are those of the droplets that are on, with their probes.
func targets(shown map[int64]fleet.Droplet, probes map[int64]fleet.Ready) (list []inventory.Target) {
	for id, d := range shown {
		if r, probed := probes[id]; probed && d.Status == fleet.StatusActive {
			list = append(list, inventory.Target{DropletID: id, Address: r.Address(&d), Ready: r})
		}
	}
	return list
}
