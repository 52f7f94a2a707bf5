package simulator_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"arcadiad/simulator"

	"github.com/digitalocean/godo"
)

// What hangs on droplets shows in godo's own types, page by page, and goes by what becomes of the droplet.
func TestAttachments(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{})
	path := filepath.Join(t.TempDir(), "simulated.db")
	must(t, 0, s.Open(path))
	web, db := s.Add(simulator.Droplet{Name: "web", Tags: []string{"Front"}}), s.Add(simulator.Droplet{Name: "db"})
	address, other := s.ReserveIP(web.ID), s.ReserveIP(db.ID)
	fw := s.AddFirewall(simulator.Firewall{Name: "ids", Droplets: []int64{web.ID, db.ID}})
	s.AddFirewall(simulator.Firewall{Name: "rules", Tags: []string{"front"}, Sources: []int64{web.ID}})
	lb := s.AddLoadBalancer(simulator.LoadBalancer{Name: "by-id", Droplets: []int64{web.ID, db.ID}})
	s.AddLoadBalancer(simulator.LoadBalancer{Name: "by-tag", Tag: "front"})
	backup := s.Backup(web.ID)
	must(t, 0, s.Close())

	s = simulator.New(simulator.Options{}) // as another process
	must(t, 0, s.Open(path))
	defer s.Close()
	c := inProcess(t, s, "any")
	one := &godo.ListOptions{Page: 1, PerPage: 1}

	ips, resp, err := c.ReservedIPs.List(ctx, one)
	if must(t, ips, err)[0].IP != address || ips[0].Droplet.ID != int(web.ID) || ips[0].Region.Slug != "nyc3" || resp.Meta.Total != 2 || resp.Links.IsLastPage() {
		t.Errorf("reserved IPs: %+v, %+v", ips, resp.Meta)
	}
	firewalls, resp, err := c.Firewalls.List(ctx, one)
	if f := must(t, firewalls, err)[0]; f.ID != fw.ID || f.Name != "ids" || len(f.DropletIDs) != 2 || f.Status != "succeeded" || resp.Meta.Total != 2 {
		t.Errorf("firewalls: %+v, %+v", firewalls, resp.Meta)
	}
	balancers, resp, err := c.LoadBalancers.List(ctx, &godo.ListOptions{PerPage: 200})
	if b := must(t, balancers, err); resp.Meta.Total != 2 || b[0].ID != lb.ID || len(b[0].DropletIDs) != 2 || b[0].Region.Slug != "nyc3" ||
		b[1].Tag != "front" || !slices.Equal(b[1].DropletIDs, []int{int(web.ID)}) {
		t.Errorf("load balancers: %+v", balancers)
	}
	both, _, err := c.Firewalls.ListByDroplet(ctx, int(web.ID), nil)
	if len(must(t, both, err)) != 2 || both[1].InboundRules[0].Sources.DropletIDs[0] != int(web.ID) {
		t.Errorf("web's firewalls: %+v", both)
	}
	if only, _, err := c.Firewalls.ListByDroplet(ctx, int(db.ID), nil); len(must(t, only, err)) != 1 {
		t.Errorf("db's firewalls: %+v", only)
	}
	if d := get(t, c, int(web.ID)); !slices.Equal(d.BackupIDs, []int{int(backup)}) {
		t.Errorf("web's backups: %v", d.BackupIDs)
	}
	images, _, err := c.Droplets.Backups(ctx, int(web.ID), nil)
	if len(must(t, images, err)) != 1 || images[0].Type != "backup" {
		t.Errorf("backups: %+v", images)
	}

	_, err = c.Droplets.Delete(ctx, int(web.ID))
	must(t, 0, err)
	if ips := s.ReservedIPs(); len(ips) != 2 || ips[0].Droplet != 0 || ips[1] != (simulator.ReservedIP{IP: other, Region: "nyc3", Droplet: db.ID}) {
		t.Errorf("reserved IPs after the destroy: %+v", ips)
	}
	if f := s.Firewalls(); len(f) != 2 || !slices.Equal(f[0].Droplets, []int64{db.ID}) || len(f[1].Sources) != 0 {
		t.Errorf("firewalls after the destroy: %+v", f)
	}
	if b := s.LoadBalancers(); len(b) != 2 || !slices.Equal(b[0].Droplets, []int64{db.ID}) {
		t.Errorf("load balancers after the destroy: %+v", b)
	}
	if _, _, err := c.Images.GetByID(ctx, int(backup)); err == nil {
		t.Error("the backup is still there")
	}
	if ips, _, err := c.ReservedIPs.List(ctx, nil); len(must(t, ips, err)) != 2 || ips[0].Droplet != nil {
		t.Errorf("unassigned: %+v", ips)
	}
	if s.ReserveIP(web.ID) != "" || s.Backup(web.ID) != 0 {
		t.Error("what is gone got something")
	}
}

