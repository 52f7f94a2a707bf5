package provision_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/simulator"
)

// kept is balanced(name), kept for a day before it is destroyed.
func kept(name string) fleet.Spec {
	s := balanced(name)
	s.Ending.Keep = 24 * time.Hour
	return s
}

// keeps are ends() of droplets that are kept.
func keeps() map[string]ending {
	all := ends()
	for _, end := range all {
		for i := range end.wants {
			end.wants[i].Ending.Keep = 24 * time.Hour
		}
	}
	return all
}

// held are the droplets in quarantine, by the database.
func (y *stage) held() []fleet.Quarantined {
	y.t.Helper()
	recorded, err := y.store.Load(y.t.Context())
	y.must(err)
	return recorded.Quarantine
}

// tagsBut are the tags of the droplet without that of a quarantine.
func tagsBut(d simulator.Droplet, also ...string) []string {
	return slices.DeleteFunc(slices.Clone(d.Tags), func(s string) bool {
		return strings.HasPrefix(s, "arcadia-until-") || slices.Contains(also, s)
	})
}

// What is kept is off before it loses a tag, shows the tag of the quarantine before it loses its own, and no DELETE is sent.
func TestQuarantine(t *testing.T) {
	for name, faults := range map[string]simulator.Faults{"": {}, "shown late": {ChangeVisibleAfter: 40 * time.Second}, "does not shut down": {ErroredActions: []string{"shutdown"}}} {
		for how, end := range keeps() {
			what := name + ", " + how
			inStage(t, simulator.Options{}, func(y *stage) {
				old := y.made(kept("web"))
				before := y.recorded(old.ID)
				y.want(end.wants...)
				y.drains(time.Second)
				y.sim.SetFaults(faults)
				began := time.Now()
				var undressed []string // what was done to its tags while it was on
				off := func() bool { d, _ := y.sim.Droplet(old.ID); return d.Status == "off" }
				y.sim.Before(func(r *http.Request) {
					if strings.HasPrefix(r.URL.Path, "/v2/tags/") && r.Method != http.MethodGet && !strings.Contains(r.URL.Path, "/lb/") && !off() {
						undressed = append(undressed, r.Method+" "+r.URL.Path)
					}
				})
				done := y.until(y.carry(end.kind)[0], saga.Completed)
				y.sim.Before(nil)
				now := y.truth(old.ID)
				d := fleet.Droplet{Tags: now.Tags}
				until, shows := d.Until()
				if now.Status != "off" || len(d.UserTags()) != 0 || !shows || !now.HasTag(fleet.FleetTag(fleetName)) || len(y.sent(routeDelete)) != 0 {
					t.Errorf("%s: it is %s with the tags %v, %d DELETEs", what, now.Status, now.Tags, len(y.sent(routeDelete)))
				}
				rows := y.held()
				if len(rows) != 1 || rows[0].DropletID != old.ID || rows[0].Name != "web" || rows[0].SagaID != done.ID || rows[0].Record.SagaID != before.SagaID ||
					!slices.Equal(rows[0].Tags, []string{"lb", "web"}) || rows[0].Until.Before(until) || rows[0].Until.Sub(began) < 24*time.Hour {
					t.Errorf("%s: rows %+v, shown until %v", what, rows, until)
				}
				if r, err := y.store.RecordOf(y.t.Context(), old.ID); r != nil || err != nil {
					t.Errorf("%s: recorded: %+v, %v", what, r, err)
				}
				if len(undressed) != 0 {
					t.Errorf("%s: while it was on: %v", what, undressed)
				}
				if writes := y.writes(began); len(tagWrites(writes)) < 3 || !strings.Contains(tagWrites(writes)[1], "arcadia-until-") {
					t.Errorf("%s: tags %v", what, tagWrites(writes))
				}
			})
		}
	}
}

// tagWrites are those that put tags on and take them off.
func tagWrites(all []simulator.Request) (list []string) {
	for _, r := range all {
		if r.Route == routeTag || r.Route == routeUntag {
			list = append(list, r.Method+" "+r.Path)
		}
	}
	return list
}

