package hosts

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"arcadiad/fleet"
)

// hostile are names and tags that would be more than text in some format.
var hostile = []string{
	"web-1", "=cmd|' /C calc'!A0", "x\nHost *\n    ProxyCommand sh -c id", "{{ lookup('pipe','id') }}", "a\": {\"b", "web[1:3]", "* !web-1", "-oProxyCommand=id",
	"\xff\x00", "a,b\r\n\"c\"", "все", "&anchor", "<<", "web-1", "", "all",
}

func strangers() (list []Host) {
	for i, name := range hostile {
		list = append(list, Host{
			Name: name, ID: int64(100 + i), Fleet: "demo", Group: name, Region: "syd1", Status: "active", PublicIP: fmt.Sprintf("198.51.100.%d", i), PrivateIP: "10.0.0.5",
			Tags: []string{name, "a-b", "a.b"},
		})
	}
	return append(list, Host{Name: "new", ID: 9, PublicIP: "198.51.100.9\n    ProxyCommand id"}, Host{Name: "young", ID: 10})
}

func written(t *testing.T, f Format, list []Host) string {
	t.Helper()
	var b strings.Builder
	leftOut, err := Write(&b, f, list, Options{Network: Public, Port: 9100, User: "op"})
	if err != nil {
		t.Fatal(err)
	}
	if needs := f != CSV && f != JSON; needs != slices.Equal(leftOut, []string{"new", "young"}) {
		t.Errorf("%s leaves out %q", f, leftOut)
	}
	return b.String()
}

// Whatever strangers call things, every format reads back as what was written, and nothing else.
func TestTextOfStrangersStaysText(t *testing.T) {
	list := strangers()

	var inventory struct {
		All struct {
			Hosts    map[string]map[string]any
			Children map[string]struct{ Hosts map[string]any }
		}
	}
	page := written(t, Ansible, list)
	if err := yaml.Unmarshal([]byte(page), &inventory); err != nil {
		t.Fatalf("%v\n%s", err, page)
	}
	if len(inventory.All.Hosts) != len(hostile) {
		t.Errorf("%d hosts for Ansible, want %d", len(inventory.All.Hosts), len(hostile))
	}
	for name, vars := range inventory.All.Hosts {
		if name != Safe(name) || name == "all" || vars["ansible_user"] != "op" || !strings.HasPrefix(fmt.Sprint(vars["ansible_host"]), "198.51.100.") {
			t.Errorf("%q: %v", name, vars)
		}
	}
	if !strings.Contains(page, `arcadiad_name: !unsafe "{{ lookup('pipe','id') }}"`) {
		t.Errorf("Ansible would take a name for a template:\n%s", page)
	}
	for name, group := range inventory.All.Children {
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" || len(group.Hosts) == 0 {
			t.Errorf("group %q has %d hosts", name, len(group.Hosts))
		}
	}
	if n := len(inventory.All.Children["region_syd1"].Hosts); n != len(hostile) {
		t.Errorf("%d hosts in the region", n)
	}
	if _, merged := inventory.All.Children["tag_a_b"]; merged {
		t.Error("the tags a-b and a.b are one group")
	}

	var sd []target
	if err := json.Unmarshal([]byte(written(t, Prometheus, list)), &sd); err != nil || len(sd) != len(hostile) || sd[0].Targets[0] != "198.51.100.0:9100" || sd[0].Labels["group"] != "web-1" {
		t.Errorf("for Prometheus: %v, %+v", err, sd)
	}

	blocks := strings.Split(strings.TrimSuffix(written(t, SSHConfig, list), "\n\n"), "\n\n")
	if len(blocks) != len(hostile) {
		t.Errorf("%d blocks for ssh", len(blocks))
	}
	for _, block := range blocks {
		lines := strings.Split(block, "\n")
		name, is := strings.CutPrefix(lines[0], "Host ")
		if !is || len(lines) != 4 || name != Safe(name) || !strings.HasPrefix(lines[1], "    HostName 198.51.100.") {
			t.Errorf("for ssh: %q", block)
		}
	}

	table := written(t, CSV, list)
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil || len(rows) != len(list)+1 {
		t.Fatalf("%v, %d rows", err, len(rows))
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t") {
				t.Errorf("a spreadsheet would take %q for a formula", cell)
			}
		}
	}
	if !strings.HasPrefix(table, "name,id,fleet,group,") || !strings.Contains(table, "\r\nweb-1,100,demo,web-1,active,,syd1,198.51.100.0,10.0.0.5,,,a-b") && !strings.Contains(table, "web-1 a-b a.b,\r\n") {
		t.Errorf("%q", table)
	}

	var again []Host
	if err := json.Unmarshal([]byte(written(t, JSON, list)), &again); err != nil || len(again) != len(list) || again[1].Name != list[1].Name {
		t.Errorf("JSON: %v, %+v", err, again)
	}
}

// Only what is registered and there is handed on, in the order of people, with the group that the file has for it.
func TestOfPicksTheFleet(t *testing.T) {
	tags := []string{fleet.ManagedTag, fleet.FleetTag("demo"), "Blue"}
	ours := func(id int64, name string) fleet.Resource {
		return fleet.Resource{DropletID: id, Name: name, RecordName: name, Recorded: true, Tags: tags, Status: fleet.StatusActive, SizeSeen: "s-1vcpu-1gb"}
	}
	missing := ours(3, "web-3")
	missing.MissingSince = time.Now()
	desired := fleet.Fleet{Specs: []fleet.Spec{{Name: "odd7", Group: "odd"}}}
	list := Of([]fleet.Resource{
		ours(10, "web-10"), ours(2, "web-2"), missing, {DropletID: 4, Name: "theirs", Tags: []string{"blue"}}, {DropletID: 5, Name: "untracked", Tags: tags}, ours(7, "odd7"),
	}, fleet.Owners{Fleet: "demo"}, Groups(desired))
	got := fleet.Words(list, func(h Host) string { return h.Name + " " + h.Group + " " + h.Size + " " + strings.Join(h.Tags, ",") })
	if want := []string{"odd7 odd s-1vcpu-1gb blue", "web-2 web s-1vcpu-1gb blue", "web-10 web s-1vcpu-1gb blue"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
