package digitalocean

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"sync"

	"arcadiad/fleet"
)

// perPage is the most that the API gives (docs/digitalocean-api.md, "Lists").
const perPage = 200

// maxPages is far more than any account has: a list that goes on beyond it has no end.
const maxPages = 5000

// page is one page of a list.
type page struct {
	droplets []fleet.Droplet // of a list of droplets; the answer has no body then
	total    int
	last     int  // the number of the last page, where the link to it and the total agree; 0 where they do not, or where there is none
	more     bool // the API names a next page
	answer   answer
}

// wirePage is a page as it comes.
type wirePage struct {
	Droplets []wireDroplet `json:"droplets"`
	Links    struct {
		Pages struct {
			Next string `json:"next"`
			Last string `json:"last"`
		} `json:"pages"`
	} `json:"links"`
	Meta pageMeta `json:"meta"`
}

type pageMeta struct {
	Total *int `json:"total"`
}

// entriesOf reads what a page lists under its key.
func entriesOf[T any](p page, key string) (entries []T, err error) {
	var body map[string]json.RawMessage
	if err := json.Unmarshal(p.answer.body, &body); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(body[key], &entries); err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return entries, nil
}

func (w *wirePage) last() int {
	link, err := url.Parse(w.Links.Pages.Last)
	if err != nil {
		return 0
	}
	last, err := strconv.Atoi(link.Query().Get("page"))
	if err != nil || last != (*w.Meta.Total+perPage-1)/perPage {
		return 0
	}
	return last
}

// page gives the page of an answer. Each droplet goes through each, and its data is copied, so that what stays of it does not hold all of
// the answer.
func (w *wirePage) page(a answer, each func(*fleet.Droplet)) (page, error) {
	p := page{total: *w.Meta.Total, last: w.last(), more: w.Links.Pages.Next != "", answer: a}
	if len(w.Droplets) == 0 {
		return p, nil
	}
	p.answer.body, p.droplets = nil, make([]fleet.Droplet, len(w.Droplets))
	for i := range w.Droplets {
		d, err := w.Droplets[i].droplet(a)
		if err != nil {
			return page{}, err
		}
		if each != nil {
			each(&d)
		}
		d.Data = bytes.Clone(d.Data)
		p.droplets[i] = d
	}
	return p, nil
}

// pages asks for all pages of a list, each with all of the request's own parameters, and gives them to take in their order, until the
// API names no next one or take fails. The links themselves are not followed: they are the server's words, and the token would go
// where they lead.
//
// The first page is read alone. If it says how many pages there are, the others are read side by side, and judged just as if they had
// been read one after the other; a list whose link and total disagree is read page after page. New things come to the front of a list,
// so they push others onto later pages, which were read after the first: nothing slips past a list without changing its total or
// showing something twice.
func (c *Client) pages(ctx context.Context, r request, take func(page) error) error {
	ctx, cancel := context.WithCancel(ctx)
	ahead := &readAhead{page: func(n int) (page, error) { return c.page(ctx, r, n) }, width: c.api.o.Budget.concurrency}
	defer ahead.busy.Wait() // no request outlives its list
	defer cancel()
	for n := 1; ; n++ {
		p, err := ahead.next(n)
		if err != nil {
			return err
		}
		switch err := take(p); {
		case errors.Is(err, ErrMoved):
			return err
		case err != nil:
			return r.unread(p.answer, err)
		case !p.more:
			return nil
		case n > p.total || n >= maxPages: // every page but the last has something on it
			return r.unread(p.answer, fmt.Errorf("page %d of a list of %d names another page", n, p.total))
		case n == 1:
			ahead.last = p.last
		}
	}
}

// page asks for one page of a list.
func (c *Client) page(ctx context.Context, r request, n int) (page, error) {
	own := r.query
	r.query = url.Values{}
	maps.Copy(r.query, own)
	r.query.Set("page", strconv.Itoa(n))
	r.query.Set("per_page", strconv.Itoa(perPage))
	a, err := c.do(ctx, r)
	if err != nil {
		return page{}, err
	}
	var w wirePage
	err = read(a.body, &w)
	if err == nil && w.Meta.Total == nil {
		err = errors.New("meta.total is missing")
	}
	if err != nil {
		return page{}, r.unread(a, err)
	}
	p, err := w.page(a, r.each)
	if err != nil {
		return page{}, r.unread(a, err)
	}
	return p, nil
}

// readAhead asks for pages before they are wanted, in their order, and as long as all of them are wanted.
type readAhead struct {
	page  func(int) (page, error)
	width int // pages that are asked for and not taken yet, at most
	last  int // the last page that is asked for ahead; 0: none is

	asked  int // the last page that was asked for
	coming []chan pageRead
	busy   sync.WaitGroup
}

type pageRead struct {
	page page
	err  error
}

// next gives page n. The pages are taken one after the other.
func (r *readAhead) next(n int) (page, error) {
	r.asked = max(r.asked, n-1)
	for r.asked < r.last && len(r.coming) < r.width {
		r.asked++
		n, read := r.asked, make(chan pageRead, 1)
		r.coming = append(r.coming, read)
		r.busy.Go(func() {
			p, err := r.page(n)
			read <- pageRead{p, err}
		})
	}
	if len(r.coming) == 0 {
		return r.page(n)
	}
	read := <-r.coming[0]
	r.coming = r.coming[1:]
	return read.page, read.err
}
