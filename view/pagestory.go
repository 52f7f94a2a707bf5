package view

import (
	"slices"
	"strconv"
	"time"

	"arcadiad/condition"
	"arcadiad/fleet"
)

// pageMoment is a line of a timeline.
type pageMoment struct {
	At    time.Time
	After string
	Text  string
}

// pagePast is a saga that was done under a name.
type pagePast struct {
	ID, Kind, From, Plan, Rollout, Error string
	badge
	BeganAt, EndedAt time.Time
	Steps            []pageStep
	Moments          []pageMoment
}

func pastOf(v Saga) pagePast {
	p := pagePast{
		fleet.Saga8(v.ID), v.Kind, v.origin(), v.planned(), v.rollout(), fleet.Fit(v.Error, 600), sagaState(v), v.CreatedAt, v.EndedAt, stepsOf(v), nil,
	}
	for _, m := range v.moments() {
		p.Moments = append(p.Moments, pageMoment{m.at, after(m.at.Sub(v.CreatedAt)), m.text})
	}
	return p
}

// Story lays out the page of one droplet: what `arcadiad why` tells of it.
func (o Overview) Story(s Story) (Document, error) {
	type droplet struct {
		Droplet
		Says string
		At   time.Time
	}
	var list []droplet
	for _, d := range s.Droplets {
		each := droplet{d, string(d.Bearing) + ", " + string(d.Status), d.LastSeen}
		switch d.Bearing {
		case fleet.StateDeleted:
			each.Says, each.At = "gone", d.Deleted
		case fleet.StateMissing:
			each.Says, each.At = "missing from the account", d.Missing
		case fleet.StateKept:
			each.Says, each.At = string(d.Status)+", kept (to bring it back: arcadiad undo "+fleet.OneLine(d.Name)+")", d.Until
		}
		list = append(list, each)
	}
	about := o.Plan
	about.Actions = nil
	for _, a := range o.Plan.Actions {
		if fleet.Key(a.Name) == s.Name {
			about.Actions = append(about.Actions, a)
		}
	}
	var past []pagePast
	for _, v := range s.Sagas {
		past = append(past, pastOf(v))
	}
	others := func(c condition.Condition) bool { return fleet.Key(c.Subject) != s.Name }
	o.Status.Conditions = slices.DeleteFunc(slices.Clone(o.Status.Conditions), others)
	id := ""
	if len(list) > 0 {
		id = strconv.FormatInt(list[0].ID, 10)
	}
	return document(s.Name+" · arcadiad", "story", map[string]any{
		"Name": s.Name, "Fleet": o.Status.Fleet, "ID": id, "Droplets": list, "Attention": o.attention(), "Waits": waitsOf(about),
		"Drift": driftParts(s.Drift), "Past": past, "Empty": s.Empty(), "Outside": outsideName(s),
	})
}

// outsideName is the name that arcadiad knows a droplet by that somebody renamed; empty: nobody did.
func outsideName(s Story) string {
	for _, d := range s.Drift {
		if d.Field == "name" && fleet.Key(d.Name) != s.Name {
			return fleet.OneLine(d.Name)
		}
	}
	return ""
}
