package digitalocean

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
)

// capture gives an API that remembers the last request's body.
func capture(t *testing.T, answer string) (*Client, *string) {
	t.Helper()
	var body string
	a := newAPI(t, Config{Transport: inProcess(func(r *http.Request) (*http.Response, error) {
		b, err := io.ReadAll(r.Body)
		body = string(b)
		return reply(202, answer), err
	})})
	return a.Client(PrioritySaga), &body
}

// A key's name is not sent: the API takes ids and fingerprints, and a name that looks like one would be another key.
func TestCreateSendsNoNamesOfKeys(t *testing.T) {
	s := fleet.Spec{Name: "web", SSHKeys: []string{"laptop", "7"}}
	c, body := capture(t, "{}")
	if _, err := c.Create(t.Context(), &s, nil, nil); !errors.Is(err, ErrRejected) || !strings.Contains(err.Error(), "nobody looked up its id") || *body != "" {
		t.Errorf("sent %q, and got %v", *body, err)
	}
	s.KeysSent = []string{"12", "7"}
	if keys := createBody(&s, nil).SSHKeys; len(keys) != 2 || keys[0].ID != 12 || keys[1].ID != 7 {
		t.Errorf("sent %+v", keys)
	}
}

// Every field of the table must reach the request: a change of the spec changes what is sent.
func TestEveryFieldReachesTheCreateRequest(t *testing.T) {
	protect := true
	changes := map[string]func(*fleet.Spec){
		"name":       func(s *fleet.Spec) { s.Name = "web-2" },
		"region":     func(s *fleet.Spec) { s.Region = "ams3" },
		"size":       func(s *fleet.Spec) { s.Size = "s-2vcpu-2gb" },
		"image":      func(s *fleet.Spec) { s.Image = "12345" },
		"ssh_keys":   func(s *fleet.Spec) { s.SSHKeys = []string{"77"} },
		"tags":       func(s *fleet.Spec) { s.Tags = []string{"web"} },
		"user_data":  func(s *fleet.Spec) { s.UserData = "#cloud-config\n" },
		"vpc_uuid":   func(s *fleet.Spec) { s.VPCUUID = "6f0a2f7e" },
		"monitoring": func(s *fleet.Spec) { s.Monitoring = true },
		"backups":    func(s *fleet.Spec) { s.Backups = true },
		"ipv6":       func(s *fleet.Spec) { s.IPv6 = true },
		"protect":    func(s *fleet.Spec) { s.Protect = &protect },
	}
	c, body := capture(t, createdBody)
	send := func(s fleet.Spec) map[string]any {
		t.Helper()
		if _, err := c.Create(t.Context(), &s, fleet.TagsOf("demo", "", 0, false, s.Tags), nil); err != nil {
			t.Fatal(err)
		}
		sent := map[string]any{}
		if err := json.Unmarshal([]byte(*body), &sent); err != nil {
			t.Fatal(err)
		}
		return sent
	}
	plain := send(demoSpec)
	for _, f := range fleet.Fields {
		change, ok := changes[f.Name]
		if !ok {
			t.Errorf("field %s has no change here", f.Name)
			continue
		}
		s := demoSpec
		change(&s)
		sent := send(s)
		var differ []string
		for k := range sent {
			if !reflect.DeepEqual(sent[k], plain[k]) {
				differ = append(differ, k)
			}
		}
		want := []string{f.Name}
		if f.Name == "protect" {
			want = nil // its tag is put on when the droplet is registered
		}
		if !slices.Equal(differ, want) {
			t.Errorf("changing %s changed %v in the request", f.Name, differ)
		}
	}
}

