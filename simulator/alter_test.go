package simulator_test

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"

	"github.com/digitalocean/godo"
)

// Actions can be made to fail, to have no end and to show late, each by its type; everything else goes on.
func TestFaultsOfActions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{Limits: simulator.Unlimited()})
		c := inProcess(t, s, "any")
		ctx := context.Background()
		d := s.Add(simulator.Droplet{Name: "web", Status: "off"})
		id := int(d.ID)
		begin := func(act *godo.Action, _ *godo.Response, err error) func() string {
			t.Helper()
			started := must(t, act, err)
			return func() string {
				t.Helper()
				now, _, err := c.Actions.Get(ctx, started.ID)
				return must(t, now, err).Status
			}
		}

		s.SetFaults(simulator.Faults{ErroredActions: []string{"resize"}, EndlessActions: []string{"power_on"}})
		resize := begin(c.DropletActions.Resize(ctx, id, "s-2vcpu-2gb", false))
		time.Sleep(3 * time.Second)
		if now := get(t, c, id); resize() != "errored" || now.SizeSlug != "s-1vcpu-1gb" {
			t.Errorf("an errored resize is %s, the size %s", resize(), now.SizeSlug)
		}
		rename := begin(c.DropletActions.Rename(ctx, id, "shop"))
		time.Sleep(3 * time.Second)
		if now := get(t, c, id); rename() != "completed" || now.Name != "shop" {
			t.Errorf("a rename is %s, the name %s", rename(), now.Name)
		}
		on := begin(c.DropletActions.PowerOn(ctx, id))
		time.Sleep(24 * time.Hour)
		if _, resp, err := c.DropletActions.EnableBackups(ctx, id); on() != "in-progress" || statusOf(t, resp, err) != 422 {
			t.Errorf("an endless action is %s; another beside it: %v", on(), err)
		}
		s.SetFaults(simulator.Faults{})
		if now := get(t, c, id); on() != "completed" || now.Status != "active" {
			t.Errorf("no longer endless it is %s, the droplet %s", on(), now.Status)
		}
		if hits := s.Hits(); hits["errored_actions"] != 1 || hits["endless_actions"] != 1 {
			t.Errorf("hits %v", hits)
		}
	})
}

// What was changed shows late, in truth too, and also when the account was read from its file meanwhile.
func TestChangesShowLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path, o := filepath.Join(t.TempDir(), "simulated.db"), simulator.Options{Limits: simulator.Unlimited()}
		s := open(t, path, o)
		c := inProcess(t, s, "any")
		ctx := context.Background()
		id := int(s.Add(simulator.Droplet{Name: "web", Tags: []string{"old"}}).ID)
		s.SetFaults(simulator.Faults{ChangeVisibleAfter: time.Minute})
		off, _, err := c.DropletActions.Shutdown(ctx, id)
		must(t, off, err)
		_, err = c.Tags.UntagResources(ctx, "old", &godo.UntagResourcesRequest{Resources: []godo.Resource{{ID: itoa(id), Type: "droplet"}}})
		must(t, 0, err)
		time.Sleep(30 * time.Second)
		now := get(t, c, id)
		if act, _, err := c.Actions.Get(ctx, off.ID); must(t, act, err).Status != "completed" || now.Status != "active" || len(now.Tags) != 1 {
			t.Errorf("the action is %s, the droplet %s with tags %v", act.Status, now.Status, now.Tags)
		}
		must(t, 0, s.Close())
		s = open(t, path, o)
		c = inProcess(t, s, "any")
		if now := get(t, c, id); now.Status != "active" {
			t.Errorf("read from the file it is %s too early", now.Status)
		}
		time.Sleep(40 * time.Second)
		if now := get(t, c, id); now.Status != "off" {
			t.Errorf("it is %s in the end", now.Status)
		}
	})
}

// However late they show, the last word about a tag is the last that was asked for.
func TestTaggingsShowInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{Limits: simulator.Unlimited()})
		c := inProcess(t, s, "any")
		ctx := context.Background()
		id := int(s.Add(simulator.Droplet{Name: "web", Tags: []string{"old"}}).ID)
		on := []godo.Resource{{ID: itoa(id), Type: "droplet"}}
		s.SetFaults(simulator.Faults{ChangeVisibleAfter: time.Minute})
		_, err := c.Tags.UntagResources(ctx, "old", &godo.UntagResourcesRequest{Resources: on})
		must(t, 0, err)
		s.SetFaults(simulator.Faults{})
		_, err = c.Tags.TagResources(ctx, "old", &godo.TagResourcesRequest{Resources: on})
		must(t, 0, err)
		time.Sleep(2 * time.Minute)
		if now := get(t, c, id); len(now.Tags) != 1 {
			t.Errorf("in the end it has the tags %v", now.Tags)
		}
	})
}

// ipv6 shows as a feature and as an address.
func TestEnableIPv6Shows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{Limits: simulator.Unlimited()})
		c := inProcess(t, s, "any")
		id := int(s.Add(simulator.Droplet{Name: "web"}).ID)
		act, _, err := c.DropletActions.EnableIPv6(context.Background(), id)
		must(t, act, err)
		time.Sleep(3 * time.Second)
		now := get(t, c, id)
		if ip, err := now.PublicIPv6(); err != nil || ip == "" || now.Features[len(now.Features)-1] != "ipv6" {
			t.Errorf("address %q, features %v: %v", ip, now.Features, err)
		}
	})
}
