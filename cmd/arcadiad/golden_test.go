package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"arcadiad/daemon"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/saga"
	"arcadiad/scripts/goldentest"
	"arcadiad/simulator"
	"arcadiad/state/sqlite"
)

// TestGolden pins what people and programs see of one fleet with every trouble in it: what the commands print without and beside a daemon,
// what the control socket and a scrape answer, what the webhook and the log are told.
func TestGolden(t *testing.T) {
	before := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = before })
	t.Setenv("DIGITALOCEAN_ACCESS_TOKEN", "dop_v1_test")
	cryptotest.SetGlobalRandom(t, 1)
	synctest.Test(t, func(t *testing.T) {
		s := newGoldenFleet(t)
		s.troubled()
		s.offline()
		s.online()
		s.webhook()
	})
}

// goldenFleet is an account in the process, and a fleet on it.
type goldenFleet struct {
	t        *testing.T
	dir      string
	sim      *simulator.Simulator
	versions chan fleetfile.Version
	log      bytes.Buffer
	told     telltale
	sagas    map[string]string // what stands for the ids of sagas
}

func newGoldenFleet(t *testing.T) *goldenFleet {
	dir, err := os.MkdirTemp("/dev/shm", "arcadiad-golden-")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return &goldenFleet{t: t, dir: dir, sim: simulator.New(simulator.Options{}), sagas: map[string]string{}}
}

func (s *goldenFleet) path(name string) string { return filepath.Join(s.dir, name) }

func (s *goldenFleet) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// run runs a daemon in virtual time, which a control socket would stop. The returned function ends it.
func (s *goldenFleet) run() (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	s.versions = make(chan fleetfile.Version, 8)
	done := make(chan error, 1)
	go func() {
		done <- daemon.Run(ctx, daemon.Options{
			Fleet: s.path("fleet.yaml"), State: s.path("arcadiad.db"), APIURL: "http://127.0.0.1", Reserve: -1, NoControl: true,
			Token: func() (string, error) { return "dop_v1_test", nil }, Transport: s.sim.Transport(), Versions: s.versions,
			Dial:       s.sim.Dial,
			WebhookURL: func() (string, error) { return "https://hooks.example.com/x", nil }, WebhookTransport: &s.told,
			Log: slog.New(slog.NewTextHandler(&s.log, nil)),
		})
	}()
	return func() {
		cancel()
		s.must(<-done)
	}
}

// edit saves the fleet file.
func (s *goldenFleet) edit(file string) {
	s.must(os.WriteFile(s.path("fleet.yaml"), []byte(file), 0o644))
	f, err := fleetfile.Load(s.path("fleet.yaml"))
	s.versions <- fleetfile.Version{Fleet: f, Err: err, Hash: f.Hash}
}

const (
	goldenHead = `version: 1
fleet: demo
defaults: {region: syd1, image: ubuntu-24-04-x64, size: s-1vcpu-1gb}
`
	goldenCalm = goldenHead + `droplets:
  - {name: web, count: 3, tags: [blue]}
  - {name: api}
  - {name: cache}
  - {name: db, protect: true}
  - {name: job}
  - {name: old}
  - {name: shelf}
policy: {max_destroy: 0, drift: report}
`
	goldenTroubled = goldenHead + `droplets:
  - {name: web, count: 3, tags: [blue]}
  - {name: api}
  - {name: cache}
  - {name: db, protect: true, size: s-1vcpu-2gb}
  - {name: job, backups: true}
  - {name: shelf, size: s-1vcpu-2gb}
`
	goldenLast = goldenTroubled + `  - {name: mail}
  - {name: new, size: s-2vcpu-2gb}
policy: {max_destroy: 0, drift: report}
`
)

