package simulator_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"

	"github.com/digitalocean/godo"
)

// sight is what the API shows of one droplet.
type sight struct{ found, listed, byTag, byName, tags, active, address bool }

func look(t *testing.T, c *godo.Client, id int, name, tag string) (v sight) {
	t.Helper()
	ctx := context.Background()
	in := func(list []godo.Droplet, _ *godo.Response, err error) bool {
		t.Helper()
		for _, d := range must(t, list, err) {
			if d.ID == id {
				return true
			}
		}
		return false
	}
	v.listed = in(c.Droplets.List(ctx, nil))
	v.byTag = in(c.Droplets.ListByTag(ctx, tag, nil))
	v.byName = in(c.Droplets.ListByName(ctx, name, nil))
	d, resp, err := c.Droplets.Get(ctx, id)
	if v.found = statusOf(t, resp, err) == 200; v.found {
		ip, _ := d.PublicIPv4()
		v.tags, v.active, v.address = len(d.Tags) > 0, d.Status == "active", ip != ""
	}
	return v
}

// Each lag shows exactly when it should; the truth is not touched by any.
func TestLags(t *testing.T) {
	ready := sight{true, true, true, true, true, true, true}
	for _, tc := range []struct {
		name   string
		faults simulator.Faults
		at     time.Duration // the last moment at which it looks like this
		want   sight
	}{
		{"none", simulator.Faults{}, 2*time.Second - 1, sight{true, true, true, true, true, false, false}},
		{"activation", simulator.Faults{ActivationExtra: time.Minute}, 62*time.Second - 1, sight{true, true, true, true, true, false, false}},
		{"address", simulator.Faults{IPAfterActive: time.Minute}, 62*time.Second - 1, sight{true, true, true, true, true, true, false}},
		{"tags", simulator.Faults{TagVisibleAfter: time.Minute}, time.Minute - 1, sight{true, true, false, true, false, true, true}},
		{"list", simulator.Faults{ListVisibleAfter: time.Minute}, time.Minute - 1, sight{true, false, false, false, true, true, true}},
		{"get", simulator.Faults{Get404For: time.Minute}, time.Minute - 1, sight{false, true, true, true, false, false, false}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := simulator.New(simulator.Options{})
				s.SetFaults(tc.faults)
				c := inProcess(t, s, "any")
				d := create(t, c, "web-1", "web")
				if len(d.Tags) > 0 != (tc.faults.TagVisibleAfter == 0) {
					t.Errorf("the 202 shows tags %v", d.Tags)
				}
				if truth := s.Droplets(); len(truth) != 1 || !truth[0].HasTag("WEB") {
					t.Errorf("in truth: %+v", truth)
				}
				time.Sleep(tc.at)
				if got := look(t, c, d.ID, "web-1", "web"); got != tc.want {
					t.Errorf("before: %+v, want %+v", got, tc.want)
				}
				time.Sleep(time.Nanosecond)
				if got := look(t, c, d.ID, "web-1", "web"); got != ready {
					t.Errorf("after: %+v, want %+v", got, ready)
				}
			})
		})
	}
}

func TestDropletsThatNeverGetThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s := simulator.New(simulator.Options{})
		c := inProcess(t, s, "any")
		actionOf := func(resp *godo.Response) string {
			t.Helper()
			a, _, err := c.Actions.Get(ctx, resp.Links.Actions[0].ID)
			return must(t, a, err).Status
		}
		s.SetFaults(simulator.Faults{NeverActive: true})
		stuck, stuckResp, err := c.Droplets.Create(ctx, request("stuck"))
		must(t, stuck, err)
		s.SetFaults(simulator.Faults{ActionErrored: true})
		failed, failedResp, err := c.Droplets.Create(ctx, request("failed"))
		must(t, failed, err)
		s.SetFaults(simulator.Faults{VanishAfter202: time.Second})
		gone, goneResp, err := c.Droplets.Create(ctx, request("gone", "t"))
		must(t, gone, err)
		s.SetFaults(simulator.Faults{})

		time.Sleep(24 * time.Hour)
		if d := get(t, c, stuck.ID); d.Status != "new" || actionOf(stuckResp) != "in-progress" {
			t.Errorf("never active: %s, %s", d.Status, actionOf(stuckResp))
		}
		if d := get(t, c, failed.ID); d.Status != "new" || actionOf(failedResp) != "errored" {
			t.Errorf("action errored: %s, %s", d.Status, actionOf(failedResp))
		}
		if v := look(t, c, gone.ID, "gone", "t"); v != (sight{}) || actionOf(goneResp) != "errored" {
			t.Errorf("vanished: %+v, %s", v, actionOf(goneResp))
		}
		if n := len(s.Droplets()); n != 2 {
			t.Errorf("%d droplets in truth, want 2", n)
		}
		_, resp, err := c.DropletActions.PowerOff(ctx, stuck.ID)
		if code := statusOf(t, resp, err); code != 422 || !strings.Contains(err.Error(), "pending event") {
			t.Errorf("an action during the create: %v", err)
		}
	})
}

