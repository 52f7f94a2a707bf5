package simulator

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// LoadBalancer is a load balancer, for droplets by their ids or for those with a tag.
type LoadBalancer struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Region    string    `json:"region"`
	Droplets  []int64   `json:"droplets,omitempty"`
	Tag       string    `json:"tag,omitempty"`
	CreatedAt time.Time `json:"created_at"`

	// Settings are the other members of the request that made it, as the API shows them again; none: one HTTP rule.
	Settings map[string]json.RawMessage `json:"settings,omitempty"`
}

// AddLoadBalancer puts a load balancer into the account and gives it an id; where the region is empty it is nyc3. It is not checked.
func (a *Account) AddLoadBalancer(l LoadBalancer) LoadBalancer {
	a.s.mu.Lock()
	defer a.unlock()
	l = l.clone()
	l.ID, l.Region, l.CreatedAt = newUUID(), cmp.Or(l.Region, "nyc3"), time.Now()
	a.balancers = append(a.balancers, &l)
	return l.clone()
}

// LoadBalancers gives all load balancers, the oldest first. Those that go by tag show no droplets here.
func (a *Account) LoadBalancers() []LoadBalancer { return peek(a, a.balancers, LoadBalancer.clone) }

func (l LoadBalancer) clone() LoadBalancer {
	l.Droplets, l.Settings = slices.Clone(l.Droplets), maps.Clone(l.Settings)
	return l
}

const forwardingRules = "forwarding_rules"

func (c *call) loadBalancerBody(l *LoadBalancer) []byte {
	ids := orEmpty(l.Droplets)
	if l.Tag != "" {
		for _, d := range c.a.byTag[strings.ToLower(l.Tag)].only((*droplet).present).list {
			ids = append(ids, d.ID)
		}
	}
	body := map[string]json.RawMessage{
		"algorithm": encode("round_robin"), "size_unit": encode(1), "redirect_http_to_https": encode(false), "enable_proxy_protocol": encode(false),
		"enable_backend_keepalive": encode(false), "project_id": encode(c.a.project("").ID),
		forwardingRules: encode([]map[string]any{{
			"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 80, "certificate_id": "", "tls_passthrough": false,
		}}),
		"health_check": encode(map[string]any{
			"protocol": "tcp", "port": 80, "path": "", "check_interval_seconds": 10, "response_timeout_seconds": 5, "healthy_threshold": 5,
			"unhealthy_threshold": 3,
		}),
		"sticky_sessions": encode(map[string]any{"type": "none"}),
	}
	maps.Copy(body, l.Settings)
	maps.Copy(body, map[string]json.RawMessage{
		"id": encode(l.ID), "name": encode(l.Name), "ip": encode("192.0.2.1"), "status": encode("active"), "created_at": encode(timestamp(l.CreatedAt)),
		"region": c.s.cat.region(l.Region).rendered, "tag": encode(l.Tag), "droplet_ids": encode(ids), "vpc_uuid": encode(c.a.vpcFor("", l.Region).ID),
	})
	return encode(body)
}

func listLoadBalancers(c *call) answer {
	return c.page("load_balancers", len(c.a.balancers), func(i int) []byte { return c.loadBalancerBody(c.a.balancers[i]) })
}

// ofLoadBalancer finds the load balancer of the request's path for a handler.
func ofLoadBalancer(handle func(*call, *LoadBalancer) answer) func(*call) answer {
	return of(func(c *call) *LoadBalancer {
		return firstOf(c.a.balancers, func(l *LoadBalancer) bool { return l.ID == c.r.PathValue("balancer") })
	}, handle)
}

func getLoadBalancer(c *call, l *LoadBalancer) answer {
	return one(http.StatusOK, "load_balancer", c.loadBalancerBody(l))
}

func deleteLoadBalancer(c *call, l *LoadBalancer) answer {
	c.a.balancers = slices.DeleteFunc(c.a.balancers, func(other *LoadBalancer) bool { return other == l })
	return c.noContent()
}

