package inventory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
)

// mostExplained is how many droplets one Explain asks about.
const mostExplained = 10

// Explain asks the actions of droplets what did the deviations that nobody asked about yet, and fills in what it learns: in the list
// that it gives, By is told and Asked set. It asks for a few droplets only, and none while others wait for the budget; the rest it
// gets to another time. Asked tells how many it asked for. What this journal's sagas did themselves explains nothing.
//
// The list is good, as far as it goes, also beside an error.
func (i *Inventory) Explain(ctx context.Context, list []fleet.Deviation, sagas []fleet.Saga) (explained []fleet.Deviation, asked int, err error) {
	explained = slices.Clone(list)
	answers := map[int64][]digitalocean.Action{}
	for n := range explained {
		d := &explained[n]
		if d.Asked || deeds[d.Field] == nil {
			continue
		}
		actions, known := answers[d.DropletID]
		if !known {
			if asked == mostExplained || i.o.Idle == nil || !i.o.Idle() {
				continue
			}
			asked++
			actions, err = i.o.Sync.Actions(ctx, d.DropletID)
			if errors.Is(err, digitalocean.ErrNotFound) || errors.Is(err, digitalocean.ErrForbidden) {
				err = nil // gone meanwhile, or none of this token's business: there is nothing to learn
			}
			if err != nil {
				return explained, asked, err
			}
			answers[d.DropletID] = actions
		}
		d.By, d.Asked = explain(*d, actions, sagas)
	}
	return explained, asked, nil
}

// deeds maps a field to the action types that change it, and to those that change it to the opposite
// (docs/digitalocean-api.md, "Actions"). Tags and protection change without an action.
var deeds = map[string]func(seen string) (leads, others []string){
	"name":    func(string) (_, _ []string) { return []string{"rename"}, nil },
	"size":    func(string) (_, _ []string) { return []string{"resize"}, nil },
	"image":   func(string) (_, _ []string) { return []string{"rebuild", "restore"}, nil },
	"ipv6":    func(string) (_, _ []string) { return []string{"enable_ipv6"}, nil },
	"backups": switched([]string{"enable_backups"}, []string{"disable_backups"}),
	// What is shut down from within leaves no action: then the last one is that which switched it on.
	"status": func(string) (_, _ []string) {
		return []string{"power_off", "shutdown"}, []string{"create", "power_on", "power_cycle", "reboot", "rebuild", "restore"}
	},
}

// switched are the types of actions that switch something on, and those that switch it off.
func switched(on, off []string) func(string) (_, _ []string) {
	return func(seen string) (_, _ []string) {
		if seen == "true" {
			return on, off
		}
		return off, on
	}
}

// explain finds what did a deviation among a droplet's actions, ordered by id: the last that was about that field, unless it led to
// something else, or was a saga's. Final is false where an action is still under way that may be it.
func explain(d fleet.Deviation, actions []digitalocean.Action, sagas []fleet.Saga) (by string, final bool) {
	leads, others := deeds[d.Field](d.Seen)
	for _, a := range slices.Backward(actions) {
		led := slices.Contains(leads, a.Type)
		switch {
		case a.Status == digitalocean.ActionErrored, !led && !slices.Contains(others, a.Type):
			continue
		case a.Status == digitalocean.ActionInProgress:
			return "", false
		case !led, ours(d.DropletID, a.StartedAt, sagas):
			return "", true
		}
		return fmt.Sprintf("%s in the console or by another tool at %s (action %d)", a.Type, a.StartedAt.UTC().Format(time.RFC3339), a.ID), true
	}
	return "", true
}

// clockSlack is by how much the API's clock, which shows whole seconds, and ours may differ for an action to count as a saga's.
const clockSlack = 5 * time.Second

// ours tells whether an action began while a saga was at work on the droplet. DigitalOcean does not say whose an action is; of two at
// once only one gets through. A mistake costs a word in a report, and nothing else.
func ours(dropletID int64, began time.Time, sagas []fleet.Saga) bool {
	return slices.ContainsFunc(sagas, func(s fleet.Saga) bool {
		if s.DropletID != dropletID || began.Before(s.CreatedAt.Add(-clockSlack)) {
			return false
		}
		return s.Live || began.Before(s.EndedAt.Add(clockSlack))
	})
}
