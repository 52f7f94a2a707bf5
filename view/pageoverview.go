package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"arcadiad/condition"
	"arcadiad/fleet"
	"arcadiad/plan"
)

// Overview is all that the status page tells of: the same as `status`, `plan`, `rollout show` and `history` do.
type Overview struct {
	Status  Status
	Desired *fleet.Fleet // the fleet file in force; nil: none is
	Plan    plan.Plan    // the last
	Records []fleet.Record
	Passes  []Pass // newest first
	History History
}

// Pass is a pass that has ended, in short.
type Pass struct {
	At      time.Time
	Took    time.Duration
	Trigger string
	Plan    string // its id; empty: it made none
	Says    string // what it came to
	Failed  bool
}

// PassOf tells of a pass that ended with a plan or an error.
func PassOf(at time.Time, took time.Duration, trigger string, p plan.Plan, err error) Pass {
	pass := Pass{At: at, Took: took.Round(time.Millisecond), Trigger: trigger, Plan: p.ID}
	switch {
	case err != nil:
		pass.Says, pass.Failed = clean(err.Error()), true
	case p.ID == "":
		pass.Says = "The inventory was taken; no fleet file is in force."
	default:
		pass.Says = sentence(p)
	}
	return pass
}

// Page lays the status page out.
func (o Overview) Page() (Document, error) {
	st := o.Status
	groups := groupsOf(st, o.Desired)
	drift, moreDrift := head(drifted(st.Drift, st.heldBack(), st.Rollouts), pageRows)
	attention, moreAttention := head(o.attention(), pageRows)
	rollouts, moreRollouts := head(rolloutParts(st.Rollouts), pageRows)
	waits, moreWaits := head(waitsOf(o.Plan), pageRows)
	sagas, moreSagas := head(sagaParts(st.Sagas), pageRows)
	kept, moreKept := head(o.kept(), pageRows)
	missing, moreMissing := head(o.missing(), pageRows)
	passes, _ := head(o.Passes, 8)
	deeds, _ := head(deedsOf(o.History), 12)
	name := cmp.Or(st.Fleet, "no fleet yet")
	return document(name+" · arcadiad", "overview", map[string]any{
		"Name": name, "Simulated": st.Simulated, "Account": st.Account, "Overall": o.overall(), "Origin": o.origin(), "Facts": o.facts(groups),
		"Attention": attention, "MoreAttention": moreAttention, "Waits": waits, "MoreWaits": moreWaits,
		"Rollouts": rollouts, "MoreRollouts": moreRollouts, "Sagas": sagas, "MoreSagas": moreSagas,
		"Groups": groups, "Missing": missing, "MoreMissing": moreMissing, "Drift": driftParts(drift), "MoreDrift": moreDrift,
		"Kept": kept, "MoreKept": moreKept, "KeptMonthly": o.keptMonthly(), "Noticed": o.noticed(), "Addresses": o.addresses(),
		"Passes": passes, "Deeds": deeds, "Others": st.others(),
	})
}

// overall is how the fleet is, in two or three words.
func (o Overview) overall() badge {
	st := o.Status
	bad := slices.ContainsFunc(st.Conditions, func(c condition.Condition) bool { return conditionTone(c) == toneBad })
	switch {
	case !st.PausedSince.IsZero():
		return badge{"paused", toneWait}
	case bad:
		return badge{"needs attention", toneBad}
	case len(st.Sagas) > 0:
		return badge{"at work", toneBusy}
	case len(st.Conditions) > 0:
		return badge{"wants a look", toneWait}
	case st.Daemon == nil || st.Daemon.Pass.IsZero():
		return badge{"starting", toneBusy}
	case o.Plan.ID == "":
		return badge{"no plan", toneWait}
	case !o.Plan.Settled():
		return badge{"changes wait", toneWait}
	}
	return badge{"as the file asks", toneGood}
}

// origin says which version of the fleet file is in force.
func (o Overview) origin() string {
	switch d := o.Status.Daemon; {
	case o.Desired == nil:
		return "no fleet file is in force"
	case d == nil || d.Revision == nil || d.InForce != o.Desired.Hash:
		return "the fleet file is not in git, or not planned yet"
	default:
		return fileText(*d.Revision, 0)
	}
}

// pageFact is a figure with its name.
type pageFact struct {
	Name, Text, More string
	At               time.Time // in place of a text
}

