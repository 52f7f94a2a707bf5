package doctor_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/doctor"
	"arcadiad/fleet"
	"arcadiad/simulator"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

const file = `version: 1
fleet: demo
defaults: {region: syd1, image: ubuntu-24-04-x64, size: s-1vcpu-1gb}
droplets: [{name: web, count: 2}]
`

// ward is a patient who is well: a fleet file, a state database and a simulated account.
type ward struct {
	t   *testing.T
	sim *simulator.Simulator
	p   doctor.Patient
}

func admit(t *testing.T) *ward {
	t.Helper()
	dir := t.TempDir()
	w := &ward{t: t, sim: simulator.New(simulator.Options{DropletLimit: 25})}
	w.p = doctor.Patient{
		Fleet: filepath.Join(dir, "fleet.yaml"), State: filepath.Join(dir, "state", "arcadiad.db"),
		Token:  func() (string, error) { return "dop_v1_test", nil },
		Open:   func(ctx context.Context) (state.Reader, error) { return sqlite.OpenReader(ctx, w.p.State) },
		Holder: func() (string, error) { return sqlite.Holder(w.p.State) },
	}
	w.p.Local = w.p.State
	w.write(w.p.Fleet, file)
	api, err := digitalocean.New(digitalocean.Config{
		BaseURL: "http://localhost", Transport: w.sim.Transport(), Budget: digitalocean.NewBudget(digitalocean.BudgetOptions{}),
		Token: func() (string, error) { return w.p.Token() },
	})
	w.must(err)
	w.p.API = api.Client(digitalocean.PrioritySync)
	return w
}

func (w *ward) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *ward) write(path, text string) {
	w.t.Helper()
	w.must(os.WriteFile(path, []byte(text), 0o600))
}

// open opens the state database, until the end of the test.
func (w *ward) open() *sqlite.Store {
	w.t.Helper()
	s, err := sqlite.Open(w.t.Context(), w.p.State, sqlite.Options{})
	w.must(err)
	w.t.Cleanup(func() { s.Close() })
	return s
}

func (w *ward) examine() doctor.Report { return doctor.Examine(w.t.Context(), w.p) }

// find gives the finding of a check.
func find(t *testing.T, r doctor.Report, check string) doctor.Finding {
	t.Helper()
	i := slices.IndexFunc(r.Findings, func(f doctor.Finding) bool { return f.Check == check })
	if i < 0 {
		t.Fatalf("no finding for %s: %+v", check, r.Findings)
	}
	return r.Findings[i]
}

func TestHealthy(t *testing.T) {
	w := admit(t)
	r := w.examine()
	want := []string{"fleet file", "file events", "state database", "permissions", "disk", "token", "account", "droplet limit", "clock"}
	for _, s := range digitalocean.ReadScopes() {
		want = append(want, "scope "+s.Name)
	}
	for _, check := range append(want, "write scopes") {
		// The simulator in process has no clock of its own, and the disk of whoever runs this test is his.
		if f := find(t, r, check); f.Verdict != doctor.OK && check != "clock" && check != "disk" {
			t.Errorf("%+v", f)
		}
	}
	if _, err := os.Stat(filepath.Dir(w.p.State)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the examination made the state's directory: %v", err)
	}
	if n := w.sim.Writes(); n != 0 {
		t.Errorf("%d writes to the account", n)
	}
	w.open()
	w.p.Holds = true
	if r := w.examine(); !r.Sound() || find(t, r, "lock").Verdict != doctor.OK {
		t.Errorf("with a state database: %+v", r)
	}
}

