package daemon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"
)

// retold has answers tell of droplets what change makes of them.
func (w *world) retold(change func(d map[string]any)) {
	w.meddle(func(r *http.Request, on http.RoundTripper) (*http.Response, error) {
		resp, err := on.RoundTrip(r)
		if err != nil || r.Method != http.MethodGet || !strings.HasPrefix(r.URL.Path, "/v2/droplets") || resp.StatusCode != http.StatusOK {
			return resp, err
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		w.must(err)
		from := json.NewDecoder(bytes.NewReader(body))
		from.UseNumber()
		var v map[string]any
		w.must(from.Decode(&v))
		list, _ := v["droplets"].([]any)
		if one, ok := v["droplet"]; ok {
			list = append(list, one)
		}
		for _, d := range list {
			change(d.(map[string]any))
		}
		body, err = json.Marshal(v)
		w.must(err)
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		resp.Header.Del("Content-Length")
		return resp, nil
	})
}

// misreading is one way in which answers do not tell the truth of droplets for a while.
type misreading struct {
	what   string
	change func(d map[string]any)
	silent bool // something is left out, or null: then nothing at all is written
}

// misreadings are those of each member of a droplet that arcadiad reads.
func misreadings() (list []misreading) {
	set := func(field string, v any) func(map[string]any) { return func(d map[string]any) { d[field] = v } }
	for _, field := range []string{"name", "status", "region", "size_slug", "size", "image", "tags", "features", "volume_ids", "backup_ids", "networks", "vpc_uuid",
		"created_at", "disk", "locked", "next_backup_window"} {
		null := misreading{field + " null", set(field, nil), field != "next_backup_window"} // there, null means that there is none
		missing := misreading{field + " missing", func(d map[string]any) { delete(d, field) }, true}
		list = append(list, null, missing)
	}
	list = append(list, misreading{"size and size_slug missing", func(d map[string]any) { delete(d, "size"); delete(d, "size_slug") }, true},
		misreading{"all missing", func(d map[string]any) {
			for field := range d {
				if field != "id" {
					delete(d, field)
				}
			}
		}, true})
	for field, values := range map[string][]any{
		"name": {""}, "status": {"", "rebooting", "ACTIVE", "archive", "off", "new"}, "size_slug": {""}, "vpc_uuid": {""}, "tags": {[]any{}}, "features": {[]any{}},
		"networks": {map[string]any{}, map[string]any{"v4": []any{}, "v6": []any{}}}, "image": {map[string]any{}, map[string]any{"id": 0, "slug": nil}},
		"region": {map[string]any{}}, "created_at": {"", "not a time"}, "volume_ids": {[]any{}}, "disk": {0}, "next_backup_window": {map[string]any{}},
	} {
		for _, v := range values {
			list = append(list, misreading{fmt.Sprintf("%s %q", field, v), set(field, v), false})
		}
	}
	return list
}

// What an answer leaves out, or gives as null, is unknown: it is never a reason to write anything. What it gets wrong takes nothing away
// from a droplet, whatever the policy says of drift: nothing is destroyed, replaced, switched off or put under another name.
func TestNothingIsTakenAwayForWhatIsMisread(t *testing.T) {
	t.Parallel()
	drifts := []string{"replace", "correct", "report"}
	for i, m := range misreadings() {
		if !visits(i) {
			continue
		}
		for _, all := range []bool{true, false} {
			drift := drifts[0] // the harshest, and the others in turn
			if !all {
				drift = drifts[1+i%2]
			}
			t.Run(fmt.Sprintf("%s/all=%v/%s", m.what, all, drift), func(t *testing.T) {
				inWorld(t, simulator.Options{Limits: simulator.Unlimited()}, func(w *world) {
					stanzas := []string{"name: db, protect: true, tags: [x]", "name: web, count: 2, backups: true, monitoring: true, ipv6: true, tags: [y], resize: in_place"}
					w.edit(strings.Replace(fleetOf(stanzas...), "max_destroy: 100%", "max_destroy: 100%, drift: "+drift, 1))
					w.start()
					w.rest()
					time.Sleep(20 * time.Minute)
					before, writes := w.sim.Droplets(), w.sim.Writes()
					one := fmt.Sprint(w.sim.Named("web-2")[0].ID)
					w.retold(func(d map[string]any) {
						if n, ok := d["id"].(json.Number); all || ok && n.String() == one {
							m.change(d)
						}
					})
					time.Sleep(50 * time.Minute)
					synctest.Wait()
					if last := w.life.h.loop.Last(); last.Err != nil {
						t.Errorf("the last pass: %v", last.Err)
					}
					if during := w.sim.Writes() - writes; during > 6*len(before) { // two corrections of each, in three tries
						t.Errorf("%d writes in 50 minutes of it: that does not come to rest", during)
					}
					w.leave()
					time.Sleep(50 * time.Minute)
					synctest.Wait()
					if m.silent && w.sim.Writes() != writes {
						t.Errorf("%d writes, for what was not said", w.sim.Writes()-writes)
					}
					for _, d := range before {
						now, there := w.sim.Droplet(d.ID)
						if !there || now.Name != d.Name || now.Size != d.Size || now.Status != d.Status || now.Backups != d.Backups || !slices.Equal(now.Tags, d.Tags) {
							t.Errorf("it was  %+v\nand now %+v (there: %v)", d, now, there)
						}
					}
					if n := len(w.sim.Droplets()); n != len(before) || w.deletes() != 0 {
						t.Errorf("%d droplets, were %d; %d destroys", n, len(before), w.deletes())
					}
					if t.Failed() {
						t.Log(w.describe())
						for _, s := range w.updates() {
							t.Logf("%s %s %s: %s", s.Subject, s.Status, s.Labels["reason"], s.Error)
						}
					}
				})
			})
		}
	}
}

// A droplet that is falsely shown as off is switched on again ever more rarely: that it is on already counts as done, and does not last.
func TestLaw14WhatIsFalselyShownAsOffIsSwitchedOnEverMoreRarely(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(correcting("name: db", "name: web, count: 2"))
		w.start()
		w.rest()
		writes := w.sim.Writes()
		w.sim.SetFaults(simulator.Faults{ShownOff: []string{"db"}})
		time.Sleep(day)
		synctest.Wait()
		if n := len(w.updates()); n < 4 || n > 9 {
			t.Errorf("%d updates in a day, want 7: after 15 min, 30 min, 1 h, …", n)
		}
		if n := w.sim.Writes() - writes; n > 30 {
			t.Errorf("%d writes in a day, for a droplet that was on all the time", n)
		}
		w.sim.SetFaults(simulator.Faults{})
		w.rest()
		w.check()
	})
}

// Backups are on where the next one has its window, also under a policy for which the features lack the word.
func TestBackupsThatTheFeaturesLackAreOn(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(correcting("name: db, backups: true"))
		w.start()
		w.rest()
		time.Sleep(time.Hour)
		writes := w.sim.Writes()
		w.sim.SetFaults(simulator.Faults{FeaturesLackBackups: true})
		time.Sleep(day)
		synctest.Wait()
		if n := w.sim.Writes() - writes; n != 0 || len(w.deviations()) != 0 || !w.sim.Named("db")[0].Backups {
			t.Errorf("%d writes, noticed %+v", n, w.deviations())
		}
		w.edit(correcting("name: db, backups: false")) // a person's word is carried out
		w.rest()
		if w.sim.Named("db")[0].Backups {
			t.Errorf("backups are still made: %s", w.describe())
		}
	})
}
