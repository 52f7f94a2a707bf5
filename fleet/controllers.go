package fleet

import "regexp"

// controllers are others who make and destroy droplets by themselves, and the tags by which theirs are known. DigitalOcean Kubernetes
// puts k8s, k8s:worker and k8s:<uuid of the cluster> on its nodes (terraform-provider-digitalocean issue 995); k8s alone may be a
// person's own. Droplets of an autoscale pool have no tags but those of its template, so they cannot be told.
var controllers = []struct {
	tag   *regexp.Regexp
	whose string
}{
	{regexp.MustCompile(`(?i)^k8s:(worker|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`), "it is a node of a managed Kubernetes cluster, which makes and destroys it itself"},
}

// Controlled says in words whose a droplet is by the tags of another controller, and by which tag; empty: it shows none.
func (d *Droplet) Controlled() (whose string) {
	for _, t := range d.Tags {
		for _, c := range controllers {
			if c.tag.MatchString(t) {
				return c.whose + " (tag " + t + ")"
			}
		}
	}
	return ""
}