// Each illness is found, by the check that is for it, and something is said to be done.
func TestIll(t *testing.T) {
	for _, tt := range []struct {
		name    string
		infect  func(w *ward)
		check   string
		verdict doctor.Verdict
		said    string
	}{
		{"a fleet file with a mistake", func(w *ward) { w.write(w.p.Fleet, "version: 1\nfleet: demo\ndroplets: web\n") },
			"fleet file", doctor.Fail, "fleet.yaml:3:"},
		{"no fleet file", func(w *ward) { w.must(os.Remove(w.p.Fleet)) }, "fleet file", doctor.Fail, "no such file"},
		{"a directory that cannot be watched", func(w *ward) { w.p.Fleet = "/etc/passwd/fleet.yaml" }, "file events", doctor.Warn, "cannot be watched"},
		{"no token", func(w *ward) { w.p.Token = func() (string, error) { return "", errors.New("no API token") } },
			"token", doctor.Fail, "no API token"},
		{"a revoked token", func(w *ward) { w.sim.Revoke("dop_v1_test") }, "token", doctor.Fail, "unauthorized"},
		{"an API that is down", func(w *ward) { w.sim.SetFaults(simulator.Faults{ServerError: true}) }, "token", doctor.Warn, "no usable answer"},
		{"no account:read", func(w *ward) { w.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"account:read"}}) },
			"scope account:read", doctor.Fail, "account:read"},
		{"no tag:read", func(w *ward) { w.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"tag:read"}}) },
			"scope tag:read", doctor.Fail, "needed to know its own droplets"},
		{"no sizes:read", func(w *ward) { w.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"sizes:read"}}) },
			"scope sizes:read", doctor.Warn, "lacks it"},
		{"no ssh_key:read", func(w *ward) { w.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"ssh_key:read"}}) },
			"scope ssh_key:read", doctor.Warn, "lacks it"},
		{"no firewall:read", func(w *ward) { w.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"firewall:read"}}) },
			"scope firewall:read", doctor.Warn, "with it a plan can say which firewalls name a droplet"},
		{"a locked account", func(w *ward) { w.sim.SetFaults(simulator.Faults{AccountStatus: "locked"}) }, "account", doctor.Fail, "is locked"},
		{"a warned account", func(w *ward) { w.sim.SetFaults(simulator.Faults{AccountStatus: "warning"}) }, "account", doctor.Warn, "status warning"},
		{"another account", func(w *ward) {
			w.must(w.open().Pin(w.t.Context(), fleet.Account{UUID: "9d2b6c1e-0000-4000-8000-000000000001", Simulated: true}, "demo"))
			w.p.Holds = true
		}, "account", doctor.Fail, "belongs to 9d2b6c1e"},
		{"a full account", func(w *ward) { w.addDroplets(25) }, "droplet limit", doctor.Warn, "25 of 25 droplets: no droplet can be created"},
		{"an account that is nearly full", func(w *ward) { w.addDroplets(23) }, "droplet limit", doctor.Warn, "23 of 25 droplets"},
		{"a fleet beyond the limit", func(w *ward) { w.write(w.p.Fleet, strings.Replace(file, "count: 2", "count: 26", 1)) },
			"droplet limit", doctor.Fail, "asks for 26"},
		{"a paused database", func(w *ward) { w.must(w.open().Pause(w.t.Context(), true)); w.p.Holds = true },
			"state database", doctor.Warn, "writes are paused"},
		{"a database of something else", func(w *ward) {
			w.must(os.MkdirAll(filepath.Dir(w.p.State), 0o700))
			w.write(w.p.State, strings.Repeat("no database ", 1000))
		}, "state database", doctor.Fail, "damaged"},
		{"a lock that somebody holds", func(w *ward) { w.open() }, "lock", doctor.Warn, "process "},
		{"a lock that is gone", func(w *ward) { w.open(); w.must(os.Remove(w.p.State + ".lock")); w.p.Holds = true },
			"lock", doctor.Fail, "should hold it"},
		{"a directory for everybody", func(w *ward) { w.open(); w.must(os.Chmod(filepath.Dir(w.p.State), 0o777)) },
			"permissions", doctor.Fail, "others may replace files"},
		{"a database for everybody", func(w *ward) { w.open(); w.must(os.Chmod(w.p.State, 0o644)) }, "permissions", doctor.Warn, "others may read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := admit(t)
			tt.infect(w)
			r := w.examine()
			f := find(t, r, tt.check)
			if f.Verdict != tt.verdict || !strings.Contains(f.Said, tt.said) || f.Do == "" {
				t.Errorf("got %+v; want %s, saying %q, and something to do", f, tt.verdict, tt.said)
			}
			if tt.verdict == doctor.Fail && r.Sound() {
				t.Errorf("the report is sound: %+v", r)
			}
		})
	}
}

