package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// What the text and the Markdown of a plan say of a run of actions in the same words.

// signs mark actions the way people know it from other tools.
var signs = map[plan.Kind]string{plan.Provision: "+", plan.Destroy: "-", plan.Replace: "-/+", plan.Update: "~", plan.Adopt: ">", plan.Purge: "-"}

func spanOf(run []plan.Action) string { return fleet.Span(run[0].Name, run[len(run)-1].Name) }

// deed says what a run of actions does: "replace droplet 123", or "create 300 droplets"; in a rollout also that it waits for its turn.
func deed(r *plan.Rollout, run []plan.Action) string {
	a := run[0]
	words := verbOf(a.Kind)
	if len(run) > 1 || a.DropletID != 0 {
		words += " " + about(len(run), a.DropletID)
	}
	if r != nil && a.InTurn() {
		words += " in turn"
	}
	return words
}

// about names the droplets of a run.
func about(n int, id int64) string {
	if n > 1 {
		return droplets(n)
	}
	return fmt.Sprintf("droplet %d", id)
}

// motive says why a run of actions is planned, and for provisions what is made.
func motive(run []plan.Action) string {
	a := run[0]
	reason := clean(a.Reason)
	if len(run) > 1 && len(a.Lost) > 0 {
		reason = "their droplets are gone (" + lost(run) + ")"
	}
	if a.Kind == plan.Provision {
		return reason + " (" + describe(a.Spec) + ")"
	}
	return reason
}

// mostListed bounds how many ids one line names.
const mostListed = 5

// lost names the droplets that a run stands in for.
func lost(run []plan.Action) string {
	var ids []string
	for _, a := range run {
		for _, id := range a.Lost {
			ids = append(ids, fmt.Sprint(id))
		}
	}
	most := min(len(ids), mostListed)
	return strings.Join(ids[:most], ", ") + fleet.More(len(ids)-most)
}

// describe is a spec in three words.
func describe(s fleet.Spec) string {
	return clean(strings.Join([]string{s.Size, s.Region, s.Image}, ", "))
}

// changesOf are the changes of a run of actions.
func changesOf(run []plan.Action) []plan.FieldChange {
	changes := slices.Clone(run[0].Changes)
	for i, last := range run[len(run)-1].Changes {
		if last.Field == "name" {
			changes[i].From, changes[i].To = fleet.Span(changes[i].From, last.From), fleet.Span(changes[i].To, last.To)
		}
	}
	return changes
}

func shown(value string) string { return fleet.Cut(fleet.Value(value), longest) }

// comesAlong marks what a replace brings along beside what it is for.
func comesAlong(c plan.FieldChange) string {
	if !c.Along {
		return ""
	}
	return " (with the replacement)"
}

// noticed says since when a change is there, and what did it, as far as that is known.
func noticed(c plan.FieldChange) string {
	var words string
	if !c.Since.IsZero() {
		words = ", noticed at " + c.Since.UTC().Format(time.RFC3339)
	}
	if c.By != "" {
		words += ", by " + c.By
	}
	return words
}

// heldBy names the rule that holds an action. What waits for its turn or its next try needs nobody.
func heldBy(a plan.Action) string {
	if a.Waits() {
		return a.HeldBy
	}
	return "held by " + a.HeldBy
}

// sideEffects says in a few lines what follows the names of a run of actions, what goes with the droplets, what they leave behind that still
// costs, and how they end.
func sideEffects(run []plan.Action) (lines []string) {
	it, droplet := "it", "droplet is"
	if len(run) > 1 {
		it, droplet = "them", "droplets are"
	}
	backups, volumes, ips := 0, []string{}, []string{}
	for _, a := range run {
		for _, t := range a.SideEffects {
			switch t.Kind {
			case fleet.AttachedBackups:
				backups += t.Count
			case fleet.AttachedVolume:
				volumes = append(volumes, clean(t.ID))
			case fleet.AttachedReservedIP:
				ips = append(ips, clean(t.ID))
			}
		}
	}
	if words := addresses(run); words != "" {
		lines = append(lines, words)
	}
	var along []string
	if backups > 0 {
		along = append(along, "deletes "+fleet.Counted(backups, "backup"))
	}
	if places := placesOf(run[0]); len(places) > 0 {
		words := "removes " + it + " from " + fleet.Series(places)
		if run[0].Kind == plan.Replace {
			words += " (the new " + droplet + " not added)"
		}
		along = append(along, words)
	}
	if len(along) > 0 {
		lines = append(lines, "side effects: "+strings.Join(along, "; "))
	}
	if behind := slices.Concat(named("volume", volumes), named("reserved IP", ips)); len(behind) > 0 {
		lines = append(lines, "leaves behind, unused and still billed: "+strings.Join(behind, "; "))
	}
	if words := ending(run); words != "" {
		lines = append(lines, words)
	}
	return lines
}

// addresses says what becomes of the reserved IPs that follow the names of a run; empty: there are none.
func addresses(run []plan.Action) string {
	var ips []string
	for _, a := range run {
		if ip := a.Spec.ReservedIP; ip != "" && ip != fleet.NoAddress && (a.Kind == plan.Provision || a.Kind == plan.Replace) {
			ips = append(ips, clean(ip))
		}
	}
	if len(ips) == 0 {
		return ""
	}
	what := strings.Join(named("reserved IP", ips), "")
	switch {
	case run[0].Kind == plan.Provision:
		return "assigns " + what + " when it is ready"
	case run[0].Spec.Rules.Order == fleet.DestroyFirst:
		return "unassigned until the new droplet is ready: " + what
	}
	return "moves " + what + " to the new droplet when that is ready, before the old one goes"
}

// ending says how the droplets of a run end, where that is not as by default; empty: it is.
func ending(run []plan.Action) string {
	its, it := "its operating system is", "it is"
	if len(run) > 1 {
		its, it = "their operating systems are", "they are"
	}
	if run[0].Kind == plan.Purge {
		return ""
	}
	e := run[0].Ending
	var before []string
	if !e.Hard {
		before = append(before, its+" asked to shut down")
	}
	if e.Snapshot {
		before = append(before, "a snapshot is taken, which is billed until you delete it")
	}
	if e.Keep > 0 {
		before = append(before, fmt.Sprintf("%s kept off for %s, still billed", it, fleet.ShortDuration(e.Keep)))
	}
	switch {
	case e == fleet.Ending{}:
		return ""
	case len(before) == 0:
		return it + " destroyed without asking the operating system to shut down"
	}
	return "before " + it + " destroyed: " + strings.Join(before, "; ")
}

// named names one thing or a few, and counts more.
func named(what string, ids []string) []string {
	switch n := len(ids); {
	case n == 0:
		return nil
	case n == 1:
		return []string{what + " " + ids[0]}
	case n <= 3:
		return []string{what + "s " + fleet.Series(ids)}
	default:
		return []string{fleet.Counted(n, what)}
	}
}

// placesOf names the firewalls and load balancers that name the droplet by its id.
func placesOf(a plan.Action) (places []string) {
	for _, t := range a.SideEffects {
		name := clean(cmp.Or(t.Name, t.ID))
		switch t.Kind {
		case fleet.AttachedFirewall:
			places = append(places, "firewall "+name)
		case fleet.AttachedFirewallRule:
			places = append(places, "the rules of firewall "+name)
		case fleet.AttachedLoadBalancer:
			places = append(places, "load balancer "+name)
		}
	}
	return places
}
