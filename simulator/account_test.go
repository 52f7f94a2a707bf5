package simulator_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"

	"github.com/digitalocean/godo"
)

// Pages are offsets into the listing as it is at each request: a droplet slips through when another goes in between.
func TestPagesShift(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{})
	c := inProcess(t, s, "any")
	var ids []int64
	for i := range 5 {
		ids = append(ids, s.Add(simulator.Droplet{Name: "web-" + itoa(i)}).ID)
	}
	page := func(n int) ([]godo.Droplet, *godo.Response) {
		t.Helper()
		list, resp, err := c.Droplets.List(ctx, &godo.ListOptions{Page: n, PerPage: 2})
		return must(t, list, err), resp
	}
	first, resp := page(1)
	if int64(first[0].ID) != ids[4] || int64(first[1].ID) != ids[3] || resp.Meta.Total != 5 {
		t.Errorf("page 1: %d, %d of %d; want the newest first", first[0].ID, first[1].ID, resp.Meta.Total)
	}
	p := resp.Links.Pages
	const base = "https://api.digitalocean.com/v2/droplets?page="
	if p.First != "" || p.Prev != "" || p.Next != base+"2&per_page=2" || p.Last != base+"3&per_page=2" {
		t.Errorf("links of page 1: %+v", p)
	}
	s.Delete(ids[4])
	second, resp := page(2)
	if len(second) != 2 || int64(second[0].ID) != ids[1] || resp.Meta.Total != 4 {
		t.Errorf("page 2: %v of %d; want %d to have slipped through", second, resp.Meta.Total, ids[2])
	}
	if p := resp.Links.Pages; p.Prev != base+"1&per_page=2" || p.Next != "" || p.Last != "" {
		t.Errorf("links of the last page: %+v", p)
	}
	if far, resp := page(1<<63 - 1); len(far) != 0 || resp.Meta.Total != 4 {
		t.Errorf("the last page there can be: %v of %d", far, resp.Meta.Total)
	}
	if beyond, resp := page(9); len(beyond) != 0 || resp.Links.Pages.Prev != base+"2&per_page=2" {
		t.Errorf("page 9: %v, %+v", beyond, resp.Links.Pages)
	}
	status, _, text, err := send(ctx, s.Transport(), "GET", "http://simulated/v2/droplets?per_page=4", "")
	if err != nil || status != 200 || !strings.Contains(text, `"links":{},`) {
		t.Errorf("one page: %d %v, links are not empty", status, err)
	}
}

func TestFiltersExcludeEachOther(t *testing.T) {
	s := simulator.New(simulator.Options{})
	s.Add(simulator.Droplet{Name: "web", Tags: []string{"t"}})
	s.Add(simulator.Droplet{Name: "web", Region: "nyc2", Size: "gpu-h100x1-80gb", Tags: []string{"t"}})
	for query, want := range map[string]int{
		"": 1, "?type=droplets": 1, "?type=gpus": 1, "?tag_name=T": 2, "?name=WEB": 1, "?name=web&type=gpus": 1, "?tag_name=none": 0,
		"?tag_name=t&name=web": -1, "?tag_name=t&type=gpus": -1, "?type=cars": -1,
	} {
		status, _, text, err := send(context.Background(), s.Transport(), "GET", "http://simulated/v2/droplets"+query, "")
		if want < 0 {
			if err != nil || status != 422 {
				t.Errorf("%s: %d %v", query, status, err)
			}
		} else if err != nil || !strings.HasSuffix(text, `"meta":{"total":`+itoa(want)+`}}`) {
			t.Errorf("%s: %v, want %d: %s", query, err, want, text[max(0, len(text)-60):])
		}
	}
}