// Where arcadiad pull brings the fleet file, its last fetch is looked at.
func TestFetch(t *testing.T) {
	for _, tt := range []struct {
		name, record string
		verdict      doctor.Verdict
		said         string
	}{
		{"well", `{"ref": "main", "repo": "file:///r", "fetched_at": "AGO 5m30s", "commit": "0123456789abcdef"}`, doctor.OK, "main from file:///r: 0123456789, fetched 5m ago"},
		{"late", `{"ref": "main", "repo": "file:///r", "fetched_at": "AGO 120m30s", "commit": "0123456789abcdef"}`, doctor.Warn, "fetched 2h ago; is its timer off?"},
		{"failed", `{"ref": "main", "repo": "file:///r", "fetched_at": "AGO 5m30s", "error": "no route"}`, doctor.Warn, "fetched 5m ago; the last pull failed: no route"},
		{"never", `{"ref": "main", "repo": "file:///r", "error": "no route"}`, doctor.Warn, "never fetched; the last pull failed: no route"},
		{"damaged", `{`, doctor.Warn, "pull.json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := admit(t)
			dir := filepath.Dir(w.p.Fleet)
			w.must(errors.Join(os.MkdirAll(filepath.Join(dir, "trees", "x"), 0o755), os.Symlink("trees/x", filepath.Join(dir, "current"))))
			w.p.Fleet = filepath.Join(dir, "current", "fleet.yaml")
			w.write(w.p.Fleet, file)
			ago := regexp.MustCompile("AGO [0-9a-z]+").ReplaceAllStringFunc(tt.record, func(s string) string {
				d, err := time.ParseDuration(strings.TrimPrefix(s, "AGO "))
				w.must(err)
				return time.Now().Add(-d).Format(time.RFC3339)
			})
			w.write(filepath.Join(dir, "pull.json"), ago)
			if f := find(t, w.examine(), "fetch"); f.Verdict != tt.verdict || !strings.Contains(f.Said, tt.said) {
				t.Errorf("got %+v; want %s, saying %q", f, tt.verdict, tt.said)
			}
		})
	}
	w := admit(t)
	w.write(filepath.Join(filepath.Dir(w.p.Fleet), "pull.json"), "{}") // nobody's
	if r := w.examine(); slices.ContainsFunc(r.Findings, func(f doctor.Finding) bool { return f.Check == "fetch" }) {
		t.Errorf("a fleet file that nobody pulls: %+v", r)
	}
}

// Fleets that share an account share what one token may ask.
func TestOtherFleets(t *testing.T) {
	w := admit(t)
	store := w.open()
	w.p.Holds = true
	tags := func(name string) []string { return []string{fleet.ManagedTag, fleet.FleetTag(name)} }
	w.must(store.Pin(t.Context(), fleet.Account{UUID: "9d2b6c1e-0000-4000-8000-000000000001", Simulated: true}, "demo"))
	w.must(store.Save(t.Context(), fleet.Observed{BeganAt: time.Now(), Droplets: []fleet.Droplet{
		{ID: 1, Name: "a", Status: fleet.StatusActive, Tags: tags("demo")}, {ID: 2, Name: "b", Status: fleet.StatusActive, Tags: tags("shop")},
		{ID: 3, Name: "c", Status: fleet.StatusActive, Tags: tags("shop")}, {ID: 4, Name: "d", Status: fleet.StatusActive, Tags: tags("blog")},
	}}))
	if f := find(t, w.examine(), "other fleets"); !strings.HasPrefix(f.Said, "the account has droplets of blog, shop too; ") {
		t.Errorf("got %+v", f)
	}
}

func (w *ward) addDroplets(n int) {
	for range n {
		w.sim.Add(simulator.Droplet{Name: "theirs"})
	}
}

// Of a state database that hosts share there is no file to look at: its server is examined, and the directory of the daemon's own files.
func TestSharedState(t *testing.T) {
	w := admit(t)
	w.open()
	w.must(os.Chmod(w.p.State, 0o644)) // nobody's
	w.p.Local, w.p.Holder = filepath.Join(t.TempDir(), "own", "arcadiad.db"), nil
	w.p.Server = func(context.Context) []doctor.Finding {
		return []doctor.Finding{{Check: "TLS", Verdict: doctor.Warn, Said: "not verified", Do: "verify it"}}
	}
	r := w.examine()
	if f := find(t, r, "TLS"); f.Verdict != doctor.Warn {
		t.Errorf("got %+v", f)
	}
	for _, check := range []string{"permissions", "disk"} {
		if f := find(t, r, check); f.Verdict != doctor.OK || !strings.Contains(f.Said, filepath.Dir(filepath.Dir(w.p.Local))) {
			t.Errorf("%s: got %+v", check, f)
		}
	}
	if slices.ContainsFunc(r.Findings, func(f doctor.Finding) bool { return f.Check == "lock" }) {
		t.Errorf("it looks for a lock: %+v", r)
	}
}
