package simulator

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// belonging is a resource as a project has it (docs/digitalocean-api.md, "Projects").
type belonging struct {
	urn, path, name string
	scope           string // that a token needs to see it
	since           time.Time
	project         *string // the id of its project; empty: the default one
	unlisted        bool
	follows         bool // it is where its droplet is
}

func (d *droplet) urn() string { return "do:droplet:" + strconv.FormatInt(d.ID, 10) }

func (d *droplet) belonging() belonging {
	return belonging{
		urn: d.urn(), path: "/v2/droplets/" + strconv.FormatInt(d.ID, 10), name: d.Name, scope: "droplet:read", since: d.CreatedAt,
		project: &d.Project, unlisted: !d.listed,
	}
}

func (v *volume) belonging() belonging {
	return belonging{
		urn: "do:volume:" + v.ID, path: "/v2/volumes/" + v.ID, name: v.Name, scope: "block_storage:read", since: v.CreatedAt, project: &v.Project,
	}
}

func (d *domain) belonging() belonging {
	return belonging{urn: "do:domain:" + d.Name, path: "/v2/domains/" + d.Name, name: d.Name, scope: "domain:read", since: d.CreatedAt, project: &d.Project}
}

func (l *LoadBalancer) urn() string { return "do:loadbalancer:" + l.ID }

func (l *LoadBalancer) belonging() belonging {
	return belonging{
		urn: l.urn(), path: "/v2/load_balancers/" + l.ID, name: l.Name, scope: "load_balancer:read", since: l.CreatedAt,
		project: &l.Project,
	}
}

// belonging of a reserved IP: one that a droplet has is in the droplet's project.
func (r *reservedIP) belonging(holder *droplet) belonging {
	b := belonging{urn: "do:reservedip:" + r.IP, path: "/v2/reserved_ips/" + r.IP, name: r.IP, scope: "reserved_ip:read", project: &r.Project}
	if holder != nil {
		b.project, b.follows = &holder.Project, true
	}
	return b
}

// belongings are all that can be in projects.
func (a *Account) belongings() (list []belonging) {
	droplets := slices.SortedFunc(maps.Values(a.droplets), func(x, y *droplet) int { return cmp.Compare(x.ID, y.ID) })
	for _, d := range droplets {
		list = append(list, d.belonging())
	}
	for _, v := range a.volumes {
		list = append(list, v.belonging())
	}
	for _, r := range a.reservedIPs {
		list = append(list, r.belonging(a.droplets[r.Droplet]))
	}
	for _, l := range a.balancers {
		list = append(list, l.belonging())
	}
	for _, d := range a.domains {
		list = append(list, d.belonging())
	}
	return list
}

// belonging finds what a URN names; ok is false for what is no URN at all, and a thing that is not there has no project.
func (c *call) belonging(urn string) (b belonging, ok bool) {
	parts := strings.SplitN(urn, ":", 3)
	if len(parts) != 3 || parts[0] != "do" || parts[1] == "" || parts[2] == "" {
		return belonging{}, false
	}
	switch kind, id := parts[1], parts[2]; kind {
	case "droplet":
		b.scope = "droplet:read"
		n, _ := strconv.ParseInt(id, 10, 64)
		if d := c.a.found(n, c.now); d != nil {
			b = d.belonging()
		}
	case "volume":
		b.scope = "block_storage:read"
		if v := c.a.volume(id); v != nil {
			b = v.belonging()
		}
	case "reservedip", "floatingip":
		b.scope = "reserved_ip:read"
		if r := c.a.reservedIP(id); r != nil {
			b = r.belonging(c.a.droplets[r.Droplet])
		}
	case "loadbalancer":
		b.scope = "load_balancer:read"
		if l := c.a.loadBalancer(id); l != nil {
			b = l.belonging()
		}
	case "domain":
		b.scope = "domain:read"
		if d := c.a.domain(id); d != nil {
			b = d.belonging()
		}
	}
	return b, true
}

type belongingBody struct {
	URN        string            `json:"urn"`
	AssignedAt string            `json:"assigned_at,omitempty"`
	Links      map[string]string `json:"links"`
	Status     string            `json:"status"`
}

func (c *call) belongingBody(b belonging, status string) belongingBody {
	body := belongingBody{URN: b.urn, Links: map[string]string{"self": absolute(c.r, b.path)}, Status: status}
	if !b.since.IsZero() {
		body.AssignedAt = timestamp(b.since)
	}
	return body
}

// listProjectResources lists what is in a project, as far as the token may see it.
func listProjectResources(c *call, p *Project) answer {
	list := slices.DeleteFunc(c.a.belongings(), func(b belonging) bool {
		return b.unlisted || c.a.project(*b.project) != p || !c.scopes.has(b.scope)
	})
	return c.page("resources", len(list), func(i int) []byte { return encode(c.belongingBody(list[i], "ok")) })
}

// assignResources puts resources into a project. Each has a status of its own; a droplet that GET does not find yet is not found here.
func assignResources(c *call, p *Project) answer {
	var req struct{ Resources []string }
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	if !c.scopes.has("project:assign_resource") && !c.scopes.has("project:update") {
		return c.forbidden()
	}
	found := make([]belonging, len(req.Resources))
	for i, urn := range req.Resources {
		b, ok := c.belonging(urn)
		switch {
		case !ok:
			return c.unprocessable(urn + " is not a URN")
		case !c.scopes.has(b.scope):
			return c.forbidden()
		}
		found[i] = b
	}
	for _, b := range found {
		moves := func(other belonging) bool { return !other.follows && other.project == b.project }
		if b.follows && c.a.project(*b.project) != p && !slices.ContainsFunc(found, moves) {
			return c.errorAnswer(http.StatusPreconditionFailed, "precondition_failed", "Cannot move a Reserved IP with an associated droplet to another project")
		}
	}
	list := []belongingBody{}
	for i, b := range found {
		switch {
		case b.project == nil:
			list = append(list, belongingBody{URN: req.Resources[i], Links: map[string]string{}, Status: "not_found"})
		case c.s.holds(c.s.faults.ProjectsDown, "projects_down", b.name):
			list = append(list, c.belongingBody(b, "service_down"))
		case c.a.project(*b.project) == p:
			list = append(list, c.belongingBody(b, "already_assigned"))
		default:
			*b.project = p.ID
			list = append(list, c.belongingBody(b, "assigned"))
		}
	}
	return c.json(http.StatusOK, map[string]any{"resources": list})
}
