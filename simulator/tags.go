package simulator

import (
	"cmp"
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

// refuseTags says why something cannot be given the tags: the message of the 422, or nothing.
func refuseTags(names []string) string {
	if slices.ContainsFunc(names, func(n string) bool { return !tagRule.MatchString(n) }) {
		return "Tag name is invalid. Tags may contain letters, numbers, colons, dashes, and underscores."
	}
	return ""
}

// spelled gives tags that exist in their canonical spelling.
func (a *Account) spelled(names []string) []string {
	out := slices.Clone(names)
	for i, n := range out {
		if t := a.tagNamed[strings.ToLower(n)]; t != nil {
			out[i] = t.Name
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

// taggable is something beside droplets that has tags. Theirs show at once.
type taggable struct {
	kind, id string // as the API names resources
	path     string
	scope    string // that a token needs to see it
	tags     *[]string
}

// taggables are all things beside droplets that can have tags.
func (a *Account) taggables() (list []taggable) {
	for _, i := range a.images {
		id := strconv.FormatInt(i.ID, 10)
		list = append(list, taggable{"image", id, "/v2/images/" + id, "image:read", &i.Tags})
	}
	for _, v := range a.volumes {
		list = append(list, taggable{"volume", v.ID, "/v2/volumes/" + v.ID, "block_storage:read", &v.Tags})
	}
	for _, s := range a.volumeSnapshots {
		list = append(list, taggable{"volume_snapshot", s.ID, "/v2/snapshots/" + s.ID, "block_storage_snapshot:read", &s.Tags})
	}
	return list
}

func (b taggable) tag(name string) {
	if !slices.Contains(*b.tags, name) {
		*b.tags = append(slices.Clone(*b.tags), name)
	}
}

func (b taggable) untag(name string) { *b.tags = retagged(*b.tags, name, "") }

// retagged is a list of tags with another one in the place of old, or without it.
func retagged(tags []string, old, name string) []string {
	var out []string
	for _, t := range tags {
		switch {
		case !strings.EqualFold(t, old):
			out = append(out, t)
		case name != "":
			out = append(out, name)
		}
	}
	return out
}

// retag puts another tag in the place of one on all that has it, and where firewalls and load balancers name it; empty: none.
func (a *Account) retag(old, name string) {
	for _, d := range a.droplets {
		if slices.Contains(d.Tags, old) {
			a.change(d, func() { d.Tags = retagged(d.Tags, old, name) })
		}
	}
	for _, b := range a.taggables() {
		if next := retagged(*b.tags, old, name); !slices.Equal(next, *b.tags) {
			*b.tags = next
			a.s.forgetRendered() // droplets show the tags of their images
		}
	}
	for _, f := range a.firewalls {
		f.retag(old, name)
	}
	for _, l := range a.balancers {
		if strings.EqualFold(l.Tag, old) {
			l.Tag = name
		}
	}
}

// removeTag deletes a tag object and takes it off everything, also off droplets where it does not show yet.
func (a *Account) removeTag(name string) bool {
	key := strings.ToLower(name)
	t := a.tagNamed[key]
	if t == nil {
		return false
	}
	delete(a.tagNamed, key)
	a.tags = slices.DeleteFunc(a.tags, func(x *tag) bool { return x == t })
	a.retag(t.Name, "")
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
	all, per := tagged{}, map[string]tagged{}
	if l := c.a.byTag[strings.ToLower(t.Name)]; l.len() > 0 && c.scopes.has("droplet:read") {
		all = tagged{c.counted(t, l.len()), absolute(c.r, "/v2/droplets/"+strconv.FormatInt(l.newest(0).ID, 10))}
		per["droplet"] = all
	}
	for _, b := range c.a.taggables() {
		if slices.Contains(*b.tags, t.Name) && c.scopes.has(b.scope) {
			last := absolute(c.r, b.path)
			per[b.kind] = tagged{per[b.kind].Count + 1, last}
			all = tagged{all.Count + 1, cmp.Or(all.Last, last)}
		}
	}
	resources := map[string]any{
		"count": all.Count, "droplets": per["droplet"], "images": per["image"], "volumes": per["volume"],
		"volume_snapshots": per["volume_snapshot"], "databases": tagged{},
	}
	if all.Last != "" {
		resources["last_tagged_uri"] = all.Last
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
	c.a.retag(old, req.Name)
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

func tagResources(c *call) answer   { return c.onResources((*Account).tag, taggable.tag) }
func untagResources(c *call) answer { return c.onResources((*Account).untag, taggable.untag) }

// onResources tags or untags what the body names, all or none. What is still to show on droplets is not in the account's file.
func (c *call) onResources(onDroplet func(*Account, *droplet, string), onOther func(taggable, string)) answer {
	t := c.tag()
	if t == nil {
		return c.notFound()
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
	updates := map[string]string{
		"droplet": "droplet:update", "image": "image:update", "volume": "block_storage:update", "volume_snapshot": "block_storage_snapshot:update",
	}
	var droplets []*droplet
	var others []taggable
	for _, r := range req.Resources {
		if !c.scopes.has(updates[r.Type]) {
			return c.forbidden()
		}
		if r.Type != "droplet" {
			i := slices.IndexFunc(c.a.taggables(), func(b taggable) bool { return b.kind == r.Type && b.id == r.ID })
			if i < 0 {
				return c.notFound()
			}
			others = append(others, c.a.taggables()[i])
			continue
		}
		id, err := strconv.ParseInt(r.ID, 10, 64)
		d := c.a.found(id, c.now)
		if err != nil || d == nil {
			return c.notFound()
		}
		droplets = append(droplets, d)
	}
	for _, b := range others {
		onOther(b, t.Name)
	}
	if len(others) > 0 {
		c.s.forgetRendered() // which show the tags of their images
	}
	for _, d := range droplets {
		due := c.now.Add(c.s.lag(c.s.faults.ChangeVisibleAfter, "change_visible_after", d.Name))
		if due.Before(d.retaggedAt) {
			due = d.retaggedAt // what was asked first comes first
		}
		d.retaggedAt = due
		c.a.at(due, func(time.Time) {
			if c.a.tagNamed[strings.ToLower(t.Name)] == t { // it has not been deleted since
				onDroplet(c.a, d, t.Name)
			}
		})
	}
	if len(droplets) > 0 {
		c.a.advance(c.now)
	}
	return c.noContent()
}
