package simulator_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"arcadiad/simulator"

	"github.com/digitalocean/godo"
)

// refused demands that a call is refused with a status.
func refused(t *testing.T, what string, want int, resp *godo.Response, err error) {
	t.Helper()
	if err == nil || statusOf(t, resp, err) != want {
		t.Errorf("%s: %v, want status %d", what, err, want)
	}
}

// A firewall has the rules that were asked for, by its id, until it is changed or deleted.
func TestFirewalls(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{})
	c := inProcess(t, s, "any")
	web, db := s.Add(simulator.Droplet{Name: "web", Tags: []string{"front"}}), s.Add(simulator.Droplet{Name: "db"})
	everywhere := []string{"0.0.0.0/0", "::/0"}
	fw, _, err := c.Firewalls.Create(ctx, &godo.FirewallRequest{
		Name: "fw", DropletIDs: []int{int(web.ID)},
		InboundRules: []godo.InboundRule{
			{Protocol: "tcp", PortRange: "22", Sources: &godo.Sources{Addresses: []string{"192.0.2.0/24"}}},
			{Protocol: "icmp", Sources: &godo.Sources{DropletIDs: []int{int(db.ID)}}},
		},
		OutboundRules: []godo.OutboundRule{{Protocol: "tcp", PortRange: "all", Destinations: &godo.Destinations{Addresses: everywhere}}},
	})
	if must(t, fw, err); len(fw.InboundRules) != 2 || fw.InboundRules[0].Sources.Addresses[0] != "192.0.2.0/24" || fw.OutboundRules[0].PortRange != "0" {
		t.Fatalf("made: %+v", fw)
	}
	seen := func() *godo.Firewall {
		t.Helper()
		f, _, err := c.Firewalls.Get(ctx, fw.ID)
		return must(t, f, err)
	}
	_, err = c.Firewalls.AddTags(ctx, fw.ID, "front")
	must(t, 0, err)
	_, err = c.Firewalls.AddDroplets(ctx, fw.ID, int(db.ID))
	must(t, 0, err)
	http := godo.InboundRule{Protocol: "tcp", PortRange: "80", Sources: &godo.Sources{Tags: []string{"front"}}}
	_, err = c.Firewalls.AddRules(ctx, fw.ID, &godo.FirewallRulesRequest{InboundRules: []godo.InboundRule{http}})
	must(t, 0, err)
	if f := seen(); len(f.InboundRules) != 3 || len(f.DropletIDs) != 2 || !slices.Equal(f.Tags, []string{"front"}) || !slices.Equal(s.Firewalls()[0].SourceTags, []string{"front"}) {
		t.Errorf("added to: %+v", f)
	}
	_, err = c.Firewalls.RemoveRules(ctx, fw.ID, &godo.FirewallRulesRequest{InboundRules: []godo.InboundRule{http}})
	must(t, 0, err)
	s.Delete(db.ID)
	if f := seen(); len(f.InboundRules) != 2 || len(f.DropletIDs) != 1 || len(f.InboundRules[1].Sources.DropletIDs) != 0 {
		t.Errorf("without a rule, and a droplet that is gone: %+v", f)
	}
	resp, err := c.Firewalls.AddTags(ctx, fw.ID, "nobody")
	refused(t, "a tag that is not there", 422, resp, err)
	next, _, err := c.Firewalls.Update(ctx, fw.ID, &godo.FirewallRequest{Name: "wall", InboundRules: fw.InboundRules[:1]})
	if must(t, next, err).ID != fw.ID || next.Name != "wall" || len(next.DropletIDs)+len(next.Tags)+len(next.OutboundRules) != 0 {
		t.Errorf("updated: %+v", next)
	}
	_, err = c.Firewalls.Delete(ctx, fw.ID)
	must(t, 0, err)
	_, resp, err = c.Firewalls.Get(ctx, fw.ID)
	refused(t, "a firewall that is gone", 404, resp, err)
}

