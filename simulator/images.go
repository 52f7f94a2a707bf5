package simulator

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// image is a public image, or an account's snapshot or backup (docs/digitalocean-api.md, "Images").
type image struct {
	ID           int64     `json:"id"`
	Name         string    `json:"name"`
	Distribution string    `json:"distribution"`
	Slug         *string   `json:"slug"`
	Public       bool      `json:"public"`
	Application  bool      `json:"application,omitempty"` // a 1-Click image: the type filter of the list asks for it
	Type         string    `json:"type"`
	Regions      []string  `json:"regions"`
	CreatedAt    time.Time `json:"created_at"`
	MinDisk      int       `json:"min_disk_size"` // GB
	Gigabytes    float64   `json:"size_gigabytes"`
	Status       string    `json:"status"`
	Droplet      int64     `json:"droplet,omitempty"` // that a snapshot is of; 0: not known
	Description  string    `json:"description,omitempty"`
	Tags         []string  `json:"tags,omitempty"`
	AvailableAt  time.Time `json:"available_at,omitzero"` // of an import

	actions []*action
}

type imageBody struct {
	ID           int64    `json:"id"`
	Name         string   `json:"name"`
	Distribution string   `json:"distribution"`
	Slug         *string  `json:"slug"`
	Public       bool     `json:"public"`
	Regions      []string `json:"regions"`
	CreatedAt    string   `json:"created_at"`
	MinDisk      int      `json:"min_disk_size"`
	Type         string   `json:"type"`
	Gigabytes    float64  `json:"size_gigabytes"`
	Description  string   `json:"description"`
	Tags         []string `json:"tags"`
	Status       string   `json:"status"`
}

func (i *image) body() imageBody {
	return imageBody{
		ID: i.ID, Name: i.Name, Distribution: i.Distribution, Slug: i.Slug, Public: i.Public, Regions: orEmpty(i.Regions),
		CreatedAt: timestamp(i.CreatedAt), MinDisk: i.MinDisk, Type: i.Type, Gigabytes: i.Gigabytes, Description: i.Description,
		Tags: orEmpty(i.Tags), Status: i.Status,
	}
}

// publicImages is a selection of what DigitalOcean offers, at these regions.
func publicImages(regions []string) []*image {
	built := time.Date(1999, 11, 3, 14, 12, 9, 0, time.UTC) // before the clock of a synctest bubble begins
	var out []*image
	add := func(distribution, name, slug string, minDisk int, gigabytes float64, application bool) {
		kind := "base"
		if application {
			kind = "snapshot"
		}
		out = append(out, &image{
			ID: 190_000_001 + int64(len(out))*131, Name: name, Distribution: distribution, Slug: &slug, Public: true, Type: kind,
			Application: application, Regions: regions, CreatedAt: built, MinDisk: minDisk, Gigabytes: gigabytes, Status: "available",
		})
	}
	add("Ubuntu", "24.04 (LTS) x64", "ubuntu-24-04-x64", 7, 0.64, false)
	add("Ubuntu", "22.04 (LTS) x64", "ubuntu-22-04-x64", 7, 0.63, false)
	add("Ubuntu", "25.10 x64", "ubuntu-25-10-x64", 7, 0.69, false)
	add("Debian", "13 x64", "debian-13-x64", 7, 0.53, false)
	add("Debian", "12 x64", "debian-12-x64", 7, 0.51, false)
	add("Fedora", "42 x64", "fedora-42-x64", 15, 0.78, false)
	add("Fedora", "41 x64", "fedora-41-x64", 15, 0.76, false)
	add("CentOS", "10 Stream x64", "centos-stream-10-x64", 10, 1.12, false)
	add("CentOS", "9 Stream x64", "centos-stream-9-x64", 10, 1.08, false)
	add("Rocky Linux", "10 x64", "rockylinux-10-x64", 10, 1.93, false)
	add("Rocky Linux", "9 x64", "rockylinux-9-x64", 10, 1.85, false)
	add("AlmaLinux", "10 x64", "almalinux-10-x64", 10, 1.71, false)
	add("AlmaLinux", "9 x64", "almalinux-9-x64", 10, 1.66, false)
	add("Ubuntu", "NVIDIA AI/ML Ready", "gpu-h100x1-base", 100, 21.3, false)
	add("Ubuntu", "Docker on Ubuntu 22.04", "docker-20-04", 25, 2.11, true)
	add("Ubuntu", "LAMP on Ubuntu 22.04", "lamp-20-04", 25, 2.24, true)
	add("Ubuntu", "NodeJS on Ubuntu 22.04", "nodejs-20-04", 25, 2.16, true)
	add("Ubuntu", "WordPress on Ubuntu 22.04", "wordpress-20-04", 25, 2.61, true)
	return out
}

