package digitalocean

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
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
	Pages    int             // requests that it took; told beside an error too
}

// List reads all pages. It is whole or it fails: ErrMoved says that the list changed between the pages (law 7). Even a whole list
// can be some seconds old, so what it lacks is not proved gone (docs/digitalocean-api.md, "New droplets"). Of a list that moved,
// Seen comes beside the error.
func (c *Client) List(ctx context.Context, f Filter) (Listing, error) { return c.ListEach(ctx, f, nil) }

// ListEach is List for those who do not want to hold all of a long list: each droplet goes through each as soon as its page is read,
// before the next page is. each may change the droplet, but for its ID, and may be nil.
func (c *Client) ListEach(ctx context.Context, f Filter, each func(*fleet.Droplet)) (Listing, error) {
	r := request{op: f.String(), method: http.MethodGet, path: dropletsPath, scopes: "droplet:read and tag:read"}
	r.query, r.wrong = f.query()
	var l Listing
	var moved error
	var seen []fleet.Droplet
	byID := map[int64]int{} // where in seen
	err := c.pages(ctx, r, func(p page) error {
		if l.Pages++; l.Pages == 1 {
			l.BeganAt, l.Total = p.beganAt, p.total
		}
		before := len(byID)
		for i := range p.Droplets {
			d, err := p.Droplets[i].droplet(p.beganAt)
			if err != nil {
				return err
			}
			d.GPU = d.GPU || f.GPU
			if each != nil {
				each(&d)
			}
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

// perPage is the most that the API gives (docs/digitalocean-api.md, "Lists").
const perPage = 200

// maxPages is far more than any account has: a list that goes on beyond it has no end.
const maxPages = 5000

// page is one page of a list.
type page struct {
	Droplets []wireDroplet `json:"droplets"`
	Links    struct {
		Pages struct {
			Next string `json:"next"`
		} `json:"pages"`
	} `json:"links"`
	Meta pageMeta `json:"meta"`

	total   int
	more    bool // the API names a next page
	body    []byte
	beganAt time.Time
}

type pageMeta struct {
	Total *int `json:"total"`
}

// entriesOf reads what a page lists under its key.
func entriesOf[T any](p page, key string) (entries []T, err error) {
	var body map[string]json.RawMessage
	if err := json.Unmarshal(p.body, &body); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(body[key], &entries); err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return entries, nil
}

// pages asks for page after page of a list, each with all of the request's own parameters, until the API names no next one or take
// fails. The links themselves are not followed: they are the server's words, and the token would go where they lead.
func (c *Client) pages(ctx context.Context, r request, take func(page) error) error {
	own := r.query
	for n := 1; ; n++ {
		r.query = url.Values{}
		maps.Copy(r.query, own)
		r.query.Set("page", strconv.Itoa(n))
		r.query.Set("per_page", strconv.Itoa(perPage))
		a, err := c.do(ctx, r)
		if err != nil {
			return err
		}
		var p page
		err = read(a.body, &p)
		if err == nil && p.Meta.Total == nil {
			err = errors.New("meta.total is missing")
		}
		if err == nil {
			p.total, p.more, p.body, p.beganAt = *p.Meta.Total, p.Links.Pages.Next != "", a.body, a.beganAt
			err = take(p)
		}
		switch {
		case errors.Is(err, ErrMoved):
			return err
		case err != nil:
			return r.unread(a, err)
		case !p.more:
			return nil
		case n > p.total || n >= maxPages: // every page but the last has something on it
			return r.unread(a, fmt.Errorf("page %d of a list of %d names another page", n, p.total))
		}
	}
}
