package simulator_test

import (
	"context"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"

	"github.com/digitalocean/godo"
)

// An address moves when its action is done, is locked until then, and is shown by the droplet that has it.
func TestReservedIPMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s := simulator.New(simulator.Options{ActionTime: 5 * time.Second})
		c := inProcess(t, s, "any")
		one, two := s.Add(simulator.Droplet{Name: "one"}), s.Add(simulator.Droplet{Name: "two"})
		made, resp, err := c.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{Region: "nyc3"})
		if must(t, made, err).Locked || made.Droplet != nil || made.Region.Slug != "nyc3" || resp.StatusCode != 202 {
			t.Fatalf("in a region: %+v, status %d", made, resp.StatusCode)
		}
		ip := made.IP
		at := func() (int, bool) {
			r, _, err := c.ReservedIPs.Get(ctx, ip)
			if must(t, r, err).Droplet == nil {
				return 0, r.Locked
			}
			return r.Droplet.ID, r.Locked
		}
		answers := func() bool {
			conn, err := s.Dial(ctx, "tcp", net.JoinHostPort(ip, "25"))
			if err == nil {
				conn.Close()
			}
			return err == nil
		}
		if answers() {
			t.Error("the address of nobody answers")
		}

		act, resp, err := c.ReservedIPActions.Assign(ctx, ip, int(one.ID))
		if must(t, act, err).Status != "in-progress" || act.Type != "assign_ip" || act.ResourceType != "reserved_ip" || resp.StatusCode != 201 ||
			act.ResourceID != 203<<24+113<<8+1 || act.RegionSlug != "nyc3" {
			t.Errorf("assign: %+v, status %d", act, resp.StatusCode)
		}
		if droplet, locked := at(); droplet != 0 || !locked {
			t.Errorf("under way: at %d, locked %v", droplet, locked)
		}
		for why, do := range map[string]func() (*godo.Response, error){
			"assign": func() (*godo.Response, error) {
				_, r, err := c.ReservedIPActions.Assign(ctx, ip, int(two.ID))
				return r, err
			},
			"unassign": func() (*godo.Response, error) { _, r, err := c.ReservedIPActions.Unassign(ctx, ip); return r, err },
			"delete":   func() (*godo.Response, error) { return c.ReservedIPs.Delete(ctx, ip) },
		} {
			if resp, err := do(); statusOf(t, resp, err) != 422 || !strings.Contains(err.Error(), "pending event") {
				t.Errorf("%s of a busy address: %v", why, err)
			}
		}
		time.Sleep(5 * time.Second)
		if droplet, locked := at(); droplet != int(one.ID) || locked || !answers() {
			t.Errorf("done: at %d, locked %v", droplet, locked)
		}
		if got := get(t, c, int(one.ID)); !slices.ContainsFunc(got.Networks.V4, func(n godo.NetworkV4) bool { return n.IPAddress == ip && n.Type == "public" }) {
			t.Errorf("the droplet does not show it: %+v", got.Networks.V4)
		}
		if public, err := get(t, c, int(one.ID)).PublicIPv4(); err != nil || public == ip {
			t.Errorf("the droplet's own address is not the first: %s, %v", public, err)
		}

		// To another droplet right away; the first one has it until then.
		act, _, err = c.ReservedIPActions.Assign(ctx, ip, int(two.ID))
		must(t, act, err)
		time.Sleep(4 * time.Second)
		if droplet, _ := at(); droplet != int(one.ID) || !answers() {
			t.Errorf("on its way: at %d", droplet)
		}
		s.PowerOff(one.ID)
		if answers() {
			t.Error("the address answers, and its droplet is off")
		}
		time.Sleep(time.Second)
		if droplet, _ := at(); droplet != int(two.ID) || !answers() {
			t.Errorf("moved: at %d", droplet)
		}
		if got := get(t, c, int(one.ID)); len(got.Networks.V4) != 2 {
			t.Errorf("the first droplet still shows it: %+v", got.Networks.V4)
		}
		again, _, err := c.Actions.Get(ctx, act.ID)
		if must(t, again, err).Status != "completed" || again.CompletedAt.Sub(again.StartedAt.Time) != 5*time.Second {
			t.Errorf("the action: %+v", again)
		}
		own, _, err := c.ReservedIPActions.Get(ctx, ip, act.ID)
		if must(t, own, err).ID != act.ID {
			t.Errorf("the address's own action: %+v", own)
		}
		all, _, err := c.ReservedIPActions.List(ctx, ip, nil)
		if len(must(t, all, err)) != 2 || all[0].ID != act.ID {
			t.Errorf("all actions: %+v", all)
		}

		act, _, err = c.ReservedIPActions.Unassign(ctx, ip)
		if must(t, act, err).Type != "unassign_ip" {
			t.Errorf("unassign: %+v", act)
		}
		time.Sleep(5 * time.Second)
		if droplet, _ := at(); droplet != 0 || answers() {
			t.Errorf("unassigned: at %d", droplet)
		}
		resp, err = c.ReservedIPs.Delete(ctx, ip)
		if must(t, resp, err).StatusCode != 204 || len(s.ReservedIPs()) != 0 {
			t.Errorf("deleted: status %d", resp.StatusCode)
		}
	})
}

func TestReservedIPRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s := simulator.New(simulator.Options{})
		c := inProcess(t, s, "any")
		s.SetFaults(simulator.Faults{AssignRefusedFor: time.Minute})
		here, there := s.Add(simulator.Droplet{Name: "here"}), s.Add(simulator.Droplet{Name: "there", Region: "syd1"})
		has, busy := s.Add(simulator.Droplet{Name: "has"}), s.Add(simulator.Droplet{Name: "busy"})
		ip, other := s.ReserveIPIn("nyc3"), s.ReserveIP(has.ID)
		refused := func(ip string, id int64, status int, says string) {
			t.Helper()
			_, resp, err := c.ReservedIPActions.Assign(ctx, ip, int(id))
			if statusOf(t, resp, err) != status || !strings.Contains(err.Error(), says) {
				t.Errorf("assign %s to %d: %v", ip, id, err)
			}
		}
		refused(ip, here.ID, 422, "not ready") // it was made this moment
		if s.Hits()["assign_refused_for"] != 1 {
			t.Error("the fault met nothing")
		}
		time.Sleep(time.Minute)
		_, _, err := c.DropletActions.Reboot(ctx, int(busy.ID))
		must(t, 0, err)
		refused(ip, busy.ID, 422, "Droplet already has a pending event")
		refused(ip, 1, 422, "invalid Droplet")
		refused(ip, there.ID, 422, "same region")
		refused(ip, has.ID, 422, "already has a reserved IP")
		refused(other, has.ID, 422, "already assigned")
		refused("192.0.2.9", here.ID, 404, "")
		refused("nonsense", here.ID, 404, "")
		_, resp, err := c.ReservedIPActions.Unassign(ctx, ip)
		if statusOf(t, resp, err) != 422 {
			t.Errorf("unassign of nobody's: %v", err)
		}
		if _, resp, err := c.ReservedIPActions.Get(ctx, ip, 1); statusOf(t, resp, err) != 404 {
			t.Errorf("no such action: %v", err)
		}
		if _, resp, err := c.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{Region: "mars1"}); statusOf(t, resp, err) != 422 {
			t.Errorf("no such region: %v", err)
		}
		s.SetFaults(simulator.Faults{WithoutScopes: []string{"reserved_ip:update", "reserved_ip:delete"}})
		if _, resp, err := c.ReservedIPActions.Assign(ctx, ip, int(here.ID)); statusOf(t, resp, err) != 403 {
			t.Errorf("without the scope: %v", err)
		}
		if resp, err := c.ReservedIPs.Delete(ctx, ip); statusOf(t, resp, err) != 403 {
			t.Errorf("without the scope: %v", err)
		}
	})
}

