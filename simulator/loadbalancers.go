package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// LoadBalancer is a load balancer, for droplets by their ids or for those with a tag.
type LoadBalancer struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Region    string    `json:"region"` // empty: it is global
	Droplets  []int64   `json:"droplets,omitempty"`
	Tag       string    `json:"tag,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	IP        string    `json:"ip,omitempty"`
	VPC       string    `json:"vpc_uuid,omitempty"` // empty: the default one of its region
	Project   string    `json:"project,omitempty"`  // empty: the default one
	ActiveAt  time.Time `json:"active_at,omitzero"` // until then it is new, and shows no address

	Settings *balancerSettings `json:"settings,omitempty"` // nil: one HTTP rule, and the defaults
}

// mostBalancers is how many addresses there are for load balancers, in 192.0.2.0/24 (documentation).
const mostBalancers = 254

// balancerIP is an address that no load balancer has.
func (a *Account) balancerIP() string {
	for n := 1; n <= mostBalancers; n++ {
		ip := "192.0.2." + strconv.Itoa(n)
		if firstOf(a.balancers, func(l *LoadBalancer) bool { return l.IP == ip }) == nil {
			return ip
		}
	}
	panic("simulator: all of 192.0.2.0/24 is in use")
}

// AddLoadBalancer puts a load balancer into the account and gives it an id and an address; where the region is empty it is nyc3. It is not
// checked.
func (a *Account) AddLoadBalancer(l LoadBalancer) LoadBalancer {
	a.s.mu.Lock()
	defer a.unlock()
	l = l.clone()
	l.ID, l.Region, l.CreatedAt, l.IP = newUUID(), cmp.Or(l.Region, "nyc3"), time.Now(), a.balancerIP()
	a.balancers = append(a.balancers, &l)
	return l.clone()
}

// LoadBalancers gives all load balancers, the oldest first. Those that go by tag show no droplets here.
func (a *Account) LoadBalancers() []LoadBalancer { return peek(a, a.balancers, LoadBalancer.clone) }

func (l LoadBalancer) clone() LoadBalancer {
	l.Droplets = slices.Clone(l.Droplets) // its settings are never changed, but replaced
	return l
}

// vpcOf is the id of the VPC that a load balancer is in; a global one is in none.
func (a *Account) vpcOf(l *LoadBalancer) string {
	if v := a.vpcFor(l.VPC, l.Region); v != nil {
		return v.ID
	}
	return ""
}

func (c *call) loadBalancerBody(l *LoadBalancer) []byte {
	ids := orEmpty(l.Droplets)
	if l.Tag != "" {
		for _, d := range c.a.byTag[strings.ToLower(l.Tag)].only((*droplet).present).list {
			ids = append(ids, d.ID)
		}
	}
	status, ip := "active", cmp.Or(l.IP, "192.0.2.1") // one from an older file has none of its own
	if c.now.Before(l.ActiveAt) {
		status, ip = "new", ""
	}
	region := []byte("null")
	if r := c.s.cat.region(l.Region); r != nil {
		region = r.rendered
	}
	var o object
	for _, m := range []struct {
		name  string
		value any
	}{
		{"id", l.ID}, {"name", l.Name}, {"ip", ip}, {"status", status}, {"created_at", timestamp(l.CreatedAt)}, {"tag", l.Tag},
		{"droplet_ids", ids}, {"vpc_uuid", c.a.vpcOf(l)}, {"project_id", c.a.project(l.Project).ID},
	} {
		o.raw(m.name, encode(m.value))
	}
	o.raw("region", region)
	return o.with(encode(l.settings()))
}

func listLoadBalancers(c *call) answer {
	return c.page("load_balancers", len(c.a.balancers), func(i int) []byte { return c.loadBalancerBody(c.a.balancers[i]) })
}

// loadBalancer finds a load balancer by its id; nil: there is none.
func (a *Account) loadBalancer(id string) *LoadBalancer {
	return firstOf(a.balancers, func(l *LoadBalancer) bool { return l.ID == id })
}

// ofLoadBalancer finds the load balancer of the request's path for a handler.
func ofLoadBalancer(handle func(*call, *LoadBalancer) answer) func(*call) answer {
	return of(func(c *call) *LoadBalancer { return c.a.loadBalancer(c.r.PathValue("balancer")) }, handle)
}

func getLoadBalancer(c *call, l *LoadBalancer) answer {
	return one(http.StatusOK, "load_balancer", c.loadBalancerBody(l))
}

func deleteLoadBalancer(c *call, l *LoadBalancer) answer {
	c.a.balancers = slices.DeleteFunc(c.a.balancers, func(other *LoadBalancer) bool { return other == l })
	return c.noContent()
}

// purgeCache empties the cache of a global load balancer: the others have none.
func purgeCache(c *call, l *LoadBalancer) answer {
	if l.settings().Kind != globalBalancer {
		return c.unprocessable("only a global load balancer has a cache")
	}
	return c.noContent()
}

func createLoadBalancer(c *call) answer {
	if len(c.a.balancers) >= mostBalancers {
		return c.unprocessable("You have reached your load balancer limit.")
	}
	l := &LoadBalancer{ID: newUUID(), CreatedAt: c.now, ActiveAt: c.now.Add(max(0, c.s.opts.ActionTime)), IP: c.a.balancerIP()}
	if bad := c.decodeLoadBalancer(l); bad != nil {
		return *bad
	}
	c.a.balancers = append(c.a.balancers, l)
	return one(http.StatusAccepted, "load_balancer", c.loadBalancerBody(l))
}

// updateLoadBalancer puts another one in its place: what the request leaves out has its default again. It stays where it is.
func updateLoadBalancer(c *call, l *LoadBalancer) answer {
	next := &LoadBalancer{ID: l.ID, CreatedAt: l.CreatedAt, ActiveAt: l.ActiveAt, IP: l.IP, Region: l.Region, VPC: l.VPC, Project: l.Project}
	if bad := c.decodeLoadBalancer(next); bad != nil {
		return *bad
	}
	if next.Region != l.Region || c.a.vpcOf(next) != c.a.vpcOf(l) || next.settings().Kind != l.settings().Kind {
		return c.unprocessable("the region, VPC and type of a load balancer can not be changed")
	}
	*l = *next
	return one(http.StatusOK, "load_balancer", c.loadBalancerBody(l))
}

// decodeLoadBalancer reads a load balancer from the request.
func (c *call) decodeLoadBalancer(l *LoadBalancer) *answer {
	req := struct {
		Name     string  `json:"name"`
		Region   string  `json:"region"`
		Droplets []int64 `json:"droplet_ids"`
		Tag      string  `json:"tag"`
		VPC      string  `json:"vpc_uuid"`
		Project  string  `json:"project_id"`
	}{Region: l.Region, VPC: l.VPC, Project: l.Project}
	if bad := c.decode(&req); bad != nil {
		return bad
	}
	settings := defaultSettings()
	settings.Rules = nil
	if bad := c.decode(settings); bad != nil {
		return bad
	}
	taken := func(other *LoadBalancer) bool { return other.Name == req.Name && other.ID != l.ID }
	refusal := settings.settle(c.a)
	switch {
	case refusal != "":
	case !validName(req.Name) || firstOf(c.a.balancers, taken) != nil:
		refusal = "Load Balancer name must be valid and unique"
	case settings.Kind == globalBalancer && req.Region != "" || settings.Kind != globalBalancer && !c.s.cat.offers(req.Region):
		refusal = "Region is not available"
	case req.VPC != "" && c.a.vpcFor(req.VPC, req.Region) == nil:
		refusal = "The VPC and the load balancer must be in the same region."
	case req.Tag != "" && len(req.Droplets) > 0:
		refusal = "Load Balancer can have droplets or a tag, not both"
	case c.a.project(req.Project) == nil:
		refusal = "project_id is invalid"
	}
	if refusal != "" {
		return new(c.unprocessable(refusal))
	}
	var tags []string
	if req.Tag != "" {
		tags = []string{req.Tag}
	}
	if bad := c.named(req.Droplets, tags); bad != nil {
		return bad
	}
	l.Name, l.Region, l.Droplets, l.VPC, l.Settings = req.Name, req.Region, uniqueIDs(req.Droplets), req.VPC, settings
	l.Tag, l.Project = strings.Join(c.a.spelled(tags), ""), req.Project
	l.VPC = c.a.vpcOf(l) // it stays there when another one becomes the default
	return nil
}

// editLoadBalancer adds droplets or forwarding rules, by the last part of the path, or removes them.
func editLoadBalancer(add bool) func(*call) answer {
	return ofLoadBalancer(func(c *call, l *LoadBalancer) answer {
		var req struct {
			Droplets []int64          `json:"droplet_ids"`
			Rules    []forwardingRule `json:"forwarding_rules"`
		}
		if bad := c.decode(&req); bad != nil {
			return *bad
		}
		if bad := c.named(req.Droplets, nil); bad != nil && add {
			return *bad
		}
		if len(req.Droplets) > 0 && l.Tag != "" {
			return c.unprocessable("Load Balancer can have droplets or a tag, not both")
		}
		next := *l.settings()
		next.Rules = edited(slices.Clone(next.Rules), req.Rules, add, forwardingRule.same)
		if refusal := next.settle(c.a); refusal != "" {
			return c.unprocessable(refusal)
		}
		l.Droplets = edited(l.Droplets, req.Droplets, add, func(x, y int64) bool { return x == y })
		l.Settings = &next
		return c.noContent()
	})
}
