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
	endings := need("droplet:delete", "block_storage:delete", "block_storage_snapshot:delete", "image:delete", "reserved_ip:delete")
	return []route{
		{"GET /v2/account", need("account:read"), getAccount},
		{"GET /v2/account/keys", need("ssh_key:read"), listKeys},
		{"POST /v2/account/keys", need("ssh_key:create"), createKey},
		{"GET /v2/account/keys/{key}", need("ssh_key:read"), ofKey(getKey)},
		{"PUT /v2/account/keys/{key}", need("ssh_key:update"), ofKey(updateKey)},
		{"DELETE /v2/account/keys/{key}", need("ssh_key:delete"), ofKey(deleteKey)},

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
		{"GET /v2/droplets/backups/policies", need("droplet:read"), listBackupPolicies},
		{"GET /v2/droplets/backups/supported_policies", need("droplet:read"), listSupportedPolicies},
		{"GET /v2/droplets/{id}/kernels", need("droplet:read"), emptyOfDroplet("kernels")},
		{"GET /v2/droplets/{id}/firewalls", need("firewall:read"), listDropletFirewalls},
		{"GET /v2/droplets/{id}/neighbors", need("droplet:read"), emptyOfDroplet("droplets")},
		{"GET /v2/droplets/{id}/destroy_with_associated_resources", need("droplet:read"), listAssociated},
		{"DELETE /v2/droplets/{id}/destroy_with_associated_resources/selective", endings, destroySelectively},
		{"DELETE /v2/droplets/{id}/destroy_with_associated_resources/dangerous", endings, destroyDangerously},
		{"GET /v2/droplets/{id}/destroy_with_associated_resources/status", need("droplet:delete"), getEnding},
		{"POST /v2/droplets/{id}/destroy_with_associated_resources/retry", endings, retryEnding},

		{"GET /v2/tags", need("tag:read"), listTags},
		{"POST /v2/tags", need("tag:create"), createTag},
		{"GET /v2/tags/{tag}", need("tag:read"), getTag},
		{"PUT /v2/tags/{tag}", need("tag:update"), updateTag},
		{"DELETE /v2/tags/{tag}", need("tag:delete"), deleteTag},
		{"POST /v2/tags/{tag}/resources", need("tag:create"), tagResources},
		{"DELETE /v2/tags/{tag}/resources", need("tag:delete"), untagResources},

		{"GET /v2/sizes", need("sizes:read"), listSizes},
		{"GET /v2/regions", need("regions:read"), listRegions},
		{"GET /v2/1-clicks", nil, listOneClicks},
		{"GET /v2/images", need("image:read"), listImages},
		{"POST /v2/images", need("image:create"), createImage},
		{"GET /v2/images/{image}", need("image:read"), getImage},
		{"PUT /v2/images/{image}", need("image:update"), ownImage(updateImage)},
		{"GET /v2/images/{image}/actions", need("image:read"), ownImage(listImageActions)},
		{"POST /v2/images/{image}/actions", need("image:create"), ownImage(createImageAction)},
		{"GET /v2/images/{image}/actions/{action}", need("image:read"), ownImage(getImageAction)},
		{"DELETE /v2/images/{image}", need("image:delete"), ownImage(deleteImage)},
		{"GET /v2/snapshots", need("snapshot:read"), listSnapshots},
		{"GET /v2/snapshots/{snapshot}", need("snapshot:read"), getSnapshot},
		{"DELETE /v2/snapshots/{snapshot}", need("image:delete", "snapshot:delete"), deleteSnapshot},
		{"GET /v2/vpcs", need("vpc:read"), listVPCs},
		{"POST /v2/vpcs", need("vpc:create"), createVPC},
		{"GET /v2/vpcs/{vpc}", need("vpc:read"), ofVPC(getVPC)},
		{"PUT /v2/vpcs/{vpc}", need("vpc:update"), ofVPC(updateVPC)},
		{"PATCH /v2/vpcs/{vpc}", need("vpc:update"), ofVPC(updateVPC)},
		{"DELETE /v2/vpcs/{vpc}", need("vpc:delete"), ofVPC(deleteVPC)},
		{"GET /v2/vpcs/{vpc}/members", need("vpc:read"), ofVPC(listVPCMembers)},

		{"GET /v2/firewalls", need("firewall:read"), listFirewalls},
		{"POST /v2/firewalls", need("firewall:create"), createFirewall},
		{"GET /v2/firewalls/{firewall}", need("firewall:read"), ofFirewall(getFirewall)},
		{"PUT /v2/firewalls/{firewall}", need("firewall:update"), ofFirewall(updateFirewall)},
		{"DELETE /v2/firewalls/{firewall}", need("firewall:delete"), ofFirewall(deleteFirewall)},
		{"POST /v2/firewalls/{firewall}/droplets", need("firewall:update", "droplet:read"), editFirewall(true)},
		{"DELETE /v2/firewalls/{firewall}/droplets", need("firewall:update", "droplet:read"), editFirewall(false)},
		{"POST /v2/firewalls/{firewall}/tags", need("firewall:update", "tag:read"), editFirewall(true)},
		{"DELETE /v2/firewalls/{firewall}/tags", need("firewall:update", "tag:read"), editFirewall(false)},
		{"POST /v2/firewalls/{firewall}/rules", need("firewall:update"), editFirewall(true)},
		{"DELETE /v2/firewalls/{firewall}/rules", need("firewall:update"), editFirewall(false)},
		{"GET /v2/load_balancers", need("load_balancer:read"), listLoadBalancers},
		{"POST /v2/load_balancers", need("load_balancer:create"), createLoadBalancer},
		{"GET /v2/load_balancers/{balancer}", need("load_balancer:read"), ofLoadBalancer(getLoadBalancer)},
		{"PUT /v2/load_balancers/{balancer}", need("load_balancer:update"), ofLoadBalancer(updateLoadBalancer)},
		{"DELETE /v2/load_balancers/{balancer}", need("load_balancer:delete"), ofLoadBalancer(deleteLoadBalancer)},
		{"POST /v2/load_balancers/{balancer}/droplets", need("load_balancer:update"), editLoadBalancer(true)},
		{"DELETE /v2/load_balancers/{balancer}/droplets", need("load_balancer:update"), editLoadBalancer(false)},
		{"POST /v2/load_balancers/{balancer}/forwarding_rules", need("load_balancer:update"), editLoadBalancer(true)},
		{"DELETE /v2/load_balancers/{balancer}/forwarding_rules", need("load_balancer:update"), editLoadBalancer(false)},
		{"DELETE /v2/load_balancers/{balancer}/cache", need("load_balancer:delete"), ofLoadBalancer(purgeCache)},
		{"GET /v2/reserved_ips", need("reserved_ip:read"), listReservedIPs},
		{"POST /v2/reserved_ips", need("reserved_ip:create"), createReservedIP},
		{"GET /v2/reserved_ips/{ip}", need("reserved_ip:read"), ofReservedIP(getReservedIP)},
		{"DELETE /v2/reserved_ips/{ip}", need("reserved_ip:delete"), ofReservedIP(deleteReservedIP)},
		{"GET /v2/reserved_ips/{ip}/actions", need("reserved_ip:read"), ofReservedIP(listReservedIPActions)},
		{"POST /v2/reserved_ips/{ip}/actions", need("reserved_ip:update"), ofReservedIP(createReservedIPAction)},
		{"GET /v2/reserved_ips/{ip}/actions/{action}", need("reserved_ip:read"), ofReservedIP(getReservedIPAction)},
		{"GET /v2/floating_ips", need("reserved_ip:read"), listReservedIPs},
		{"POST /v2/floating_ips", need("reserved_ip:create"), createReservedIP},
		{"GET /v2/floating_ips/{ip}", need("reserved_ip:read"), ofReservedIP(getReservedIP)},
		{"DELETE /v2/floating_ips/{ip}", need("reserved_ip:delete"), ofReservedIP(deleteReservedIP)},
		{"GET /v2/floating_ips/{ip}/actions", need("reserved_ip:read"), ofReservedIP(listReservedIPActions)},
		{"POST /v2/floating_ips/{ip}/actions", need("reserved_ip:update"), ofReservedIP(createReservedIPAction)},
		{"GET /v2/floating_ips/{ip}/actions/{action}", need("reserved_ip:read"), ofReservedIP(getReservedIPAction)},
		{"GET /v2/certificates", need("certificate:read"), listCertificates},
		{"POST /v2/certificates", need("certificate:create"), createCertificate},
		{"GET /v2/certificates/{certificate}", need("certificate:read"), ofCertificate(getCertificate)},
		{"DELETE /v2/certificates/{certificate}", need("certificate:delete"), ofCertificate(deleteCertificate)},
		{"GET /v2/projects", need("project:read"), listProjects},
		{"POST /v2/projects", need("project:create"), createProject},
		{"GET /v2/projects/{project}", need("project:read"), ofProject(getProject)},
		{"PUT /v2/projects/{project}", need("project:update"), ofProject(updateProject)},
		{"PATCH /v2/projects/{project}", need("project:update"), ofProject(updateProject)},
		{"DELETE /v2/projects/{project}", need("project:delete"), ofProject(deleteProject)},
		{"GET /v2/projects/{project}/resources", need("project:read"), ofProject(listProjectResources)},
		{"POST /v2/projects/{project}/resources", nil, ofProject(assignResources)}, // which scopes it needs it says itself
		{"GET /v2/volumes", need("block_storage:read"), listVolumes},
		{"POST /v2/volumes", need("block_storage:create"), createVolume},
		{"DELETE /v2/volumes", need("block_storage:delete"), ofVolume(deleteVolume)},
		{"GET /v2/volumes/{volume}", need("block_storage:read"), ofVolume(getVolume)},
		{"DELETE /v2/volumes/{volume}", need("block_storage:delete"), ofVolume(deleteVolume)},
		{"POST /v2/volumes/actions", need("block_storage_action:create"), createVolumeAction},
		{"POST /v2/volumes/{volume}/actions", need("block_storage_action:create"), createVolumeAction},
		{"GET /v2/volumes/{volume}/actions", need("block_storage_action:read"), ofVolume(listVolumeActions)},
		{"GET /v2/volumes/{volume}/actions/{action}", need("block_storage_action:read"), ofVolume(getVolumeAction)},
		{"GET /v2/volumes/{volume}/snapshots", need("block_storage:read"), ofVolume(listVolumeSnapshots)},
		{"POST /v2/volumes/{volume}/snapshots", need("block_storage_snapshot:create"), ofVolume(createVolumeSnapshot)},
		{"GET /v2/domains", need("domain:read"), listDomains},
		{"POST /v2/domains", need("domain:create"), createDomain},
		{"GET /v2/domains/{domain}", need("domain:read"), ofDomain(getDomain)},
		{"DELETE /v2/domains/{domain}", need("domain:delete"), ofDomain(deleteDomain)},
		{"GET /v2/domains/{domain}/records", need("domain:read"), ofDomain(listRecords)},
		{"POST /v2/domains/{domain}/records", need("domain:create"), ofDomain(createRecord)},
		{"GET /v2/domains/{domain}/records/{record}", need("domain:read"), ofRecord(getRecord)},
		{"PUT /v2/domains/{domain}/records/{record}", need("domain:update"), ofRecord(updateRecord)},
		{"PATCH /v2/domains/{domain}/records/{record}", need("domain:update"), ofRecord(updateRecord)},
		{"DELETE /v2/domains/{domain}/records/{record}", need("domain:delete"), ofRecord(deleteRecord)},

		{"GET /v2/reserved_ipv6", need("reserved_ip:read"), listReservedIPv6s},
		{"POST /v2/reserved_ipv6", need("reserved_ip:create"), createReservedIPv6},
		{"GET /v2/reserved_ipv6/{ip}", need("reserved_ip:read"), ofReservedIPv6(getReservedIPv6)},
		{"DELETE /v2/reserved_ipv6/{ip}", need("reserved_ip:delete"), ofReservedIPv6(deleteReservedIPv6)},
		{"POST /v2/reserved_ipv6/{ip}/actions", need("reserved_ip:update"), ofReservedIPv6(createReservedIPv6Action)},
	}
}