func (o Overview) facts(groups []pageGroup) (facts []pageFact) {
	serving, count := 0, 0
	for _, g := range groups {
		serving, count = serving+g.Serving, count+g.Count
	}
	counts := o.Status.countsText(fleet.StateDeleted, fleet.StateForeign)
	facts = append(facts, pageFact{Name: "In service", Text: fmt.Sprintf("%d of %d", serving, count), More: counts})
	if c := o.Plan.Cost; o.Plan.ID != "" {
		f := pageFact{Name: "Cost a month", Text: c.Before.Monthly.String()}
		if f.More = costMore(c); unknown(c) {
			f.Text = "not known"
		}
		facts = append(facts, f)
	}
	d := o.Status.Daemon
	if d == nil {
		return facts
	}
	if d.Limit > 0 {
		f := pageFact{Name: "API requests left", Text: "not known yet", More: fmt.Sprintf("of %d an hour", d.Limit)}
		if d.Remaining >= 0 {
			f.Text = fmt.Sprint(d.Remaining)
		}
		facts = append(facts, f)
	}
	writes := pageFact{Name: "Writes", Text: "open"}
	switch {
	case !o.Status.PausedSince.IsZero():
		writes = pageFact{Name: "Writes paused", At: o.Status.PausedSince, More: "to continue: arcadiad resume"}
		if o.Status.PausedBy != "" {
			writes.More = "by " + o.Status.PausedBy + "; " + writes.More
		}
	case d.Writes != "":
		writes = pageFact{Name: "Writes", Text: "shut", More: clean(d.Writes)}
	}
	facts = append(facts, writes)
	if l := o.Status.Leader; l != nil {
		facts = append(facts, leaderFact(*l))
	}
	last := pageFact{Name: "Last pass", Text: "none has ended", At: d.Pass}
	if d.Trigger != "" {
		last.More = "trigger: " + d.Trigger
	}
	if d.PassError != "" {
		last.More = "failed: " + clean(d.PassError)
	}
	return append(facts, last)
}

// leaderFact says which of the daemons that share the state database leads.
func leaderFact(l fleet.Leader) pageFact {
	epoch := fmt.Sprintf("epoch %d", l.Epoch)
	if l.Host == "" {
		return pageFact{Name: "Leader", Text: "none", More: epoch}
	}
	return pageFact{Name: "Leader since", At: l.Since, More: clean(l.Host) + ", " + epoch}
}

// costMore is what will be another cost than that of now; empty: nothing.
func costMore(c plan.Cost) string {
	var parts []string
	if c.After.Monthly != c.Before.Monthly {
		parts = append(parts, c.After.Monthly.String()+" when all is done")
	}
	if c.Held.Monthly != 0 {
		parts = append(parts, c.Held.Monthly.Signed()+" is held")
	}
	if c.Unpriced > 0 {
		parts = append(parts, "the price of "+droplets(c.Unpriced)+" is not known")
	}
	return strings.Join(parts, "; ")
}

// pageCondition is what wants attention: a condition, or neighbours with the same words.
type pageCondition struct {
	badge
	Subject, Path, Summary, Advice string
	Since                          time.Time
}

// conditionTone tells what is broken from what is only waiting.
func conditionTone(c condition.Condition) string {
	switch c.Kind {
	case condition.Held, condition.Drift, condition.Released, condition.Retrying:
		return toneWait
	}
	return toneBad
}

// attention are the conditions, but for those that the page shows as a whole further down, as status does: what is held, and drift.
func (o Overview) attention() (list []pageCondition) {
	for _, run := range alike(o.Status.Conditions) {
		c := run[0]
		p := pageCondition{badge: badge{string(c.Kind), conditionTone(c)}, Summary: c.Summary, Advice: c.Advice, Since: c.Since}
		p.Subject = some(fleet.Words(run, func(c condition.Condition) string { return c.Subject }))
		if len(run) == 1 && c.Subject != "" && c.Kind != condition.Stopped {
			p.Path = pathOf(c.Subject)
		}
		list = append(list, p)
	}
	return list
}

// pageDrift is something that is not as the fleet file asks.
type pageDrift struct {
	Name, Path, Whose, What, How string
	Since                        time.Time
}

func driftParts(list []condition.Difference) (parts []pageDrift) {
	for _, d := range list {
		how := d.By
		if d.HeldBy != "" {
			how = "waits: " + d.HeldBy
		}
		parts = append(parts, pageDrift{d.Name, pathOf(d.Name), whoseDoing[d.Cause], fleet.Fit(what(d), 200), fleet.Fit(how, 200), d.Since})
	}
	return parts
}

// pageNote is one thing about a droplet, and what to do about it.
type pageNote struct {
	Name, Path string
	ID         int64
	Says       string
	At         time.Time
	Do         string
}