func TestSlowAndIgnoredDeletes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s := simulator.New(simulator.Options{})
		c := inProcess(t, s, "any")
		del := func(id int) int {
			t.Helper()
			resp, err := c.Droplets.Delete(ctx, id)
			return statusOf(t, resp, err)
		}
		active := func(name string) int {
			return int(s.Add(simulator.Droplet{Name: name, Tags: []string{"t"}}).ID)
		}

		s.SetFaults(simulator.Faults{DeleteLag: time.Minute, DeleteListLag: time.Minute})
		id := active("slow")
		if code := del(id); code != 204 || len(s.Droplets()) != 0 {
			t.Errorf("DELETE: %d; in truth %v", code, s.Droplets())
		}
		time.Sleep(time.Minute - 1)
		if v := look(t, c, id, "slow", "t"); !v.found || !v.active || !v.listed {
			t.Errorf("before the lag is over: %+v", v)
		}
		if code := del(id); code != 204 {
			t.Errorf("a second DELETE: %d", code)
		}
		time.Sleep(time.Nanosecond)
		if v := look(t, c, id, "slow", "t"); v != (sight{listed: true, byTag: true, byName: true}) {
			t.Errorf("gone by id, still listed: %+v", v)
		}
		time.Sleep(time.Minute)
		if v := look(t, c, id, "slow", "t"); v != (sight{}) {
			t.Errorf("at the end: %+v", v)
		}

		s.SetFaults(simulator.Faults{DeleteIgnored: true})
		id = active("stubborn")
		if code := del(id); code != 204 || len(s.Droplets()) != 1 {
			t.Errorf("an ignored DELETE: %d, %v", code, s.Droplets())
		}
		s.SetFaults(simulator.Faults{DeleteIgnoredWhileNew: true})
		if del(id); len(s.Droplets()) != 0 {
			t.Error("an active droplet's DELETE was ignored")
		}
		young := create(t, c, "young")
		if code := del(young.ID); code != 204 || len(s.Droplets()) != 1 {
			t.Errorf("a new droplet's DELETE: %d, %v", code, s.Droplets())
		}
		s.SetFaults(simulator.Faults{PendingEvent422: true})
		if code := del(young.ID); code != 422 {
			t.Errorf("DELETE beside the create action: %d", code)
		}
		time.Sleep(2 * time.Second)
		if code := del(young.ID); code != 204 || len(s.Droplets()) != 0 {
			t.Errorf("DELETE after it: %d", code)
		}
	})
}

func TestWhatIsShown(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{Activation: -1})
	c := inProcess(t, s, "any")
	for _, name := range []string{"a", "b", "c"} {
		s.Add(simulator.Droplet{Name: name})
	}
	gpu := s.Add(simulator.Droplet{Name: "gpu", Region: "tor1", Size: "gpu-l40sx1-48gb", Tags: []string{"t"}})

	s.SetFaults(simulator.Faults{PageShift: 1})
	seen := map[int]bool{}
	for page := 1; page <= 3; page++ {
		list, _, err := c.Droplets.List(ctx, &godo.ListOptions{Page: page, PerPage: 1})
		for _, d := range must(t, list, err) {
			seen[d.ID] = true
		}
	}
	if len(seen) != 2 {
		t.Errorf("%d of 3 droplets seen over shifting pages, want 2", len(seen))
	}

	s.SetFaults(simulator.Faults{SlugRetired: true, TagFilterHidesGPU: true, AccountStatus: "locked", FullCreateResponse: true})
	if d := get(t, c, int(gpu.ID)); d.Image.Slug != "" {
		t.Errorf("slug %q", d.Image.Slug)
	}
	if list, _, err := c.Droplets.ListByTag(ctx, "t", nil); len(must(t, list, err)) != 0 {
		t.Error("tag_name finds the GPU droplet")
	}
	if acct, _, err := c.Account.Get(ctx); must(t, acct, err).Status != "locked" {
		t.Errorf("status %q", acct.Status)
	}
	if d := create(t, c, "d"); d.VPCUUID == "" || len(d.Features) == 0 {
		t.Errorf("the 202: %+v", d)
	}
	s.SetFaults(simulator.Faults{})
	if d := get(t, c, int(gpu.ID)); d.Image.Slug == "" {
		t.Error("the slug has not come back")
	}
	if list, _, err := c.Droplets.ListByTag(ctx, "t", nil); len(must(t, list, err)) != 1 {
		t.Error("tag_name does not find the GPU droplet")
	}
}

