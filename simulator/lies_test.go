package simulator_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"

	"github.com/digitalocean/godo"
)

// rawDroplet is a droplet's object as GET by id answers it.
func rawDroplet(t *testing.T, s *simulator.Simulator, id int64) map[string]any {
	t.Helper()
	status, _, text, err := send(context.Background(), s.Transport(), "GET", "http://simulated/v2/droplets/"+itoa(int(id)), "")
	var body struct {
		Droplet map[string]any `json:"droplet"`
	}
	if err != nil || status != 200 || json.Unmarshal([]byte(text), &body) != nil {
		t.Fatalf("GET droplet %d: %d %v %s", id, status, err, text)
	}
	return body.Droplet
}

// Reads from a blank replica show no droplet; the account, the tags and all writes are well, and the truth is not touched.
func TestBlankReads(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{Activation: -1})
	c := inProcess(t, s, "any")
	d := s.Add(simulator.Droplet{Name: "web-1", Tags: []string{"t"}})
	s.SetFaults(simulator.Faults{BlankReads: true})
	if v := look(t, c, int(d.ID), "web-1", "t"); v != (sight{}) {
		t.Errorf("a blank replica shows %+v", v)
	}
	list, resp, err := c.Droplets.List(ctx, nil)
	if must(t, list, err); resp.Meta.Total != 0 {
		t.Errorf("total %d", resp.Meta.Total)
	}
	_, resp, err = c.Droplets.Actions(ctx, int(d.ID), nil)
	if code := statusOf(t, resp, err); code != 404 {
		t.Errorf("the droplet's actions: %d", code)
	}
	if acct, _, err := c.Account.Get(ctx); must(t, acct, err).UUID != s.UUID() {
		t.Error("the account is another")
	}
	if tag, _, err := c.Tags.Get(ctx, "t"); must(t, tag, err).Resources.Droplets.Count != 1 {
		t.Errorf("the tag counts %+v", tag.Resources.Droplets)
	}
	young := create(t, c, "web-2")
	_, _, err = c.DropletActions.Rename(ctx, int(d.ID), "web-9")
	must(t, 0, err)
	resp, err = c.Droplets.Delete(ctx, young.ID)
	if code := statusOf(t, resp, err); code != 204 {
		t.Errorf("DELETE: %d", code)
	}
	s.SetFaults(simulator.Faults{})
	if v := look(t, c, int(d.ID), "web-1", "t"); !v.found || !v.listed || !v.byTag {
		t.Errorf("afterwards: %+v", v)
	}
	if hits := s.Hits()["blank_reads"]; hits != 6 {
		t.Errorf("%d reads were blank, want 6", hits)
	}

	s.SetFaults(simulator.Faults{BlankReads: true, Chance: map[string]float64{"blank_reads": 0.5}})
	blank := 0
	for range 100 {
		if list, _, err := c.Droplets.List(ctx, nil); len(must(t, list, err)) == 0 {
			blank++
		}
	}
	if blank < 25 || blank > 75 {
		t.Errorf("%d of 100 reads were blank, want about 50", blank)
	}
}

// Droplets are hidden by id, by name or all, from lists, from GET or from both, and writes find them all the same.
func TestHiddenDroplets(t *testing.T) {
	s := simulator.New(simulator.Options{})
	c := inProcess(t, s, "any")
	one := s.Add(simulator.Droplet{Name: "web-1", Tags: []string{"t"}})
	two := s.Add(simulator.Droplet{Name: "web-2", Tags: []string{"t"}})
	whole := sight{true, true, true, true, true, true, true}
	unlisted := sight{found: true, tags: true, active: true, address: true}
	unfound := sight{listed: true, byTag: true, byName: true}
	for name, tc := range map[string]struct {
		faults simulator.Faults
		one    sight
		two    sight
	}{
		"by id":      {simulator.Faults{HiddenFromLists: []string{itoa(int(one.ID))}}, unlisted, whole},
		"by name":    {simulator.Faults{HiddenFromGet: []string{"WEB-1"}}, unfound, whole},
		"both":       {simulator.Faults{HiddenFromLists: []string{"web-1"}, HiddenFromGet: []string{"web-1"}}, sight{}, whole},
		"all":        {simulator.Faults{HiddenFromLists: []string{"*"}}, unlisted, unlisted},
		"nobody":     {simulator.Faults{HiddenFromGet: []string{"web"}}, whole, whole},
		"one of two": {simulator.Faults{HiddenFromGet: []string{"web-2", "9"}}, whole, unfound},
	} {
		s.SetFaults(tc.faults)
		if v := look(t, c, int(one.ID), "web-1", "t"); v != tc.one {
			t.Errorf("%s: web-1 shows as %+v, want %+v", name, v, tc.one)
		}
		if v := look(t, c, int(two.ID), "web-2", "t"); v != tc.two {
			t.Errorf("%s: web-2 shows as %+v, want %+v", name, v, tc.two)
		}
	}
	s.SetFaults(simulator.Faults{HiddenFromLists: []string{"*"}, HiddenFromGet: []string{"*"}})
	resp, err := c.Droplets.Delete(context.Background(), int(one.ID))
	if code := statusOf(t, resp, err); code != 204 || len(s.Droplets()) != 1 {
		t.Errorf("DELETE of a hidden droplet: %d", code)
	}
}

