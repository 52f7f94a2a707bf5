package digitalocean

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/digitalocean/godo"

	"arcadiad/fleet"
)

// Sizes lists every size, by its slug (docs/digitalocean-api.md, "Sizes and prices").
func (c *Client) Sizes(ctx context.Context) (map[string]fleet.Size, error) {
	r := request{op: "list sizes", method: http.MethodGet, path: "v2/sizes", scopes: "sizes:read"}
	sizes := map[string]fleet.Size{}
	err := c.pages(ctx, r, func(p page) error {
		entries, err := entriesOf[godo.Size](p, "sizes")
		for _, s := range entries {
			sizes[strings.ToLower(s.Slug)] = fleet.Size{
				Slug: s.Slug, Available: s.Available, Regions: s.Regions, Disk: s.Disk,
				Price: fleet.Price{Monthly: fleet.Dollars(s.PriceMonthly), Hourly: fleet.Dollars(s.PriceHourly)},
			}
		}
		return err
	})
	if err == nil && len(sizes) == 0 {
		err = &Error{Op: r.op, Kind: ErrUnavailable, Message: "the list is empty"}
	}
	return sizes, err
}

// Image finds an image by its slug or its id. ErrNotFound means that there is none, or none that this account may use.
func (c *Client) Image(ctx context.Context, name string) (fleet.Image, error) {
	r := request{op: "read image " + name, method: http.MethodGet, path: "v2/images/" + url.PathEscape(name), scopes: "image:read"}
	i, _, err := ask(ctx, c, r, "image", func(i godo.Image) bool { return i.ID > 0 }, "there is no image in it")
	return fleet.Image{ID: int64(i.ID), Slug: i.Slug, Regions: i.Regions, MinDisk: i.MinDiskSize}, err
}

// Keys gives every SSH key of the account, by its id and by its fingerprint. The API answers ten such requests a minute
// (docs/digitalocean-api.md, "Rate limits").
func (c *Client) Keys(ctx context.Context) (map[string]fleet.SSHKey, error) {
	r := request{op: "list ssh keys", method: http.MethodGet, path: "v2/account/keys", scopes: "ssh_key:read"}
	keys := map[string]fleet.SSHKey{}
	err := c.pages(ctx, r, func(p page) error {
		entries, err := entriesOf[godo.Key](p, "ssh_keys")
		for _, k := range entries {
			key := fleet.SSHKey{ID: int64(k.ID), Fingerprint: strings.ToLower(k.Fingerprint), Name: strings.TrimSpace(k.Name)}
			keys[strconv.Itoa(k.ID)], keys[key.Fingerprint] = key, key
		}
		return err
	})
	return keys, err
}

// VPC finds a VPC by its uuid. ErrNotFound means that there is none, or another account's.
func (c *Client) VPC(ctx context.Context, uuid string) (fleet.VPC, error) {
	r := request{op: "read vpc " + uuid, method: http.MethodGet, path: "v2/vpcs/" + url.PathEscape(uuid), scopes: "vpc:read"}
	v, _, err := ask(ctx, c, r, "vpc", func(v godo.VPC) bool { return v.ID != "" }, "there is no vpc in it")
	return fleet.VPC{UUID: v.ID, Region: v.RegionSlug, Default: v.Default}, err
}
