package digitalocean

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/digitalocean/godo"

	"arcadiad/fleet"
)

// fingerprint tells tokens apart without keeping them.
type fingerprint [sha256.Size]byte

func fingerprintOf(token string) fingerprint { return sha256.Sum256([]byte(token)) }

// readToken asks for the token, and makes sure that it is fit for a header.
func (a *API) readToken() (string, error) {
	token, err := a.o.Token()
	if err != nil {
		return "", fmt.Errorf("no token: %w", err)
	}
	token = strings.TrimSpace(token)
	if token == "" {
		return "", errors.New("no token: it is empty; give one by --token-file or DIGITALOCEAN_ACCESS_TOKEN")
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("the token holds spaces or characters that no token has; is it the right file?")
	}
	return token, nil
}

// proof remembers which token /v2/account answered for (law 10). A token may be replaced by another of the same account; one of
// another account may not write, whatever the gate says.
type proof struct {
	mu      sync.Mutex
	account string // uuid that writes are pinned to: that of Pin, or else of the first account that answered
	token   fingerprint
	of      string // uuid of the account that answered for the token
}

var (
	errTokenNew   = errors.New("/v2/account has not answered for this token yet; the next look at the account mends it")
	errTokenAlien = errors.New("the token belongs to another account than the one that writes are pinned to")
)

// Pin says which account writes may go to, whatever account the token turns out to belong to.
func (a *API) Pin(account string) {
	a.proof.mu.Lock()
	defer a.proof.mu.Unlock()
	a.proof.account = account
}

// give notes that the account answered for the token.
func (p *proof) give(token fingerprint, account string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.account = cmp.Or(p.account, account)
	p.token, p.of = token, account
}

// withdraw notes that the API refused the token.
func (p *proof) withdraw(token fingerprint) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.token == token {
		p.token, p.of = fingerprint{}, ""
	}
}

// Proved gives the uuid of the account that /v2/account answered with for the token as it is now, and asks nothing. It is empty
// when there was no such answer: two equal ones around other requests say that these bore a token of that account, too.
func (c *Client) Proved() string {
	token, err := c.api.readToken()
	if err != nil {
		return ""
	}
	p := &c.api.proof
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.token != fingerprintOf(token) {
		return ""
	}
	return p.of
}

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

// check tells why the token may not write; nil: it may.
func (p *proof) check(token fingerprint) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.token != token:
		return errTokenNew
	case p.of == "" || p.of != p.account:
		return errTokenAlien
	}
	return nil
}
