package digitalocean

import (
	"context"
	"net/http"
	"net/url"
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
