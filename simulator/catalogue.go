package simulator

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
)

// catalogue is what DigitalOcean sells, the same for all accounts. Only MoveSlug ever changes it.
type catalogue struct {
	sizes   []*size
	regions []*region
	images  []*image // public ones
	sizeOf  map[string]*size
}

type size struct {
	Slug         string     `json:"slug"`
	Memory       int        `json:"memory"` // MB
	VCPUs        int        `json:"vcpus"`
	Disk         int        `json:"disk"`          // GB
	Transfer     float64    `json:"transfer"`      // TB
	PriceMonthly float64    `json:"price_monthly"` // USD
	PriceHourly  float64    `json:"price_hourly"`  // USD
	Regions      []string   `json:"regions"`
	Available    bool       `json:"available"`
	Description  string     `json:"description"`
	DiskInfo     []diskInfo `json:"disk_info"`
	GPUInfo      *gpuInfo   `json:"gpu_info,omitempty"`

	rendered json.RawMessage
}

func (s *size) gpu() bool { return s.GPUInfo != nil }

type amount struct {
	Amount int    `json:"amount"`
	Unit   string `json:"unit"`
}

type diskInfo struct {
	Type string `json:"type"`
	Size amount `json:"size"`
}

type gpuInfo struct {
	Count int    `json:"count"`
	Model string `json:"model"`
	VRAM  amount `json:"vram"`
}

func diskOf(gb int) []diskInfo { return []diskInfo{{"local", amount{gb, "gib"}}} }

type region struct {
	Slug      string   `json:"slug"`
	Name      string   `json:"name"`
	Features  []string `json:"features"`
	Available bool     `json:"available"`
	Sizes     []string `json:"sizes"`

	rendered, renderedBare json.RawMessage // bare is without the sizes, as without sizes:read
}

func newCatalogue() *catalogue {
	c := &catalogue{sizeOf: map[string]*size{}, regions: allRegions()}
	standard := make([]string, 0, len(c.regions))
	for _, r := range c.regions {
		if r.Available {
			standard = append(standard, r.Slug)
		}
	}
	for _, p := range priceList() {
		s := &size{
			Slug: p.slug, Memory: p.memoryMB, VCPUs: p.vcpus, Disk: p.diskGB, Transfer: p.transferTB, PriceMonthly: p.monthly,
			PriceHourly: math.Round(p.monthly/672*1e5) / 1e5, Regions: standard, Available: true, Description: p.family,
			DiskInfo: diskOf(p.diskGB),
		}
		c.sizes = append(c.sizes, s)
	}
	for _, p := range gpuPriceList() {
		disks := diskOf(p.diskGB)
		if p.scratchGB > 0 {
			disks = append(disks, diskInfo{"scratch", amount{p.scratchGB, "gib"}})
		}
		c.sizes = append(c.sizes, &size{
			Slug: p.slug, Memory: p.memoryMB, VCPUs: p.vcpus, Disk: p.diskGB, Transfer: p.transferTB, PriceHourly: p.hourly,
			PriceMonthly: math.Round(p.hourly*744*100) / 100, Regions: []string{"nyc2", "ams3", "tor1", "atl1"}, Available: true,
			Description: p.family, GPUInfo: &gpuInfo{p.gpus, p.model, amount{p.vramGB, "gib"}},
			DiskInfo: disks,
		})
	}
	for _, s := range c.sizes {
		c.sizeOf[s.Slug] = s
		s.rendered = encode(s)
		for _, r := range c.regions {
			if slices.Contains(s.Regions, r.Slug) {
				r.Sizes = append(r.Sizes, s.Slug)
			}
		}
	}
	for _, r := range c.regions {
		r.Sizes = orEmpty(r.Sizes)
		r.rendered = encode(r)
		bare := *r
		bare.Sizes = []string{}
		r.renderedBare = encode(bare)
	}
	c.images = publicImages(standard)
	return c
}

func (c *catalogue) size(slug string) *size { return c.sizeOf[slug] }

func (c *catalogue) regionIndex(slug string) int {
	return slices.IndexFunc(c.regions, func(r *region) bool { return r.Slug == slug })
}

// region finds a region by its whole slug; nil: there is none.
func (c *catalogue) region(slug string) *region {
	if i := c.regionIndex(slug); i >= 0 {
		return c.regions[i]
	}
	return nil
}

// offers tells whether there is a region of that slug in which things can be made.
func (c *catalogue) offers(slug string) bool {
	r := c.region(slug)
	return r != nil && r.Available
}

// place finds the region for a create. The prefix nyc means any of nyc1 to nyc3, and no region means any
// (docs/digitalocean-api.md, "Creating a droplet").
func (c *catalogue) place(slug string, s *size, img *image) (r *region, refusal string) {
	known := false
	refusal = "You specified an invalid region for Droplet creation."
	for _, r := range c.regions {
		if r.Slug != slug && strings.TrimRight(r.Slug, "0123456789") != slug && slug != "" {
			continue
		}
		switch {
		case !r.Available:
			if !known {
				refusal = "Region is not available"
			}
		case !slices.Contains(s.Regions, r.Slug):
			refusal = "Size is not available in this region."
		case !slices.Contains(img.Regions, r.Slug):
			refusal = "You specified an invalid image for Droplet creation."
		default:
			return r, ""
		}
		known = true
	}
	return nil, refusal
}

func listSizes(c *call) answer {
	return c.page("sizes", len(c.s.cat.sizes), func(i int) []byte { return c.s.cat.sizes[i].rendered })
}

func listRegions(c *call) answer {
	return c.page("regions", len(c.s.cat.regions), func(i int) []byte {
		if !c.scopes.has("sizes:read") {
			return c.s.cat.regions[i].renderedBare
		}
		return c.s.cat.regions[i].rendered
	})
}

func allRegions() []*region {
	full := []string{"backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"}
	r := func(slug, name string, available bool) *region {
		return &region{Slug: slug, Name: name, Features: full, Available: available}
	}
	return []*region{
		r("nyc1", "New York 1", true), r("sfo1", "San Francisco 1", false), r("nyc2", "New York 2", true),
		r("ams2", "Amsterdam 2", false), r("sgp1", "Singapore 1", true), r("lon1", "London 1", true),
		r("nyc3", "New York 3", true), r("ams3", "Amsterdam 3", true), r("fra1", "Frankfurt 1", true),
		r("tor1", "Toronto 1", true), r("sfo2", "San Francisco 2", true), r("blr1", "Bangalore 1", true),
		r("sfo3", "San Francisco 3", true), r("syd1", "Sydney 1", true), r("atl1", "Atlanta 1", true),
	}
}