func TestCreateRequest(t *testing.T) {
	c, body := capture(t, createdBody)
	protect := true
	d, err := c.Create(t.Context(), &fleet.Spec{
		Name: "Web-1", Region: "SYD1", Size: "S-1vcpu-1gb", Image: "98765", SSHKeys: []string{"512189", "3b:16:bf:e4"},
		Tags: []string{"not", "asked"}, UserData: "#!/bin/sh\necho <hi> & done", VPCUUID: "u-1", Protect: &protect,
	}, []string{"web", fleet.ManagedTag, fleet.SagaTag("5f0c9a1e00"), "db"}, nil)
	if err != nil || d.ID != 42 || d.Status != fleet.StatusNew {
		t.Fatalf("got %+v, %v", d, err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(*body), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"name": "Web-1", "region": "syd1", "size": "s-1vcpu-1gb", "image": 98765.0, "ssh_keys": []any{512189.0, "3b:16:bf:e4"},
		"backups": false, "ipv6": false, "monitoring": false, "private_networking": false, "vpc_uuid": "u-1",
		"user_data": "#!/bin/sh\necho <hi> & done",
		"tags":      []any{"arcadia-saga-5f0c9a1e", "db", "managed-by-arcadia-cloud", "web"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("sent %s", *body)
	}
}

func TestCreateLeavesTheCallersTagsAlone(t *testing.T) {
	c, _ := capture(t, createdBody)
	tags := append(make([]string, 0, 8), "b", "a")
	if _, err := c.Create(t.Context(), &demoSpec, tags, nil); err != nil {
		t.Fatal(err)
	}
	if tags[0] != "b" {
		t.Errorf("the caller's slice became %v", tags)
	}
}

func TestADropletIsReadWithItsBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw, err := os.ReadFile("testdata/droplet.json")
		if err != nil {
			t.Fatal(err)
		}
		object := strings.TrimSpace(string(raw))
		a := newAPI(t, Config{Transport: inProcess(func(*http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			return reply(200, `{ "droplet": `+object+` }`), nil
		})})
		began := time.Now()
		d, err := a.Client(PriorityPoll).Get(t.Context(), 611000123)
		if err != nil {
			t.Fatal(err)
		}
		if string(d.Data) != object {
			t.Errorf("the bytes changed:\n%s", d.Data)
		}
		d.Data = nil
		want := fleet.Droplet{
			ID: 611000123, Name: "edge-ams-1", Status: fleet.StatusActive, Region: "ams3", Size: "s-1vcpu-2gb",
			ImageID: 190000001, ImageSlug: "ubuntu-24-04-x64", Tags: []string{"arcadia-saga-5f0c9a1e", "managed-by-arcadia-cloud"},
			VPCUUID: "6f0a2f7e-8f55-4b3c-9a51-0a58ac14d008", PublicIPv4: "198.51.100.24", PrivateIPv4: "10.110.0.4",
			PublicIPv6: "2001:db8::1", Features: []string{"private_networking", "monitoring"}, VolumeIDs: []string{"v-1"}, Backups: 2, Disk: 50, SizeDisk: 80, Locked: true,
			Price:     fleet.Price{Monthly: 12 * fleet.Dollar, Hourly: fleet.Dollars(0.01786)},
			CreatedAt: time.Date(2026, 11, 20, 9, 14, 3, 0, time.UTC), SeenAt: began,
		}
		if !reflect.DeepEqual(d, want) {
			t.Errorf("got  %+v\nwant %+v", d, want)
		}
	})
}

func TestADropletWithLittleInIt(t *testing.T) {
	decode := func(object string) (fleet.Droplet, error) {
		return decodeOne(answer{body: []byte(`{"droplet":` + object + `}`)})
	}
	for _, tt := range []struct {
		object string
		ok     bool
	}{
		{`{"id":1}`, true},
		{`{"id":1,"image":{"id":5,"slug":null},"networks":{},"region":null,"kernel":null,"tags":null,"created_at":"soon"}`, true},
		{`{"id":1,"networks":{"v4":[],"v6":[{"netmask":64}]}}`, true},
		{`{"id":9007199254740993}`, true},
		{`{"id":0}`, false},
		{`{"id":"1"}`, false},
		{`null`, false},
		{`[]`, false},
	} {
		if _, err := decode(tt.object); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.object, err)
		}
	}
	if d, _ := decode(`{"id":1,"size_slug":"gpu-h100x1-80gb"}`); !d.GPU {
		t.Error("a GPU size is not seen")
	}
	if d, _ := decode(`{"id":1,"gpu_info":{"count":1}}`); !d.GPU {
		t.Error("gpu_info is not seen")
	}
}

