package inventory_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/simulator"
)

// act has another tool begin an action on a droplet.
func (w *watch) act(id int64, body string) {
	w.t.Helper()
	url := fmt.Sprintf("http://127.0.0.1/v2/droplets/%d/actions", id)
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+ourToken)
	r.Header.Set("Content-Type", "application/json")
	resp, err := w.sim.Transport().RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		w.t.Fatalf("%s: %s", body, resp.Status)
	}
}

func TestExplain(t *testing.T) {
	const wait = time.Minute // how long an action takes
	for name, tt := range map[string]struct {
		field, seen string
		meddle      func(w *watch, id int64)
		saga        bool // one of ours was at work on the droplet meanwhile
		by          string
		later       bool // there is more to learn another time
	}{
		"renamed":                    {"name", "mine", func(w *watch, id int64) { w.sim.Rename(id, "mine") }, false, "rename", false},
		"renamed twice":              {"name", "mine", func(w *watch, id int64) { w.sim.Rename(id, "theirs"); w.sim.Rename(id, "mine") }, false, "rename", false},
		"renamed by a saga":          {"name", "mine", func(w *watch, id int64) { w.sim.Rename(id, "mine") }, true, "", false},
		"resized, not renamed":       {"name", "mine", func(w *watch, id int64) { w.sim.Resize(id, "s-2vcpu-2gb") }, false, "", false},
		"switched off":               {"status", "off", func(w *watch, id int64) { w.sim.PowerOff(id) }, false, "power_off", false},
		"shut down after a power-on": {"status", "off", func(w *watch, id int64) { w.sim.PowerOff(id); w.sim.PowerOn(id); w.sim.ShutDown(id) }, false, "", false},
		"backups on":                 {"backups", "true", func(w *watch, id int64) { w.act(id, `{"type":"enable_backups"}`); time.Sleep(wait) }, false, "enable_backups", false},
		"backups on, seen off":       {"backups", "false", func(w *watch, id int64) { w.act(id, `{"type":"enable_backups"}`); time.Sleep(wait) }, false, "", false},
		"under way":                  {"ipv6", "true", func(w *watch, id int64) { w.act(id, `{"type":"enable_ipv6"}`) }, false, "", true},
		"failed": {"name", "mine", func(w *watch, id int64) {
			w.sim.SetFaults(simulator.Faults{ActionErrored: true})
			w.act(id, `{"type":"rename","name":"mine"}`)
			time.Sleep(wait)
		}, false, "", false},
		"gone": {"name", "mine", func(w *watch, id int64) { w.sim.Delete(id) }, false, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			so := simulator.Options{ActionTime: wait / 2}
			inWatch(t, so, inventory.Options{Idle: func() bool { return true }}, func(w *watch) {
				id := w.add(1, "web")[0]
				began := time.Now().Add(time.Hour)
				time.Sleep(time.Hour)
				tt.meddle(w, id)
				facts := fleet.Facts{DropletID: id}
				sagas := []fleet.Saga{{Facts: facts, CreatedAt: began.Add(-30 * time.Minute), EndedAt: began.Add(-time.Minute)}, {Facts: fleet.Facts{DropletID: id + 1}, CreatedAt: began, Live: true}}
				if tt.saga {
					sagas = append(sagas, fleet.Saga{Facts: facts, CreatedAt: began.Add(-time.Second), EndedAt: time.Now()})
				}
				list, asked, err := w.inv.Explain(w.t.Context(), []fleet.Deviation{{DropletID: id, Field: tt.field, Seen: tt.seen}}, sagas)
				if err != nil || asked != 1 {
					t.Fatalf("asked for %d droplets: %v", asked, err)
				}
				d := list[0]
				if d.Asked == tt.later || !strings.HasPrefix(d.By, tt.by) || (d.By == "") != (tt.by == "") {
					t.Errorf("by %q (all there is: %v), want %q", d.By, d.Asked, tt.by)
				}
			})
		})
	}
}

// What no action leads to is not asked about, nor what was asked about before, nor anything while others wait for the budget.
func TestExplainAsksLittle(t *testing.T) {
	idle := true
	inWatch(t, simulator.Options{}, inventory.Options{Idle: func() bool { return idle }}, func(w *watch) {
		ids := w.add(2, "web")
		for _, tt := range []struct {
			idle bool
			list []fleet.Deviation
			want int
		}{
			{true, []fleet.Deviation{{DropletID: ids[0], Field: "tags"}, {DropletID: ids[0], Field: "protect"}}, 0},
			{true, []fleet.Deviation{{DropletID: ids[0], Field: "name", Asked: true}}, 0},
			{false, []fleet.Deviation{{DropletID: ids[0], Field: "name"}}, 0},
			{true, []fleet.Deviation{{DropletID: ids[0], Field: "name"}, {DropletID: ids[0], Field: "size"}, {DropletID: ids[1], Field: "size"}}, 2},
		} {
			idle = tt.idle
			if _, asked, err := w.inv.Explain(w.t.Context(), tt.list, nil); asked != tt.want || err != nil {
				t.Errorf("%+v: asked for %d droplets, want %d: %v", tt.list, asked, tt.want, err)
			}
		}
	})
}
