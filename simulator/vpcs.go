package simulator

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// vpc is a VPC. Each region has a default one; [Account.AddVPC] makes others.
type vpc struct {
	ID        string    `json:"id"`
	Region    string    `json:"region"`
	Range     string    `json:"ip_range"`
	CreatedAt time.Time `json:"created_at"`
	Added     bool      `json:"added,omitempty"` // it is not the default of its region

	Name        string `json:"name,omitempty"` // empty: one by its region or its id
	Description string `json:"description,omitempty"`
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
	return firstOf(a.vpcs, func(v *vpc) bool { return v.Region == region && (id == "" && !v.Added || v.ID == id) })
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

// called is the VPC's name.
func (v *vpc) called() string {
	switch {
	case v.Name != "":
		return v.Name
	case v.Added:
		return "vpc-" + v.ID[:8]
	}
	return "default-" + v.Region
}

func (v *vpc) body() map[string]any {
	return map[string]any{
		"id": v.ID, "urn": "do:vpc:" + v.ID, "name": v.called(), "description": v.Description, "region": v.Region,
		"ip_range": v.Range, "created_at": v.CreatedAt, "default": !v.Added,
	}
}

func listVPCs(c *call) answer {
	return c.page("vpcs", len(c.a.vpcs), func(i int) []byte { return encode(c.a.vpcs[i].body()) })
}

// ofVPC finds the VPC of the request's path for a handler.
func ofVPC(handle func(*call, *vpc) answer) func(*call) answer {
	return of(func(c *call) *vpc {
		return firstOf(c.a.vpcs, func(v *vpc) bool { return v.ID == c.r.PathValue("vpc") })
	}, handle)
}

func getVPC(c *call, v *vpc) answer {
	return c.json(http.StatusOK, map[string]any{"vpc": v.body()})
}

func (a *Account) vpcCalled(name string, but *vpc) bool {
	return slices.ContainsFunc(a.vpcs, func(v *vpc) bool { return v != but && v.called() == name })
}

// vpcRule is what a VPC may be called.
var vpcRule = regexp.MustCompile(`^[a-zA-Z0-9.-]+$`)

// refuseVPC says why a VPC cannot be called so, or described so: the message of the 422, or nothing.
func (a *Account) refuseVPC(name, description string, but *vpc) string {
	switch {
	case !vpcRule.MatchString(name) || a.vpcCalled(name, but):
		return "VPC name must be valid and unique"
	case utf8.RuneCountInString(description) > 255:
		return "description has at most 255 characters"
	}
	return ""
}

func (a *Account) overlaps(bits netip.Prefix) bool {
	return slices.ContainsFunc(a.vpcs, func(v *vpc) bool {
		other, err := netip.ParsePrefix(v.Range)
		return err == nil && other.Overlaps(bits)
	})
}

// freeRange is one that no VPC has; empty: there is none.
func (a *Account) freeRange() string {
	for n := range 1 << 12 {
		bits := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(n >> 4), byte(n << 4), 0}), 20)
		if !a.overlaps(bits) {
			return bits.String()
		}
	}
	return ""
}

func createVPC(c *call) answer {
	var req struct {
		Name, Description, Region string
		Range                     string `json:"ip_range"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	if req.Range == "" {
		req.Range = c.a.freeRange()
	}
	bits, err := netip.ParsePrefix(req.Range)
	switch {
	case !c.s.cat.offers(req.Region):
		return c.unprocessable("Region is not available")
	case err != nil || bits.Bits() < 16 || bits.Bits() > 28 || bits != bits.Masked() || !bits.Addr().Is4() || !bits.Addr().IsPrivate():
		return c.unprocessable("This range/size is not valid")
	case c.a.overlaps(bits):
		return c.unprocessable("This range/size overlaps with another VPC network in your account")
	}
	if refusal := c.a.refuseVPC(req.Name, req.Description, nil); refusal != "" {
		return c.unprocessable(refusal)
	}
	v := &vpc{ID: newUUID(), Region: req.Region, Range: req.Range, CreatedAt: c.now.UTC().Truncate(time.Second), Added: true, Name: req.Name, Description: req.Description}
	c.a.vpcs = append(c.a.vpcs, v)
	return c.json(http.StatusCreated, map[string]any{"vpc": v.body()})
}

// updateVPC changes what the request has: PUT and PATCH do the same here.
func updateVPC(c *call, v *vpc) answer {
	var req struct {
		Name        *string `json:"name"`
		Description *string `json:"description"`
		Default     bool    `json:"default"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	name, description := v.called(), v.Description
	if req.Name != nil {
		name = *req.Name
	}
	if req.Description != nil {
		description = *req.Description
	}
	if refusal := c.a.refuseVPC(name, description, v); refusal != "" {
		return c.unprocessable(refusal)
	}
	v.Name, v.Description = name, description
	if req.Default {
		for _, other := range c.a.vpcs {
			if other.Region == v.Region {
				other.Name, other.Added = other.called(), true
			}
		}
		v.Added = false
	}
	return getVPC(c, v)
}

// member is what is in a VPC.
type member struct {
	URN       string `json:"urn"`
	Name      string `json:"name"`
	CreatedAt string `json:"created_at"`
}

// members are the droplets and the load balancers in a VPC, also droplets that are on their way out: they still keep it
// (docs/digitalocean-api.md, "Attached resources").
func (a *Account) members(v *vpc) (list []member) {
	droplets := slices.SortedFunc(maps.Values(a.droplets), func(x, y *droplet) int { return cmp.Compare(x.ID, y.ID) })
	for _, d := range droplets {
		if d.VPC == v.ID {
			list = append(list, member{d.urn(), d.Name, timestamp(d.CreatedAt)})
		}
	}
	for _, l := range a.balancers {
		if a.vpcOf(l) == v.ID {
			list = append(list, member{l.urn(), l.Name, timestamp(l.CreatedAt)})
		}
	}
	return list
}

func listVPCMembers(c *call, v *vpc) answer {
	kind := c.r.URL.Query().Get("resource_type")
	return pageOf(c, "members", slices.DeleteFunc(c.a.members(v), func(m member) bool {
		return kind != "" && !strings.HasPrefix(m.URN, "do:"+kind+":")
	}))
}

func deleteVPC(c *call, v *vpc) answer {
	switch {
	case !v.Added:
		return c.errorAnswer(http.StatusForbidden, "forbidden", "Can not delete default VPC")
	case len(c.a.members(v)) > 0:
		return c.errorAnswer(http.StatusForbidden, "forbidden", "Can not delete VPC with members")
	}
	c.a.vpcs = slices.DeleteFunc(c.a.vpcs, func(other *vpc) bool { return other == v })
	return c.noContent()
}
