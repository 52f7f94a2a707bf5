package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// vpc is a VPC. Each region has a default one; [Account.AddVPC] makes others.
type vpc struct {
	ID        string    `json:"id"`
	Region    string    `json:"region"`
	Range     string    `json:"ip_range"`
	CreatedAt time.Time `json:"created_at"`
	Added     bool      `json:"added,omitempty"` // it is not the default of its region
}

func defaultVPCs(c *catalogue, now time.Time) []*vpc {
	var out []*vpc
	for i, r := range c.regions {
		if r.Available {
			out = append(out, &vpc{ID: newUUID(), Region: r.Slug, Range: fmt.Sprintf("10.%d.0.0/16", 100+i), CreatedAt: now.UTC().Truncate(time.Second)})
		}
	}
	return out
}

// vpcFor finds the VPC for a droplet; without an id the region's default one. nil: there is none, or it is elsewhere.
func (a *Account) vpcFor(id, region string) *vpc {
	i := slices.IndexFunc(a.vpcs, func(v *vpc) bool { return v.Region == region && (id == "" && !v.Added || v.ID == id) })
	if i < 0 {
		return nil
	}
	return a.vpcs[i]
}

// VPC is the uuid of a region's default VPC; empty: there is no such region.
func (a *Account) VPC(region string) string {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if v := a.vpcFor("", region); v != nil {
		return v.ID
	}
	return ""
}

// AddVPC makes a VPC in a region beside its default one, and gives its uuid.
func (a *Account) AddVPC(region string) string {
	a.s.mu.Lock()
	defer a.unlock()
	v := &vpc{ID: newUUID(), Region: region, Range: "10.200.0.0/16", CreatedAt: time.Now().UTC().Truncate(time.Second), Added: true}
	a.vpcs = append(a.vpcs, v)
	return v.ID
}

func (v *vpc) body() map[string]any {
	name := "default-" + v.Region
	if v.Added {
		name = "vpc-" + v.ID[:8]
	}
	return map[string]any{
		"id": v.ID, "urn": "do:vpc:" + v.ID, "name": name, "description": "", "region": v.Region,
		"ip_range": v.Range, "created_at": v.CreatedAt, "default": !v.Added,
	}
}

func listVPCs(c *call) answer {
	return c.page("vpcs", len(c.a.vpcs), func(i int) []byte { return encode(c.a.vpcs[i].body()) })
}

func getVPC(c *call) answer {
	i := slices.IndexFunc(c.a.vpcs, func(v *vpc) bool { return v.ID == c.r.PathValue("vpc") })
	if i < 0 {
		return c.notFound()
	}
	return c.json(http.StatusOK, map[string]any{"vpc": c.a.vpcs[i].body()})
}
