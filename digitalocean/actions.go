package digitalocean

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/digitalocean/godo"
)

// The states of an Action.
const (
	ActionInProgress = "in-progress"
	ActionCompleted  = "completed"
	ActionErrored    = "errored"
)

// Action is something that DigitalOcean does, or did, to a droplet (do-api.md, section 5).
type Action struct {
	ID          int64
	Type        string // "create", "resize", …
	Status      string // ActionInProgress, ActionCompleted or ActionErrored
	StartedAt   time.Time
	CompletedAt time.Time // zero while in progress
}

// Actions lists what was done to a droplet, ordered by id. The action of type create tells whether a droplet that never became
// active failed, or is only slow.
func (c *Client) Actions(ctx context.Context, dropletID int64) ([]Action, error) {
	r := request{
		op: fmt.Sprintf("list the actions of droplet %d", dropletID), method: http.MethodGet,
		path: dropletPath(dropletID) + "/actions", scopes: "actions:read",
	}
	if err := r.needID(dropletID); err != nil {
		return nil, err
	}
	var actions []Action
	err := c.pages(ctx, r, func(p page) error {
		var body struct {
			Actions []godo.Action `json:"actions"`
		}
		if err := json.Unmarshal(p.body, &body); err != nil {
			return err
		}
		for _, a := range body.Actions {
			actions = append(actions, Action{
				ID: int64(a.ID), Type: a.Type, Status: a.Status, StartedAt: timeOf(a.StartedAt), CompletedAt: timeOf(a.CompletedAt),
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(actions, func(a, b Action) int { return cmp.Compare(a.ID, b.ID) })
	// An action that began between two pages shows the last one of the page before again.
	return slices.CompactFunc(actions, func(a, b Action) bool { return a.ID == b.ID }), nil
}

func timeOf(t *godo.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.Time
}
