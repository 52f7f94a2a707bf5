package digitalocean

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// ReadScope is a scope that a GET can try out.
type ReadScope struct {
	Name string // "tag:read"
	For  string // what arcadiad does with it; empty: only writes that it makes bring it along

	Spare bool // arcadiad goes without it, and its plans say less
	path  string
}

// ReadScopes are the read scopes that arcadiad's token should have (docs/digitalocean-api.md, "Tokens and scopes"), the spare ones last.
func ReadScopes() []ReadScope {
	return []ReadScope{
		{"account:read", "prove whose token it is", false, "v2/account"},
		{"droplet:read", "see the droplets", false, "v2/droplets"},
		{"tag:read", "know its own droplets", false, "v2/tags"},
		{"actions:read", "learn why a new droplet does not come up", false, "v2/actions"},
		{"image:read", "see which image a droplet has", false, "v2/images"},
		{"vpc:read", "see which VPC a droplet is in", false, "v2/vpcs"},
		{"block_storage:read", "see which volumes hang on a droplet: without it no droplet is destroyed unless a person approves it", false, "v2/volumes"},
		{"regions:read", "", false, "v2/regions"},
		{"sizes:read", "", false, "v2/sizes"},
		{"ssh_key:read", "", false, "v2/account/keys"},
		{"reserved_ip:read", "say which reserved IP a destroy leaves unassigned, and where one is that the file names", true, "v2/reserved_ips"},
		{"firewall:read", "say which firewalls name a droplet that is to be destroyed", true, "v2/firewalls"},
		{"load_balancer:read", "say which load balancers name a droplet that is to be destroyed", true, "v2/load_balancers"},
		{"project:read", "find the project that the file names", true, "v2/projects"},
	}
}

// WriteScopes are the write scopes that arcadiad needs. Nothing harmless can try them out.
func WriteScopes() []string {
	return []string{"droplet:create", "droplet:delete", "droplet:update", "tag:create", "tag:delete"}
}

// SpareWriteScopes are the write scopes that only some fleet files need, each with what needs it.
func SpareWriteScopes() []string {
	return []string{"reserved_ip:update for reserved_ip", "image:create for destroy.snapshot", "project:update for project"}
}

// Try reads one row of what the scope is for. Forbidden: the token lacks it.
func (c *Client) Try(ctx context.Context, s ReadScope) error {
	r := request{op: "try " + s.Name, method: http.MethodGet, path: s.path, scopes: s.Name}
	if s.path != "v2/account" {
		r.query = url.Values{"per_page": {"1"}}
	}
	_, err := c.do(ctx, r)
	return err
}

// Clock tells by how much the local clock is ahead of the API's, whose answers say what time it is to the second.
func (c *Client) Clock(ctx context.Context) (ahead time.Duration, err error) {
	r := request{op: "read the clock", method: http.MethodGet, path: "v2/account", scopes: "account:read"}
	a, err := c.do(ctx, r)
	if err != nil {
		return 0, err
	}
	ended := time.Now()
	there, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		return 0, r.unread(a, errors.New("it does not say what time it is"))
	}
	// The answer is of some moment of that second, while the request was under way.
	switch {
	case a.beganAt.After(there.Add(time.Second)):
		return a.beganAt.Sub(there.Add(time.Second)), nil
	case ended.Before(there):
		return ended.Sub(there), nil
	}
	return 0, nil
}

// Count tells how many droplets the account has, GPU droplets too.
func (c *Client) Count(ctx context.Context) (droplets int, err error) {
	for _, f := range []Filter{{}, {GPU: true}} {
		r := request{op: "count: " + f.String(), method: http.MethodGet, path: dropletsPath, scopes: "droplet:read"}
		r.query, _ = f.query() // neither filter has anything wrong
		r.query.Set("per_page", "1")
		meta, _, err := ask(ctx, c, r, "meta", func(m pageMeta) bool { return m.Total != nil }, "meta.total is missing")
		if err != nil {
			return 0, err
		}
		droplets += *meta.Total
	}
	return droplets, nil
}
