package digitalocean

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"arcadiad/fleet"
)

// callersKey is the key of the sagas in a context.
type callersKey struct{}

// For says which sagas the requests under a context are made for. Config.Note is told of them.
func For(ctx context.Context, sagas ...string) context.Context {
	if len(sagas) == 0 {
		return ctx
	}
	return context.WithValue(ctx, callersKey{}, sagas)
}

// Callers are the sagas that the requests under a context are made for.
func Callers(ctx context.Context) []string {
	sagas, _ := ctx.Value(callersKey{}).([]string)
	return sagas
}

// tell tells of a request that was made for a saga.
func (a *API) tell(ctx context.Context, r request, token string, began time.Time, resp *http.Response, err error) {
	sagas := Callers(ctx)
	if a.note == nil || len(sagas) == 0 {
		return
	}
	c := fleet.Call{Method: r.method, Path: "/" + r.path + shownQuery(r.query), BeganAt: began, Took: time.Since(began), Times: 1, LastAt: began}
	if resp != nil {
		c.Status, c.RequestID = resp.StatusCode, redact(resp.Header.Get("X-Request-Id"), token)
	}
	if err != nil {
		c.Error = oneLine(redact(err.Error(), token))
	}
	a.note(sagas, c)
}

// shownQuery is the part of a query that says what was asked for.
func shownQuery(q url.Values) string {
	shown := url.Values{}
	for _, key := range []string{"name", "tag_name", "type"} {
		if q.Has(key) {
			shown.Set(key, q.Get(key))
		}
	}
	if len(shown) == 0 {
		return ""
	}
	return "?" + shown.Encode()
}

// Exchange is one request that went to the wire, as those who count see it: without anything that names a droplet, a tag or a token.
type Exchange struct {
	Method string
	Route  string        // the path, with {id}, {tag}, {image} and {vpc} where it names something
	Status int           // of the answer; 0: none came
	Took   time.Duration // until the answer was read whole, or given up
}

// route is a path as one of a few: /v2/COLLECTION/{id}/PART/{id}. The account's collections lie one deeper.
func route(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	first := 2
	if len(parts) > 1 && parts[1] == "account" {
		first = 3
	}
	for i := first; i < len(parts); i += 2 {
		if parts[i] = "{id}"; parts[i-1] == "tags" {
			parts[i] = "{tag}"
		}
	}
	return "/" + strings.Join(parts, "/")
}

// observed tells whoever counts of a request that went out.
func (a *API) observed(r request, began time.Time, resp *http.Response) {
	if a.observe == nil {
		return
	}
	x := Exchange{Method: r.method, Route: route(r.path), Took: time.Since(began)}
	if resp != nil {
		x.Status = resp.StatusCode
	}
	a.observe(x)
}