// kept are the droplets in quarantine.
func (o Overview) kept() (list []pageNote) {
	for _, d := range o.Status.Droplets {
		if d.Bearing != fleet.StateKept {
			continue
		}
		n := pageNote{Name: d.Name, Path: pathOf(d.Name), ID: d.ID, Says: string(d.Status), At: d.Until, Do: "arcadiad undo " + fleet.OneLine(d.Name)}
		for _, k := range o.Plan.Kept {
			if k.DropletID == d.ID && k.Price.Known() {
				n.Says += ", " + k.Price.Monthly.String() + " a month"
			}
		}
		list = append(list, n)
	}
	return list
}

func (o Overview) keptMonthly() string {
	if d := o.Status.Daemon; d != nil && d.KeptMonthly > 0 {
		return d.KeptMonthly.String() + " a month"
	}
	return ""
}

// missing are the droplets that are registered and not in the account.
func (o Overview) missing() (list []pageNote) {
	for _, d := range o.Status.Droplets {
		if d.Bearing != fleet.StateMissing {
			continue
		}
		n := pageNote{Name: d.Name, Path: pathOf(d.Name), ID: d.ID, Says: "missing from the account", At: d.Missing}
		if !d.Deleted.IsZero() {
			n.Says = "gone"
		}
		for _, m := range o.Plan.Missing {
			if m.DropletID == d.ID {
				n.Says = m.Says()
			}
		}
		list = append(list, n)
	}
	return list
}

// pageSection is a part of the plan that tells what was noticed.
type pageSection struct {
	Title, Says string
	Entries     []pageEntry
	More        int
}

// pageEntry is what was noticed about one droplet, or about neighbours alike.
type pageEntry struct {
	Name, About, Words string
	Changes            []pageChange
}

// noticed is what the plan tells beside its actions, but for what the page has parts of its own for.
func (o Overview) noticed() (list []pageSection) {
	for _, s := range sections(o.Plan) {
		if s.apart {
			continue
		}
		p := pageSection{Title: s.title, Says: s.says}
		entries, more := head(s.entries, pageRows)
		p.More = more
		for _, e := range entries {
			p.Entries = append(p.Entries, pageEntry{e.name, e.about, clean(e.words), pageChanges(e.changes)})
		}
		list = append(list, p)
	}
	if len(o.Plan.Warnings) > 0 {
		p := pageSection{Title: "Warnings"}
		warnings, more := head(o.Plan.Warnings, pageRows)
		p.More = more
		for _, w := range warnings {
			p.Entries = append(p.Entries, pageEntry{Words: clean(w)})
		}
		list = append(list, p)
	}
	return list
}

// addresses are the reserved IPs that follow names, as they were last assigned or as the file asks.
func (o Overview) addresses() (list []pageNote) {
	assigned := map[string]string{}
	for _, r := range o.Records {
		if ip := r.Values[fleet.FieldReservedIP]; ip != "" && ip != fleet.NoAddress {
			assigned[fleet.Key(r.Name)] = ip
		}
	}
	if o.Desired != nil {
		for _, s := range o.Desired.Specs {
			ip := s.ReservedIP
			if ip == "" || ip == fleet.NoAddress || assigned[fleet.Key(s.Name)] == ip {
				continue
			}
			list = append(list, pageNote{Name: s.Name, Path: pathOf(s.Name), Do: ip, Says: "asked for, and not assigned yet"})
		}
	}
	for _, r := range o.Records {
		if ip := assigned[fleet.Key(r.Name)]; ip != "" {
			delete(assigned, fleet.Key(r.Name))
			list = append(list, pageNote{Name: r.Name, Path: pathOf(r.Name), Do: ip, Says: "assigned"})
		}
	}
	slices.SortStableFunc(list, func(a, b pageNote) int { return fleet.CompareNames(a.Name, b.Name) })
	return list
}

// pageDeed is a plan that was carried out.
type pageDeed struct {
	Plan, What, From string
	At               time.Time
	badge
}

func deedsOf(h History) (list []pageDeed) {
	for _, d := range h.Rows {
		p := pageDeed{d.Plan, d.what(), d.from(), d.At, badge{d.outcome(), toneGood}}
		switch {
		case d.Failed+d.Stuck > 0:
			p.Tone = toneBad
		case d.Live > 0:
			p.Tone = toneBusy
		}
		list = append(list, p)
	}
	return list
}

// others counts the droplets of the account that are none of the fleet's business.
func (st Status) others() string {
	if n := st.Summary[fleet.StateForeign]; n > 0 {
		return strings.TrimSpace(droplets(n) + " of the account belong to others, and are never touched")
	}
	return ""
}
