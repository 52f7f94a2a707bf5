package plan

import (
	"slices"
	"time"

	"arcadiad/fleet"
)

// group is a stanza of the fleet file: how its members stand in service, and the change that goes through it.
type group struct {
	key   string
	spec  *fleet.Spec // of one member: the others differ in the name alone
	rules fleet.RolloutRules
	count int // desired members

	serving []*subject // members that serve, and that no saga takes out of service
	out     []*subject // the others

	backs    []string                       // members that are brought back by this plan
	drafts   []*draft                       // what the change has left to do: replaces, the second halves of those, and resizes
	live     []*fleet.Saga                  // sagas of a change that are under way: a batch has not ended before they have
	paused   bool                           // a person has paused its rollout, of this change or of one before
	row      *fleet.Rollout                 // the live rollout of this very change; nil: none has begun
	members  map[string]fleet.RolloutMember // of the row, by the Key of their names
	progress fleet.RolloutProgress          // of the row
}

// batch is who of a group goes now, and why the others do not.
type batch struct {
	goes    map[*draft]bool
	serving int       // members that serve when those are gone that it takes out of service
	wait    string    // what all others wait for; empty: they have a reason of their own
	stuck   bool      // what they wait for waits for a person
	next    time.Time // when the pause before the next batch is over; zero: it does not wait for that

	// spares: all of the batch before waits until others serve, and has for long. What does not serve need not wait for it: it may be what
	// those wait for.
	spares bool
}

// most is how many members may be out of service at once.
func (g *group) most() int { return g.rules.Unavailable(g.count) }

// size is how many members go in one batch, by creating new droplets beside them or by taking them out of service.
func (g *group) size(surges bool) int {
	if surges {
		return g.rules.Surge(g.count)
	}
	return max(1, g.most()) // what is out of service already may go where nothing else may
}

// canary is how many go first, alone, while no member is changed yet: after one that failed another; 0: as many as in every batch.
func (g *group) canary() int {
	if len(g.progress.Done) > 0 {
		return 0
	}
	return g.rules.Canary
}

// surges tells whether the change creates new droplets beside the old ones.
func (g *group) surges() bool {
	return g.spec.Rules.Order != fleet.DestroyFirst && !slices.ContainsFunc(g.drafts, func(d *draft) bool { return d.Kind == Update })
}

// stopped is the saga of the member that stopped the rollout of the group; nil: none did, or the stanza was edited since.
func (g *group) stopped() *fleet.Saga {
	if g.row == nil || g.edited() {
		return nil
	}
	return g.progress.Stopped
}

// edited tells whether a person has edited how the group changes, or shows that it serves, since its rollout began or was last lifted.
func (g *group) edited() bool { return g.row.Rules != g.spec.RulesHash() }

// unattended tells whether the file lets the changes of the group go without a person. Without a probe, or where the old droplet goes
// first, it cannot.
func (g *group) unattended() bool {
	return g.rules.Unattended && g.spec.Ready != nil && g.spec.Rules.Order != fleet.DestroyFirst
}

// member finds a member of the rollout that has begun.
func (g *group) member(name string) (m fleet.RolloutMember, is bool) {
	m, is = g.members[fleet.Key(name)]
	return m, is
}

// way is how an action changes its droplet, as far as somebody may have agreed to one way and not to another.
func (g *group) way(d *draft) string {
	way := string(d.Kind) + d.manner()
	if d.Kind == Replace && g.unattended() {
		way += " unattended"
	}
	return way
}

// names are the names of subjects.
func names(list []*subject) (names []string) {
	for _, x := range list {
		names = append(names, x.name)
	}
	return names
}

// fewest is how many names are told one by one.
const fewest = 3

// some names the members of a list, or how many there are.
func some(names []string) string {
	if len(names) > fewest {
		return names[0] + fleet.More(len(names)-1)
	}
	return fleet.Series(names)
}

// few says something of some of a list.
func few(names []string, one, many string) string {
	if len(names) == 1 {
		many = one
	}
	return some(names) + " " + many
}