// A replica that is ten minutes behind shows droplets as they were: what was made since is not there, and what went since is.
func TestReadsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s := simulator.New(simulator.Options{})
		c := inProcess(t, s, "any")
		kept := s.Add(simulator.Droplet{Name: "kept", Tags: []string{"t", "u"}})
		gone := create(t, c, "gone", "t")
		time.Sleep(20 * time.Minute)
		began := time.Now()
		_, err := c.Droplets.Delete(ctx, gone.ID)
		must(t, 0, err)
		young := create(t, c, "young", "t")
		time.Sleep(3 * time.Second)
		s.Rename(kept.ID, "renamed")
		s.Untag(kept.ID, "t")
		s.PowerOff(kept.ID)
		volume := s.AttachVolume(kept.ID)
		s.SetFaults(simulator.Faults{ReadsBehind: 10 * time.Minute})

		before := sight{true, true, true, true, true, true, true}
		now := sight{found: true, listed: true, byName: true, tags: true, address: true}
		check := func(at time.Duration, id int, name string, want sight) {
			t.Helper()
			time.Sleep(time.Until(began.Add(at)))
			if v := look(t, c, id, name, "t"); v != want {
				t.Errorf("after %v, %s: %+v, want %+v", at, name, v, want)
			}
		}
		check(5*time.Minute, gone.ID, "gone", before)
		check(5*time.Minute, young.ID, "young", sight{})
		check(5*time.Minute, int(kept.ID), "kept", before)
		if d := get(t, c, int(kept.ID)); strings.Join(d.Tags, " ") != "t u" || len(d.VolumeIDs) != 0 {
			t.Errorf("the past has tags %v and volumes %v", d.Tags, d.VolumeIDs)
		}
		check(10*time.Minute-1, gone.ID, "gone", before)
		check(10*time.Minute, gone.ID, "gone", sight{})
		check(10*time.Minute+time.Second, young.ID, "young", sight{true, true, true, true, true, false, false})
		check(10*time.Minute+2*time.Second, young.ID, "young", before)
		check(10*time.Minute+3*time.Second, int(kept.ID), "renamed", now)
		if d := get(t, c, int(kept.ID)); strings.Join(d.Tags, " ") != "u" || !slices.Equal(d.VolumeIDs, []string{volume}) || d.Status != "off" {
			t.Errorf("caught up: %+v", d)
		}
	})
}

// Members of a droplet's object are null, missing or empty, for one droplet or for all, in lists and by id.
func TestMembersShownWrong(t *testing.T) {
	s := simulator.New(simulator.Options{})
	c := inProcess(t, s, "any")
	one := s.Add(simulator.Droplet{Name: "web-1", Tags: []string{"t"}, Monitoring: true})
	two := s.Add(simulator.Droplet{Name: "web-2", Tags: []string{"t"}})
	s.AttachVolume(one.ID)
	s.SetFaults(simulator.Faults{Members: []simulator.Member{
		{Name: "volume_ids", As: "null", Droplet: "web-1"}, {Name: "features", As: "missing", Droplet: itoa(int(one.ID))},
		{Name: "tags", As: "empty", Droplet: "WEB-1"}, {Name: "status", As: "empty", Droplet: "web-1"}, {Name: "vcpus", As: "empty", Droplet: "web-1"},
		{Name: "image.slug", As: "missing", Droplet: "web-1"}, {Name: "networks.v4", As: "null", Droplet: "web-1"},
		{Name: "locked", As: "null"}, {Name: "no_such", As: "null"}, {Name: "image.no_such.deeper", As: "null"},
	}})
	d := rawDroplet(t, s, one.ID)
	image, networks := d["image"].(map[string]any), d["networks"].(map[string]any)
	_, hasFeatures := d["features"]
	_, hasSlug := image["slug"]
	volumes, hasVolumes := d["volume_ids"]
	v4, hasV4 := networks["v4"]
	if volumes != nil || !hasVolumes || hasFeatures || len(d["tags"].([]any)) != 0 || d["status"] != "" || d["vcpus"] != 0.0 ||
		hasSlug || image["id"] == nil || v4 != nil || !hasV4 || d["locked"] != nil || d["name"] != "web-1" {
		t.Errorf("web-1: %v", d)
	}
	if d := rawDroplet(t, s, two.ID); d["locked"] != nil || d["volume_ids"] == nil || d["features"] == nil || d["status"] != "active" {
		t.Errorf("web-2: %v", d)
	}
	list, _, err := c.Droplets.List(context.Background(), nil)
	if must(t, list, err); list[1].Name != "web-1" || list[1].Status != "" || list[1].Features != nil {
		t.Errorf("in the list: %+v", list[1])
	}
	s.SetFaults(simulator.Faults{})
	if d := rawDroplet(t, s, one.ID); d["volume_ids"] == nil || d["locked"] != false || d["status"] != "active" {
		t.Errorf("afterwards: %v", d)
	}
}

