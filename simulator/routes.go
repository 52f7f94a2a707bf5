package simulator

import (
	"net/http"
	"slices"
	"strings"
)

// route is one method and path of the API.
type route struct {
	pattern string   // for net/http's ServeMux; also the name in Requests and Script
	scopes  []string // all of which the token needs
	handle  func(*call) answer
}

// scopes are those that tokens lack.
type scopes []string

func (without scopes) has(need ...string) bool {
	return !slices.ContainsFunc(need, func(n string) bool { return slices.Contains(without, n) })
}

func need(s ...string) []string { return s }

// apiRoutes is the API. Scopes are those of the OpenAPI description.
func apiRoutes() []route {
	return []route{
		{"GET /v2/account", need("account:read"), getAccount},
		{"GET /v2/account/keys", need("ssh_key:read"), listKeys},
		{"POST /v2/account/keys", need("ssh_key:create"), createKey},
		{"GET /v2/account/keys/{key}", need("ssh_key:read"), getKey},
		{"PUT /v2/account/keys/{key}", need("ssh_key:update"), updateKey},
		{"DELETE /v2/account/keys/{key}", need("ssh_key:delete"), deleteKey},

		{"GET /v2/actions", need("actions:read"), listActions},
		{"GET /v2/actions/{action}", need("actions:read"), getAction},

		{"GET /v2/droplets", need("droplet:read"), listDroplets},
		{"POST /v2/droplets", need("droplet:create"), createDroplets},
		{"DELETE /v2/droplets", need("droplet:delete", "tag:read"), deleteDropletsByTag},
		{"GET /v2/droplets/{id}", need("droplet:read"), getDroplet},
		{"DELETE /v2/droplets/{id}", need("droplet:delete"), deleteDroplet},
		{"GET /v2/droplets/{id}/actions", need("droplet:read"), listDropletActions},
		{"POST /v2/droplets/{id}/actions", need("droplet:update"), createDropletAction},
		{"GET /v2/droplets/{id}/actions/{action}", need("droplet:read"), getDropletAction},
		{"POST /v2/droplets/actions", need("droplet:update", "tag:read"), createActionsByTag},
		{"GET /v2/droplets/{id}/snapshots", need("droplet:read"), listDropletSnapshots},
		{"GET /v2/droplets/{id}/backups", need("droplet:read"), listBackups},
		{"GET /v2/droplets/{id}/backups/policy", need("droplet:read"), getBackupPolicy},
		{"GET /v2/droplets/backups/supported_policies", need("droplet:read"), listSupportedPolicies},
		{"GET /v2/droplets/{id}/kernels", need("droplet:read"), emptyOfDroplet("kernels")},
		{"GET /v2/droplets/{id}/firewalls", need("firewall:read"), listDropletFirewalls},
		{"GET /v2/droplets/{id}/neighbors", need("droplet:read"), emptyOfDroplet("droplets")},
		{"GET /v2/droplets/{id}/destroy_with_associated_resources", need("droplet:read"), listAssociated},

		{"GET /v2/tags", need("tag:read"), listTags},
		{"POST /v2/tags", need("tag:create"), createTag},
		{"GET /v2/tags/{tag}", need("tag:read"), getTag},
		{"DELETE /v2/tags/{tag}", need("tag:delete"), deleteTag},
		{"POST /v2/tags/{tag}/resources", need("tag:create"), tagResources},
		{"DELETE /v2/tags/{tag}/resources", need("tag:delete"), untagResources},

		{"GET /v2/sizes", need("sizes:read"), listSizes},
		{"GET /v2/regions", need("regions:read"), listRegions},
		{"GET /v2/images", need("image:read"), listImages},
		{"GET /v2/images/{image}", need("image:read"), getImage},
		{"DELETE /v2/images/{image}", need("image:delete"), deleteImage},
		{"GET /v2/snapshots", need("snapshot:read"), listSnapshots},
		{"GET /v2/snapshots/{snapshot}", need("snapshot:read"), getSnapshot},
		{"DELETE /v2/snapshots/{snapshot}", need("image:delete", "snapshot:delete"), deleteSnapshot},
		{"GET /v2/vpcs", need("vpc:read"), listVPCs},
		{"GET /v2/vpcs/{vpc}", need("vpc:read"), getVPC},

		{"GET /v2/firewalls", need("firewall:read"), listFirewalls},
		{"POST /v2/firewalls", need("firewall:create"), createFirewall},
		{"GET /v2/load_balancers", need("load_balancer:read"), listLoadBalancers},
		{"POST /v2/load_balancers", need("load_balancer:create"), createLoadBalancer},
		{"GET /v2/reserved_ips", need("reserved_ip:read"), listReservedIPs},
		{"POST /v2/reserved_ips", need("reserved_ip:create"), createReservedIP},
		{"GET /v2/reserved_ips/{ip}", need("reserved_ip:read"), ofReservedIP(getReservedIP)},
		{"DELETE /v2/reserved_ips/{ip}", need("reserved_ip:delete"), ofReservedIP(deleteReservedIP)},
		{"GET /v2/reserved_ips/{ip}/actions", need("reserved_ip:read"), ofReservedIP(listReservedIPActions)},
		{"POST /v2/reserved_ips/{ip}/actions", need("reserved_ip:update"), ofReservedIP(createReservedIPAction)},
		{"GET /v2/reserved_ips/{ip}/actions/{action}", need("reserved_ip:read"), ofReservedIP(getReservedIPAction)},
		{"GET /v2/projects", need("project:read"), listProjects},
		{"POST /v2/projects", need("project:create"), createProject},
		{"GET /v2/projects/{project}", need("project:read"), ofProject(getProject)},
		{"GET /v2/projects/{project}/resources", need("project:read"), ofProject(listProjectResources)},
		{"POST /v2/projects/{project}/resources", nil, ofProject(assignResources)}, // which scopes it needs it says itself
		{"GET /v2/volumes", need("block_storage:read"), listVolumes},
		{"GET /v2/domains", need("domain:read"), listDomains},
	}
}

