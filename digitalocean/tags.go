package digitalocean

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/digitalocean/godo"
)

// tagPattern is what the API accepts as a tag (docs/digitalocean-api.md, "Tags").
var tagPattern = regexp.MustCompile(`^[a-zA-Z0-9_:-]{1,255}$`)

func checkTag(tag string) error {
	if !tagPattern.MatchString(tag) {
		return fmt.Errorf("%q is not a tag: letters, digits, colons, dashes and underscores are, 255 at most", tag)
	}
	return nil
}

// Tag puts a tag on a droplet. A tag that does not exist yet is made first. It passes the write gate. Tagging twice does no harm,
// so after an unknown outcome it may simply be done again.
func (c *Client) Tag(ctx context.Context, tag string, dropletID int64) error {
	put := request{
		op: fmt.Sprintf("put tag %s on droplet %d", tag, dropletID), method: http.MethodPost, path: tagResourcesPath(tag),
		body:   &godo.TagResourcesRequest{Resources: dropletResource(dropletID)},
		scopes: "tag:create and droplet:update", write: true, wrong: checkTagging(tag, dropletID),
	}
	_, err := c.do(ctx, put)
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	_, err = c.do(ctx, request{
		op: "make tag " + tag, method: http.MethodPost, path: "v2/tags", body: &godo.TagCreateRequest{Name: tag},
		scopes: "tag:create", write: true,
	})
	if err != nil && !errors.Is(err, ErrRejected) { // rejected: somebody else was faster; the second try will tell
		return err
	}
	_, err = c.do(ctx, put)
	return err
}

// Untag takes a tag off a droplet; the tag itself stays. It passes the write gate. ErrNotFound means that there is no such tag.
func (c *Client) Untag(ctx context.Context, tag string, dropletID int64) error {
	_, err := c.do(ctx, request{
		op: fmt.Sprintf("take tag %s off droplet %d", tag, dropletID), method: http.MethodDelete, path: tagResourcesPath(tag),
		body:   &godo.UntagResourcesRequest{Resources: dropletResource(dropletID)},
		scopes: "tag:delete and droplet:update", write: true, wrong: checkTagging(tag, dropletID),
	})
	return err
}

// TagUses tells how many resources of any kind bear a tag. ErrNotFound means that there is no such tag.
func (c *Client) TagUses(ctx context.Context, tag string) (int, error) {
	all, droplets, err := c.tagCounts(ctx, tag)
	return max(all, droplets), err
}

// TagDroplets tells how many droplets bear a tag, by its own count. ErrNotFound means that there is no such tag.
func (c *Client) TagDroplets(ctx context.Context, tag string) (int, error) {
	_, droplets, err := c.tagCounts(ctx, tag)
	return droplets, err
}

func (c *Client) tagCounts(ctx context.Context, tag string) (all, droplets int, err error) {
	r := request{op: "read tag " + tag, method: http.MethodGet, path: "v2/tags/" + tag, scopes: "tag:read", wrong: checkTag(tag)}
	// Every count is a pointer: one that is left out says nothing, least of all that nothing bears the tag.
	type counted struct {
		Count *int `json:"count"`
	}
	type entry struct {
		Name      string `json:"name"`
		Resources struct {
			counted
			Droplets counted `json:"droplets"`
		} `json:"resources"`
	}
	t, _, err := ask(ctx, c, r, "tag", func(t entry) bool {
		return strings.EqualFold(t.Name, tag) && t.Resources.Count != nil && t.Resources.Droplets.Count != nil
	}, "it does not count what bears the tag")
	if err != nil {
		return 0, 0, err
	}
	return *t.Resources.Count, *t.Resources.Droplets.Count, nil
}

// DeleteTag removes a tag from the account, and so from every droplet that bears it. Tags outlive their droplets: without this one
// tag stays for every saga. It passes the write gate; the intent is as in Create. ErrNotFound means that it was gone already.
func (c *Client) DeleteTag(ctx context.Context, tag string, intent func(context.Context) error) error {
	_, err := c.do(ctx, request{
		op: "delete tag " + tag, method: http.MethodDelete, path: "v2/tags/" + tag, scopes: "tag:delete", write: true, intent: intent, wrong: checkTag(tag),
	})
	return err
}

func tagResourcesPath(tag string) string { return "v2/tags/" + tag + "/resources" }

func dropletResource(id int64) []godo.Resource {
	return []godo.Resource{{ID: strconv.FormatInt(id, 10), Type: godo.DropletResourceType}}
}

func checkTagging(tag string, dropletID int64) error {
	return cmp.Or(checkTag(tag), checkID("a droplet id", dropletID))
}
