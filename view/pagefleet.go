package view

import (
	"slices"
	"strings"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// pageGroup is a stanza of the fleet file with its droplets, or those that are in no stanza.
type pageGroup struct {
	Name, About, Notes string
	Serving, Count     int // of the desired members
	Tone               string
	Folded             bool
	Rows               []pageDroplet
	More               int
}

// pageDroplet is a member of a group. There may be no droplet yet.
type pageDroplet struct {
	Name, Path string
	badge
	Serves                       bool
	ID                           int64
	Address, Size, Region, Notes string
}

const (
	inService   = "in service"
	foldedFrom  = 13   // members: so many droplets are not looked at one by one
	mostMembers = 2500 // of the whole fleet, on one page
)

// groupsOf are the fleet's groups, in the order of the file, then what is in none. Desired: the fleet file in force; nil: none is.
func groupsOf(st Status, desired *fleet.Fleet) []pageGroup {
	under, rest := map[string][]Droplet{}, []Droplet{}
	for _, d := range st.ours() {
		if d.Bearing == fleet.StateKept { // they bear no name
			continue
		}
		name := fleet.Key(d.under)
		if d.Bearing == fleet.StateMaking {
			name = fleet.Key(d.Name)
		}
		if desired != nil && name != "" {
			if _, asked := desired.Spec(name); asked {
				under[name] = append(under[name], d)
				continue
			}
		}
		rest = append(rest, d)
	}
	live := liveOf(st.Sagas)
	var groups []pageGroup
	if desired != nil {
		groups = desiredGroups(desired.Specs, under, live)
	}
	if len(rest) > 0 {
		g := pageGroup{Name: "Not in the fleet file", About: "the plan says what becomes of them"}
		if desired == nil {
			g.Name, g.About = "Droplets", "no fleet file is in force"
		}
		for _, d := range rest {
			g.add(memberOf(d, live))
		}
		groups = append(groups, g)
	}
	left := mostMembers
	for i := range groups {
		g := &groups[i]
		g.sum(st.Rollouts)
		g.Rows, g.More = head(g.Rows, left)
		left -= len(g.Rows)
	}
	return groups
}

func desiredGroups(specs []fleet.Spec, under map[string][]Droplet, live map[string]Saga) (groups []pageGroup) {
	specs = slices.Clone(specs)
	slices.SortStableFunc(specs, func(a, b fleet.Spec) int { return a.Line - b.Line })
	for _, s := range specs {
		if n := len(groups); n == 0 || groups[n-1].Name != s.Group {
			groups = append(groups, pageGroup{Name: s.Group, About: describe(s)})
		}
		g := &groups[len(groups)-1]
		g.Count++
		for _, d := range under[fleet.Key(s.Name)] {
			g.add(memberOf(d, live))
		}
		if len(under[fleet.Key(s.Name)]) == 0 {
			g.add(absent(s, live))
		}
	}
	return groups
}

func (g *pageGroup) add(d pageDroplet) { g.Rows = append(g.Rows, d) }

// sum tells how the members stand. A rollout knows better who serves: it has asked them.
func (g *pageGroup) sum(rollouts []Rollout) {
	counts := map[string]int{}
	for _, d := range g.Rows {
		if d.Serves {
			g.Serving++
		}
		if d.Word != inService {
			counts[d.Word]++
		}
	}
	for _, r := range rollouts {
		if r.Group == fleet.Key(g.Name) && r.Desired == g.Count && r.Desired > 0 {
			g.Serving = min(g.Serving, r.Serving)
		}
	}
	g.Serving = min(g.Serving, g.Count)
	var notes []count
	for _, d := range g.Rows {
		if n := counts[d.Word]; n > 0 {
			notes = append(notes, count{n, d.Word})
			delete(counts, d.Word)
		}
	}
	g.Notes, g.Folded = enumerate(notes), len(g.Rows) >= foldedFrom
	switch {
	case g.Serving < g.Count:
		g.Tone = toneWait
	case g.Count > 0:
		g.Tone = toneGood
	}
}

// absent is a member that has no droplet.
func absent(s fleet.Spec, live map[string]Saga) pageDroplet {
	d := pageDroplet{Name: s.Name, Path: pathOf(s.Name), badge: badge{"not there yet", toneWait}, Size: s.Size, Region: s.Region}
	if now, is := live[fleet.Key(s.Name)]; is {
		d.badge = atWork(now)
		d.Address = now.Labels[fleet.LabelIP]
	}
	return d
}

// atWork is the state of a droplet that a saga works on.
func atWork(s Saga) badge {
	state := badge{being[s.Kind], toneBusy}
	switch {
	case s.Status == saga.Stuck:
		state = badge{state.Word + ": stuck", toneBad}
	case s.Back:
		state = badge{state.Word + ": going back", toneWait}
	}
	return state
}

// memberOf is a droplet as a member of a group.
func memberOf(d Droplet, live map[string]Saga) pageDroplet {
	name := d.Name
	if d.under != "" {
		name = d.under
	}
	row := pageDroplet{Name: name, Path: pathOf(name), ID: d.ID, Address: d.PublicIP, Size: d.Size, Region: d.Region}
	var notes []string
	if fleet.Key(d.Name) != fleet.Key(name) {
		notes = append(notes, "named "+d.Name)
	}
	if d.Protect {
		notes = append(notes, "protected")
	}
	now, busy := live[fleet.Key(name)]
	switch {
	case d.Bearing == fleet.StateMissing:
		row.badge = badge{"missing", toneBad}
	case d.Bearing == fleet.StateMaking:
		row.badge = badge{string(d.Bearing), toneBusy}
	case busy:
		row.badge = atWork(now)
		stays := now.Kind == fleet.SagaUpdate || now.Kind == fleet.SagaReplace // until there is another
		row.Serves = d.Bearing == fleet.StateManaged && d.Status == fleet.StatusActive && stays
	case d.Bearing != fleet.StateManaged:
		row.badge = badge{string(d.Bearing), toneWait}
	case d.Status == fleet.StatusActive:
		row.badge, row.Serves = badge{inService, toneGood}, true
	case d.Status == fleet.StatusOff:
		row.badge = badge{"off", toneBad}
	default:
		row.badge = badge{string(d.Status), toneWait}
	}
	row.Notes = strings.Join(notes, ", ")
	return row
}
