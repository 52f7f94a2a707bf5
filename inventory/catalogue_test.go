package inventory_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/simulator"
)

// The catalogue is asked for once a day, and then again; each image, and the list of keys, once for all who name it.
func TestCatalogueIsKept(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		id, print := w.sim.AddKey("me")
		vpc := w.sim.VPC("syd1")
		specs := []fleet.Spec{
			{Image: "ubuntu-24-04-x64", SSHKeys: []string{print}}, {Image: "Ubuntu-24-04-x64", VPCUUID: vpc}, {Image: "nosuch", VPCUUID: "00000000-0000-4000-8000-000000000000"},
		}
		look := func(age time.Duration) (*fleet.Catalogue, int) {
			w.t.Helper()
			before := w.sim.Requests().Total()
			c, n, err := w.inv.CatalogueFor(w.t.Context(), specs, age)
			if err != nil || len(c.Unread) != 0 {
				t.Fatalf("%+v, %v", c, err)
			}
			if sent := w.sim.Requests().Total() - before; sent != n {
				t.Errorf("counted %d requests, sent %d", n, sent)
			}
			return c, n
		}
		c, n := look(24 * time.Hour)
		if n != 6 { // sizes, two images, two VPCs, keys
			t.Errorf("%d requests, want 6: %v", n, w.sim.Requests())
		}
		size := c.Sizes["s-1vcpu-1gb"]
		if !size.Available || size.Disk != 25 || size.Price.Monthly != 6*fleet.Dollar || size.Price.Hourly != fleet.Dollars(6.0/672) || len(size.Regions) == 0 {
			t.Errorf("size %+v", size)
		}
		if i := c.Images["ubuntu-24-04-x64"]; i.ID == 0 || i.MinDisk != 7 || len(i.Regions) == 0 {
			t.Errorf("image %+v", i)
		}
		if i, asked := c.Images["nosuch"]; !asked || i.ID != 0 {
			t.Errorf("an image that is not there: %+v, %v", i, asked)
		}
		if c.VPCs[vpc] != (fleet.VPC{UUID: vpc, Region: "syd1", Default: true}) || c.VPCs[specs[2].VPCUUID] != (fleet.VPC{}) || len(c.VPCs) != 2 {
			t.Errorf("VPCs %+v", c.VPCs)
		}
		if byPrint, byID := c.Keys[strings.ToLower(print)], c.Keys[strconv.FormatInt(id, 10)]; len(c.Keys) != 2 || byPrint != byID || byID.ID != id {
			t.Errorf("keys %v", c.Keys)
		}
		read := c.ReadAt
		time.Sleep(23 * time.Hour)
		if c, n = look(24 * time.Hour); n != 0 || !c.ReadAt.Equal(read) {
			t.Errorf("%d requests within the day, read at %v", n, c.ReadAt)
		}
		if c, n = look(time.Minute); n != 6 || time.Since(c.ReadAt) > time.Minute {
			t.Errorf("%d requests for a fresh one, read at %v", n, c.ReadAt)
		}
	})
}

// What cannot be read is said and not known; what was read before stays good.
func TestCatalogueThatCannotBeRead(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		w.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"sizes:read"}})
		specs := []fleet.Spec{{Image: "ubuntu-24-04-x64"}}
		c, _, err := w.inv.CatalogueFor(w.t.Context(), specs, time.Hour)
		if err != nil || c.Sizes != nil || c.Images["ubuntu-24-04-x64"].ID == 0 {
			t.Errorf("%+v, %v", c, err)
		}
		if len(c.Unread) != 1 || !strings.Contains(c.Unread[0], "sizes:read") {
			t.Errorf("unread %q does not name the scope", c.Unread)
		}
		w.sim.SetFaults(simulator.Faults{})
		if c, n, _ := w.inv.CatalogueFor(w.t.Context(), specs, time.Hour); n != 1 || c.Sizes == nil || len(c.Unread) != 0 {
			t.Errorf("asked again: %d requests, %+v", n, c)
		}
	})
}

// Projects are asked for where a spec names one, all of them at once.
func TestProjectsInTheCatalogue(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		id := w.sim.AddProject("Mail & more")
		look := func(project string) (*fleet.Catalogue, int) {
			c, _, err := w.inv.CatalogueFor(w.t.Context(), []fleet.Spec{{Image: "ubuntu-24-04-x64", Project: project}}, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			return c, w.sim.Requests()["GET /v2/projects"]
		}
		if c, n := look(""); c.Projects != nil || n != 0 {
			t.Errorf("%d requests, %v", n, c.Projects)
		}
		for range 2 { // the second time it is kept
			c, n := look("mail")
			if _, other := c.Projects["mail & more"]; len(c.Projects) != 2 || c.Projects["Mail & more"] != id || other || n != 1 {
				t.Errorf("%d requests, %v", n, c.Projects)
			}
		}
		time.Sleep(2 * time.Hour)
		w.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"project:read"}})
		if c, _ := look("mail"); c.Projects != nil || len(c.Unread) != 1 || !strings.Contains(c.Unread[0], "project:read") {
			t.Errorf("%v, unread %q", c.Projects, c.Unread)
		}
	})
}