// publicImage is the newest build of a slug.
func (c *catalogue) publicImage(slug string) *image {
	for _, i := range slices.Backward(c.images) {
		if i.Slug != nil && *i.Slug == slug {
			return i
		}
	}
	return nil
}

// MoveSlug moves an image slug on to a newer build; the old build shows no slug any more (docs/digitalocean-api.md, "Images").
// It returns the new build's id, or 0 if there is no such slug. The file of the account does not remember it.
func (s *Simulator) MoveSlug(slug string) (id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.cat.publicImage(slug)
	if old == nil {
		return 0
	}
	build := *old
	build.ID, build.Slug = s.nextID.Image, &slug
	s.nextID.Image += 13
	old.Slug, old.Status = nil, "retired"
	s.cat.images = append(s.cat.images, &build)
	s.forgetRendered()
	return build.ID
}

// image finds an image by id: a public one, a retired one or the account's own.
func (a *Account) image(id int64) *image {
	for _, list := range [][]*image{a.s.cat.images, a.images} {
		if i := slices.IndexFunc(list, func(i *image) bool { return i.ID == id }); i >= 0 {
			return list[i]
		}
	}
	return nil
}

// imageFor finds the image that a request names: by id, as a number or in digits, or a public one by slug.
func (a *Account) imageFor(raw json.RawMessage) *image {
	text := strings.Trim(string(raw), `"`)
	if id, err := strconv.ParseInt(text, 10, 64); err == nil {
		return a.image(id)
	}
	return a.s.cat.publicImage(strings.ToLower(text))
}

// snapshot makes a private image of a droplet.
func (a *Account) snapshot(d *droplet, name string, at time.Time) *image {
	if name == "" {
		name = d.Name + "-" + strconv.FormatInt(at.UnixMilli(), 10)
	}
	from := a.image(d.Image)
	distribution := "Unknown"
	if from != nil {
		distribution = from.Distribution
	}
	img := &image{
		ID: a.s.nextID.Image, Name: name, Distribution: distribution, Type: "snapshot", Regions: []string{d.Region}, CreatedAt: at,
		MinDisk: d.Disk, Gigabytes: 2.36, Status: "available", Droplet: d.ID,
	}
	a.s.nextID.Image += 13
	a.images = append(a.images, img)
	return img
}

func listImages(c *call) answer {
	q := c.r.URL.Query()
	var shown []imageBody
	for _, i := range append(slices.Clone(c.s.cat.images), c.a.images...) {
		switch {
		case i.Status != "available",
			q.Get("private") == "true" && i.Public,
			q.Get("type") == "distribution" && (!i.Public || i.Application),
			q.Get("type") == "application" && !i.Application,
			q.Get("tag_name") != "" && !slices.Contains(i.Tags, q.Get("tag_name")):
			continue
		}
		shown = append(shown, i.body())
	}
	return pageOf(c, "images", shown)
}

// listOneClicks lists the 1-Click applications for droplets: there are no clusters here.
func listOneClicks(c *call) answer {
	list := []map[string]string{}
	for _, i := range c.s.cat.images {
		if kind := c.r.URL.Query().Get("type"); i.Application && i.Slug != nil && (kind == "" || kind == "droplet") {
			list = append(list, map[string]string{"slug": *i.Slug, "type": "droplet"})
		}
	}
	return c.json(http.StatusOK, map[string]any{"1_clicks": list})
}

func (c *call) image() *image {
	return c.a.imageFor(json.RawMessage(c.r.PathValue("image")))
}

func getImage(c *call) answer {
	img := c.image()
	if img == nil {
		return c.notFound()
	}
	return c.json(http.StatusOK, map[string]any{"image": img.body()})
}

// ownImage finds the private image of the request's path for a handler.
func ownImage(handle func(*call, *image) answer) func(*call) answer {
	return func(c *call) answer {
		img := c.image()
		switch {
		case img == nil:
			return c.notFound()
		case img.Public:
			return c.forbidden()
		}
		return handle(c, img)
	}
}

