package provision

import (
	"fmt"
	"slices"

	"arcadiad/fleet"
	"arcadiad/inventory"
)

// sagaTags are the tags of a droplet that this saga makes. That of its protection comes when it is registered: until then it may have
// to be destroyed again.
func (w *work) sagaTags(sagaID string) []string {
	replaced, _ := w.License.Droplet()
	return fleet.TagsOf(w.Fleet, sagaID, replaced.ID, false, w.Spec.Tags)
}

// identity are the tags without which nobody could tell whose a droplet is.
func (w *work) identity(sagaID string) []string { return fleet.TagsOf(w.Fleet, sagaID, 0, false, nil) }

// creates are what the saga knows of its creates. A saga of an older version did not count them: what it knows of, it sent.
func (w *work) creates() fleet.Creates {
	c := fleet.Creates{Sent: w.Sent, Answered: w.Answered, Namesakes: w.Namesakes, Witnessed: w.Witnessed}
	if w.Posted && !slices.Contains(c.Answered, w.DropletID) {
		c.Answered = append(slices.Clone(c.Answered), w.DropletID)
	}
	c.Sent = max(c.Sent, len(c.Answered))
	if w.Attempt != nil && !w.Attempt.Elsewhere {
		c.Sent = max(c.Sent, 1)
	}
	return c
}

// ownership tells whose a droplet is by its tags: the fleet's own, or that of a saga which made it.
func (w *work) ownership(d fleet.Droplet) fleet.Ownership {
	if old, licensed := w.License.Droplet(); licensed && old.ID == d.ID {
		return w.License.Whose(d)
	}
	maker := w.Maker
	if r := w.Restore; r != nil && r.Record != nil && d.ID == r.Successor {
		maker = r.Record.SagaID
	}
	return fleet.Owners{Fleet: w.Fleet, Made: fleet.MadeBy(maker)}.Of(d.Tags)
}

// alien says why nothing is written to a droplet: it is not this fleet's by its tags (law 1). nil: it is.
func (w *work) alien(d fleet.Droplet) error {
	whose := w.ownership(d)
	if whose.Ours() {
		return nil
	}
	return fmt.Errorf("droplet %d %w: %s", d.ID, errAlien, whose.Reason())
}

// disowns says why the droplet is not this saga's own; empty: it is. It is where it is ours by its tags, and shows the saga's; or where its
// id is from the answer to the saga's own POST and its tags, which come late, were never seen yet (law 1).
func (w *work) disowns(sagaID string, d fleet.Droplet) string {
	whose, tag := fleet.Owners{Fleet: w.Fleet, Made: fleet.MadeBy(sagaID)}.Of(d.Tags), fleet.SagaTag(sagaID)
	switch {
	case whose.Ours() && d.HasTag(tag), w.Posted && !w.TagSeen && d.ID == w.DropletID && !tagged(d):
		return ""
	case whose.Ours():
		return "it does not show the tag " + tag
	}
	return whose.Reason()
}

// tagged tells whether the droplet shows that it is some saga's, or some fleet's.
func tagged(d fleet.Droplet) bool { return d.Managed() || len(d.Saga8s()) > 0 || len(d.Fleets()) > 0 }

// traces are what an unanswered create may show by.
func (w *work) traces(sagaID string) inventory.Query {
	return inventory.Query{Tag: fleet.SagaTag(sagaID), Name: w.Name, GPU: w.Spec.GPU()}
}

// sort finds the droplet that the saga made among those that show its tag or bear its name (law 5: of several, the one that bears the name,
// and of these the oldest), and a stranger: one that bears the name since the create was intended, and may be it. That is not so where it
// shows the tag of another saga or of another fleet. What bore the name before is neither, whatever tags it shows.
func (w *work) sort(sagaID string, seen []fleet.Droplet) (mine, stranger *fleet.Droplet) {
	named := func(d *fleet.Droplet) bool { return fleet.Key(d.Name) == fleet.Key(w.Name) }
	for _, d := range seen {
		switch {
		case d.Status == fleet.StatusArchive, slices.Contains(w.Namesakes, d.ID):
		case d.HasTag(fleet.SagaTag(sagaID)):
			if mine == nil || named(&d) && !named(mine) || named(&d) == named(mine) && d.ID < mine.ID {
				mine = &d
			}
		case len(d.Saga8s()) == 0 && w.ownership(d).By != fleet.OtherFleet:
			stranger = &d
		}
	}
	return mine, stranger
}

// ready tells whether the droplet is active, with its address and these tags.
func ready(d fleet.Droplet, tags []string) bool {
	if d.Status != fleet.StatusActive || d.PublicIPv4 == "" {
		return false
	}
	for _, t := range tags {
		if !d.HasTag(t) {
			return false
		}
	}
	return true
}