// When there are no more addresses the request is refused, and the others go on.
func TestReservedIPsRunOut(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{Limits: simulator.Unlimited()})
	c := inProcess(t, s, "any")
	for range 253 {
		s.ReserveIPIn("nyc3")
	}
	_, resp, err := c.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{Region: "nyc3"})
	if statusOf(t, resp, err) != 422 {
		t.Errorf("one too many: %v", err)
	}
	if !s.ReleaseIP("203.0.113.7") {
		t.Error("not released")
	}
	if r, _, err := c.ReservedIPs.Create(ctx, &godo.ReservedIPCreateRequest{Region: "nyc3"}); must(t, r, err).IP != "203.0.113.7" {
		t.Errorf("the one that became free: %+v", r)
	}
}

// What the actions on droplets meet, those on addresses meet too.
func TestReservedIPFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s := simulator.New(simulator.Options{ActionTime: time.Second})
		c := inProcess(t, s, "any")
		d := s.Add(simulator.Droplet{Name: "one"})
		ip := s.ReserveIPIn("nyc3")
		assign := func(f simulator.Faults, want string, has int64) {
			t.Helper()
			s.SetFaults(f)
			act, _, err := c.ReservedIPActions.Assign(ctx, ip, int(d.ID))
			must(t, act, err)
			time.Sleep(time.Second)
			act, _, err = c.Actions.Get(ctx, act.ID)
			if now := s.ReservedIPs()[0].Droplet; must(t, act, err).Status != want || now != has {
				t.Errorf("%+v: %s, at %d", f, act.Status, now)
			}
		}
		assign(simulator.Faults{ErroredActions: []string{"assign_ip"}}, "errored", 0)
		assign(simulator.Faults{EndlessActions: []string{"assign_ip"}}, "in-progress", 0)
		s.SetFaults(simulator.Faults{})
		if s.ReservedIPs()[0].Droplet != d.ID {
			t.Error("the action that was to have no end did not go on")
		}
		s.Unassign(ip)
		assign(simulator.Faults{ChangeVisibleAfter: time.Minute}, "completed", 0)
		time.Sleep(time.Minute)
		if s.ReservedIPs()[0].Droplet != d.ID {
			t.Error("the change never came")
		}
		// A droplet that goes while the address is on its way does not get it.
		s.SetFaults(simulator.Faults{})
		gone := s.Add(simulator.Droplet{Name: "gone"})
		act, _, err := c.ReservedIPActions.Assign(ctx, ip, int(gone.ID))
		must(t, act, err)
		s.Delete(gone.ID)
		time.Sleep(time.Second)
		if act, _, err = c.Actions.Get(ctx, act.ID); must(t, act, err).Status != "errored" || s.ReservedIPs()[0].Droplet != d.ID {
			t.Errorf("to a droplet that is gone: %+v, at %d", act, s.ReservedIPs()[0].Droplet)
		}
		must(t, 0, s.Script("POST /v2/reserved_ips/{ip}/actions", 1, simulator.Cut().After()))
		if _, _, err := c.ReservedIPActions.Unassign(ctx, ip); err == nil {
			t.Error("the answer was not cut")
		}
		time.Sleep(time.Second)
		if s.ReservedIPs()[0].Droplet != 0 {
			t.Error("what was cut after the work was not done")
		}
	})
}