func updateImage(c *call, img *image) answer {
	var req struct{ Name, Distribution, Description string }
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	img.Name, img.Distribution = cmp.Or(req.Name, img.Name), cmp.Or(req.Distribution, img.Distribution)
	img.Description = cmp.Or(req.Description, img.Description)
	c.s.forgetRendered()
	return c.json(http.StatusOK, map[string]any{"image": img.body()})
}

// createImage imports an image from a URL, which nobody asks for here: it is available after the time that actions take.
func createImage(c *call) answer {
	var req struct {
		Name, URL, Region, Distribution, Description string
		Tags                                         []string
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	switch {
	case req.Name == "" || req.URL == "":
		return c.unprocessable("name and url are required")
	case !c.s.cat.offers(req.Region):
		return c.unprocessable("Region is not available")
	case refuseTags(req.Tags) != "":
		return c.unprocessable(refuseTags(req.Tags))
	}
	img := &image{
		ID: c.s.nextID.Image, Name: req.Name, Distribution: cmp.Or(req.Distribution, "Unknown"), Type: "custom", Regions: []string{req.Region},
		CreatedAt: c.now, MinDisk: 15, Status: "NEW", Description: req.Description, Tags: c.a.canonicalTags(req.Tags), AvailableAt: c.now.Add(max(0, c.s.opts.ActionTime)),
	}
	c.s.nextID.Image += 13
	c.a.images = append(c.a.images, img)
	body := img.body()
	c.a.settleImage(img)
	return c.json(http.StatusAccepted, map[string]any{"image": body})
}

// settleImage queues the end of an import.
func (a *Account) settleImage(img *image) {
	a.at(img.AvailableAt, func(time.Time) {
		if img.Status == "NEW" {
			img.Status, img.Gigabytes = "available", 1.2
		}
	})
}

// createImageAction transfers an image to another region, or makes a snapshot of a backup. It is done at once.
func createImageAction(c *call, img *image) answer {
	var req struct{ Type, Region string }
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	switch {
	case req.Type == "transfer" && !c.s.cat.offers(req.Region):
		return c.unprocessable("Region is not available")
	case req.Type == "transfer" && slices.Contains(img.Regions, req.Region):
		return c.unprocessable("The image is already in this region.")
	case req.Type == "transfer":
		img.Regions = append(slices.Clone(img.Regions), req.Region)
	case req.Type == "convert" && img.Type == "backup":
		img.Type = "snapshot"
	case req.Type == "convert":
		return c.unprocessable("Only a backup can be converted.")
	default:
		return c.unprocessable("You specified an invalid action type.")
	}
	act := &action{Image: img.ID, Region: img.Regions[0], Request: actionRequest{Type: req.Type}}
	c.a.enterDone(act, &img.actions, c.now)
	return c.json(http.StatusCreated, map[string]any{"action": c.a.actionBody(act)})
}

func listImageActions(c *call, img *image) answer { return c.pageOfActions(img.actions) }

func getImageAction(c *call, img *image) answer {
	if act := c.action(); act == nil || act.Image != img.ID {
		return c.notFound()
	}
	return getAction(c)
}

func deleteImage(c *call, img *image) answer {
	c.a.removeImage(img)
	return c.noContent()
}

// removeImage takes a private image out of the account.
func (a *Account) removeImage(img *image) {
	a.images = slices.DeleteFunc(a.images, func(i *image) bool { return i == img })
	for _, d := range a.droplets {
		for _, ids := range []*[]int64{&d.Snapshots, &d.BackupIDs} {
			if i := slices.Index(*ids, img.ID); i >= 0 {
				*ids = slices.Delete(*ids, i, i+1)
				d.rendered = nil
			}
		}
	}
}

func listDropletSnapshots(c *call) answer {
	return imagesOf(c, "snapshots", func(d *droplet) []int64 { return d.Snapshots })
}

func listBackups(c *call) answer {
	return imagesOf(c, "backups", func(d *droplet) []int64 { return d.BackupIDs })
}

func imagesOf(c *call, key string, ids func(*droplet) []int64) answer {
	d, ok := c.droplet()
	if !ok {
		return c.notFound()
	}
	var shown []imageBody
	for _, id := range ids(d) {
		if img := c.a.image(id); img != nil {
			shown = append(shown, img.body())
		}
	}
	return pageOf(c, key, shown)
}