// A volume is attached, grown and detached by actions, cannot be deleted while a droplet has it, outlives the droplet, and is still there when
// another process opens the account.
func TestVolumes(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{ActionTime: -1, Activation: -1})
	path := filepath.Join(t.TempDir(), "account.json")
	must(t, 0, s.Open(path))
	c := inProcess(t, s, "any")
	d := s.Add(simulator.Droplet{Name: "db"})
	ask := &godo.VolumeCreateRequest{Name: "data", Region: "nyc3", SizeGigaBytes: 10, FilesystemType: "ext4", Tags: []string{"disk"}}
	v, _, err := c.Storage.CreateVolume(ctx, ask)
	if must(t, v, err).SizeGigaBytes != 10 || v.FilesystemType != "ext4" || v.Region.Slug != "nyc3" || len(v.DropletIDs) != 0 {
		t.Fatalf("made: %+v", v)
	}
	_, resp, err := c.Storage.CreateVolume(ctx, ask)
	refused(t, "the name again", 409, resp, err)
	act, _, err := c.StorageActions.Attach(ctx, v.ID, int(d.ID))
	if must(t, act, err).Type != "attach_volume" {
		t.Errorf("attached: %+v", act)
	}
	if shown := get(t, c, int(d.ID)); !slices.Equal(shown.VolumeIDs, []string{v.ID}) {
		t.Errorf("the droplet shows %v", shown.VolumeIDs)
	}
	_, resp, err = c.StorageActions.Attach(ctx, v.ID, int(d.ID))
	refused(t, "attached twice", 422, resp, err)
	resp, err = c.Storage.DeleteVolume(ctx, v.ID)
	refused(t, "deleted while it is attached", 409, resp, err)
	_, _, err = c.StorageActions.Resize(ctx, v.ID, 20, "nyc3")
	must(t, 0, err)
	snap, _, err := c.Storage.CreateSnapshot(ctx, &godo.SnapshotCreateRequest{VolumeID: v.ID, Name: "before"})
	must(t, snap, err)
	must(t, 0, s.Close())

	s = simulator.New(simulator.Options{ActionTime: -1}) // as another process
	must(t, 0, s.Open(path))
	defer s.Close()
	c = inProcess(t, s, "any")
	found, _, err := c.Storage.ListVolumes(ctx, &godo.ListVolumeParams{Name: "data", Region: "nyc3"})
	if must(t, found, err); len(found) != 1 || found[0].SizeGigaBytes != 20 || len(found[0].DropletIDs) != 1 {
		t.Errorf("found by name: %+v", found)
	}
	if all, _, err := c.Snapshots.ListVolume(ctx, nil); len(must(t, all, err)) != 1 || all[0].ID != snap.ID || all[0].ResourceID != v.ID {
		t.Errorf("snapshots: %+v", all)
	}
	_, err = c.Droplets.Delete(ctx, int(d.ID))
	must(t, 0, err)
	if v, _, err := c.Storage.GetVolume(ctx, v.ID); len(must(t, v, err).DropletIDs) != 0 {
		t.Errorf("after its droplet: %+v", v)
	}
	_, err = c.Storage.DeleteVolume(ctx, v.ID)
	must(t, 0, err)
	if left, _, err := c.Storage.ListVolumes(ctx, nil); len(must(t, left, err)) != 0 {
		t.Errorf("left: %+v", left)
	}
}

// A droplet may be destroyed with what belongs to it, by name or altogether.
func TestDestroyWithAssociated(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{ActionTime: -1})
	c := inProcess(t, s, "any")
	one, two := s.Add(simulator.Droplet{Name: "one"}), s.Add(simulator.Droplet{Name: "two"})
	kept, gone := s.AttachVolume(one.ID), s.AttachVolume(one.ID)
	ip := s.ReserveIP(two.ID)
	s.AttachVolume(two.ID)
	send := func(method, path, body string, header ...string) (int, string) {
		t.Helper()
		req, err := c.NewRequest(ctx, method, path, nil)
		must(t, 0, err)
		if body != "" {
			req, err = c.NewRequest(ctx, method, path, map[string]any{"volumes": []string{body}})
			must(t, 0, err)
		}
		if len(header) > 0 {
			req.Header.Set(header[0], header[1])
		}
		var text strings.Builder
		resp, err := c.Do(ctx, req, &text)
		if resp == nil {
			t.Fatal(err)
		}
		return resp.StatusCode, text.String()
	}
	path := "v2/droplets/" + itoa(int(one.ID)) + "/destroy_with_associated_resources"
	if code, _ := send("DELETE", path+"/selective", gone); code != 202 {
		t.Errorf("selective: %d", code)
	}
	if volumes, _, err := c.Storage.ListVolumes(ctx, nil); len(must(t, volumes, err)) != 2 || volumes[0].ID != kept {
		t.Errorf("left: %+v", volumes)
	}
	if code, text := send("GET", path+"/status", ""); code != 200 || !strings.Contains(text, gone) || strings.Contains(text, kept) {
		t.Errorf("status: %d %s", code, text)
	}
	path = "v2/droplets/" + itoa(int(two.ID)) + "/destroy_with_associated_resources"
	if code, _ := send("DELETE", path+"/dangerous", ""); code != 400 || len(s.Droplets()) != 1 {
		t.Errorf("without its header: %d", code)
	}
	if code, _ := send("DELETE", path+"/dangerous", "", "X-Dangerous", "true"); code != 202 || len(s.Droplets()) != 0 {
		t.Errorf("dangerous: %d", code)
	}
	for _, r := range s.ReservedIPs() {
		if r.IP == ip {
			t.Error("its address is still there")
		}
	}
}

