package fleetfile

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"arcadiad/fleet"
)

func TestImportGroupsAndKeepsOrdinals(t *testing.T) {
	small := func(id int64, name string, more ...func(*fleet.Droplet)) fleet.Droplet {
		d := fleet.Droplet{ID: id, Name: name, Status: fleet.StatusActive, Region: "syd1", Size: "s-1vcpu-1gb", ImageID: 7,
			ImageSlug: "ubuntu-24-04-x64", Features: []string{"private_networking"}}
		for _, m := range more {
			m(&d)
		}
		return d
	}
	tagged := func(tags ...string) func(*fleet.Droplet) { return func(d *fleet.Droplet) { d.Tags = tags } }
	got, err := Import("demo", fleet.Account{UUID: "6F0A2F7E-8f55-4b3c-9a51-0a58ac14d008"}, []fleet.Droplet{
		small(1, "web-1"), small(2, "web-2"), small(3, "web-3"), small(5, "web-5"),
		small(6, "db-2", func(d *fleet.Droplet) { d.Region, d.ImageSlug = "fra1", "" }),
		small(7, "1e3", tagged("Team:A", "on", fleet.ProtectTag), func(d *fleet.Droplet) { d.Size, d.Features = "s-2vcpu-2gb", []string{"monitoring", "ipv6"} }),
		small(8, "job-1"), small(9, "job-2", tagged("other")),
		small(10, "ours", tagged(fleet.ManagedTag, fleet.FleetTag("demo"), fleet.SagaTag("0123456789"))),
		small(20, "Upper"), small(21, "twice"), small(22, "TWICE"),
		small(23, "theirs", tagged(fleet.ManagedTag, fleet.FleetTag("another"))),
		small(24, "lost", tagged(fleet.ManagedTag)),
		small(25, "off", func(d *fleet.Droplet) { d.Status = fleet.StatusOff }),
		small(26, "vol", func(d *fleet.Droplet) { d.VolumeIDs = []string{"v"} }),
		small(27, "gpu", func(d *fleet.Droplet) { d.GPU = true }),
		small(28, "noimage", func(d *fleet.Droplet) { d.ImageID, d.ImageSlug = 0, "" }),
		small(29, "line\nbreak"),
		small(30, "not-chosen"), small(31, "pool-nd3k2x-o1", tagged("k8s", "k8s:0b8f1a52-3c1e-4f5e-9a77-5d2f6c0f1e11", "k8s:worker")),
	}, nil, func(d fleet.Droplet) bool { return d.Name != "not-chosen" })
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(got.File), "version: 1\n")
	const want = `fleet: demo  # its droplets have the tag arcadia-fleet-demo
account: "6F0A2F7E-8f55-4b3c-9a51-0a58ac14d008"
defaults:
  region: syd1
  image: ubuntu-24-04-x64
policy:
  max_destroy: 0  # nothing is destroyed or replaced without your approval; raise it once you trust this file
droplets:
  - name: "1e3"
    size: s-2vcpu-2gb
    tags: ["on", "team:a"]
    monitoring: true
    ipv6: true
    protect: true
  - name: db-2
    region: fra1
    size: s-1vcpu-1gb
    image: 7  # a snapshot, a custom image, or a public image whose slug means a newer build by now
  - name: job-1
    size: s-1vcpu-1gb
  - name: job-2
    size: s-1vcpu-1gb
    tags: [other]
  - name: ours
    size: s-1vcpu-1gb
  - name: Upper
    size: s-1vcpu-1gb
  - name: web  # web-1 to web-3
    count: 3
    size: s-1vcpu-1gb
  - name: web-5
    size: s-1vcpu-1gb

# Left out, and left alone:
#   gpu (droplet 27): a fleet file does not say all that makes a GPU droplet
#   line?break (droplet 29): name: "line\nbreak" is not a droplet name
#   lost (droplet 24): it shows the tag managed-by-arcadia-cloud, but not arcadia-fleet-demo
#   noimage (droplet 28): its image cannot be read
#   off (droplet 25): its status is off, not active
#   pool-nd3k2x-o1 (droplet 31): it is a node of a managed Kubernetes cluster, which makes and destroys it itself (tag k8s:0b8f1a52-3c1e-4f5e-9a77-5d2f6c0f1e11)
#   theirs (droplet 23): it shows the tag of another fleet, arcadia-fleet-another
#   twice (droplet 21): 2 droplets have that name
#   TWICE (droplet 22): 2 droplets have that name
#   vol (droplet 26): a volume is attached to it, which a fleet file cannot say
`
	if body != want {
		t.Errorf("got:\n%s\nwant:\n%s", body, want)
	}
	if want := []int64{1, 2, 3, 5, 6, 7, 8, 9, 10, 20}; !slices.Equal(got.Taken, want) {
		t.Errorf("took %v, want %v", got.Taken, want)
	}
}