// unknown is the route of everything else under the API's host.
const unknown = "/"

func knownRoute(name string) bool {
	return slices.ContainsFunc(apiRoutes(), func(r route) bool { return r.pattern == name })
}

// routes builds the mux: the API, the simulator's own switches, and a 404 for the rest.
func (s *Simulator) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, rt := range apiRoutes() {
		mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, rt) })
	}
	rest := route{pattern: unknown, handle: (*call).notFound}
	mux.HandleFunc(unknown, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, rest) })
	mux.HandleFunc("GET /simulator/{$}", s.serveHints)
	mux.HandleFunc("GET /simulator/faults", s.serveFaults)
	mux.HandleFunc("PUT /simulator/faults", s.serveFaults)
	mux.HandleFunc("PATCH /simulator/faults", s.serveFaults)
	mux.HandleFunc("POST /simulator/script", s.serveScript)
	mux.HandleFunc("DELETE /simulator/script", s.serveScript)
	mux.HandleFunc("GET /simulator/requests", s.serveRequests)
	mux.HandleFunc("GET /simulator/dial", s.serveDial)
	return mux
}

// routeOf is the name of the route that a request will take.
func (s *Simulator) routeOf(r *http.Request) string {
	_, pattern := s.mux.Handler(r)
	if strings.Contains(pattern, " /simulator") {
		return ""
	}
	return pattern
}

// listDomains: the account has none; doctl and Terraform ask in passing.
func listDomains(c *call) answer { return pageOf(c, "domains", []struct{}{}) }

func emptyOfDroplet(key string) func(*call) answer {
	return func(c *call) answer {
		if _, ok := c.droplet(); !ok {
			return c.notFound()
		}
		return pageOf(c, key, []struct{}{})
	}
}
