package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// What stays billed after a droplet, and its destroy together with that (docs/digitalocean-api.md, "Destroying a droplet"). arcadiad asks
// for the list at most.

// associate is one resource that would outlive its droplet.
type associate struct {
	kind string // as the members of the API's objects are called
	id   string
	name string
	cost string // a month, in dollars
	end  func() // destroys it
}

// associates are all of a droplet, as far as the token may read them.
func (c *call) associates(d *droplet) (list []associate) {
	for _, r := range c.a.reservedIPs {
		if r.Droplet == d.ID && c.scopes.has("reserved_ip:read") {
			list = append(list, associate{"reserved_ips", strconv.FormatInt(ipNumber(r.IP), 10), r.IP, "4.00", func() { c.a.release(r) }})
		}
	}
	for _, id := range d.Snapshots {
		if img := c.a.image(id); img != nil && c.scopes.has("image:read") {
			cost := strconv.FormatFloat(img.Gigabytes*0.06, 'f', 2, 64)
			list = append(list, associate{"snapshots", strconv.FormatInt(id, 10), img.Name, cost, func() { c.a.removeImage(img) }})
		}
	}
	for _, id := range d.Volumes {
		v := c.a.volume(id)
		if v == nil || !c.scopes.has("block_storage:read") {
			continue
		}
		cost := strconv.FormatFloat(float64(v.Gigabytes)*0.10, 'f', 2, 64)
		list = append(list, associate{"volumes", id, v.Name, cost, func() { c.a.removeVolume(v) }})
		for _, s := range c.a.volumeSnapshots {
			if s.Volume == id {
				list = append(list, associate{"volume_snapshots", s.ID, s.Name, "0.60", func() { c.a.removeVolumeSnapshot(s) }})
			}
		}
	}
	return list
}

// byKind sorts what is shown of associates into the API's lists.
func byKind[T any](list []associate, shown func(associate) T) map[string][]T {
	out := map[string][]T{"reserved_ips": {}, "floating_ips": {}, "snapshots": {}, "volumes": {}, "volume_snapshots": {}}
	for _, a := range list {
		out[a.kind] = append(out[a.kind], shown(a))
	}
	out["floating_ips"] = out["reserved_ips"]
	return out
}

func listAssociated(c *call) answer {
	d, ok := c.droplet()
	if !ok {
		return c.notFound()
	}
	return c.json(http.StatusOK, byKind(c.associates(d), func(a associate) map[string]string {
		return map[string]string{"id": a.id, "name": a.name, "cost": a.cost}
	}))
}

// ending is the destroy of a droplet with what belongs to it. It lives in memory alone.
type ending struct {
	name string
	at   time.Time
	done []associate
}

// destroyDangerously destroys a droplet with all that belongs to it.
func destroyDangerously(c *call) answer {
	if c.r.Header.Get("X-Dangerous") != "true" {
		return c.errorAnswer(http.StatusBadRequest, "bad_request", "The X-Dangerous header must be set to true.")
	}
	return c.destroyWith(func(associate) bool { return true })
}

// destroySelectively destroys a droplet with those that the body names by id.
func destroySelectively(c *call) answer {
	var req struct {
		ReservedIPs     []string `json:"reserved_ips"`
		FloatingIPs     []string `json:"floating_ips"`
		Snapshots       []string `json:"snapshots"`
		Volumes         []string `json:"volumes"`
		VolumeSnapshots []string `json:"volume_snapshots"`
	}
	if len(c.body) > 0 {
		if bad := c.decode(&req); bad != nil {
			return *bad
		}
	}
	named := map[string][]string{
		"reserved_ips": append(req.ReservedIPs, req.FloatingIPs...), "snapshots": req.Snapshots, "volumes": req.Volumes,
		"volume_snapshots": req.VolumeSnapshots,
	}
	return c.destroyWith(func(a associate) bool { return slices.Contains(named[a.kind], a.id) })
}

func (c *call) destroyWith(chosen func(associate) bool) answer {
	d, ok := c.droplet()
	if !ok {
		return c.notFound()
	}
	done := slices.DeleteFunc(c.associates(d), func(a associate) bool { return !chosen(a) })
	c.a.destroy(d, c.now)
	for _, a := range done {
		a.end()
	}
	c.a.endings[d.ID] = &ending{d.Name, c.now, done}
	return answer{status: http.StatusAccepted}
}

// ending finds the destroy of the droplet of the request's path; nil: there was none of that kind.
func (c *call) ending() *ending {
	id, _ := strconv.ParseInt(c.r.PathValue("id"), 10, 64)
	return c.a.endings[id]
}

func getEnding(c *call) answer {
	e := c.ending()
	if e == nil {
		return c.notFound()
	}
	at := timestamp(e.at)
	one := func(id, name string) map[string]string {
		return map[string]string{"id": id, "name": name, "destroyed_at": at, "error_message": ""}
	}
	return c.json(http.StatusOK, map[string]any{
		"droplet": one(c.r.PathValue("id"), e.name), "resources": byKind(e.done, func(a associate) map[string]string { return one(a.id, a.name) }),
		"completed_at": at, "failures": 0,
	})
}

// retryEnding has nothing to try again: none fails here.
func retryEnding(c *call) answer {
	if c.ending() == nil {
		return c.notFound()
	}
	return answer{status: http.StatusAccepted}
}