// A droplet that is on is shown as off, and one with backups lacks them among its features; what is off, or has none, stays as it is.
func TestFalseStatusAndFeatures(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{})
	c := inProcess(t, s, "any")
	on := s.Add(simulator.Droplet{Name: "on", Backups: true, Monitoring: true})
	other := s.Add(simulator.Droplet{Name: "other", Backups: true})
	s.SetFaults(simulator.Faults{ShownOff: []string{"on"}, FeaturesLackBackups: true})
	d := get(t, c, int(on.ID))
	if d.Status != "off" || slices.Contains(d.Features, "backups") || !slices.Contains(d.Features, "monitoring") || d.NextBackupWindow == nil {
		t.Errorf("%+v", d)
	}
	if d := get(t, c, int(other.ID)); d.Status != "active" || slices.Contains(d.Features, "backups") {
		t.Errorf("%+v", d)
	}
	if truth, _ := s.Droplet(on.ID); truth.Status != "active" || !truth.Backups {
		t.Errorf("in truth: %+v", truth)
	}
	_, resp, err := c.DropletActions.PowerOn(ctx, int(on.ID))
	if code := statusOf(t, resp, err); code != 422 {
		t.Errorf("power_on of a droplet that is on: %d", code)
	}
	s.SetFaults(simulator.Faults{ShownOff: []string{"*"}, Chance: map[string]float64{"shown_off": 0.5}})
	off := 0
	for range 100 {
		if get(t, c, int(on.ID)).Status == "off" {
			off++
		}
	}
	if off < 25 || off > 75 {
		t.Errorf("shown off in %d of 100 reads, want about 50", off)
	}
}

// The total of the account's listing moves with each answer and is never right; filtered listings hold still. A tag counts wrong.
func TestTotalsAndCounts(t *testing.T) {
	ctx := context.Background()
	s := simulator.New(simulator.Options{Limits: simulator.Unlimited()})
	c := inProcess(t, s, "any")
	for _, name := range []string{"a", "b", "c"} {
		s.Add(simulator.Droplet{Name: name, Tags: []string{"t"}})
	}
	s.SetFaults(simulator.Faults{TotalMoves: true, TagCountOff: 2})
	last := 3
	for range 20 {
		list, resp, err := c.Droplets.List(ctx, &godo.ListOptions{PerPage: 2})
		if must(t, list, err); resp.Meta.Total == last || resp.Meta.Total == 3 || len(list) != 2 {
			t.Errorf("total %d after %d, %d droplets", resp.Meta.Total, last, len(list))
		}
		last = resp.Meta.Total
	}
	list, resp, err := c.Droplets.ListByTag(ctx, "t", nil)
	if must(t, list, err); resp.Meta.Total != 3 {
		t.Errorf("by tag: total %d", resp.Meta.Total)
	}
	list, resp, err = c.Droplets.ListWithGPUs(ctx, nil)
	if must(t, list, err); resp.Meta.Total != 0 {
		t.Errorf("GPU droplets: total %d", resp.Meta.Total)
	}
	for off, want := range map[int]int{2: 5, -1: 2, -9: 0, 0: 3} {
		s.SetFaults(simulator.Faults{TagCountOff: off})
		if tag, _, err := c.Tags.Get(ctx, "t"); must(t, tag, err).Resources.Droplets.Count != want {
			t.Errorf("the tag counts %d, want %d", tag.Resources.Droplets.Count, want)
		}
	}
}

// Every lie is told over HTTP too, while it runs.
func TestLiesOverHTTP(t *testing.T) {
	s := simulator.New(simulator.Options{})
	s.Add(simulator.Droplet{Name: "web-1"})
	put := func(faults string, want int) {
		t.Helper()
		status, _, text, err := send(context.Background(), s.Transport(), http.MethodPut, "http://simulated/simulator/faults", faults)
		if err != nil || status != want {
			t.Errorf("PUT %s: %d %v %s", faults, status, err, text)
		}
	}
	put(`{"blank_reads":true,"reads_behind":"9m","hidden_from_lists":["web-1"],"hidden_from_get":["530000017"],"shown_off":["*"],
		"members":[{"name":"features","as":"null","droplet":"web-1"}],"features_lack_backups":true,"total_moves":true,"tag_count_off":-1,
		"chance":{"members":0.5}}`, 200)
	if f := s.Faults(); !f.BlankReads || f.ReadsBehind != 9*time.Minute || f.Members[0].As != "null" || f.ShownOff[0] != simulator.Everything || f.TagCountOff != -1 {
		t.Errorf("%+v", f)
	}
	for _, bad := range []string{`{"members":[{"name":"features","as":"nothing"}]}`, `{"members":[{"as":"null"}]}`, `{"reads_behind":"61m"}`, `{"hidden_from_get":"web-1"}`} {
		put(bad, 422)
	}
	put(`{}`, 200)
	if f := s.Faults(); f.BlankReads || len(f.Members)+len(f.HiddenFromLists) > 0 {
		t.Errorf("the lies go on: %+v", f)
	}
}
