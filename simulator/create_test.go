package simulator_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"arcadiad/simulator"
)

// Creates are refused with the real texts where they are known (docs/digitalocean-api.md, "Errors").
func TestRefusedCreates(t *testing.T) {
	s := simulator.New(simulator.Options{Activation: -1, ActionTime: -1})
	small := s.Add(simulator.Droplet{Name: "source", Region: "nyc3", Size: "s-2vcpu-4gb"})
	c := inProcess(t, s, "any")
	snapshot, _, err := c.DropletActions.Snapshot(context.Background(), int(small.ID), "snap")
	must(t, snapshot, err)
	edit := func(change map[string]any) string {
		body := map[string]any{"name": "web-1", "region": "syd1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64"}
		for k, v := range change {
			if v == nil {
				delete(body, k)
			} else {
				body[k] = v
			}
		}
		b, err := json.Marshal(body)
		return string(must(t, b, err))
	}
	type m = map[string]any
	for _, tc := range []struct {
		change m
		want   string
	}{
		{m{"name": nil}, "You must specify a name"},
		{m{"name": "under_score"}, "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)"},
		{m{"name": "ends-"}, "Only valid hostname characters are allowed"},
		{m{"name": strings.Repeat("a", 256)}, "Only valid hostname characters are allowed"},
		{m{"names": []string{"a"}}, "both name and names"},
		{m{"name": nil, "names": strings.Split("a b c d e f g h i j k", " ")}, "up to 10 Droplets"},
		{m{"size": "s-99vcpu"}, "You specified an invalid size for Droplet creation."},
		{m{"size": nil}, "You specified an invalid size for Droplet creation."},
		{m{"size": "gpu-h100x1-80gb"}, "Size is not available in this region."},
		{m{"region": "mars1"}, "You specified an invalid region for Droplet creation."},
		{m{"region": "sfo1"}, "Region is not available"},
		{m{"image": "ubuntu-12-04"}, "You specified an invalid image for Droplet creation."},
		{m{"image": 1}, "You specified an invalid image for Droplet creation."},
		{m{"image": 195_000_001}, "You specified an invalid image for Droplet creation."}, // a snapshot in another region
		{m{"image": 195_000_001, "region": "nyc3"}, "This size is not available because it has a smaller disk."},
		{m{"ssh_keys": []any{7, "aa:bb"}}, "7, aa:bb are invalid key identifiers for Droplet creation."},
		{m{"vpc_uuid": s.VPC("nyc3")}, "You specified invalid VPC parameters for Droplet creation."},
		{m{"tags": []string{"with space"}}, "Tag name is invalid"},
		{m{"user_data": strings.Repeat("a", 64<<10+1)}, "User data is too long"},
		{m{"public_networking": false, "ipv6": true}, "IPv6 can not be enabled"},
		{m{"volumes": []any{"506f78a4-e098-11e5-ad9f-000f53306ae1"}}, "invalid volume"},
		{m{"volumes": []any{s.AddVolume("nyc3")}}, "must be in the same region"},
		{m{"backups": true, "backup_policy": m{"plan": "hourly"}}, "invalid backup policy"},
	} {
		status, _, text, err := send(context.Background(), s.Transport(), "POST", "http://simulated/v2/droplets", edit(tc.change))
		var body struct{ ID, Message, RequestID string }
		if err != nil || status != 422 || json.Unmarshal([]byte(text), &body) != nil || body.ID != "unprocessable_entity" || !strings.Contains(body.Message, tc.want) {
			t.Errorf("%v: %d %s %v, want %q", tc.change, status, text, err, tc.want)
		}
	}
	if len(s.Droplets()) != 1 || len(s.Tags()) != 0 {
		t.Errorf("refused creates left %d droplets, tags %v", len(s.Droplets()), s.Tags())
	}
	volume, other := s.AddVolume("syd1"), s.AddVolume("syd1")
	for _, tc := range []m{
		{}, {"region": nil}, {"region": "nyc"}, {"image": 190_000_001}, {"image": "190000001"}, {"size": "S-1VCPU-1GB"},
		{"image": 195_000_001, "region": "nyc3", "size": "s-2vcpu-4gb"}, {"tags": nil}, {"public_networking": false},
		{"user_data": strings.Repeat("a", 64<<10)}, {"volumes": []any{volume, m{"id": other}}}, {"vpc_uuid": s.VPC("syd1")},
	} {
		if status, _, text, err := send(context.Background(), s.Transport(), "POST", "http://simulated/v2/droplets", edit(tc)); err != nil || status != 202 {
			t.Errorf("%v: %d %s %v", tc, status, text, err)
		}
	}
}

func TestDropletLimit(t *testing.T) {
	s := simulator.New(simulator.Options{DropletLimit: 2})
	c := inProcess(t, s, "any")
	create(t, c, "a")
	d := create(t, c, "b")
	_, resp, err := c.Droplets.Create(context.Background(), request("c"))
	if code := statusOf(t, resp, err); code != 422 || !strings.Contains(err.Error(), "will exceed your droplet limit") {
		t.Errorf("the third of two: %v", err)
	}
	s.Delete(int64(d.ID))
	create(t, c, "c")
}

func TestRefusalsByFault(t *testing.T) {
	for want, f := range map[string]simulator.Faults{
		"will exceed your droplet limit":        {Quota422: true},
		"Size is not available in this region.": {Size422: true},
		"Region is not available":               {Region422: true},
		"try again":                             {TryAgain422: true},
	} {
		s := simulator.New(simulator.Options{})
		s.SetFaults(f)
		_, resp, err := inProcess(t, s, "any").Droplets.Create(context.Background(), request("a"))
		if code := statusOf(t, resp, err); code != 422 || !strings.Contains(err.Error(), want) || len(s.Droplets()) != 0 {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

func TestSlugsMoveOn(t *testing.T) {
	s := simulator.New(simulator.Options{Activation: -1})
	c := inProcess(t, s, "any")
	old := create(t, c, "old")
	build := s.MoveSlug("ubuntu-24-04-x64")
	if got := get(t, c, old.ID); got.Image.Slug != "" || got.Image.ID == int(build) {
		t.Errorf("the old droplet's image: %+v", got.Image)
	}
	if got := get(t, c, create(t, c, "new").ID); got.Image.Slug != "ubuntu-24-04-x64" || got.Image.ID != int(build) {
		t.Errorf("the new droplet's image: %+v", got.Image)
	}
}