// The other resources beside droplets are made, read, changed and deleted as godo has them.
func TestNeighbours(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{ActionTime: -1})
	c := inProcess(t, s, "any")
	d := s.Add(simulator.Droplet{Name: "web", Tags: []string{"front"}, Backups: true})

	t.Run("load balancers", func(t *testing.T) {
		rule := godo.ForwardingRule{EntryProtocol: "https", EntryPort: 443, TargetProtocol: "http", TargetPort: 8080, TlsPassthrough: false}
		ask := &godo.LoadBalancerRequest{Name: "lb", Region: "nyc3", DropletIDs: []int{int(d.ID)}, ForwardingRules: []godo.ForwardingRule{rule}, Algorithm: "round_robin"}
		lb, _, err := c.LoadBalancers.Create(ctx, ask)
		must(t, lb, err)
		more := godo.ForwardingRule{EntryProtocol: "http", EntryPort: 80, TargetProtocol: "http", TargetPort: 8080}
		_, err = c.LoadBalancers.AddForwardingRules(ctx, lb.ID, more)
		must(t, 0, err)
		_, err = c.LoadBalancers.RemoveForwardingRules(ctx, lb.ID, rule)
		must(t, 0, err)
		_, err = c.LoadBalancers.RemoveDroplets(ctx, lb.ID, int(d.ID))
		must(t, 0, err)
		lb, _, err = c.LoadBalancers.Get(ctx, lb.ID)
		if must(t, lb, err); len(lb.ForwardingRules) != 1 || lb.ForwardingRules[0].EntryPort != 80 || len(lb.DropletIDs) != 0 || lb.HealthCheck == nil {
			t.Errorf("changed: %+v", lb)
		}
		ask.DropletIDs, ask.Tag, ask.Name = nil, "front", "balancer"
		lb, _, err = c.LoadBalancers.Update(ctx, lb.ID, ask)
		if must(t, lb, err); lb.Name != "balancer" || len(lb.DropletIDs) != 1 || lb.ForwardingRules[0].EntryPort != 443 {
			t.Errorf("updated: %+v", lb)
		}
		_, err = c.LoadBalancers.Delete(ctx, lb.ID)
		must(t, 0, err)
		_, resp, err := c.LoadBalancers.Get(ctx, lb.ID)
		refused(t, "gone", 404, resp, err)
	})
	t.Run("VPCs", func(t *testing.T) {
		resp, err := c.VPCs.Delete(ctx, s.VPC("nyc3"))
		refused(t, "the default one", 403, resp, err)
		v, _, err := c.VPCs.Create(ctx, &godo.VPCCreateRequest{Name: "back", RegionSlug: "nyc3", IPRange: "10.222.0.0/20"})
		must(t, v, err)
		_, resp, err = c.VPCs.Create(ctx, &godo.VPCCreateRequest{Name: "other", RegionSlug: "nyc3", IPRange: "10.222.8.0/24"})
		refused(t, "a range that overlaps", 422, resp, err)
		inside := s.Add(simulator.Droplet{Name: "in", VPCUUID: v.ID})
		if members, _, err := c.VPCs.ListMembers(ctx, v.ID, nil, nil); len(must(t, members, err)) != 1 || members[0].Name != "in" {
			t.Errorf("members: %+v", members)
		}
		resp, err = c.VPCs.Delete(ctx, v.ID)
		refused(t, "with members", 403, resp, err)
		s.Delete(inside.ID)
		v, _, err = c.VPCs.Update(ctx, v.ID, &godo.VPCUpdateRequest{Name: "rear", Description: "behind"})
		if must(t, v, err).Name != "rear" || v.Description != "behind" || v.Default {
			t.Errorf("updated: %+v", v)
		}
		_, err = c.VPCs.Delete(ctx, v.ID)
		must(t, 0, err)
	})
	t.Run("projects", func(t *testing.T) {
		p, _, err := c.Projects.Create(ctx, &godo.CreateProjectRequest{Name: "shop", Purpose: "Web Application"})
		must(t, p, err)
		p, _, err = c.Projects.Update(ctx, p.ID, &godo.UpdateProjectRequest{Name: "store", Description: "all of it", Purpose: "Web Application", Environment: "Production", IsDefault: false})
		if must(t, p, err).Name != "store" || p.Environment != "Production" {
			t.Errorf("updated: %+v", p)
		}
		_, _, err = c.Projects.AssignResources(ctx, p.ID, "do:droplet:"+itoa(int(d.ID)))
		must(t, 0, err)
		resp, err := c.Projects.Delete(ctx, p.ID)
		refused(t, "with resources", 412, resp, err)
		_, _, err = c.Projects.AssignResources(ctx, s.Projects()[0].ID, "do:droplet:"+itoa(int(d.ID)))
		must(t, 0, err)
		_, err = c.Projects.Delete(ctx, p.ID)
		must(t, 0, err)
	})
	t.Run("domains", func(t *testing.T) {
		_, _, err := c.Domains.Create(ctx, &godo.DomainCreateRequest{Name: "example.com", IPAddress: "192.0.2.9"})
		must(t, 0, err)
		r, _, err := c.Domains.CreateRecord(ctx, "example.com", &godo.DomainRecordEditRequest{Type: "CNAME", Name: "www", Data: "@", TTL: 60})
		must(t, r, err)
		r, _, err = c.Domains.EditRecord(ctx, "example.com", r.ID, &godo.DomainRecordEditRequest{Type: "CNAME", Name: "shop", Data: "@"})
		if must(t, r, err).Name != "shop" {
			t.Errorf("edited: %+v", r)
		}
		if all, _, err := c.Domains.Records(ctx, "example.com", nil); len(must(t, all, err)) != 5 {
			t.Errorf("records: %+v", all)
		}
		_, err = c.Domains.DeleteRecord(ctx, "example.com", r.ID)
		must(t, 0, err)
		_, err = c.Domains.Delete(ctx, "example.com")
		must(t, 0, err)
		_, resp, err := c.Domains.Get(ctx, "example.com")
		refused(t, "gone", 404, resp, err)
	})
	t.Run("reserved IPv6", func(t *testing.T) {
		r, _, err := c.ReservedIPV6s.Create(ctx, &godo.ReservedIPV6CreateRequest{Region: "nyc3"})
		must(t, r, err)
		_, _, err = c.ReservedIPV6Actions.Assign(ctx, r.IP, int(d.ID))
		must(t, 0, err)
		if got, _, err := c.ReservedIPV6s.Get(ctx, r.IP); must(t, got, err).Droplet == nil || got.Droplet.ID != int(d.ID) {
			t.Errorf("assigned: %+v", got)
		}
		resp, err := c.ReservedIPV6s.Delete(ctx, r.IP)
		refused(t, "assigned", 422, resp, err)
		_, _, err = c.ReservedIPV6Actions.Unassign(ctx, r.IP)
		must(t, 0, err)
		_, err = c.ReservedIPV6s.Delete(ctx, r.IP)
		must(t, 0, err)
	})
	t.Run("images", func(t *testing.T) {
		img, _, err := c.Images.Create(ctx, &godo.CustomImageCreateRequest{Name: "mine", Url: "http://example.com/disk.qcow2", Region: "nyc3", Distribution: "Debian"})
		if must(t, img, err).Status != "NEW" {
			t.Errorf("imported: %+v", img)
		}
		img, _, err = c.Images.Update(ctx, img.ID, &godo.ImageUpdateRequest{Name: "ours"})
		if must(t, img, err).Name != "ours" || img.Status != "available" {
			t.Errorf("renamed: %+v", img)
		}
		act, _, err := c.ImageActions.Transfer(ctx, img.ID, &godo.ActionRequest{"type": "transfer", "region": "ams3"})
		if must(t, act, err).ResourceType != "image" {
			t.Errorf("transferred: %+v", act)
		}
		img, _, err = c.Images.GetByID(ctx, img.ID)
		if must(t, img, err); !slices.Equal(img.Regions, []string{"nyc3", "ams3"}) {
			t.Errorf("regions: %v", img.Regions)
		}
		_, err = c.Images.Delete(ctx, img.ID)
		must(t, 0, err)
		resp, err := c.Images.Delete(ctx, int(get(t, c, int(d.ID)).Image.ID))
		refused(t, "a public one", 403, resp, err)
	})
	t.Run("backup policies", func(t *testing.T) {
		all, _, err := c.Droplets.ListBackupPolicies(ctx, nil)
		if must(t, all, err); len(all) != 1 || !all[int(d.ID)].BackupEnabled {
			t.Errorf("%+v", all)
		}
	})
	t.Run("tags", func(t *testing.T) {
		req, err := c.NewRequest(ctx, "PUT", "v2/tags/front", map[string]string{"name": "face"})
		must(t, 0, err)
		_, err = c.Do(ctx, req, nil)
		must(t, 0, err)
		if list, _, err := c.Droplets.ListByTag(ctx, "face", nil); len(must(t, list, err)) != 1 {
			t.Errorf("by its new name: %+v", list)
		}
		_, resp, err := c.Tags.Get(ctx, "front")
		refused(t, "the old name", 404, resp, err)
	})
}