// Whatever turns a saga back before the droplet is out of its name, it is on again when the saga ends, with its tags.
func TestLaw13WhatWasTakenOutComesBack(t *testing.T) {
	protected := kept("web")
	yes := true
	protected.Protect = &yes
	abort := func(y *stage, _ int64, id string) { y.must(y.engine.Abort(y.t.Context(), id)) }
	for name, tt := range map[string]struct {
		turn func(y *stage, old int64, id string)
		ends []saga.Status
	}{
		"protected by the file":   {func(y *stage, _ int64, _ string) { y.want(protected) }, []saga.Status{saga.Superseded}},
		"protected by its tag":    {func(y *stage, old int64, _ string) { y.sim.Tag(old, fleet.ProtectTag) }, []saga.Status{saga.Superseded}},
		"aborted":                 {abort, []saga.Status{saga.Compensated}},
		"aborted after a restart": {func(y *stage, old int64, id string) { y.restart(); y.observe(); abort(y, old, id) }, []saga.Status{saga.Compensated}},
	} {
		for how, end := range keeps() {
			for n := range 3 { // of the writes to its tags
				what := fmt.Sprintf("%s, %s, after %d", name, how, n)
				inStage(t, simulator.Options{}, func(y *stage) {
					old := y.made(kept("web"))
					before := y.truth(old.ID).Tags
					y.want(end.wants...)
					y.sim.SetFaults(simulator.Faults{ChangeVisibleAfter: 20 * time.Second})
					id := y.carry(end.kind)[0]
					for len(y.sent(routeTag))+len(y.sent(routeUntag)) <= n {
						time.Sleep(time.Second)
					}
					tt.turn(y, old.ID, id)
					y.until(id, tt.ends...)
					if now := y.truth(old.ID); now.Status != "active" || !slices.Equal(tagsBut(now, fleet.ProtectTag), before) || len(tagsBut(now)) != len(now.Tags) {
						t.Errorf("%s: it is %s with the tags %v, and had %v", what, now.Status, now.Tags, before)
					}
					if rows := y.held(); len(rows) != 0 || len(y.sent(routeDelete)) != 0 && end.kind == plan.Destroy {
						t.Errorf("%s: rows %+v, %d DELETEs", what, rows, len(y.sent(routeDelete)))
					}
					y.recorded(old.ID)
				})
			}
		}
	}
}

// What people do to the droplet meanwhile: it is off and out of its tags in the end, or as it was.
func TestQuarantineAndPeople(t *testing.T) {
	for name, tt := range map[string]struct {
		does func(y *stage, id int64)
		ends saga.Status
	}{
		"switch it on":            {func(y *stage, id int64) { y.sim.PowerOn(id) }, saga.Completed},
		"give it another tag":     {func(y *stage, id int64) { y.sim.Tag(id, "more") }, saga.Completed},
		"put its tag back":        {func(y *stage, id int64) { y.sim.Tag(id, "web") }, saga.Completed},
		"take off the until tag":  {func(y *stage, id int64) { y.untag(id, "arcadia-until-") }, saga.Completed},
		"take off arcadiad's tag": {func(y *stage, id int64) { y.untag(id, fleet.ManagedTag) }, saga.Superseded},
		"destroy it":              {func(y *stage, id int64) { y.sim.Delete(id) }, saga.Completed},
	} {
		for n := range 3 {
			inStage(t, simulator.Options{}, func(y *stage) {
				old := y.made(kept("web"))
				y.want()
				id := y.carry(plan.Destroy)[0]
				for len(y.sent(routeTag))+len(y.sent(routeUntag)) <= n {
					time.Sleep(time.Second)
				}
				tt.does(y, old.ID)
				y.until(id, tt.ends, saga.Stuck)
				if got := y.saga(id); got.Status != tt.ends {
					t.Logf("%s, after %d: stuck: %s", name, n, got.Error)
					if !strings.Contains(got.Error, "put") {
						y.until(id, tt.ends)
					}
				}
				d, there := y.sim.Droplet(old.ID)
				_, quarantined := (&fleet.Droplet{Tags: d.Tags}).Until()
				switch rows := y.held(); {
				case !there && len(rows) == 0:
				case len(rows) == 1 && tt.ends == saga.Completed && d.Status == "off" && quarantined && !d.HasTag("lb"):
				case len(rows) == 0 && tt.ends == saga.Superseded:
				default:
					t.Errorf("%s, after %d: it is %s with the tags %v; rows %+v", name, n, d.Status, d.Tags, rows)
				}
			})
		}
	}
}

