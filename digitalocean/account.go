package digitalocean

import (
	"context"
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
	account, a, err := ask(ctx, c, r, "account", func(x godo.Account) bool { return x.UUID != "" }, "the account has no uuid")
	if err != nil {
		return fleet.Account{}, err
	}
	got := fleet.Account{
		UUID: account.UUID, Email: account.Email, Status: account.Status, DropletLimit: account.DropletLimit,
		Simulated: a.header.Get(simulatorHeader) != "",
	}
	if t := account.Team; t != nil && t.UUID != "" {
		got.UUID, got.Team = t.UUID, t.Name
	}
	c.api.proof.give(a.token, got.UUID)
	return got, nil
}