// Both windows roll. A 429 of the minute says when to come back, one of the hour does not (docs/digitalocean-api.md, "Rate limits").
func TestRateLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{Limits: simulator.Limits{Hour: 12, Minute: 5, KeyList: 2}})
		ask := func(path string) (int, http.Header) {
			t.Helper()
			status, header, _, err := send(context.Background(), s.Transport(), "GET", "http://simulated/v2/"+path, "")
			return must(t, status, err), header
		}
		start := time.Now()
		for i := range 5 {
			status, h := ask("sizes")
			reset := strconv.FormatInt(start.Add(time.Hour).Unix(), 10)
			if status != 200 || h.Get("Ratelimit-Limit") != "12" || h.Get("Ratelimit-Remaining") != itoa(11-i) || h.Get("Ratelimit-Reset") != reset {
				t.Errorf("request %d: %d %v", i, status, h)
			}
			time.Sleep(time.Second)
		}
		time.Sleep(500 * time.Millisecond) // the wait is told in whole seconds, rounded up
		status, h := ask("sizes")
		if status != 429 || h.Get("Retry-After") != "55" || h.Get("Ratelimit-Remaining") != "0" {
			t.Errorf("the sixth in a minute: %d %v", status, h)
		}
		time.Sleep(55 * time.Second)
		if status, h := ask("sizes"); status != 200 || h.Get("Ratelimit-Remaining") != "6" {
			t.Errorf("after Retry-After: %d %v", status, h)
		}
		time.Sleep(10 * time.Minute)
		for range 3 {
			status, h = ask("account/keys")
		}
		if status != 429 || h.Get("Retry-After") != "60" {
			t.Errorf("the third list of keys: %d %v", status, h)
		}
		for range 4 {
			time.Sleep(time.Minute)
			ask("sizes")
		}
		status, h = ask("sizes")
		if status != 429 || h.Get("Retry-After") != "" || h.Get("Ratelimit-Remaining") != "0" {
			t.Errorf("the thirteenth in an hour: %d %v", status, h)
		}
		time.Sleep(time.Until(start.Add(time.Hour)))
		if status, h := ask("sizes"); status != 200 || h.Get("Ratelimit-Remaining") != "0" {
			t.Errorf("when the oldest has expired: %d %v", status, h)
		}
		if status, _ := ask("sizes"); status != 429 {
			t.Errorf("only one had expired: %d", status)
		}
	})
}

func TestTokensAndAccounts(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{Token: "mine"})
	theirs := s.AddAccount("theirs")
	d := create(t, inProcess(t, s, "mine"), "web-1")
	other := inProcess(t, s, "theirs")
	_, resp, err := other.Droplets.Get(ctx, d.ID)
	if code := statusOf(t, resp, err); code != 404 {
		t.Errorf("another team's droplet: %d", code)
	}
	acct, _, err := other.Account.Get(ctx)
	if must(t, acct, err).Team.UUID != theirs.TeamUUID() || acct.Team.UUID == s.TeamUUID() || acct.UUID == s.UUID() {
		t.Errorf("another team's account: %+v", acct)
	}
	theirs.Add(simulator.Droplet{Name: "x"})
	if len(s.Droplets()) != 1 || len(theirs.Droplets()) != 1 {
		t.Error("the accounts share droplets")
	}
	s.Revoke("theirs")
	for _, token := range []string{"theirs", "nobody's", ""} {
		_, resp, err := inProcess(t, s, token).Account.Get(ctx)
		if code := statusOf(t, resp, err); code != 401 || resp.Header.Get(simulator.Header) != "1" {
			t.Errorf("token %q: %d", token, code)
		}
	}
	s.Restore("theirs")
	if _, _, err := other.Account.Get(ctx); err != nil {
		t.Error(err)
	}
	if a, b := simulator.New(simulator.Options{Seed: 1}), simulator.New(simulator.Options{Seed: 1}); a.TeamUUID() == b.TeamUUID() {
		t.Error("uuids come from the seed")
	}
}

// A missing read scope hides fields and does not fail the request (docs/digitalocean-api.md, "Tokens and scopes").
func TestScopes(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{Activation: -1})
	c := inProcess(t, s, "any")
	d := s.Add(simulator.Droplet{Name: "web-1", Tags: []string{"t"}})
	s.AttachVolume(d.ID)
	s.SetFaults(simulator.Faults{WithoutScopes: []string{"tag:read", "vpc:read", "image:read", "block_storage:read", "sizes:read", "account:read"}})
	got := get(t, c, int(d.ID))
	if len(got.Tags) != 0 || got.VPCUUID != "" || got.Image.ID != 0 || len(got.VolumeIDs) != 0 || len(got.Region.Sizes) != 0 {
		t.Errorf("shown without the scopes: %+v", got)
	}
	for name, call := range map[string]func() (*godo.Response, error){
		"account":  func() (*godo.Response, error) { _, r, err := c.Account.Get(ctx); return r, err },
		"tag_name": func() (*godo.Response, error) { _, r, err := c.Droplets.ListByTag(ctx, "t", nil); return r, err },
		"by tag":   func() (*godo.Response, error) { return c.Droplets.DeleteByTag(ctx, "t") },
		"tags":     func() (*godo.Response, error) { _, r, err := c.Tags.List(ctx, nil); return r, err },
	} {
		resp, err := call()
		if code := statusOf(t, resp, err); code != 403 {
			t.Errorf("%s: %d", name, code)
		}
	}
	s.SetFaults(simulator.Faults{WithoutScopes: []string{"tag:create", "droplet:read"}})
	_, resp, err := c.Droplets.Create(ctx, request("x", "t"))
	if code := statusOf(t, resp, err); code != 403 || len(s.Droplets()) != 1 {
		t.Errorf("create with tags: %d", code)
	}
	if acct, _, err := c.Account.Get(ctx); must(t, acct, err).DropletLimit != 0 {
		t.Error("the limit shows without droplet:read")
	}
	s.SetFaults(simulator.Faults{})
	if got := get(t, c, int(d.ID)); len(got.Tags) != 1 || got.VPCUUID == "" {
		t.Errorf("shown with all scopes: %+v", got)
	}
}

