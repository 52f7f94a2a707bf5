package digitalocean

import (
	"net/http"
	"strings"
	"time"
)

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
