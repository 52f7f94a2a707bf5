package digitalocean

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// Whoever counts hears of each request on the wire once, by its route.
func TestObserveCountsWhatWentToTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard []Exchange
		answers := []func() (*http.Response, error){
			func() (*http.Response, error) { time.Sleep(2 * time.Second); return reply(200, accountBody), nil },
			func() (*http.Response, error) { return reply(404, `{"id":"not_found"}`), nil },
			func() (*http.Response, error) { return reply(204, ""), nil },
			func() (*http.Response, error) { return nil, errors.New("cut") },
		}
		a := newAPI(t, Config{Observe: func(x Exchange) { heard = append(heard, x) }, Transport: inProcess(func(*http.Request) (*http.Response, error) {
			answer := answers[0]
			answers = answers[1:]
			return answer()
		})})
		c, ctx := a.Client(PrioritySaga), t.Context()
		c.Account(ctx)
		c.Get(ctx, 42)
		c.Untag(ctx, "arcadia-saga-5f0c9a1e", 42)
		c.TagUses(ctx, "web")
		a.o.Budget.Writes(errors.New("shut"))
		c.Destroy(ctx, 42, nil) // this one never goes out
		want := []Exchange{
			{http.MethodGet, "/v2/account", 200, 2 * time.Second},
			{http.MethodGet, "/v2/droplets/{id}", 404, 0},
			{http.MethodDelete, "/v2/tags/{tag}/resources", 204, 0},
			{http.MethodGet, "/v2/tags/{tag}", 0, 0},
		}
		if !slices.Equal(heard, want) {
			t.Errorf("heard\n%+v, want\n%+v", heard, want)
		}
	})
}

func TestRoutesAreFew(t *testing.T) {
	for path, want := range map[string]string{
		dropletsPath:                  "/v2/droplets",
		dropletPath(7):                "/v2/droplets/{id}",
		dropletPath(7) + "/actions":   "/v2/droplets/{id}/actions",
		"v2/tags":                     "/v2/tags",
		"v2/tags/123":                 "/v2/tags/{tag}",
		tagResourcesPath("web:2"):     "/v2/tags/{tag}/resources",
		"v2/sizes":                    "/v2/sizes",
		"v2/images/ubuntu-24-04-x64":  "/v2/images/{id}",
		"v2/account/keys":             "/v2/account/keys",
		"v2/account/keys/3b:16":       "/v2/account/keys/{id}",
		dropletPath(7) + "/actions/9": "/v2/droplets/{id}/actions/{id}",
		"v2/account":                  "/v2/account",
	} {
		if got := route(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
