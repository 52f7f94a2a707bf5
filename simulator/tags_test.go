package simulator_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"
)

// Images, volumes and their snapshots have tags too, which are counted, renamed and deleted with the others; so are those that firewalls
// and load balancers name.
func TestTagsOnAllKinds(t *testing.T) {
	x := newStranger(t)
	is := x.everything()
	x.does(201, "POST", "tags", m{"name": "more"})
	x.does(204, "POST", "tags/more/resources", m{"resources": []m{
		{"resource_id": is["volume"], "resource_type": "volume"}, {"resource_id": is["snapshot"], "resource_type": "volume_snapshot"},
		{"resource_id": is["image"], "resource_type": "image"},
	}})
	x.shows("tags/more", `"count":3,`, `"volumes":{"count":1,`)
	x.shows("tags/front", `"count":4,`, `"droplets":{"count":1,`, `"images":{"count":1,`, `"volume_snapshots":{"count":1,`)
	for _, of := range []m{{"resource_id": is["volume"], "resource_type": "image"}, {"resource_id": "none", "resource_type": "volume"}, {"resource_id": "1", "resource_type": "moon"}} {
		x.does(404, "POST", "tags/more/resources", m{"resources": []m{of}})
	}
	x.does(204, "DELETE", "tags/more/resources", m{"resources": []m{{"resource_id": is["image"], "resource_type": "image"}}})
	x.shows("images/"+is["image"], `"front"`, `!"more"`)
	x.does(204, "PUT", "tags/front", m{"name": "face"})
	bearers := []string{"droplets/" + is["id"], "volumes/" + is["volume"], "snapshots/" + is["snapshot"], "images/" + is["image"], "firewalls/" + is["firewall"],
		"load_balancers/" + is["balancer"]}
	for _, path := range bearers {
		x.shows(path, `"face"`, `!"front"`)
	}
	if fw := x.s.Firewalls()[0]; strings.Join(append(fw.Tags, fw.SourceTags...), " ") != "face face" {
		t.Errorf("the firewall names %v, and its rules %v", fw.Tags, fw.SourceTags)
	}
	x.does(204, "DELETE", "tags/face", nil)
	for _, path := range bearers {
		x.shows(path, `!"face"`)
	}
	x.does(404, "GET", "tags/face", nil)
	for path, ask := range map[string]m{
		"volumes": {"name": "odd", "region": "syd1", "size_gigabytes": 1}, "volumes/" + is["volume"] + "/snapshots": {"name": "odd"},
		"images": {"name": "odd", "region": "syd1", "url": "http://example.com/x"},
	} {
		ask["tags"] = []string{"with space"}
		x.does(422, "POST", path, ask)
	}
}

// A tag that is renamed while a droplet is made is on it under its new name; one that is deleted while it is on its way does not arrive.
func TestATagChangesOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newStranger(t)
		x.s.SetFaults(simulator.Faults{TagVisibleAfter: time.Minute, ChangeVisibleAfter: time.Minute})
		d := x.does(202, "POST", "droplets", m{"name": "web", "region": "syd1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "tags": []string{"front"}})
		path := "droplets/" + itoa(int(d["id"].(float64)))
		x.does(201, "POST", "tags", m{"name": "late"})
		x.does(204, "POST", "tags/late/resources", m{"resources": []m{{"resource_id": path[len("droplets/"):], "resource_type": "droplet"}}})
		x.does(204, "PUT", "tags/front", m{"name": "face"})
		x.does(204, "DELETE", "tags/late", nil)
		time.Sleep(time.Minute)
		x.shows(path, `"tags":["face"]`)
		x.shows("droplets?tag_name=face", `"web"`)
	})
}