// A chance depends on the seed and the subject alone, not on the order of requests; and it is about as great as it says.
func TestChancesAreBySeed(t *testing.T) {
	names := make([]string, 200)
	for i := range names {
		names[i] = "web-" + itoa(i)
	}
	hit := func(seed uint64, backwards bool) map[string]bool {
		s := simulator.New(simulator.Options{Seed: seed, Limits: simulator.Unlimited()})
		s.SetFaults(simulator.Faults{Quota422: true, Chance: map[string]float64{"quota_422": 0.3}})
		c := inProcess(t, s, "any")
		out := map[string]bool{}
		for i := range names {
			if backwards {
				i = len(names) - 1 - i
			}
			_, _, err := c.Droplets.Create(context.Background(), request(names[i]))
			out[names[i]] = err != nil
		}
		return out
	}
	one := hit(1, false)
	if !reflect.DeepEqual(one, hit(1, true)) {
		t.Error("the order of requests decides")
	}
	if reflect.DeepEqual(one, hit(2, false)) {
		t.Error("the seed does not decide")
	}
	n := 0
	for _, h := range one {
		if h {
			n++
		}
	}
	if n < 35 || n > 85 {
		t.Errorf("%d of 200 hit, want about 60", n)
	}
}

// Every knob survives JSON, and what is no knob is refused.
func TestFaultsAsJSON(t *testing.T) {
	var f simulator.Faults
	v := reflect.ValueOf(&f).Elem()
	for i := range v.NumField() {
		switch p := v.Field(i).Addr().Interface().(type) {
		case *time.Duration:
			*p = 90 * time.Second
		case *bool:
			*p = true
		case *int:
			*p = 300
		case *string:
			*p = "warning"
		case *[]string:
			*p = []string{"tag:read"}
		case *[]simulator.Member:
			*p = []simulator.Member{{Name: "tags", As: "null", Droplet: "web-1"}}
		case *map[string]float64:
			*p = map[string]float64{"hang": 0.5}
		default:
			t.Fatalf("field %s has a type that this test does not know", v.Type().Field(i).Name)
		}
	}
	b, err := json.Marshal(f)
	must(t, b, err)
	var back simulator.Faults
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(f, back) {
		t.Errorf("%v\n%s\n%+v", err, b, back)
	}
	if !strings.Contains(string(b), `"delete_lag":"1m30s"`) {
		t.Errorf("durations are not for people: %s", b)
	}
	for _, bad := range []string{`{"explode":true}`, `{"delete_lag":90}`, `{"delete_lag":"-1s"}`, `{"chance":{"explode":1}}`, `{"chance":{"hang":2}}`, `{"chance":{"page_shift":1}}`, `{"account_status":"fine"}`, `{"page_shift":-1}`, `{"service_status":99}`, `{"ready_after":"-1s"}`, `[]`} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
	if !reflect.DeepEqual(f, back) {
		t.Error("a refused change left traces")
	}
}

func TestHitsCountWhatReallyHappened(t *testing.T) {
	s := simulator.New(simulator.Options{Activation: -1})
	s.SetFaults(simulator.Faults{DeleteIgnored: true, TagVisibleAfter: time.Minute, Hang: true, Chance: map[string]float64{"hang": 0}})
	if err := s.Script("POST /v2/droplets", 1, simulator.Status(500).After()); err != nil {
		t.Fatal(err)
	}
	post := func() {
		req, err := http.NewRequest("POST", "http://sim/v2/droplets", strings.NewReader(`{"name":"a","region":"syd1","size":"s-1vcpu-1gb","image":"ubuntu-24-04-x64"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer x")
		if _, err := s.Transport().RoundTrip(req); err != nil {
			t.Fatal(err)
		}
	}
	post()
	post()
	want := simulator.Counts{"script status 500 after work": 1, "tag_visible_after": 2}
	if got := s.Hits(); !maps.Equal(got, want) {
		t.Errorf("hits %v, want %v", got, want)
	}
}
