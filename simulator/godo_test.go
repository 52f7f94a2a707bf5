package simulator_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"

	"github.com/digitalocean/godo"
)

// bearerToken adds a token to each request.
type bearerToken struct {
	token string
	next  http.RoundTripper
}

func (t bearerToken) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+t.token)
	return t.next.RoundTrip(r)
}

// inProcess is godo over the Transport; it works in a synctest bubble.
func inProcess(t *testing.T, s *simulator.Simulator, token string) *godo.Client {
	t.Helper()
	return client(t, bearerToken{token, s.Transport()}, "https://api.digitalocean.com/")
}

func client(t *testing.T, rt http.RoundTripper, base string) *godo.Client {
	t.Helper()
	c, err := godo.New(&http.Client{Transport: rt}, godo.SetBaseURL(base))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// overHTTP is godo over a real socket.
func overHTTP(t *testing.T, s *simulator.Simulator, token string) *godo.Client {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return client(t, bearerToken{token, &http.Transport{DisableKeepAlives: true}}, server.URL)
}

func request(name string, tags ...string) *godo.DropletCreateRequest {
	return &godo.DropletCreateRequest{
		Name: name, Region: "syd1", Size: "s-1vcpu-1gb", Image: godo.DropletCreateImage{Slug: "ubuntu-24-04-x64"}, Tags: tags,
	}
}

func must[T any](t *testing.T, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func create(t *testing.T, c *godo.Client, name string, tags ...string) *godo.Droplet {
	t.Helper()
	d, _, err := c.Droplets.Create(context.Background(), request(name, tags...))
	return must(t, d, err)
}

func get(t *testing.T, c *godo.Client, id int) *godo.Droplet {
	t.Helper()
	d, _, err := c.Droplets.Get(context.Background(), id)
	return must(t, d, err)
}

func statusOf(t *testing.T, resp *godo.Response, err error) int {
	t.Helper()
	if resp == nil {
		t.Fatalf("no response: %v", err)
	}
	return resp.StatusCode
}

func TestLifeOfADroplet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{Activation: time.Minute})
		c := inProcess(t, s, "any")
		ctx := context.Background()

		d, resp, err := c.Droplets.Create(ctx, request("web-1", "web", "prod"))
		must(t, d, err)
		if d.Status != "new" || d.VPCUUID != "" || len(d.Features) != 0 || len(d.Networks.V4) != 0 {
			t.Errorf("the 202 knows too much: %+v", d)
		}
		if d.ID <= 500_000_000 {
			t.Errorf("id %d does not look like a droplet's", d.ID)
		}
		link := resp.Links.Actions[0]
		if want := "https://api.digitalocean.com/v2/actions/"; link.Rel != "create" || !strings.HasPrefix(link.HREF, want) {
			t.Errorf("create link is %+v, want one under %s", link, want)
		}
		if got := get(t, c, d.ID); got.VPCUUID != s.VPC("syd1") || got.Status != "new" {
			t.Errorf("right after the 202: status %s, VPC %q", got.Status, got.VPCUUID)
		}

		time.Sleep(time.Minute - time.Second)
		if got := get(t, c, d.ID); got.Status != "new" {
			t.Errorf("active before its time")
		}
		time.Sleep(time.Second)
		got := get(t, c, d.ID)
		if ip, _ := got.PublicIPv4(); got.Status != "active" || ip == "" {
			t.Errorf("after a minute: status %s, public address %q", got.Status, ip)
		}
		act, _, err := c.DropletActions.GetByURI(ctx, link.HREF)
		if must(t, act, err).Status != "completed" || act.CompletedAt.Sub(act.StartedAt.Time) != time.Minute {
			t.Errorf("create action: %+v", act)
		}

		_, err = c.Droplets.Delete(ctx, d.ID)
		must(t, 0, err)
		_, resp, err = c.Droplets.Get(ctx, d.ID)
		if code := statusOf(t, resp, err); code != http.StatusNotFound {
			t.Errorf("after its DELETE the droplet answers %d", code)
		}
		if len(s.Droplets()) != 0 || len(s.Ended()) != 1 || s.Ended()[0].ID != int64(d.ID) {
			t.Errorf("in truth: there %v, ended %v", s.Droplets(), s.Ended())
		}
		if tags := s.Tags(); strings.Join(tags, " ") != "web prod" {
			t.Errorf("tag objects after the last droplet: %v", tags)
		}
	})
}