// The console user's doings show through the API.
func TestConsole(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{})
	c := inProcess(t, s, "any")
	d := s.Add(simulator.Droplet{Name: "web-1", Tags: []string{"Web"}})
	volume := s.AttachVolume(d.ID)
	for name, ok := range map[string]bool{
		"tag": s.Tag(d.ID, "db"), "rename": s.Rename(d.ID, "db-1"), "resize": s.Resize(d.ID, "s-2vcpu-4gb"), "power off": s.PowerOff(d.ID),
	} {
		if !ok {
			t.Error(name)
		}
	}
	got := get(t, c, int(d.ID))
	if got.Name != "db-1" || got.SizeSlug != "s-2vcpu-4gb" || got.Disk != 80 || got.Status != "off" || strings.Join(got.Tags, " ") != "Web db" || got.VolumeIDs[0] != volume {
		t.Errorf("%+v", got)
	}
	if v := look(t, c, int(d.ID), "db-1", "db"); !v.byName || !v.byTag {
		t.Errorf("by its new name and tag: %+v", v)
	}
	if v := look(t, c, int(d.ID), "web-1", "none"); v.byName || v.byTag {
		t.Errorf("by its old name: %+v", v)
	}
	if !s.Untag(d.ID, "WEB") || !s.DeleteTag("DB") || s.DeleteTag("db") || !s.PowerOn(d.ID) {
		t.Error("untag, delete the tag, power on")
	}
	if got := get(t, c, int(d.ID)); len(got.Tags) != 0 || got.Status != "active" || len(s.Named("DB-1")) != 1 {
		t.Errorf("%+v", got)
	}
	tags, _, err := c.Tags.List(ctx, nil)
	if len(must(t, tags, err)) != 1 || tags[0].Name != "Web" || tags[0].Resources.Count != 0 {
		t.Errorf("tags: %+v", tags)
	}
	if !s.Delete(d.ID) || s.Delete(d.ID) || s.Tag(d.ID, "x") || s.AttachVolume(d.ID) != "" {
		t.Error("what is gone can still be changed")
	}
	if n := s.Writes(); n != 0 {
		t.Errorf("the console's doings count as %d writes", n)
	}
}

// Tags that do not show yet are on the droplet all the same: deleting the tag takes them off.
func TestADeletedTagDoesNotComeLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{})
		s.SetFaults(simulator.Faults{TagVisibleAfter: time.Minute})
		c := inProcess(t, s, "any")
		d := create(t, c, "web-1", "a", "b")
		_, err := c.Tags.Delete(context.Background(), "a")
		must(t, 0, err)
		time.Sleep(time.Minute)
		if got := get(t, c, d.ID); strings.Join(got.Tags, " ") != "b" {
			t.Errorf("tags %v", got.Tags)
		}
	})
}

// Ten thousand droplets: every page is a slice of what is kept in order.
func TestTenThousandDroplets(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{Limits: simulator.Unlimited()})
	c := inProcess(t, s, "any")
	const n = 10_000
	seen := map[string]bool{}
	for i := range n {
		d := s.Add(simulator.Droplet{Name: "web-" + itoa(i), Tags: []string{"fleet", "saga-" + itoa(i)}})
		if seen[d.PublicIPv4] || seen[d.PrivateIPv4] {
			t.Fatalf("%s has an address that another has", d.Name)
		}
		seen[d.PublicIPv4], seen[d.PrivateIPv4] = true, true
	}
	for page, first := range map[int]int{1: n - 1, 25: n - 1 - 24*200, 50: 199} {
		list, resp, err := c.Droplets.ListByTag(ctx, "fleet", &godo.ListOptions{Page: page, PerPage: 200})
		must(t, list, err)
		if len(list) != 200 || resp.Meta.Total != n || list[0].Name != "web-"+itoa(first) || list[199].Name != "web-"+itoa(first-199) {
			t.Errorf("page %d: %d of %d, from %s to %s", page, len(list), resp.Meta.Total, list[0].Name, list[len(list)-1].Name)
		}
	}
	if list, _, err := c.Droplets.ListByTag(ctx, "saga-77", nil); len(must(t, list, err)) != 1 || list[0].Name != "web-77" {
		t.Errorf("by saga tag: %v", list)
	}
}
