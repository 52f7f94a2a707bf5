package simulator

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strconv"
)

// encode marshals without escaping & and <, as the real API does. What it is given always marshals.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("simulator: " + err.Error())
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// object writes JSON objects member by member from parts that are JSON already: a page of 200 rendered droplets is not
// marshalled again.
type object struct{ b bytes.Buffer }

func (o *object) key(name string) {
	if o.b.Len() == 0 {
		o.b.WriteByte('{')
	} else {
		o.b.WriteByte(',')
	}
	o.b.WriteString(strconv.Quote(name))
	o.b.WriteByte(':')
}

func (o *object) raw(name string, v []byte) { o.key(name); o.b.Write(v) }

func (o *object) array(name string, n int, item func(int) []byte) {
	o.key(name)
	o.b.WriteByte('[')
	for i := range n {
		if i > 0 {
			o.b.WriteByte(',')
		}
		o.b.Write(item(i))
	}
	o.b.WriteByte(']')
}

// with is the object with the members of another one that is JSON already, which has at least one.
func (o *object) with(other []byte) []byte {
	o.b.WriteByte(',')
	o.b.Write(other[1:])
	return o.b.Bytes()
}

func (o *object) bytes() []byte {
	o.b.WriteByte('}')
	return o.b.Bytes()
}

// one answers with one thing, under its name.
func one(status int, key string, body []byte) answer {
	var o object
	o.raw(key, body)
	return answer{status: status, body: o.bytes()}
}

// Paging as the API has it (docs/digitalocean-api.md, "Lists").
const (
	defaultPerPage = 20
	maxPerPage     = 200 // more counts as 200; what the real API does is not documented
)

// pageQuery reads page and per_page.
func (c *call) pageQuery() (page, perPage int) {
	q := c.r.URL.Query()
	page, perPage = 1, defaultPerPage
	if n, err := strconv.Atoi(q.Get("page")); err == nil && n > 0 {
		page = n
	}
	if n, err := strconv.Atoi(q.Get("per_page")); err == nil && n > 0 {
		perPage = min(n, maxPerPage)
	}
	return page, perPage
}

// onPage tells with which of total items a page begins, and how many it has.
func onPage(page, perPage, total int) (from, n int) {
	from = total
	if page <= total/perPage+1 {
		from = min(total, (page-1)*perPage)
	}
	return from, min(perPage, total-from)
}

// page answers with one page of a listing of total items: an offset into the listing as it is at this moment.
func (c *call) page(key string, total int, item func(int) []byte) answer {
	return c.pageOfTotal(key, total, total, item)
}

// pageOfTotal is page with another total in its meta.
func (c *call) pageOfTotal(key string, total, said int, item func(int) []byte) answer {
	page, perPage := c.pageQuery()
	from, n := onPage(page, perPage, total)
	var o object
	o.array(key, n, func(i int) []byte { return item(from + i) })
	o.raw("links", c.links(page, perPage, total))
	o.raw("meta", encode(map[string]int{"total": said}))
	return answer{status: http.StatusOK, body: o.bytes()}
}

// pageOf is page for a slice of things that marshal.
func pageOf[T any](c *call, key string, list []T) answer {
	return c.page(key, len(list), func(i int) []byte { return encode(list[i]) })
}

// links are those of first, prev, next and last that make sense; {} when one page is all.
func (c *call) links(page, perPage, total int) []byte {
	last := max(1, (total+perPage-1)/perPage)
	if last == 1 && page == 1 {
		return []byte("{}")
	}
	pages := map[string]string{}
	link := func(rel string, n int) {
		q := url.Values{}
		maps.Copy(q, c.r.URL.Query())
		q.Set("page", strconv.Itoa(n))
		q.Set("per_page", strconv.Itoa(perPage))
		pages[rel] = absolute(c.r, c.r.URL.Path+"?"+q.Encode())
	}
	if page > 1 {
		link("first", 1)
		link("prev", min(page-1, last))
	}
	if page < last {
		link("next", page+1)
		link("last", last)
	}
	return encode(map[string]any{"pages": pages})
}
