package plan

import (
	"fmt"
	"strings"

	"arcadiad/fleet"
)

// paused is the warning of what stops all of a plan.
const paused = "arcadiad is paused: no changes are applied until `arcadiad resume`"

// warnFirst says what concerns the whole plan.
func warnFirst(b *builder) {
	for _, w := range b.desired.Warnings {
		b.warn("%s", w)
	}
	if b.recorded.Paused {
		b.warn("%s", paused)
		warnBilled(b)
	}
	if b.blind {
		b.warn("no registered droplet shows arcadiad's tags, so nothing is written: the token probably lacks the scope tag:read; " +
			"if the tags were removed on purpose, `arcadiad release NAME` frees a name")
	}
	if s := b.observed.Account.Status; s != "" && s != "active" {
		b.warn("DigitalOcean reports the account status %q and may refuse writes", s)
	}
	if c := b.observed.Catalogue; c != nil {
		for _, why := range c.Unread {
			b.warn("some checks were skipped: %s", why)
		}
	}
	if a := b.observed.Attachments; a != nil {
		for _, why := range a.Unread {
			b.warn("some side effects of destroying could not be looked up: %s", why)
		}
	}
	if b.observed.Partial {
		b.warn("the account's listing kept changing while it was read: only the fleet's own droplets were checked")
	}
}

// warnBilled says what a pause leaves half made, and billed (law 13).
func warnBilled(b *builder) {
	var billed []string
	for _, saga := range b.sagas {
		if saga.Live && saga.Makes() && b.sees(saga.DropletID) && !b.registered(saga.DropletID) {
			billed = append(billed, fmt.Sprintf("%s (droplet %d)", saga.Name, saga.DropletID))
		}
	}
	if n := len(billed); n > 0 {
		b.warn("paused: half created, and billed meanwhile: %s", strings.Join(billed[:min(n, 10)], ", ")+fleet.More(n-10))
	}
}

// warnLast says what only the drafts show.
func warnLast(b *builder) {
	warnOthers(b)
	warnCount(b)
}

// warnOthers notices that somebody else makes droplets for this fleet. A database that knows nothing yet may just have been lost.
func warnOthers(b *builder) {
	if len(b.records) == 0 && len(b.sagas) == 0 {
		return
	}
	count, example := 0, int64(0)
	for _, x := range b.subjects {
		for _, d := range x.untracked {
			if len(d.Saga8s()) > 0 && b.makerOf(d) == nil {
				count++
				example = d.ID
			}
		}
	}
	if count > 0 {
		which := "is"
		if count > 1 {
			which = fmt.Sprintf("and %d more are", count-1)
		}
		b.warn("droplet %d %s tagged for this fleet, but no saga of this state database created it: expected after a restored backup or a lost "+
			"database; if another arcadiad works on fleet %s, stop one of the two", example, which, b.desired.Name)
	}
}

// warnCount notices a count that was added to a stanza, or taken away from it: other names, so other droplets.
func warnCount(b *builder) {
	made := map[string]fleet.Spec{} // a spec of each stanza that gets new droplets
	var ends []*draft
	for _, d := range b.drafts {
		switch {
		case d.Kind == Provision && d.Spec.Group != "":
			made[fleet.Key(d.Spec.Group)] = d.Spec
		case d.Kind == Destroy && d.record != nil && d.subject.spec == nil:
			ends = append(ends, d)
		}
	}
	said := map[string]bool{}
	for _, d := range ends {
		if s, ok := made[fleet.Key(d.Name)]; ok && !s.Single {
			b.warn("the stanza %s%s has a count now: this destroys %s and creates %s-1 and so on; to keep %s, give the counted stanza another name",
				s.Group, line(s), d.Name, s.Group, d.Name)
		}
		stem := b.stemOf(d.Name)
		if s, ok := made[stem]; ok && s.Single && !said[stem] {
			said[stem] = true
			b.warn("the stanza %s%s no longer has a count: this destroys %s and its like, and creates %s; `count: 1` keeps %s-1",
				s.Group, line(s), d.Name, s.Name, s.Group)
		}
	}
}

func line(s fleet.Spec) string {
	if s.Line == 0 {
		return ""
	}
	return fmt.Sprintf(" (line %d)", s.Line)
}
