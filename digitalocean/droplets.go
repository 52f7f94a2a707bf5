package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/digitalocean/godo"

	"arcadiad/fleet"
)

const dropletsPath = "v2/droplets"

// Create asks for one droplet as the spec has it, with these tags and no others (fleet.TagsOf). The intent (nil: none) is called when
// the request holds its slot, just before it goes out; if it fails, nothing goes out (law 3). The droplet that comes back is only
// accepted: new, without addresses, features and VPC, and perhaps without its tags (docs/digitalocean-api.md, "New droplets").
func (c *Client) Create(ctx context.Context, s *fleet.Spec, tags []string, intent func(context.Context) error) (*fleet.Droplet, error) {
	r := createRequest(s, tags)
	r.intent = intent
	return c.oneDroplet(ctx, r, 0)
}

// createRequest is the request for a droplet.
func createRequest(s *fleet.Spec, tags []string) request {
	r := request{
		op: "create droplet " + s.Name, method: http.MethodPost, path: dropletsPath, body: createBody(s, tags),
		scopes: "droplet:create and tag:create", write: true,
	}
	if slices.ContainsFunc(s.APIKeys(), fleet.IsKeyName) {
		r.wrong = errors.New("an SSH key is named, and nobody looked up its id")
	}
	return r
}

// oneDroplet sends a request that is answered with a droplet: that of the id, or with 0 any.
func (c *Client) oneDroplet(ctx context.Context, r request, id int64) (*fleet.Droplet, error) {
	a, err := c.do(ctx, r)
	if err != nil {
		return nil, err
	}
	return r.droplet(a, id)
}

// droplet reads the answer. It is apart from what waits for it, for thousands may wait, and a droplet is large.
func (r *request) droplet(a answer, id int64) (*fleet.Droplet, error) {
	d, err := decodeOne(a)
	if err == nil && id != 0 && d.ID != id {
		err = fmt.Errorf("it shows droplet %d", d.ID)
	}
	if err != nil {
		return nil, r.unread(a, err)
	}
	return &d, nil
}

// createBody follows fleet.Fields: every field there reaches the request, the spec's tags among those that are given. Nothing else does.
func createBody(s *fleet.Spec, tags []string) *godo.DropletCreateRequest {
	keys := make([]godo.DropletCreateSSHKey, len(s.APIKeys()))
	for i, k := range s.APIKeys() {
		if id, ok := numeric(k); ok {
			keys[i].ID = id
		} else {
			keys[i].Fingerprint = k
		}
	}
	image := godo.DropletCreateImage{Slug: strings.ToLower(s.Image)}
	if id, ok := numeric(s.Image); ok {
		image = godo.DropletCreateImage{ID: id}
	}
	return &godo.DropletCreateRequest{
		Name:       s.Name,
		Region:     strings.ToLower(s.Region),
		Size:       strings.ToLower(s.Size),
		Image:      image,
		SSHKeys:    keys,
		Backups:    s.Backups,
		IPv6:       s.IPv6,
		Monitoring: s.Monitoring,
		UserData:   s.UserData,
		Tags:       slices.Sorted(slices.Values(tags)),
		VPCUUID:    s.VPCUUID,
	}
}

// numeric reads an id that is written in digits alone.
func numeric(s string) (int, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	id, err := strconv.Atoi(s)
	return id, err == nil
}

// Get reads one droplet. ErrNotFound means that this token cannot see it: gone, not visible yet, or another account's (law 6).
func (c *Client) Get(ctx context.Context, id int64) (fleet.Droplet, error) {
	d, err := c.oneDroplet(ctx, request{
		op: fmt.Sprintf("read droplet %d", id), method: http.MethodGet, path: dropletPath(id), scopes: "droplet:read", wrong: checkID("a droplet id", id),
	}, id)
	if err != nil {
		return fleet.Droplet{}, err
	}
	return *d, nil
}

// Destroy asks for a droplet's end. Success means accepted: the droplet is gone when Get returns ErrNotFound, which may take minutes
// (docs/digitalocean-api.md, "Destroying a droplet"). ErrNotFound here means that it was gone already. The intent is as in Create.
func (c *Client) Destroy(ctx context.Context, id int64, intent func(context.Context) error) error {
	_, err := c.do(ctx, request{
		op: fmt.Sprintf("destroy droplet %d", id), method: http.MethodDelete, path: dropletPath(id),
		scopes: "droplet:delete", write: true, intent: intent, wrong: checkID("a droplet id", id),
	})
	return err
}

func dropletPath(id int64) string { return dropletsPath + "/" + strconv.FormatInt(id, 10) }

// checkID refuses ids that nothing has.
func checkID(what string, id int64) error {
	if id > 0 {
		return nil
	}
	return errors.New(what + " is a positive number")
}