// Whoever tries the simulator out can make them by the API.
func TestMakingAttachments(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{})
	c := inProcess(t, s, "any")
	d := s.Add(simulator.Droplet{Name: "web", Tags: []string{"front"}})
	ip, resp, err := c.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{DropletID: int(d.ID)})
	if must(t, ip, err).IP != s.ReservedIPs()[0].IP || ip.Droplet != nil || !ip.Locked || resp.StatusCode != 202 {
		t.Errorf("%+v, status %d", ip, resp.StatusCode)
	}
	everywhere := []godo.OutboundRule{{Protocol: "tcp", PortRange: "all", Destinations: &godo.Destinations{Addresses: []string{"0.0.0.0/0", "::/0"}}}}
	fw, resp, err := c.Firewalls.Create(ctx, &godo.FirewallRequest{Name: "fw", DropletIDs: []int{int(d.ID)}, Tags: []string{"front"}, OutboundRules: everywhere})
	if made := s.Firewalls(); must(t, fw, err).ID != made[0].ID || len(fw.DropletIDs) != 1 || len(fw.Tags) != 1 || resp.StatusCode != 202 {
		t.Errorf("%+v, status %d", fw, resp.StatusCode)
	}
	_, _, err = c.Tags.Create(ctx, &godo.TagCreateRequest{Name: "bastion"})
	must(t, 0, err)
	rules, _, err := c.Firewalls.Create(ctx, &godo.FirewallRequest{
		Name:         "rules",
		InboundRules: []godo.InboundRule{{Protocol: "tcp", PortRange: "22", Sources: &godo.Sources{Tags: []string{"bastion"}}}},
		OutboundRules: []godo.OutboundRule{
			{Protocol: "tcp", PortRange: "all", Destinations: &godo.Destinations{Tags: []string{"front"}}},
			{Protocol: "udp", PortRange: "53", Destinations: &godo.Destinations{Addresses: []string{"0.0.0.0/0"}}},
		},
	})
	if made := s.Firewalls()[1]; !slices.Equal(must(t, rules, err).InboundRules[0].Sources.Tags, []string{"bastion"}) ||
		!slices.Equal(rules.OutboundRules[0].Destinations.Tags, []string{"front"}) || !slices.Equal(made.SourceTags, []string{"bastion"}) {
		t.Errorf("%+v, %+v", rules, made)
	}
	http := []godo.ForwardingRule{{EntryProtocol: "http", EntryPort: 80, TargetProtocol: "http", TargetPort: 80}}
	lb, resp, err := c.LoadBalancers.Create(ctx, &godo.LoadBalancerRequest{Name: "lb", Region: "nyc3", Tag: "front", ForwardingRules: http})
	if must(t, lb, err).ID != s.LoadBalancers()[0].ID || lb.Tag != "front" || !slices.Equal(lb.DropletIDs, []int{int(d.ID)}) || resp.StatusCode != 202 {
		t.Errorf("%+v, status %d", lb, resp.StatusCode)
	}
	_, err = c.Tags.UntagResources(ctx, "front", &godo.UntagResourcesRequest{Resources: []godo.Resource{{ID: itoa(int(d.ID)), Type: godo.DropletResourceType}}})
	must(t, 0, err)
	if all, _, err := c.LoadBalancers.List(ctx, nil); len(must(t, all, err)) != 1 || len(all[0].DropletIDs) != 0 {
		t.Errorf("a droplet without its tag: %+v", all)
	}
	balancer := func(l godo.LoadBalancerRequest) func() (*godo.Response, error) {
		l.ForwardingRules = http
		return func() (*godo.Response, error) { _, r, err := c.LoadBalancers.Create(ctx, &l); return r, err }
	}
	for why, request := range map[string]func() (*godo.Response, error){
		"its name is taken": balancer(godo.LoadBalancerRequest{Name: "lb", Region: "nyc3"}),
		"it has no name":    balancer(godo.LoadBalancerRequest{Region: "nyc3"}),
		"no such region":    balancer(godo.LoadBalancerRequest{Name: "x", Region: "mars1"}),
		"no such tag":       balancer(godo.LoadBalancerRequest{Name: "x", Region: "nyc3", Tag: "no"}),
		"it goes by both":   balancer(godo.LoadBalancerRequest{Name: "x", Region: "nyc3", Tag: "front", DropletIDs: []int{int(d.ID)}}),
		"no droplet for it": balancer(godo.LoadBalancerRequest{Name: "x", Region: "nyc3", DropletIDs: []int{1}}),
		"no tag for its rule": func() (*godo.Response, error) {
			rule := godo.InboundRule{Protocol: "tcp", PortRange: "22", Sources: &godo.Sources{Tags: []string{"no"}}}
			_, r, err := c.Firewalls.Create(ctx, &godo.FirewallRequest{Name: "xy", InboundRules: []godo.InboundRule{rule}})
			return r, err
		},
		"a second address": func() (*godo.Response, error) {
			_, r, err := c.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{DropletID: int(d.ID)})
			return r, err
		},
		"no such droplet": func() (*godo.Response, error) {
			_, r, err := c.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{DropletID: 1})
			return r, err
		},
		"the name is taken": func() (*godo.Response, error) {
			_, r, err := c.Firewalls.Create(ctx, &godo.FirewallRequest{Name: "fw", OutboundRules: everywhere})
			return r, err
		},
		"nor that tag": func() (*godo.Response, error) {
			_, r, err := c.Firewalls.Create(ctx, &godo.FirewallRequest{Name: "xy", OutboundRules: everywhere, Tags: []string{"no"}})
			return r, err
		},
		"nor that id": func() (*godo.Response, error) {
			_, r, err := c.Firewalls.Create(ctx, &godo.FirewallRequest{Name: "xy", OutboundRules: everywhere, DropletIDs: []int{1}})
			return r, err
		},
	} {
		resp, err := request()
		if code := statusOf(t, resp, err); code != 422 {
			t.Errorf("%s: %d", why, code)
		}
	}
	if len(s.ReservedIPs()) != 1 || len(s.Firewalls()) != 2 || len(s.LoadBalancers()) != 1 {
		t.Error("what was refused was made")
	}
}

