package digitalocean

import (
	"context"
	"errors"
	"net/http"

	"github.com/digitalocean/godo"

	"arcadiad/fleet"
)

// simulatorHeader is in every answer of arcadiad's own simulator.
const simulatorHeader = "X-Arcadiad-Simulator"

// Account asks whose the token is, and by an answer proves the token: from then on writes may bear it (law 10). A token of another
// account than the first one answers, but proves nothing.
func (c *Client) Account(ctx context.Context) (fleet.Account, error) {
	r := request{op: "read the account", method: http.MethodGet, path: "v2/account", scopes: "account:read"}
	var body struct {
		Account *godo.Account `json:"account"`
	}
	a, err := c.ask(ctx, r, &body)
	if err != nil {
		return fleet.Account{}, err
	}
	if body.Account == nil || body.Account.UUID == "" {
		return fleet.Account{}, r.unread(a, errors.New("the account has no uuid"))
	}
	got := fleet.Account{
		UUID:         body.Account.UUID,
		Email:        body.Account.Email,
		Status:       body.Account.Status,
		DropletLimit: body.Account.DropletLimit,
		Simulated:    a.header.Get(simulatorHeader) != "",
	}
	if t := body.Account.Team; t != nil && t.UUID != "" {
		got.UUID, got.Team = t.UUID, t.Name
	}
	c.api.proof.give(a.token, got.UUID)
	return got, nil
}