// A default would change a droplet that has nothing to say in its place.
func TestImportSharesOnlyWhatAllHave(t *testing.T) {
	d := func(id int64, name, region, vpc string, tags ...string) fleet.Droplet {
		return fleet.Droplet{ID: id, Name: name, Status: fleet.StatusActive, Region: region, Size: "s-1vcpu-1gb", ImageID: 7, VPCUUID: vpc, Tags: tags}
	}
	const vpc = "6f0a2f7e-8f55-4b3c-9a51-0a58ac14d008"
	got, err := Import("demo", fleet.Account{}, []fleet.Droplet{d(1, "a", "syd1", vpc, "x"), d(2, "b", "syd1", "", "x"), d(3, "c", "fra1", vpc, "x")}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(got.File), "defaults:\n")
	head, _, _ := strings.Cut(body, "droplets:")
	if want := "  region: syd1\n  size: s-1vcpu-1gb\n  image: 7"; !strings.HasPrefix(head, want) || !strings.Contains(head, "tags: [x]") || strings.Contains(head, "vpc_uuid") {
		t.Errorf("defaults:\n%s", head)
	}
}

// A region's default VPC needs no name, and a stanza that named it would be another one in another account. All else is named.
func TestImportLeavesOutTheDefaultVPC(t *testing.T) {
	const standard, other, unread = "6f0a2f7e-8f55-4b3c-9a51-0a58ac14d001", "6f0a2f7e-8f55-4b3c-9a51-0a58ac14d002", "6f0a2f7e-8f55-4b3c-9a51-0a58ac14d003"
	d := func(id int64, name, vpc string) fleet.Droplet {
		return fleet.Droplet{ID: id, Name: name, Status: fleet.StatusActive, Region: "syd1", Size: "s-1vcpu-1gb", ImageID: 7, VPCUUID: vpc}
	}
	vpcs := map[string]fleet.VPC{
		standard: {UUID: standard, Region: "syd1", Default: true}, other: {UUID: other, Region: "syd1"},
	}
	got, err := Import("demo", fleet.Account{}, []fleet.Droplet{
		d(1, "web-1", strings.ToUpper(standard)), d(2, "web-2", ""), d(3, "db", other), d(4, "log", unread),
	}, vpcs, nil)
	if err != nil {
		t.Fatal(err)
	}
	file := string(got.File)
	if strings.Contains(file, standard) || strings.Count(file, other) != 1 || strings.Count(file, unread) != 1 || !strings.Contains(file, "count: 2") {
		t.Errorf("got:\n%s", file)
	}
	if !strings.HasPrefix(file, SchemaLine) {
		t.Errorf("the first line does not name the schema:\n%s", file)
	}
}

func TestImportOfNothing(t *testing.T) {
	got, err := Import("demo", fleet.Account{}, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(got.File), "droplets: []\n") {
		t.Errorf("it says:\n%s", got.File)
	}
	if _, err := Import("No Name", fleet.Account{}, nil, nil, nil); err == nil {
		t.Error("any fleet name is taken")
	}
}

// A group that is longer than a stanza may be goes on as single droplets.
func TestImportOfALongGroup(t *testing.T) {
	var droplets []fleet.Droplet
	for i := range maxCount + 2 {
		droplets = append(droplets, fleet.Droplet{ID: int64(i + 1), Name: fmt.Sprintf("w-%d", i+1), Status: fleet.StatusActive,
			Region: "syd1", Size: "s-1vcpu-1gb", ImageID: 7})
	}
	got, err := Import("demo", fleet.Account{}, droplets, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(got.File), "- name:"); n != 3 || !strings.Contains(string(got.File), "count: 1000") {
		t.Errorf("%d stanzas:\n%s", n, got.File)
	}
}