func TestIDsAndTagsThatWouldMakeAnotherPathAreRefused(t *testing.T) {
	a := newAPI(t, Config{Transport: inProcess(func(r *http.Request) (*http.Response, error) {
		t.Errorf("%s %s went out", r.Method, r.URL)
		return reply(204, ""), nil
	})})
	c, ctx := a.Client(PrioritySaga), t.Context()
	calls := map[string]error{
		"destroy 0":     c.Destroy(ctx, 0, nil),
		"destroy -1":    c.Destroy(ctx, -1, nil),
		"tag droplet 0": c.Tag(ctx, "web", 0),
		"untag":         c.Untag(ctx, "../droplets", 1),
		"tag":           c.Tag(ctx, "", 1),
		"delete tag":    c.DeleteTag(ctx, "a/../../droplets", nil),
		"delete no tag": c.DeleteTag(ctx, "", nil),
		"long tag":      c.DeleteTag(ctx, strings.Repeat("a", 256), nil),
	}
	_, calls["get 0"] = c.Get(ctx, 0)
	_, calls["actions 0"] = c.Actions(ctx, 0)
	_, calls["list by no tag"] = c.List(ctx, Filter{Tag: "a&b"})
	_, calls["list by two"] = c.List(ctx, Filter{Tag: "a", Name: "b"})
	for name, err := range calls {
		if !errors.Is(err, ErrRejected) || Uncertain(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// listServer serves pages of droplets as the API does, and remembers the queries.
type listServer struct {
	gatherer
	pages  [][]int64
	totals []int // per page
	fail   int   // page that fails; 0: none
	forget bool  // leaves meta out
}

func (s *listServer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.note(r)
	var n int
	if _, err := fmt.Sscan(r.URL.Query().Get("page"), &n); err != nil {
		return nil, err
	}
	if n == s.fail {
		return reply(500, "{}"), nil
	}
	objects := []string{}
	for _, id := range s.pages[n-1] {
		objects = append(objects, fmt.Sprintf(`{"id":%d,"name":"d%d page %d"}`, id, id, n))
	}
	links := "{}"
	if n < len(s.pages) {
		links = `{"pages":{"next":"https://evil.example/v2/droplets?page=99"}}`
	}
	meta := fmt.Sprintf(`,"meta":{"total":%d}`, s.totals[n-1])
	if s.forget {
		meta = ""
	}
	return reply(200, fmt.Sprintf(`{"droplets":[%s],"links":%s%s}`, strings.Join(objects, ","), links, meta)), nil
}

func TestLaw07AListIsWholeOrNothing(t *testing.T) {
	for _, tt := range []struct {
		name   string
		server *listServer
		want   string // the names, or the error
		pages  int
	}{
		{"one page", &listServer{pages: [][]int64{{3, 1, 2}}, totals: []int{3}}, "d1 page 1,d2 page 1,d3 page 1", 1},
		{"none", &listServer{pages: [][]int64{{}}, totals: []int{0}}, "", 1},
		{"two pages", &listServer{pages: [][]int64{{4, 3}, {1}}, totals: []int{3, 3}}, "d1 page 2,d3 page 1,d4 page 1", 2},
		{"twice on two pages, none missing", &listServer{pages: [][]int64{{4, 3}, {3, 1}}, totals: []int{3, 3}}, "d1 page 2,d3 page 2,d4 page 1", 2},
		{"one slipped to the page before", &listServer{pages: [][]int64{{1, 2}, {4}}, totals: []int{4, 4}}, "moved", 2},
		{"the total fell", &listServer{pages: [][]int64{{1, 2}, {3}}, totals: []int{4, 3}}, "moved", 2},
		{"the total rose", &listServer{pages: [][]int64{{1, 2}, {3}}, totals: []int{3, 4}}, "moved", 2},
		{"more than the total", &listServer{pages: [][]int64{{1, 2, 3}}, totals: []int{2}}, "moved", 1},
		{"an empty page that names a next", &listServer{pages: [][]int64{{1}, {}, {}}, totals: []int{3, 3, 3}}, "moved", 2},
		{"a page again and again", &listServer{pages: [][]int64{{1}, {1}, {1}}, totals: []int{2, 2, 2}}, "moved", 2},
		{"a page fails", &listServer{pages: [][]int64{{1}, {2}, {3}}, totals: []int{3, 3, 3}, fail: 2}, "no usable answer", 1},
		{"no total", &listServer{pages: [][]int64{{1}}, totals: []int{1}, forget: true}, "meta.total", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newAPI(t, Config{Transport: tt.server})
			l, err := a.Client(PrioritySync).List(t.Context(), Filter{})
			if l.Pages != tt.pages {
				t.Errorf("%d pages", l.Pages)
			}
			if err != nil {
				if tt.want == "" || !strings.Contains(err.Error(), tt.want) || l.Droplets != nil {
					t.Errorf("got %v, %v", l.Droplets, err)
				}
				if errors.Is(err, ErrMoved) != (tt.want == "moved") || errors.Is(err, ErrUnavailable) == (tt.want == "moved") {
					t.Errorf("the error is %v", err)
				}
				return
			}
			var names []string
			for _, d := range l.Droplets {
				names = append(names, d.Name)
			}
			if got := strings.Join(names, ","); got != tt.want || l.Total != len(names) {
				t.Errorf("got %s, total %d", got, l.Total)
			}
		})
	}
}

func TestEveryPageBearsTheWholeQuery(t *testing.T) {
	for _, tt := range []struct {
		filter Filter
		query  string
	}{
		{Filter{}, ""},
		{Filter{Tag: "arcadia-fleet-demo"}, "&tag_name=arcadia-fleet-demo"},
		{Filter{Name: "web 1&x"}, "&name=web+1%26x"},
		{Filter{GPU: true}, "&type=gpus"},
		{Filter{Name: "web-1", GPU: true}, "&name=web-1&type=gpus"},
	} {
		s := &listServer{pages: [][]int64{{1}, {2}}, totals: []int{2, 2}}
		l, err := newAPI(t, Config{Transport: s}).Client(PrioritySync).List(t.Context(), tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for n := 1; n <= 2; n++ {
			q := strings.Split(fmt.Sprintf("page=%d&per_page=200%s", n, tt.query), "&")
			slices.Sort(q)
			want = append(want, "GET /v2/droplets?"+strings.Join(q, "&"))
		}
		if !slices.Equal(s.lines(), want) {
			t.Errorf("%+v: sent %q, want %q", tt.filter, s.lines(), want)
		}
		if l.Droplets[0].GPU != tt.filter.GPU {
			t.Errorf("%+v: GPU is %v", tt.filter, l.Droplets[0].GPU)
		}
	}
}

func TestAListTellsWhenEachPageBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &listServer{pages: [][]int64{{1}, {2}}, totals: []int{2, 2}}
		a := newAPI(t, Config{Transport: inProcess(func(r *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			return s.RoundTrip(r)
		})})
		began := time.Now()
		l, err := a.Client(PrioritySync).List(t.Context(), Filter{})
		if err != nil || !l.BeganAt.Equal(began) || !l.Droplets[0].SeenAt.Equal(began) || !l.Droplets[1].SeenAt.Equal(began.Add(time.Second)) {
			t.Errorf("began %v: %+v, %v", began, l, err)
		}
	})
}