// The same work over a socket and in process ends the same.
func TestBothTransportsServeGodo(t *testing.T) {
	for name, connect := range map[string]func(*testing.T, *simulator.Simulator, string) *godo.Client{
		"http": overHTTP, "in process": inProcess,
	} {
		t.Run(name, func(t *testing.T) {
			s := simulator.New(simulator.Options{Activation: -1, ActionTime: -1})
			c := connect(t, s, "any")
			ctx := context.Background()

			key, _, err := c.Keys.Create(ctx, &godo.KeyCreateRequest{Name: "me", PublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me"})
			must(t, key, err)
			req := request("db", "DB")
			req.SSHKeys = []godo.DropletCreateSSHKey{{Fingerprint: key.Fingerprint}, {ID: key.ID}}
			req.UserData, req.Monitoring, req.IPv6, req.Backups = "#cloud-config\n", true, true, true
			req.Volumes = []godo.DropletCreateVolume{{ID: s.AddVolume("syd1")}}
			d, _, err := c.Droplets.Create(ctx, req)
			must(t, d, err)
			d = get(t, c, d.ID)
			if v6, _ := d.PublicIPv6(); v6 == "" || d.NextBackupWindow == nil || strings.Join(d.Features, " ") != "backups monitoring private_networking ipv6" {
				t.Errorf("v6 %q, window %v, features %v", v6, d.NextBackupWindow, d.Features)
			}
			truth, ok := s.Droplet(int64(d.ID))
			if !ok || truth.UserData != "#cloud-config\n" || len(truth.SSHKeys) != 2 || truth.SSHKeys[1] != key.Fingerprint || len(truth.Volumes) != 1 {
				t.Errorf("what was sent has not arrived: %+v", truth)
			}

			for _, step := range []func() (*godo.Action, *godo.Response, error){
				func() (*godo.Action, *godo.Response, error) { return c.DropletActions.PowerOff(ctx, d.ID) },
				func() (*godo.Action, *godo.Response, error) {
					return c.DropletActions.Resize(ctx, d.ID, "s-2vcpu-4gb", false)
				},
				func() (*godo.Action, *godo.Response, error) { return c.DropletActions.Rename(ctx, d.ID, "db-2") },
				func() (*godo.Action, *godo.Response, error) { return c.DropletActions.Snapshot(ctx, d.ID, "before") },
				func() (*godo.Action, *godo.Response, error) { return c.DropletActions.DisableBackups(ctx, d.ID) },
			} {
				a, _, err := step()
				if must(t, a, err).Status != "completed" {
					t.Errorf("%s: %s", a.Type, a.Status)
				}
			}
			d = get(t, c, d.ID)
			if d.Status != "off" || d.SizeSlug != "s-2vcpu-4gb" || d.Disk != 25 || d.Size.Disk != 80 || d.Name != "db-2" || len(d.SnapshotIDs) != 1 || d.NextBackupWindow != nil {
				t.Errorf("after the actions: %+v", d)
			}
			_, resp, err := c.DropletActions.PowerOff(ctx, d.ID)
			if code := statusOf(t, resp, err); code != 422 || !strings.Contains(err.Error(), "already powered off") {
				t.Errorf("power_off while off: %v", err)
			}

			_, resp, err = c.DropletActions.Resize(ctx, d.ID, "s-1vcpu-512mb-10gb", false)
			if code := statusOf(t, resp, err); code != 422 || !strings.Contains(err.Error(), "can not decrease") {
				t.Errorf("a resize to a smaller disk: %v", err)
			}

			// A tag keeps its first spelling, and is found in any.
			other := create(t, c, "other", "db")
			if len(other.Tags) != 1 || other.Tags[0] != "DB" {
				t.Errorf("tags %v, want the canonical DB", other.Tags)
			}
			list, _, err := c.Droplets.ListByTag(ctx, "db", nil)
			if len(must(t, list, err)) != 2 || list[0].ID != other.ID {
				t.Errorf("tag_name=db finds %d droplets, or not the newest first", len(list))
			}
			tag, _, err := c.Tags.Get(ctx, "DB")
			if must(t, tag, err).Resources.Droplets.Count != 2 || !strings.HasSuffix(tag.Resources.Droplets.LastTaggedURI, "/v2/droplets/"+itoa(other.ID)) {
				t.Errorf("tag: %+v", tag.Resources.Droplets)
			}
			byName, _, err := c.Droplets.ListByName(ctx, "DB-2", nil)
			if len(must(t, byName, err)) != 1 || byName[0].ID != d.ID {
				t.Errorf("name=DB-2 finds %v", byName)
			}
			_, err = c.Droplets.DeleteByTag(ctx, "db")
			must(t, 0, err)
			if left := s.Droplets(); len(left) != 0 {
				t.Errorf("left after a delete by tag: %v", left)
			}

			// What doctl and Terraform read in passing.
			acct, _, err := c.Account.Get(ctx)
			if must(t, acct, err).Team == nil || acct.Team.UUID != s.TeamUUID() || acct.UUID != s.UUID() || acct.DropletLimit == 0 {
				t.Errorf("account: %+v", acct)
			}
			sizes, sizesResp, err := c.Sizes.List(ctx, &godo.ListOptions{PerPage: 200})
			if len(must(t, sizes, err)) < 60 || !sizesResp.Links.IsLastPage() {
				t.Errorf("%d sizes on the one page", len(sizes))
			}
			regions, _, err := c.Regions.List(ctx, nil)
			if len(must(t, regions, err)) < 12 {
				t.Errorf("%d regions", len(regions))
			}
			img, _, err := c.Images.GetBySlug(ctx, "ubuntu-24-04-x64")
			if must(t, img, err).ID != d.Image.ID {
				t.Errorf("the droplet's image is %d, the slug's %d", d.Image.ID, img.ID)
			}
			snaps, _, err := c.Images.ListUser(ctx, nil)
			if len(must(t, snaps, err)) != 1 || snaps[0].Name != "before" {
				t.Errorf("private images: %v", snaps)
			}
			vpcs, _, err := c.VPCs.List(ctx, &godo.ListOptions{PerPage: 50})
			if len(must(t, vpcs, err)) < 10 || !vpcs[0].Default {
				t.Errorf("VPCs: %v", vpcs)
			}
		})
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

func TestMultiCreate(t *testing.T) {
	s := simulator.New(simulator.Options{Activation: -1})
	c := inProcess(t, s, "any")
	list, resp, err := c.Droplets.CreateMultiple(context.Background(), &godo.DropletMultiCreateRequest{
		Names: []string{"a", "b", "c"}, Region: "nyc", Size: "s-1vcpu-1gb", Image: godo.DropletCreateImage{Slug: "debian-13-x64"}, Tags: []string{"x"},
	})
	must(t, list, err)
	if len(list) != 3 || len(resp.Links.Actions) != 3 || list[2].Name != "c" || list[0].Region.Slug != "nyc1" {
		t.Errorf("%d droplets, %d actions, %+v", len(list), len(resp.Links.Actions), list)
	}
	s.Untag(int64(list[0].ID), "x")
	if d, _ := s.Droplet(int64(list[1].ID)); !d.HasTag("x") {
		t.Error("droplets of one create share their tags")
	}
}