// troubled brings about everything that a fleet can suffer from at once, in the moment in which a saga gets stuck.
func (s *goldenFleet) troubled() {
	ours := func(name string, tags ...string) int64 {
		return s.sim.Add(simulator.Droplet{
			Name: name, Region: "syd1", Image: "ubuntu-24-04-x64", Tags: append([]string{fleet.ManagedTag, fleet.FleetTag("demo")}, tags...),
		}).ID
	}
	web2 := ours("web-2", "blue")
	web3 := ours("web-3", "blue")
	ours("web-1", "blue")
	api, cache := ours("api"), ours("cache")
	ours("db", fleet.ProtectTag)
	ours("job")
	old, shelf := ours("old"), ours("shelf")
	s.sim.AttachVolume(shelf)
	s.sim.ReserveIP(old)
	s.sim.Add(simulator.Droplet{Name: "theirs"})
	s.sim.Add(simulator.Droplet{Name: "mail"})
	s.sim.Add(simulator.Droplet{Name: "shop-1", Tags: []string{fleet.ManagedTag, fleet.FleetTag("shop")}})
	end := s.run()
	s.edit(goldenCalm)
	time.Sleep(time.Minute)
	s.sim.SetFaults(simulator.Faults{EndlessActions: []string{"enable_backups"}, NeverActive: true})
	s.edit(goldenTroubled + "policy: {max_destroy: 0, drift: report}\n")
	time.Sleep(time.Hour + 25*time.Second)
	s.sim.PowerOff(web2)
	s.sim.Untag(web3, "blue")
	s.sim.Untag(api, fleet.ManagedTag)
	s.sim.Untag(api, fleet.FleetTag("demo"))
	s.sim.Delete(cache)
	s.edit(goldenLast)
	time.Sleep(42 * time.Second) // what was done outside is explained, and what is made is looked at
	for range 1200 {
		synctest.Wait()
		if slices.ContainsFunc(s.read(), func(g saga.Saga) bool { return g.Status == saga.Stuck }) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	end()
	s.golden("run.log", sortedLog(s.log.String()))
}

// read reads the sagas, and has something stand for their ids.
func (s *goldenFleet) read() []saga.Saga {
	r, err := sqlite.OpenReader(context.Background(), s.path("arcadiad.db"))
	s.must(err)
	sagas, err := r.Sagas(context.Background(), saga.Filter{})
	s.must(err)
	slices.SortStableFunc(sagas, func(a, b saga.Saga) int {
		if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
			return c
		}
		return fleet.CompareNames(a.Subject, b.Subject)
	})
	for i, g := range sagas {
		s.sagas[g.ID[:8]] = fmt.Sprintf("%08x", i+1)
		s.sagas[g.ID[8:]] = strings.Repeat("0", 24)
	}
	return sagas
}

// sagaOf is the id of the newest saga of a name.
func (s *goldenFleet) sagaOf(name string) (id string) {
	for _, g := range s.read() {
		if g.Subject == name {
			id = g.ID
		}
	}
	return id
}

func (s *goldenFleet) offline() {
	for name, args := range map[string][]string{
		"status": {"status"}, "why-web-2": {"why", "web-2"}, "why-cache": {"why", "cache"}, "history": {"history"},
		"saga-list": {"saga", "list"}, "saga-show": {"saga", "show", s.sagaOf("new")},
	} {
		for _, format := range []string{"text", "json"} {
			s.golden(name+"."+format, s.exec(append(args, "-o", format)...))
		}
	}
	s.golden("saga-show-stuck.text", s.exec("saga", "show", s.sagaOf("job")))
}

// online has a daemon serve the control socket and metrics: time stands still from then on.
func (s *goldenFleet) online() {
	api := httptest.NewServer(s.sim)
	defer api.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	listen := l.Addr().String()
	s.must(l.Close())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	s.versions = make(chan fleetfile.Version, 8)
	s.edit(goldenLast)
	go func() {
		done <- daemon.Run(ctx, daemon.Options{
			Fleet: s.path("fleet.yaml"), State: s.path("arcadiad.db"), APIURL: api.URL, Reserve: -1, Listen: listen, Versions: s.versions,
			Token: func() (string, error) { return "dop_v1_test", nil }, Transport: s.sim.Transport(), Version: "v0.0.1-test",
		})
	}()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if network == "tcp" && addr == "arcadiad:80" {
			network, addr = "unix", s.path("arcadiad.sock")
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}}
	post := func(path, body string) string {
		resp, err := client.Post("http://arcadiad"+path, "application/json", strings.NewReader(body))
		if err != nil {
			return ""
		}
		defer resp.Body.Close()
		said, err := io.ReadAll(resp.Body)
		s.must(err)
		return fmt.Sprintf("POST %s %s\n%s %s\n", path, body, resp.Status, said)
	}
	for !strings.Contains(post("/v2/status", "{}"), `"trigger":"start"`) { // the first pass has ended
		select {
		case err := <-done:
			s.t.Fatal(err)
		default:
		}
	}
	s.golden("online-status.text", s.exec("status"))
	s.golden("online-status.json", s.exec("status", "-o", "json"))
	s.golden("online-why.text", s.exec("why", "shelf"))
	s.golden("online-why.json", s.exec("why", "shelf", "-o", "json"))
	var socket strings.Builder
	requests, err := os.ReadFile("testdata/golden/socket.requests")
	s.must(err)
	for line := range strings.Lines(string(requests)) {
		path, body, _ := strings.Cut(strings.TrimSpace(line), " ")
		socket.WriteString(post(path, strings.NewReplacer("ID-OF-OLD", s.sagaOf("old"), "ID-OF-API", s.sagaOf("api")).Replace(body)))
	}
	s.golden("socket.txt", socket.String())
	get := func(path string) string {
		resp, err := client.Get("http://" + listen + path)
		s.must(err)
		defer resp.Body.Close()
		page, err := io.ReadAll(resp.Body)
		s.must(err)
		return string(page)
	}
	s.golden("metrics.txt", series(get("/metrics")))
	s.golden("readyz.txt", get("/readyz"))
	for _, format := range []string{"text", "json", "markdown"} {
		s.golden("plan."+format, s.exec("plan", "--fleet", s.path("fleet.yaml"), "--api-url", api.URL, "-o", format))
	}
	cancel()
	s.must(<-done)
}