func TestActions(t *testing.T) {
	a := newAPI(t, Config{Transport: inProcess(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != "/v2/droplets/7/actions" {
			t.Errorf("asked %s", r.URL.Path)
		}
		return reply(200, `{"actions":[
			{"id":12,"type":"resize","status":"in-progress","started_at":"2026-11-20T09:20:00Z","completed_at":null,"region":{"slug":"syd1","sizes":[]}},
			{"id":11,"type":"create","status":"errored","started_at":"2026-11-20T09:14:03Z","completed_at":"2026-11-20T09:15:00Z"},
			{"id":11,"type":"create","status":"errored","started_at":"2026-11-20T09:14:03Z","completed_at":"2026-11-20T09:15:00Z"}],
			"links":{},"meta":{"total":2}}`), nil
	})})
	got, err := a.Client(PriorityPoll).Actions(t.Context(), 7)
	day := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	want := []Action{
		{ID: 11, Type: "create", Status: ActionErrored, StartedAt: day.Add(14*time.Minute + 3*time.Second), CompletedAt: day.Add(15 * time.Minute)},
		{ID: 12, Type: "resize", Status: ActionInProgress, StartedAt: day.Add(20 * time.Minute)},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Somebody else may make the tag in the same moment; the API then refuses ours, and all is well.
func TestTaggingBesideSomebodyElse(t *testing.T) {
	asked := 0
	c := newAPI(t, Config{Transport: inProcess(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/v2/tags" {
			return reply(422, `{"id":"unprocessable_entity","message":"tag exists"}`), nil
		}
		if asked++; asked == 1 {
			return reply(404, `{"id":"not_found","message":"tag not found"}`), nil
		}
		return reply(204, ""), nil
	})}).Client(PrioritySaga)
	if err := c.Tag(t.Context(), "web", 7); err != nil || asked != 2 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