// unknown is the route of everything else under the API's host.
const unknown = "/"

// Routes are the API's routes that the simulator has, such as "GET /v2/droplets/{id}".
func Routes() (patterns []string) {
	for _, r := range apiRoutes() {
		patterns = append(patterns, r.pattern)
	}
	return patterns
}

func knownRoute(name string) bool {
	return slices.ContainsFunc(apiRoutes(), func(r route) bool { return r.pattern == name })
}

// routes builds the mux: the API, the simulator's own switches, and a 501 for the rest.
func (s *Simulator) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, rt := range apiRoutes() {
		mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, rt) })
	}
	rest := route{pattern: unknown, handle: (*call).notImplemented}
	for _, pattern := range []string{unknown, "GET /v2/droplets/autoscale"} { // which is not the id of a droplet
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, rest) })
	}
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

// of finds what the path of a request names for a handler; where find gives nil there is no such thing.
func of[T any](find func(*call) *T, handle func(*call, *T) answer) func(*call) answer {
	return func(c *call) answer {
		one := find(c)
		if one == nil {
			return c.notFound()
		}
		return handle(c, one)
	}
}

// firstOf is the first of a list for which something holds; nil: there is none.
func firstOf[T any](list []*T, is func(*T) bool) *T {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i]
	}
	return nil
}

func emptyOfDroplet(key string) func(*call) answer {
	return func(c *call) answer {
		if _, ok := c.droplet(); !ok {
			return c.notFound()
		}
		return pageOf(c, key, []struct{}{})
	}
}
