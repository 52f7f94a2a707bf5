package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// droplet finds the droplet of the request's path, as GET shows it: a young one may not be found yet.
func (c *call) droplet() (*droplet, bool) {
	id, err := strconv.ParseInt(c.r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, false
	}
	from := c.replica()
	if from.blank {
		return nil, false
	}
	d := c.a.found(id, cmp.Or(from.at, c.now))
	if d == nil || c.hides(c.s.faults.HiddenFromGet, "hidden_from_get", d) {
		return nil, false
	}
	return d, true
}

func getDroplet(c *call) answer {
	d, ok := c.droplet()
	if !ok {
		return c.notFound()
	}
	var o object
	o.raw("droplet", c.shown(d))
	return answer{status: http.StatusOK, body: o.bytes()}
}

// listDroplets lists the newest first, with the filters of docs/digitalocean-api.md, "Lists".
func listDroplets(c *call) answer {
	q := c.r.URL.Query()
	tagName, name, kind := q.Get("tag_name"), q.Get("name"), q.Get("type")
	gpu := func(d *droplet) bool { return c.s.cat.size(d.Size).gpu() }
	from := c.replica()
	var l *listing
	switch {
	case tagName != "" && (name != "" || kind != ""):
		return c.unprocessable("tag_name can not be combined with name or type.")
	case kind != "" && kind != "droplets" && kind != "gpus":
		return c.unprocessable("type must be one of droplets, gpus.")
	case tagName != "" && !c.scopes.has("tag:read"):
		return c.forbidden()
	case from.blank:
	case !from.at.IsZero():
		l = c.a.listedAt(from.at).only(func(d *droplet) bool {
			if tagName != "" {
				return d.tagged && slices.ContainsFunc(d.Tags, func(t string) bool { return strings.EqualFold(t, tagName) })
			}
			return gpu(d) == (kind == "gpus") && (name == "" || strings.EqualFold(d.Name, name))
		})
	case tagName != "":
		l = c.a.byTag[strings.ToLower(tagName)]
	case name != "":
		l = c.a.byName[strings.ToLower(name)].only(func(d *droplet) bool { return gpu(d) == (kind == "gpus") })
	case kind == "gpus":
		l = &c.a.gpus
	default:
		l = &c.a.standard
	}
	f := c.s.faults
	if tagName != "" && f.TagFilterHidesGPU {
		l = l.only(func(d *droplet) bool { return !gpu(d) })
	}
	if f.ListHides {
		l = l.only(func(d *droplet) bool { return !c.s.always("list_hides", d.Name) })
	}
	if len(f.HiddenFromLists) > 0 {
		l = l.only(func(d *droplet) bool { return !c.hides(f.HiddenFromLists, "hidden_from_lists", d) })
	}
	total, skip := l.len(), 0
	if page, _ := c.pageQuery(); page > 1 {
		skip = min(f.PageShift, total)
		if skip > 0 {
			c.s.hit("page_shift")
		}
	}
	total -= skip
	return c.pageOfTotal("droplets", total, c.moved(total, tagName+name+kind != ""), func(i int) []byte { return c.shown(l.newest(i + skip)) })
}

func deleteDroplet(c *call) answer {
	d, ok := c.droplet()
	if !ok {
		return c.notFound()
	}
	if c.s.holds(c.s.faults.PendingEvent422 && d.pending() != nil, "pending_event_422", d.Name) {
		return c.unprocessable(pendingEvent)
	}
	c.a.destroy(d, c.now)
	return c.deleted()
}

// deleted is a 204 with a content type, as the description has it for droplets.
func (c *call) deleted() answer {
	ans := c.noContent()
	ans.header = http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	return ans
}

func deleteDropletsByTag(c *call) answer {
	name := c.r.URL.Query().Get("tag_name")
	if name == "" {
		return c.unprocessable("tag_name is required.")
	}
	l := c.a.byTag[strings.ToLower(name)].only(func(*droplet) bool { return true })
	for _, d := range l.list {
		c.a.destroy(d, c.now)
	}
	return c.deleted()
}

// destroy accepts a DELETE: with the lags that the faults ask for, or for nothing.
func (a *Account) destroy(d *droplet, now time.Time) {
	s, f := a.s, a.s.faults
	if !d.DeletedAt.IsZero() || s.holds(f.DeleteIgnored, "delete_ignored", d.Name) ||
		d.Status == statusNew && s.holds(f.DeleteIgnoredWhileNew, "delete_ignored_while_new", d.Name) {
		return
	}
	d.DeletedAt = now
	d.GoneAt = now.Add(s.lag(f.DeleteLag, "delete_lag", d.Name))
	d.UnlistAt = d.GoneAt.Add(s.lag(f.DeleteListLag, "delete_list_lag", d.Name))
	a.settleDelete(d)
	a.advance(now)
}