// Without a scope the list is refused; without that of the droplets and the tags it hides them.
func TestAttachmentsWithoutScopes(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{})
	c := inProcess(t, s, "any")
	d := s.Add(simulator.Droplet{Name: "web"})
	s.AddFirewall(simulator.Firewall{Name: "fw", Droplets: []int64{d.ID}, Tags: []string{"web"}})
	s.SetFaults(simulator.Faults{WithoutScopes: []string{"droplet:read", "tag:read"}})
	if list, _, err := c.Firewalls.List(ctx, nil); len(must(t, list, err)) != 1 || len(list[0].DropletIDs)+len(list[0].Tags) != 0 {
		t.Errorf("%+v", list)
	}
	for scope, list := range map[string]func() (*godo.Response, error){
		"reserved_ip:read":   func() (*godo.Response, error) { _, r, err := c.ReservedIPs.List(ctx, nil); return r, err },
		"firewall:read":      func() (*godo.Response, error) { _, r, err := c.Firewalls.List(ctx, nil); return r, err },
		"load_balancer:read": func() (*godo.Response, error) { _, r, err := c.LoadBalancers.List(ctx, nil); return r, err },
	} {
		s.SetFaults(simulator.Faults{WithoutScopes: []string{scope}})
		resp, err := list()
		if code := statusOf(t, resp, err); code != 403 {
			t.Errorf("without %s: %d", scope, code)
		}
	}
}
