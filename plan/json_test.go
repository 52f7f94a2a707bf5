package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/scripts/goldentest"
)

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

func TestJSONGolden(t *testing.T) {
	goldentest.File(t, "testdata/busy.json", inJSON(t, busyDay().build(t)))
	goldentest.File(t, "testdata/takes.json", inJSON(t, attached().build(t)))
}

// inJSON is a plan as `arcadiad plan -o json` writes it.
func inJSON(t *testing.T, p Plan) []byte {
	t.Helper()
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(p); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// The contract names these keys; a program may rely on them.
func TestJSONKeepsTheContract(t *testing.T) {
	out := inJSON(t, busyDay().build(t))
	var doc struct {
		ID, Fleet *string
		Actions   []map[string]any
		Drift     []map[string]any
		Summary   map[string]any
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.ID == nil || doc.Fleet == nil || len(doc.Actions) == 0 || len(doc.Drift) == 0 {
		t.Fatalf("missing parts: %s", out)
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
		if bytes.Contains(out, []byte(secret)) {
			t.Errorf("the JSON shows %q", secret)
		}
	}
}

// A plan with nothing in it has lists all the same, so that programs need not ask.
func TestJSONListsAreNeverNull(t *testing.T) {
	if out := string(inJSON(t, Plan{})); strings.Contains(out, "null") {
		t.Errorf("null in %s", out)
	}
}