// createLoadBalancer makes a load balancer for droplets by id, or for those with a tag.
func createLoadBalancer(c *call) answer {
	l := &LoadBalancer{ID: newUUID(), CreatedAt: c.now}
	if bad := c.decodeLoadBalancer(l); bad != nil {
		return *bad
	}
	c.a.balancers = append(c.a.balancers, l)
	return one(http.StatusAccepted, "load_balancer", c.loadBalancerBody(l))
}

// updateLoadBalancer puts another one in its place: what the request leaves out has its default again.
func updateLoadBalancer(c *call, l *LoadBalancer) answer {
	next := &LoadBalancer{ID: l.ID, CreatedAt: l.CreatedAt}
	if bad := c.decodeLoadBalancer(next); bad != nil {
		return *bad
	}
	*l = *next
	return one(http.StatusOK, "load_balancer", c.loadBalancerBody(l))
}

// decodeLoadBalancer reads a load balancer from the request.
func (c *call) decodeLoadBalancer(l *LoadBalancer) *answer {
	refuse := func(words string) *answer {
		bad := c.unprocessable(words)
		return &bad
	}
	var req struct {
		Name     string  `json:"name"`
		Region   string  `json:"region"`
		Droplets []int64 `json:"droplet_ids"`
		Tag      string  `json:"tag"`
	}
	if bad := c.decode(&req); bad != nil {
		return bad
	}
	if bad := c.decode(&l.Settings); bad != nil {
		return bad
	}
	for _, own := range []string{"name", "region", "droplet_ids", "tag", "vpc_uuid", "id", "ip", "status"} {
		delete(l.Settings, own)
	}
	maps.DeleteFunc(l.Settings, func(_ string, v json.RawMessage) bool { return string(v) == "null" })
	var tags []string
	if req.Tag != "" {
		tags = []string{req.Tag}
	}
	if bad := c.named(req.Droplets, tags); bad != nil {
		return bad
	}
	taken := func(other *LoadBalancer) bool { return other.Name == req.Name && other.ID != l.ID }
	switch {
	case req.Name == "" || slices.ContainsFunc(c.a.balancers, taken):
		return refuse("Load Balancer name must be unique")
	case c.s.cat.region(req.Region) == nil:
		return refuse("Region is not available")
	case req.Tag != "" && len(req.Droplets) > 0:
		return refuse("Load Balancer can have droplets or a tag, not both")
	}
	l.Name, l.Region, l.Droplets, l.Tag = req.Name, req.Region, req.Droplets, req.Tag
	return nil
}

// editLoadBalancer adds droplets or forwarding rules, by the last part of the path, or removes them.
func editLoadBalancer(add bool) func(*call) answer {
	return ofLoadBalancer(func(c *call, l *LoadBalancer) answer {
		var req struct {
			Droplets []int64           `json:"droplet_ids"`
			Rules    []json.RawMessage `json:"forwarding_rules"`
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
		l.Droplets = edited(l.Droplets, req.Droplets, add, func(x, y int64) bool { return x == y })
		if len(req.Rules) > 0 {
			var shown struct {
				Rules []json.RawMessage `json:"forwarding_rules"`
			}
			if err := json.Unmarshal(c.loadBalancerBody(l), &shown); err != nil {
				panic("simulator: " + err.Error()) // it wrote that itself
			}
			if l.Settings == nil {
				l.Settings = map[string]json.RawMessage{}
			}
			l.Settings[forwardingRules] = encode(edited(shown.Rules, req.Rules, add, sameRule))
		}
		return c.noContent()
	})
}

// sameRule compares two forwarding rules by their ports and protocols.
func sameRule(x, y json.RawMessage) bool {
	key := func(raw json.RawMessage) (k struct {
		EntryProtocol  string `json:"entry_protocol"`
		EntryPort      int    `json:"entry_port"`
		TargetProtocol string `json:"target_protocol"`
		TargetPort     int    `json:"target_port"`
	}) {
		_ = json.Unmarshal(raw, &k) // what cannot be read is like nothing
		return k
	}
	return key(x) == key(y)
}
