package digitalocean

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/digitalocean/godo"
)

// The states of an Action.
const (
	ActionInProgress = "in-progress"
	ActionCompleted  = "completed"
	ActionErrored    = "errored"
)

// Action is something that DigitalOcean does, or did, to a droplet or a reserved IP (docs/digitalocean-api.md, "Actions").
type Action struct {
	ID          int64
	Type        string // "create", "resize", "assign_ip", …
	Status      string // ActionInProgress, ActionCompleted or ActionErrored
	StartedAt   time.Time
	CompletedAt time.Time // zero while in progress
}

// The types of actions that Act can ask for.
const (
	ActRename         = "rename"
	ActResize         = "resize"
	ActShutdown       = "shutdown"  // asks the operating system, which may take its time, or not listen
	ActPowerOff       = "power_off" // pulls the plug
	ActPowerOn        = "power_on"
	ActEnableBackups  = "enable_backups"
	ActDisableBackups = "disable_backups"
	ActEnableIPv6     = "enable_ipv6" // there is no way back
	ActSnapshot       = "snapshot"    // takes minutes for each GB that is used
)

// ActionRequest asks for an action on a droplet.
type ActionRequest struct {
	Type string `json:"type"`           // one of the Act… above
	Name string `json:"name,omitempty"` // ActRename: the new name; ActSnapshot: that of the snapshot
	Size string `json:"size,omitempty"` // ActResize: slug of the new size
	Disk bool   `json:"disk,omitempty"` // ActResize: the disk grows too, for good
}

// scopes are what a token needs for it (docs/digitalocean-api.md, "Actions").
func (r ActionRequest) scopes() string {
	switch r.Type {
	case ActResize:
		return "droplet:update and droplet:create"
	case ActSnapshot:
		return "droplet:update and image:create"
	}
	return "droplet:update"
}

// Act asks for an action on a droplet. Success means accepted: the droplet shows it later, and [Client.Action] tells how it went. A
// droplet does one thing at a time, and answers ErrPendingEvent meanwhile; ErrAlreadySo means that it is off, or on, already. The intent is
// as in Create. All these actions but ActSnapshot name the state that they lead to, so after an unknown outcome one may be sent again. A
// second snapshot would be a second image, under the same name: [Client.Snapshots] and [Client.Actions] tell whether there is one.
func (c *Client) Act(ctx context.Context, dropletID int64, action ActionRequest, intent func(context.Context) error) (Action, error) {
	r := request{
		op: fmt.Sprintf("%s droplet %d", action.Type, dropletID), method: http.MethodPost, path: dropletPath(dropletID) + "/actions",
		body: action, scopes: action.scopes(), write: true, intent: intent, wrong: checkID("a droplet id", dropletID),
	}
	return c.oneAction(ctx, r)
}

// Action reads an action. One that has just begun may be ErrNotFound for a moment (docs/digitalocean-api.md, "Actions").
func (c *Client) Action(ctx context.Context, id int64) (Action, error) {
	r := request{
		op: fmt.Sprintf("read action %d", id), method: http.MethodGet, path: "v2/actions/" + strconv.FormatInt(id, 10), scopes: "actions:read",
		wrong: checkID("the id of an action", id),
	}
	return c.oneAction(ctx, r)
}

// oneAction sends a request that is answered with an action.
func (c *Client) oneAction(ctx context.Context, r request) (Action, error) {
	a, _, err := ask(ctx, c, r, "action", func(a godo.Action) bool { return a.ID > 0 && a.Status != "" }, "it shows no action")
	return actionOf(a), err
}

func actionOf(a godo.Action) Action {
	return Action{
		ID: int64(a.ID), Type: a.Type, Status: a.Status, StartedAt: timeOf(a.StartedAt), CompletedAt: timeOf(a.CompletedAt),
	}
}

// Actions lists what was done to a droplet, ordered by id. The action of type create tells whether a droplet that never became
// active failed, or is only slow.
func (c *Client) Actions(ctx context.Context, dropletID int64) ([]Action, error) {
	r := request{
		op: fmt.Sprintf("list the actions of droplet %d", dropletID), method: http.MethodGet,
		path: dropletPath(dropletID) + "/actions", scopes: "actions:read", wrong: checkID("a droplet id", dropletID),
	}
	var actions []Action
	err := c.pages(ctx, r, func(p page) error {
		entries, err := entriesOf[godo.Action](p, "actions")
		for _, a := range entries {
			actions = append(actions, actionOf(a))
		}
		return err
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
