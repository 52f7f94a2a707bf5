package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

var update = flag.Bool("update", false, "write the golden files anew")

// busyDay is a plan with something of everything.
func busyDay() *scene {
	yes := true
	s := converged("bastion", "db", "old", "queue", "web-1", "web-2")
	s.desired.Policy.MaxDestroy = fleet.DefaultMaxDestroy
	for i := 3; i <= 300; i++ {
		s.desired.Specs = append(s.desired.Specs, specOf(fmt.Sprintf("web-%d", i)))
	}
	s.spec("bastion").Protect = &yes
	s.spec("db").Size = "s-2vcpu-2gb"
	s.spec("db").UserData = "#cloud-config\n"
	s.droplet(102).Price = sixDollars
	s.unwant("old")
	s.droplet(103).Price.Monthly = fleet.Dollars(12.0000001)
	s.droplet(104).Name = "queue-renamed"
	s.droplet(104).Status = fleet.StatusOff
	s.spec("web-1").Tags = []string{"web"}
	s.droplet(106).Tags = nil // web-2
	s.seeTagged(200, "web-3")
	s.seeTagged(201, "stray")
	s.see(202, "web-4", "somebody-else")
	s.ended(300, fleet.SagaProvision, "web-250", "compensated", specOf("web-250").Hash(), time.Minute/2).Error = "the region is full | <b>try\x1b[31m again"
	for i := range 4 {
		saga := s.ended(int64(400+i), fleet.SagaProvision, fmt.Sprintf("api-%d", i+1), "running", "", time.Minute)
		saga.Live, saga.Step = true, "WaitDropletActive"
		s.desired.Specs = append(s.desired.Specs, specOf(saga.Name))
	}
	saga := s.ended(500, fleet.SagaDestroy, "cache", "stuck", "", time.Hour)
	saga.Live, saga.Step, saga.Error = true, "DestroyDroplet", "unexpected answer\n<html>"
	s.recorded.Paused = true
	s.offer()
	return s
}