// webhook has time pass over the troubles, and adds those that stop the passes. Of each kind of news one piece is kept.
func (s *goldenFleet) webhook() {
	end := s.run()
	s.edit(goldenLast)
	s.sim.SetFaults(simulator.Faults{EndlessActions: []string{"enable_backups"}, ActionErrored: true})
	time.Sleep(12 * time.Hour)
	s.edit("version: 1\nfleet: demo\n droplets: web\n")
	time.Sleep(time.Hour)
	s.sim.SetFaults(simulator.Faults{ServerError: true})
	time.Sleep(time.Hour)
	s.sim.SetFaults(simulator.Faults{})
	s.edit(goldenHead + "droplets: []\npolicy: {max_destroy: 0}\n")
	time.Sleep(12 * time.Hour)
	end()
	s.read()
	s.golden("webhook.json", s.told.kinds(s.t))
}

// exec runs a command.
func (s *goldenFleet) exec(args ...string) string {
	var out bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(append(args, "--state", s.path("arcadiad.db")))
	err := root.ExecuteContext(context.Background())
	if code := conclude(&out, err); code != 0 {
		fmt.Fprintf(&out, "exit code %d\n", code)
	}
	return out.String()
}

var accidental = []struct{ pattern, with string }{
	{`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, "00000000-0000-0000-0000-000000000000"},
	{`process \d+`, "process 1"},
	{`"pid": ?\d+`, `"pid": 1`},
	{`"remaining": ?\d+`, `"remaining": 4000`},
	{`\d+ of 5000 API`, "4000 of 5000 API"},
	{`again_in=\S+`, "again_in=1s"},
	{`"not_before": ".*"`, `"not_before": "2000-01-01T00:00:00Z"`},
	{`"NotBefore":"2[^"]*"`, `"NotBefore":"2000-01-01T00:00:00Z"`},
}

// golden compares with a file what does not depend on chance.
func (s *goldenFleet) golden(name, got string) {
	s.t.Helper()
	got = strings.ReplaceAll(got, s.dir, "/work")
	for id, with := range s.sagas {
		got = strings.ReplaceAll(got, id, with)
	}
	for _, a := range accidental {
		got = regexp.MustCompile(a.pattern).ReplaceAllString(got, a.with)
	}
	goldentest.File(s.t, filepath.Join("testdata", "golden", name), []byte(got))
}

// sortedLog puts lines of one moment in order: what runs side by side logs in any.
func sortedLog(log string) string {
	lines := strings.SplitAfter(strings.TrimSuffix(log, "\n"), "\n")
	lines[len(lines)-1] += "\n"
	slices.SortStableFunc(lines, func(a, b string) int {
		at := func(l string) string { when, _, _ := strings.Cut(l, " "); return when }
		if c := strings.Compare(at(a), at(b)); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	return strings.Join(lines, "")
}

// series are the names and labels of a scrape, without values and buckets, and without what Go's own collectors tell.
func series(page string) string {
	var out strings.Builder
	last := ""
	for line := range strings.Lines(page) {
		if !strings.Contains(line, "arcadiad_") || strings.Contains(line, "_bucket{") {
			continue
		}
		if !strings.HasPrefix(line, "#") {
			line = line[:strings.LastIndexByte(line, ' ')] + "\n"
			if strings.Contains(line, "arcadiad_build_info") {
				line = regexp.MustCompile(`goversion="[^"]*"`).ReplaceAllString(line, `goversion=""`)
			}
		}
		if line != last {
			out.WriteString(line)
		}
		last = line
	}
	return out.String()
}

// telltale is a webhook that remembers.
type telltale struct {
	mu     sync.Mutex
	bodies [][]byte
}

func (w *telltale) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bodies = append(w.bodies, body)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, err
}

// kinds gives the first piece of news of each kind, without its times; and the message around one.
func (w *telltale) kinds(t *testing.T) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	first := map[string]map[string]any{}
	for _, body := range w.bodies {
		var m map[string]any
		if err := json.Unmarshal(body, &m); err != nil {
			t.Fatal(err)
		}
		events := m["events"].([]any)
		for _, e := range events {
			e := e.(map[string]any)
			key := fmt.Sprint(e["event"], " ", e["kind"])
			if _, there := first[key]; !there {
				e["since"], e["state"] = "", ""
				first[key] = e
			}
		}
		m["events"], m["id"], m["sent_at"], m["text"] = []any{}, "", "", ""
		first["message"] = m
	}
	out, err := json.MarshalIndent(first, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out) + "\n"
}
