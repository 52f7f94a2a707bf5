package digitalocean

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"arcadiad/fleet"
)

// Filter narrows a listing. The zero Filter lists all droplets but those with GPUs, which the API lists apart.
type Filter struct {
	Tag  string // only droplets with this tag; cannot go with Name or GPU
	Name string // only droplets with exactly this name, in any letter case
	GPU  bool   // the droplets with GPUs instead of the others
}

// query is the filter as the API wants it (docs/digitalocean-api.md, "Lists").
func (f Filter) query() (url.Values, error) {
	q := url.Values{}
	if f.Tag != "" {
		if f.Name != "" || f.GPU {
			return nil, errors.New("a filter by tag cannot go with another")
		}
		if err := checkTag(f.Tag); err != nil {
			return nil, err
		}
		q.Set("tag_name", f.Tag)
	}
	if f.Name != "" {
		q.Set("name", f.Name)
	}
	if f.GPU {
		q.Set("type", "gpus")
	}
	return q, nil
}

func (f Filter) String() string {
	switch {
	case f.Tag != "":
		return "list droplets with tag " + f.Tag
	case f.Name != "":
		return "list droplets named " + f.Name
	case f.GPU:
		return "list gpu droplets"
	}
	return "list droplets"
}

// Listing is all pages of a list.
type Listing struct {
	Droplets []fleet.Droplet // ordered by id, each id once
	Total    int             // what the API says that there are; it equals len(Droplets)
	BeganAt  time.Time       // when the request for the first page went out
	Seen     []fleet.Droplet // beside ErrMoved: what the pages showed, by id. These are there; what is not among them may be, too
	Pages    int             // that it read; told beside an error too
}

// manyDroplets is for how many droplets there is room from the beginning of a list that says that there are so many.
const manyDroplets = 1 << 15

// List reads all pages. It is whole or it fails: ErrMoved says that the list changed between the pages (law 7). Even a whole list
// can be some seconds old, so what it lacks is not proved gone (docs/digitalocean-api.md, "New droplets"). Of a list that moved,
// Seen comes beside the error.
func (c *Client) List(ctx context.Context, f Filter) (Listing, error) { return c.ListEach(ctx, f, nil) }

// ListEach is List for those who do not want to hold all of a long list: each droplet goes through each when its page is there. Pages are read
// side by side, so each may be called by several goroutines at once, in no order. It may change the droplet, but for its ID, and may be nil.
func (c *Client) ListEach(ctx context.Context, f Filter, each func(*fleet.Droplet)) (Listing, error) {
	r := request{op: f.String(), method: http.MethodGet, path: dropletsPath, scopes: "droplet:read and tag:read"}
	r.query, r.wrong = f.query()
	r.each = func(d *fleet.Droplet) {
		d.GPU = d.GPU || f.GPU
		if each != nil {
			each(d)
		}
	}
	var l Listing
	var moved error
	var seen []fleet.Droplet
	byID := map[int64]int{} // where in seen
	err := c.pages(ctx, r, func(p page) error {
		if l.Pages++; l.Pages == 1 {
			l.BeganAt, l.Total = p.answer.beganAt, p.total
			seen = make([]fleet.Droplet, 0, min(max(p.total, 0), manyDroplets))
		}
		before := len(byID)
		for _, d := range p.droplets {
			if i, twice := byID[d.ID]; twice {
				seen[i] = d
				continue
			}
			byID[d.ID] = len(seen)
			seen = append(seen, d)
		}
		stale := p.more && len(byID) == before // nothing new, and yet there is more
		if stale || p.total != l.Total || !p.more && len(byID) != l.Total {
			moved = fmt.Errorf("%s: %w: %d droplets of %d on %d pages", r.op, ErrMoved, len(byID), p.total, l.Pages)
		}
		if stale {
			return moved
		}
		return nil // the other pages of a list that moved are read for what they show
	})
	if err != nil && !errors.Is(err, ErrMoved) {
		return Listing{BeganAt: l.BeganAt, Pages: l.Pages}, err
	}
	slices.SortFunc(seen, func(a, b fleet.Droplet) int { return cmp.Compare(a.ID, b.ID) })
	if moved != nil {
		return Listing{Seen: seen, BeganAt: l.BeganAt, Pages: l.Pages}, moved
	}
	l.Droplets = seen
	return l, nil
}