func TestTagging(t *testing.T) {
	var g gatherer
	exists := false
	c := newAPI(t, Config{Transport: inProcess(func(r *http.Request) (*http.Response, error) {
		b := ""
		if r.Body != nil {
			raw, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			b = strings.TrimSpace(string(raw))
		}
		g.note(r)
		g.seen[len(g.seen)-1] += " " + b
		switch {
		case r.URL.Path == "/v2/tags":
			exists = true
			return reply(201, `{"tag":{"name":"web"}}`), nil
		case !exists:
			return reply(404, `{"id":"not_found","message":"tag not found"}`), nil
		}
		return reply(204, ""), nil
	})}).Client(PrioritySaga)
	ctx := context.Background()
	if err := c.Untag(ctx, "web", 7); !errors.Is(err, ErrNotFound) {
		t.Errorf("untag without the tag: %v", err)
	}
	for range 2 {
		if err := c.Tag(ctx, "web", 7); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(c.Untag(ctx, "web", 7), c.DeleteTag(ctx, "web", nil)); err != nil {
		t.Fatal(err)
	}
	const resource = ` {"resources":[{"resource_id":"7","resource_type":"droplet"}]}`
	want := []string{
		"DELETE /v2/tags/web/resources" + resource,
		"POST /v2/tags/web/resources" + resource, `POST /v2/tags {"name":"web"}`, "POST /v2/tags/web/resources" + resource,
		"POST /v2/tags/web/resources" + resource,
		"DELETE /v2/tags/web/resources" + resource,
		"DELETE /v2/tags/web ",
	}
	if !slices.Equal(g.lines(), want) {
		t.Errorf("sent\n%s", strings.Join(g.lines(), "\n"))
	}
}

// Nothing bears a tag only where the API says so in so many words.
func TestTagUses(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		want   int
		err    error
	}{
		{200, `{"tag":{"name":"web","resources":{"count":0,"droplets":{"count":0}}}}`, 0, nil},
		{200, `{"tag":{"name":"Web","resources":{"count":3,"droplets":{"count":1}}}}`, 3, nil},
		{200, `{"tag":{"name":"web","resources":{"count":0,"droplets":{"count":2}}}}`, 2, nil},
		{200, `{"tag":{"name":"web","resources":{"count":0}}}`, 0, ErrUnavailable},
		{200, `{"tag":{"name":"web","resources":{"droplets":{"count":0}}}}`, 0, ErrUnavailable},
		{200, `{"tag":{"name":"web"}}`, 0, ErrUnavailable},
		{200, `{"tag":{"name":"other","resources":{"count":0,"droplets":{"count":0}}}}`, 0, ErrUnavailable},
		{200, `<html>`, 0, ErrUnavailable},
		{404, `{"id":"not_found","message":"tag not found"}`, 0, ErrNotFound},
	} {
		c := newAPI(t, Config{Transport: inProcess(func(*http.Request) (*http.Response, error) {
			return reply(tt.status, tt.body), nil
		})}).Client(PrioritySync)
		if got, err := c.TagUses(t.Context(), "web"); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %d, %v; want %d, %v", tt.body, got, err, tt.want, tt.err)
		}
	}
	if _, err := newAPI(t, Config{}).Client(PrioritySync).TagUses(t.Context(), "a/b"); !errors.Is(err, ErrRejected) {
		t.Errorf("a path for a tag: %v", err)
	}
}