func TestGolden(t *testing.T) {
	drifted := converged("web-1", "web-2", "web-3", "web-4")
	for i := range drifted.observed.Droplets {
		drifted.observed.Droplets[i].Size = "s-8vcpu-16gb"
	}
	for name, s := range map[string]*scene{"busy": busyDay(), "calm": converged("bastion", "web-1"), "drift": drifted, "empty": newScene()} {
		p := s.build(t)
		for kind, render := range map[string]func(*bytes.Buffer) error{
			"txt":   func(b *bytes.Buffer) error { return p.Text(b, Options{}) },
			"color": func(b *bytes.Buffer) error { return p.Text(b, Options{Color: true}) },
			"json":  func(b *bytes.Buffer) error { return p.JSON(b) },
			"md":    func(b *bytes.Buffer) error { return p.Markdown(b) },
		} {
			if name != "busy" && (kind == "color" || kind == "json") {
				continue
			}
			t.Run(name+"."+kind, func(t *testing.T) {
				var got bytes.Buffer
				if err := render(&got); err != nil {
					t.Fatal(err)
				}
				golden(t, name+"."+kind, got.Bytes())
			})
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test ./plan -update writes it anew)\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

// The contract names these keys; a program may rely on them.
func TestJSONKeepsTheContract(t *testing.T) {
	var out bytes.Buffer
	if err := busyDay().build(t).JSON(&out); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		ID, Fleet *string
		Actions   []map[string]any
		Drift     []map[string]any
		Summary   map[string]any
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.ID == nil || doc.Fleet == nil || len(doc.Actions) == 0 || len(doc.Drift) == 0 {
		t.Fatalf("missing parts: %s", out.String())
	}
	has := func(where string, m map[string]any, keys ...string) {
		for _, k := range keys {
			if _, ok := m[k]; !ok {
				t.Errorf("%s lacks %q", where, k)
			}
		}
	}
	has("action", doc.Actions[0], "action", "name", "droplet_id", "reason", "changes", "held", "held_by")
	has("drift", doc.Drift[0], "name", "droplet_id", "changes")
	has("summary", doc.Summary, "provision", "destroy", "replace", "adopt", "unchanged", "held", "drifted", "in_flight")
	for _, secret := range []string{"cloud-config", "user_data_hash", "icence", "Spec"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the JSON shows %q", secret)
		}
	}
}

// A renamed and resized group reads as two runs, however large it is.
func TestAGroupIsTwoRunsOfTwoUpdates(t *testing.T) {
	s := renamed()
	for n := 3; n <= 300; n++ {
		was := fmt.Sprintf("web-%d", n)
		s.register(int64(1000+n), was)
		spec := specOf(fmt.Sprintf("api-%d", n))
		spec.Was = was
		s.desired.Specs = append(s.desired.Specs, spec)
	}
	for i := range s.desired.Specs {
		s.desired.Specs[i].Size, s.desired.Specs[i].Rules.Resize = "s-2vcpu-2gb", fleet.ResizeInPlace
	}
	want := `
  ~ api-1 … api-300  update 300 droplets: name changed in the file
                       name: web-1 … web-300 → api-1 … api-300
  ~ api-1 … api-300  update 300 droplets: size changed in the file; downtime: off while being resized
                       size: s-1vcpu-1gb → s-2vcpu-2gb
                       held by turn: what can be changed while it runs goes first; this follows in a later pass
`
	if text := inText(s.build(t)); !strings.Contains(text, want) {
		t.Errorf("text:\n%s", text)
	}
}

// A plan with nothing in it has lists all the same, so that programs need not ask.
func TestJSONListsAreNeverNull(t *testing.T) {
	var out bytes.Buffer
	if err := (Plan{}).JSON(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "null") {
		t.Errorf("null in %s", out.String())
	}
}

func TestSentenceTellsCalmFromBlind(t *testing.T) {
	lost := converged("web-1")
	lost.vanish(101, false)
	paused := newScene()
	paused.recorded.Paused = true
	for want, s := range map[string]*scene{
		"Nothing to do yet: 1 missing.":                             lost,
		"Nothing to do; see the warnings.":                          paused,
		"Nothing to do: fleet demo is empty, as the file asks.":     newScene(),
		"Nothing to do: fleet demo is as the file asks, 1 droplet.": converged("web-1"),
		"2 to provision.": newScene("a", "b"),
	} {
		if got := s.build(t).sentence(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Whatever an API says, it stays within its line.
func TestTextIsTame(t *testing.T) {
	var out bytes.Buffer
	if err := busyDay().build(t).Text(&out, Options{}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\r\t") {
		t.Errorf("control characters in %q", out.String())
	}
	if got := clean("a\n\x00b\u202ec " + strings.Repeat("x", 1000)); strings.ContainsAny(got, "\n\x00\u202e") || len(got) > 320 {
		t.Errorf("clean gives %q", got)
	}
}

// 10,000 refused droplets must not make a comment that the forge refuses.
func TestMarkdownFitsAComment(t *testing.T) {
	s := newScene()
	for i := range 10_000 {
		s.seeTagged(int64(1000+i), fmt.Sprintf("host%d-x", i))
		s.desired.Specs = append(s.desired.Specs, specOf(fmt.Sprintf("%d-y", i)))
	}
	var out bytes.Buffer
	if err := s.build(t).Markdown(&out); err != nil {
		t.Fatal(err)
	}
	if out.Len() > 65_536 || !strings.Contains(out.String(), "and 19900 more") {
		t.Errorf("%d bytes", out.Len())
	}
}

func TestRenderingsReportWriteErrors(t *testing.T) {
	p := busyDay().build(t)
	full := errors.New("disk full")
	for name, err := range map[string]error{
		"text": p.Text(brokenPipe{full}, Options{}), "json": p.JSON(brokenPipe{full}), "markdown": p.Markdown(brokenPipe{full}),
	} {
		if !errors.Is(err, full) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

type brokenPipe struct{ err error }

func (b brokenPipe) Write([]byte) (int, error) { return 0, b.err }
