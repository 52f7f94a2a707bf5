package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tag is a tag object. It outlives its last droplet (docs/digitalocean-api.md, "Tags").
type tag struct {
	Name string // the first spelling, which is canonical
}

// canonicalTags gives the tags in their canonical spelling, each once, and makes those that do not exist.
func (a *Account) canonicalTags(names []string) []string {
	var out []string
	for _, n := range names {
		name := a.ensureTag(n).Name
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func (a *Account) ensureTag(name string) *tag {
	key := strings.ToLower(name)
	t := a.tagNamed[key]
	if t == nil {
		t = &tag{Name: name}
		a.tagNamed[key] = t
		a.tags = append(a.tags, t)
	}
	return t
}

// removeTag deletes a tag object and takes it off every droplet, also off those where it does not show yet.
func (a *Account) removeTag(name string) bool {
	key := strings.ToLower(name)
	t := a.tagNamed[key]
	if t == nil {
		return false
	}
	delete(a.tagNamed, key)
	a.tags = slices.DeleteFunc(a.tags, func(x *tag) bool { return x == t })
	for _, d := range a.droplets {
		a.untag(d, t.Name)
	}
	return true
}

func (a *Account) tag(d *droplet, name string) {
	if !slices.Contains(d.Tags, name) {
		a.change(d, func() { d.Tags = append(d.Tags, name) })
	}
}

func (a *Account) untag(d *droplet, name string) {
	if i := slices.Index(d.Tags, name); i >= 0 {
		a.change(d, func() { d.Tags = slices.Delete(d.Tags, i, i+1) })
	}
}

type tagged struct {
	Count int    `json:"count"`
	Last  string `json:"last_tagged_uri,omitempty"`
}

func (c *call) tagBody(t *tag) any {
	var droplets tagged
	if l := c.a.byTag[strings.ToLower(t.Name)]; l.len() > 0 && c.scopes.has("droplet:read") {
		droplets = tagged{c.counted(t, l.len()), absolute(c.r, "/v2/droplets/"+strconv.FormatInt(l.newest(0).ID, 10))}
	}
	resources := map[string]any{
		"count": droplets.Count, "droplets": droplets,
		"images": tagged{}, "volumes": tagged{}, "volume_snapshots": tagged{}, "databases": tagged{},
	}
	if droplets.Last != "" {
		resources["last_tagged_uri"] = droplets.Last
	}
	return map[string]any{"name": t.Name, "resources": resources}
}

func listTags(c *call) answer {
	return c.page("tags", len(c.a.tags), func(i int) []byte { return encode(c.tagBody(c.a.tags[i])) })
}

// createTag is idempotent.
func createTag(c *call) answer {
	var req struct {
		Name string `json:"name"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	if !tagRule.MatchString(req.Name) {
		return c.json(http.StatusBadRequest, map[string]any{
			"error":       "Name is invalid. Tags may contain letters, numbers, colons, dashes, and underscores.",
			"messages":    nil,
			"root_causes": []string{},
		})
	}
	return c.json(http.StatusCreated, map[string]any{"tag": c.tagBody(c.a.ensureTag(req.Name))})
}

func (c *call) tag() *tag { return c.a.tagNamed[strings.ToLower(c.r.PathValue("tag"))] }

func getTag(c *call) answer {
	t := c.tag()
	if t == nil {
		return c.notFound()
	}
	return c.json(http.StatusOK, map[string]any{"tag": c.tagBody(t)})
}

// updateTag gives a tag another name, on all that has it.
func updateTag(c *call) answer {
	var req struct {
		Name string `json:"name"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	t := c.tag()
	switch other := c.a.tagNamed[strings.ToLower(req.Name)]; {
	case t == nil:
		return c.notFound()
	case !tagRule.MatchString(req.Name), other != nil && other != t:
		return c.unprocessable("Name is invalid, or there is a tag of that name.")
	}
	old := t.Name
	for _, d := range c.a.droplets {
		if i := slices.Index(d.Tags, old); i >= 0 {
			c.a.change(d, func() { d.Tags = slices.Clone(d.Tags); d.Tags[i] = req.Name })
		}
	}
	delete(c.a.tagNamed, strings.ToLower(old))
	t.Name = req.Name
	c.a.tagNamed[strings.ToLower(req.Name)] = t
	return c.noContent()
}

func deleteTag(c *call) answer {
	if !c.a.removeTag(c.r.PathValue("tag")) {
		return c.notFound()
	}
	return c.noContent()
}

func tagResources(c *call) answer   { return c.onResources((*Account).tag) }
func untagResources(c *call) answer { return c.onResources((*Account).untag) }

// onResources tags or untags the droplets that the body names, all or none. What is still to show is not in the account's file.
func (c *call) onResources(do func(*Account, *droplet, string)) answer {
	t := c.tag()
	if t == nil {
		return c.notFound()
	}
	if !c.scopes.has("droplet:update") {
		return c.forbidden()
	}
	var req struct {
		Resources []struct {
			ID   string `json:"resource_id"`
			Type string `json:"resource_type"`
		} `json:"resources"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	var found []*droplet
	for _, r := range req.Resources {
		id, err := strconv.ParseInt(r.ID, 10, 64)
		d := c.a.droplets[id]
		if err != nil || r.Type != "droplet" || d == nil || c.now.Before(d.FoundAt) {
			return c.notFound()
		}
		found = append(found, d)
	}
	for _, d := range found {
		due := c.now.Add(c.s.lag(c.s.faults.ChangeVisibleAfter, "change_visible_after", d.Name))
		if due.Before(d.retaggedAt) {
			due = d.retaggedAt // what was asked first comes first
		}
		d.retaggedAt = due
		c.a.at(due, func(time.Time) { do(c.a, d, t.Name) })
	}
	if len(found) > 0 {
		c.a.advance(c.now)
	}
	return c.noContent()
}
