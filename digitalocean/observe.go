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

// report tells the log, those who count and those who keep the calls of sagas of a request that went out.
func (a *API) report(ctx context.Context, r request, token string, began time.Time, resp *http.Response, err error) {
	c := fleet.Call{Method: r.method, Path: "/" + r.path + shownQuery(r.query), BeganAt: began, Took: time.Since(began), Times: 1, LastAt: began}
	attrs := []any{"method", r.method, "path", r.path, "duration", c.Took}
	if resp != nil {
		c.Status, c.RequestID = resp.StatusCode, redact(resp.Header.Get("X-Request-Id"), token)
		attrs = append(attrs, "status", c.Status, "request_id", c.RequestID, "remaining", resp.Header.Get("RateLimit-Remaining"))
	}
	if err != nil {
		said := redact(err.Error(), token)
		c.Error = oneLine(said)
		attrs = append(attrs, "error", said)
	}
	a.o.Log.DebugContext(ctx, "api request", attrs...)
	if a.o.Observe != nil {
		a.o.Observe(Exchange{r.method, route(r.path), c.Status, c.Took})
	}
	if sagas := Callers(ctx); a.o.Note != nil && len(sagas) > 0 {
		a.o.Note(sagas, c)
	}
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
