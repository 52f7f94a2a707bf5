package digitalocean

import (
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Exchange is one request that went to the wire, as those who count see it: without anything that names a droplet, a tag or a token.
type Exchange struct {
	Method string
	Route  string        // the path, with {id} and {tag} where it names something
	Status int           // of the answer; 0: none came
	Took   time.Duration // until the answer was read whole, or given up
}

var ids = regexp.MustCompile(`/[0-9]+(/|$)`)

// route is a path as one of a few.
func route(path string) string {
	path = ids.ReplaceAllString("/"+strings.TrimPrefix(path, "/"), "/{id}$1")
	if tag, ok := strings.CutPrefix(path, "/v2/tags/"); ok {
		_, below, _ := strings.Cut(tag, "/")
		path = strings.TrimSuffix("/v2/tags/{tag}/"+below, "/")
	}
	return path
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