// untag takes the tags off the droplet that begin so.
func (y *stage) untag(id int64, prefix string) {
	for _, tag := range y.truth(id).Tags {
		if strings.HasPrefix(tag, prefix) {
			y.sim.Untag(id, tag)
		}
	}
}

// A host whose clock is hours ahead purges nothing before its time is over by DigitalOcean's clock.
func TestPurgeByTheAccountsClock(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		old := y.made(kept("web"))
		y.want()
		y.until(y.carry(plan.Destroy)[0], saga.Completed)
		const ahead = 5 * time.Hour
		y.sim.SetFaults(simulator.Faults{ClockBehind: ahead})
		time.Sleep(24 * time.Hour)
		id, began := y.carry(plan.Purge)[0], time.Now()
		time.Sleep(ahead - time.Minute)
		synctest.Wait()
		if s := y.saga(id); len(y.sent(routeDelete)) != 0 || !strings.Contains(s.Error, "this host's clock is 5h0m0s ahead") {
			t.Fatalf("%d DELETEs were sent; the saga says %q", len(y.sent(routeDelete)), s.Error)
		}
		y.until(id, saga.Completed)
		if _, there := y.sim.Droplet(old.ID); there || time.Since(began) > ahead+2*time.Hour {
			t.Errorf("there %v, after %v", there, time.Since(began))
		}
	})
}

// What was kept is destroyed by its own saga when its time is over, and stays where somebody has changed his mind since the plan.
func TestPurge(t *testing.T) {
	for name, tt := range map[string]struct {
		does func(y *stage, id int64)
		ends saga.Status
	}{
		"nobody":         {func(*stage, int64) {}, saga.Completed},
		"switched on":    {func(y *stage, id int64) { y.sim.PowerOn(id) }, saga.Superseded},
		"kept longer":    {func(y *stage, id int64) { y.sim.Tag(id, fleet.UntilTag(time.Now().Add(time.Hour))) }, saga.Superseded},
		"protected":      {func(y *stage, id int64) { y.sim.Tag(id, fleet.ProtectTag) }, saga.Superseded},
		"let go":         {func(y *stage, id int64) { y.untag(id, fleet.ManagedTag) }, saga.Superseded},
		"gone":           {func(y *stage, id int64) { y.sim.Delete(id) }, saga.Completed},
		"volume":         {func(y *stage, id int64) { y.sim.AttachVolume(id) }, saga.Superseded},
		"restarted":      {func(y *stage, _ int64) { y.restart(); y.observe() }, saga.Completed},
		"another's file": {func(y *stage, _ int64) { f := *y.desired.Load(); f.Name = "other"; y.desired.Store(&f) }, saga.Superseded},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			old := y.made(kept("web"))
			y.want()
			y.until(y.carry(plan.Destroy)[0], saga.Completed)
			y.want(kept("web")) // its name is wanted again, and made anew
			y.until(y.carry(plan.Provision)[0], saga.Completed)
			time.Sleep(24 * time.Hour)
			if len(y.sent(routeDelete)) != 0 {
				t.Fatalf("%s: a DELETE was sent", name)
			}
			id := y.carry(plan.Purge)[0]
			tt.does(y, old.ID)
			y.until(id, tt.ends)
			_, there := y.sim.Droplet(old.ID)
			if want := tt.ends != saga.Completed; there != want || len(y.held()) != 0 != want {
				t.Errorf("%s: there %v, rows %+v", name, there, y.held())
			}
			if n := len(y.sim.Named("web")); n != 1 && tt.ends == saga.Completed {
				t.Errorf("%s: %d droplets have the name", name, n)
			}
		})
	}
}