// The console moves addresses at once, and the account's file keeps what is under way.
func TestReservedIPsInTheConsoleAndTheFile(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{ActionTime: time.Millisecond})
	path := filepath.Join(t.TempDir(), "simulated.db")
	must(t, 0, s.Open(path))
	one, two := s.Add(simulator.Droplet{Name: "one"}), s.Add(simulator.Droplet{Name: "two"})
	ip, other := s.ReserveIPIn("nyc3"), s.ReserveIP(two.ID)
	at := func(want ...int64) {
		t.Helper()
		var got []int64
		for _, r := range s.ReservedIPs() {
			got = append(got, r.Droplet)
		}
		if !slices.Equal(got, want) {
			t.Errorf("at %v, want %v", got, want)
		}
	}
	if !s.Assign(ip, one.ID) || s.Assign("192.0.2.9", one.ID) || s.Assign(ip, 1) {
		t.Error("assigned")
	}
	at(one.ID, two.ID)
	if s.Assign(ip, two.ID); !s.Unassign(ip) || s.Unassign("192.0.2.9") {
		t.Error("unassigned")
	}
	at(0, 0) // two gave its own up for this one
	if !s.ReleaseIP(other) || s.ReleaseIP(other) {
		t.Error("released")
	}
	at(0)
	s.SetFaults(simulator.Faults{EndlessActions: []string{"assign_ip"}})
	c := inProcess(t, s, "any")
	act, _, err := c.ReservedIPActions.Assign(ctx, ip, int(one.ID))
	must(t, act, err)
	must(t, 0, s.Close())

	s = simulator.New(simulator.Options{}) // as another process
	must(t, 0, s.Open(path))
	defer s.Close()
	at(0)
	s.SetFaults(simulator.Faults{})
	at(one.ID)
	again, _, err := inProcess(t, s, "any").ReservedIPActions.Get(ctx, ip, act.ID)
	if must(t, again, err).Status != "completed" || again.ResourceType != "reserved_ip" {
		t.Errorf("the action: %+v", again)
	}
}

// Floating IPs are reserved IPs by their old name.
func TestFloatingIPs(t *testing.T) {
	x := newStranger(t)
	d := x.does(202, "POST", "droplets", m{"name": "web", "region": "syd1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64"})["id"]
	status, text := x.ask("POST", "floating_ips", m{"region": "syd1"})
	if ip := x.s.ReservedIPs()[0].IP; status != 202 || !strings.HasPrefix(text, `{"floating_ip":{"ip":"`+ip) {
		t.Errorf("made: %d %s", status, text)
	}
	path := "floating_ips/" + x.s.ReservedIPs()[0].IP
	act := x.does(201, "POST", path+"/actions", m{"type": "assign", "droplet_id": d})
	if act["type"] != "assign_ip" || act["resource_type"] != "floating_ip" {
		t.Errorf("assigned: %v", act)
	}
	for at, has := range map[string]string{"floating_ips": `{"floating_ips":[`, path: `"name":"web"`, path + "/actions": `"floating_ip"`, "reserved_ips": `{"reserved_ips":[`} {
		x.shows(at, has)
	}
	x.shows(path+"/actions/"+itoa(int(act["id"].(float64))), `"floating_ip"`)
	x.does(204, "DELETE", path, nil)
	x.does(404, "GET", strings.Replace(path, "floating", "reserved", 1), nil)
}

// A droplet has one reserved IPv6 at most, and one that nobody has is not unassigned.
func TestRefusedReservedIPv6(t *testing.T) {
	x := newStranger(t)
	d := x.does(202, "POST", "droplets", m{"name": "web", "region": "syd1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64"})["id"]
	made := func() string {
		return "reserved_ipv6/" + x.does(201, "POST", "reserved_ipv6", m{"region_slug": "syd1"})["ip"].(string)
	}
	one, two := made(), made()
	x.does(422, "POST", one+"/actions", m{"type": "unassign"})
	act := x.does(201, "POST", one+"/actions", m{"type": "assign", "droplet_id": d})
	if act["type"] != "assign_ip" || act["resource_type"] != "reserved_ipv6" {
		t.Errorf("assigned: %v", act)
	}
	x.does(422, "POST", two+"/actions", m{"type": "assign", "droplet_id": d})
	x.does(422, "POST", "reserved_ipv6", m{"region_slug": "sfo1"})
}
