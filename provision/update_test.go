package provision_test

import (
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/provision"
	"arcadiad/saga"
	"arcadiad/simulator"
)

const (
	routeAct    = "POST /v2/droplets/{id}/actions"
	routeTag    = "POST /v2/tags/{tag}/resources"
	routeUntag  = "DELETE /v2/tags/{tag}/resources"
	routeAction = "GET /v2/actions/{action}"
)

// update puts the spec in force and starts the saga that alters the droplet for it.
func (y *stage) update(id int64, s fleet.Spec, a fleet.Alteration) (sagaID string) {
	y.t.Helper()
	y.want(s)
	recorded, _ := y.observe()
	i := slices.IndexFunc(recorded.Records, func(r fleet.Record) bool { return r.DropletID == id })
	record := recorded.Records[i]
	record.Name, record.Values, record.Protect = s.Name, fleet.ValuesOf(s), s.Protected()
	drafted, err := provision.Draft(y.engine, fleetName, plan.Action{
		Kind: plan.Update, Name: s.Name, DropletID: id, Spec: s, Alter: a, Record: record,
	}, provision.Namesakes{})
	y.must(err)
	y.must(y.engine.Begin(y.t.Context(), drafted))
	return drafted.ID
}

// everything is a spec that differs from spec("web") in all that can be changed in place, and what that takes.
func everything() (fleet.Spec, fleet.Alteration) {
	s, yes := spec("shop"), true
	s.Tags, s.Backups, s.IPv6, s.Size, s.Protect = []string{"Shop", "front"}, true, true, "s-2vcpu-2gb", &yes
	s.Rules.Resize = fleet.ResizeInPlace
	return s, fleet.Alteration{
		Protection: true, Tag: []string{"front", "shop"}, Untag: []string{"web"}, Name: "shop", Backups: &yes, IPv6: true, Size: s.Size,
	}
}

// resized is spec("web") in another size, and what that takes.
func resized() (fleet.Spec, fleet.Alteration) {
	s := spec("web")
	s.Size, s.Rules.Resize = "s-2vcpu-2gb", fleet.ResizeInPlace
	return s, fleet.Alteration{Size: s.Size}
}

// truth reads a droplet as it is; it must be there.
func (y *stage) truth(id int64) simulator.Droplet {
	y.t.Helper()
	d, there := y.sim.Droplet(id)
	if !there {
		y.t.Fatalf("droplet %d is gone", id)
	}
	slices.Sort(d.Tags)
	return d
}

// recorded reads a droplet's record.
func (y *stage) recorded(id int64) fleet.Record {
	y.t.Helper()
	all, err := y.store.Load(y.t.Context())
	y.must(err)
	for _, r := range all.Records {
		if r.DropletID == id {
			return r
		}
	}
	y.t.Fatalf("droplet %d is not recorded", id)
	return fleet.Record{}
}

// Each change alone has only its own steps, and is there in truth and in the record, however late the API shows it.
func TestUpdateEachChange(t *testing.T) {
	yes, no := true, false
	for name, tt := range map[string]struct {
		spec  func(*fleet.Spec)
		alter fleet.Alteration
		steps string
		done  func(before, now simulator.Droplet) bool
	}{
		"tags": {func(s *fleet.Spec) { s.Tags = []string{"front"} }, fleet.Alteration{Tag: []string{"front"}, Untag: []string{"web"}}, "RetagDroplet",
			func(before, now simulator.Droplet) bool {
				return now.HasTag("front") && !now.HasTag("web") && len(now.Tags) == len(before.Tags)
			}},
		"name": {func(s *fleet.Spec) { s.Name = "shop" }, fleet.Alteration{Name: "shop"}, "RenameDroplet",
			func(_, now simulator.Droplet) bool { return now.Name == "shop" }},
		"backups on": {func(s *fleet.Spec) { s.Backups = true }, fleet.Alteration{Backups: &yes}, "SwitchBackups",
			func(_, now simulator.Droplet) bool { return now.Backups }},
		"backups off, as they are": {func(*fleet.Spec) {}, fleet.Alteration{Backups: &no}, "SwitchBackups",
			func(_, now simulator.Droplet) bool { return !now.Backups }},
		"ipv6": {func(s *fleet.Spec) { s.IPv6 = true }, fleet.Alteration{IPv6: true}, "EnableIPv6",
			func(_, now simulator.Droplet) bool { return now.IPv6 }},
		"protection": {func(s *fleet.Spec) { s.Protect = &yes }, fleet.Alteration{Protection: true}, "ProtectDroplet",
			func(_, now simulator.Droplet) bool { return now.HasTag(fleet.ProtectTag) }},
		"size": {func(s *fleet.Spec) { s.Size = "s-2vcpu-2gb" }, fleet.Alteration{Size: "s-2vcpu-2gb"}, "PowerOffDroplet ResizeDroplet PowerOnDroplet",
			func(before, now simulator.Droplet) bool {
				return now.Size == "s-2vcpu-2gb" && now.Disk == before.Disk && now.Status == "active"
			}},
		"size and disk": {func(s *fleet.Spec) { s.Size = "s-2vcpu-2gb" }, fleet.Alteration{Size: "s-2vcpu-2gb", GrowDisk: true},
			"PowerOffDroplet ResizeDroplet PowerOnDroplet",
			func(before, now simulator.Droplet) bool {
				return now.Size == "s-2vcpu-2gb" && now.Disk > before.Disk && now.Status == "active"
			}},
	} {
		for _, faults := range []simulator.Faults{{}, {ChangeVisibleAfter: 2 * time.Minute}} {
			inStage(t, simulator.Options{ActionTime: 20 * time.Second}, func(y *stage) {
				d := y.made(spec("web"))
				s := spec("web")
				tt.spec(&s)
				y.sim.SetFaults(faults)
				writes := y.sim.Writes()
				done := y.until(y.update(d.ID, s, tt.alter), saga.Completed)
				if steps := strings.Join(done.Steps, " "); steps != tt.steps+" RecordDroplet" {
					t.Errorf("%s: steps %s", name, steps)
				}
				time.Sleep(faults.ChangeVisibleAfter) // the protection tag is not waited for
				if now := y.truth(d.ID); !tt.done(d, now) {
					t.Errorf("%s: it is %+v", name, now)
				}
				r := y.recorded(d.ID)
				if r.Name != s.Name || !maps.Equal(r.Values, fleet.ValuesOf(s)) || r.Protect != s.Protected() || time.Since(r.RecordedAt) > 3*time.Minute {
					t.Errorf("%s: recorded %+v", name, r)
				}
				if n := y.sim.Writes() - writes; n > 4 {
					t.Errorf("%s: %d writes", name, n)
				}
				downtime := done.Labels[fleet.LabelDowntime] == "true"
				if downtime != tt.alter.Downtime() || done.Labels[fleet.LabelSpec] != s.Hash() || done.Labels[fleet.LabelDroplet] != itoa(d.ID) {
					t.Errorf("%s: labels %v", name, done.Labels)
				}
			})
		}
	}
}

// Whatever keeps a droplet from being resized leads back to the droplet of before, running; but for ipv6, which has no way back.
func TestUpdateGoesBack(t *testing.T) {
	for name, tt := range map[string]struct {
		faults simulator.Faults
		script func(y *stage)
		says   string
	}{
		"the resize ends errored":   {faults: simulator.Faults{ErroredActions: []string{"resize"}}, says: "errored"},
		"and all of it shows late":  {faults: simulator.Faults{ErroredActions: []string{"resize"}, ChangeVisibleAfter: 40 * time.Second}, says: "errored"},
		"neither off nor resized":   {faults: simulator.Faults{ErroredActions: []string{"shutdown", "power_off"}}, says: "errored"},
		"no room for the size":      {script: refuseAct(5, "Size is too large to fit on your droplet's server"), says: "too large to fit"},
		"size gone from the region": {script: refuseAct(5, "Size is not available in this region."), says: "not available"},
		"nor answered on the way": {faults: simulator.Faults{ErroredActions: []string{"resize"}}, script: func(y *stage) {
			y.must(y.sim.Script(routeAct, 5, simulator.Pass()))
			for range 3 {
				y.must(y.sim.Script(routeAct, 1, simulator.Status(500).After()))
				y.must(y.sim.Script(routeAct, 1, simulator.Pass()))
			}
		}, says: "errored"},
		"no scope for a resize": {faults: simulator.Faults{WithoutScopes: []string{"droplet:create"}}, says: "droplet:create"},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			d := y.made(spec("web"))
			d = y.truth(d.ID)
			before := y.recorded(d.ID)
			s, alter := everything()
			alter.Protection, s.Protect = false, nil
			y.sim.SetFaults(tt.faults)
			if tt.script != nil {
				tt.script(y)
			}
			ended := y.until(y.update(d.ID, s, alter), saga.Compensated)
			if !strings.Contains(ended.Error, tt.says) {
				t.Errorf("%s: it ended with: %s", name, ended.Error)
			}
			if shown := y.truth(d.ID); !slices.Equal(shown.Tags, d.Tags) { // the next plan would take them for drift
				t.Errorf("%s: when it ended the tags were %v, before %v", name, shown.Tags, d.Tags)
			}
			y.sim.SetFaults(simulator.Faults{})
			time.Sleep(time.Minute)
			now := y.truth(d.ID)
			if !now.IPv6 {
				t.Errorf("%s: ipv6 is off", name)
			}
			now.IPv6 = d.IPv6
			if now.Status != "active" || now.Name != d.Name || now.Size != d.Size || now.Backups || !slices.Equal(now.Tags, d.Tags) {
				t.Errorf("%s: it is %+v, was %+v", name, now, d)
			}
			if after := y.recorded(d.ID); after.Name != before.Name || !maps.Equal(after.Values, before.Values) {
				t.Errorf("%s: recorded %+v, before %+v", name, after, before)
			}
		})
	}
}

// refuseAct refuses the n-th action of a saga.
func refuseAct(n int, message string) func(y *stage) {
	return func(y *stage) {
		y.must(y.sim.Script(routeAct, n-1, simulator.Pass()))
		y.must(y.sim.Script(routeAct, 1, simulator.Status(422).Saying(message)))
	}
}

// A request that is not answered, or not taken, is no failure: what the droplet shows says what came of it.
func TestLaw04OutcomesOfAnAlteration(t *testing.T) {
	for name, effect := range map[string]simulator.Effect{
		"500 after the work":  simulator.Status(500).After(),
		"500":                 simulator.Status(500),
		"cut after the work":  simulator.Cut().After(),
		"cut":                 simulator.Cut(),
		"half an answer":      simulator.Truncate(),
		"hang":                simulator.Hang(),
		"429":                 simulator.TooMany(time.Minute),
		"refused connection":  simulator.Refuse(),
		"busy with an action": simulator.Status(422).Saying("Droplet already has a pending event."),
	} {
		for _, lag := range []time.Duration{0, 30 * time.Second} {
			inStage(t, simulator.Options{}, func(y *stage) {
				d := y.made(spec("web"))
				s, alter := everything()
				y.sim.SetFaults(simulator.Faults{ChangeVisibleAfter: lag})
				for range 6 { // every action meets it once
					y.must(y.sim.Script(routeAct, 1, effect))
					y.must(y.sim.Script(routeAct, 1, simulator.Pass()))
				}
				for _, route := range []string{routeTag, routeUntag} {
					y.must(y.sim.Script(route, 2, effect))
				}
				y.until(y.update(d.ID, s, alter), saga.Completed)
				now := y.truth(d.ID)
				if now.Name != "shop" || now.Size != s.Size || !now.Backups || !now.IPv6 || now.Status != "active" || now.HasTag("web") || !now.HasTag("front") || !now.HasTag("shop") {
					t.Errorf("%s: it is %+v", name, now)
				}
				if n := len(y.sent(routeAct)); n > 16 {
					t.Errorf("%s: %d actions were asked for", name, n)
				}
			})
		}
	}
}

// An update that dies at any of its transitions, or around any of its writes, carries on.
func TestLaw03AnUpdateDiesAnywhere(t *testing.T) {
	for name, tt := range map[string]struct {
		faults simulator.Faults
		ends   saga.Status
		size   string
	}{
		"all goes well": {simulator.Faults{}, saga.Completed, "s-2vcpu-2gb"},
		"it is undone":  {simulator.Faults{ErroredActions: []string{"resize"}}, saga.Compensated, "s-1vcpu-1gb"},
		"it shows late": {simulator.Faults{ChangeVisibleAfter: 12 * time.Second}, saga.Completed, "s-2vcpu-2gb"},
	} {
		for where, hear := range places() {
			t.Run(name+", "+where, func(t *testing.T) {
				t.Parallel()
				deaths := 0
				for alive := false; !alive; deaths += stride() {
					inStage(t, simulator.Options{}, func(y *stage) {
						d := y.made(spec("web"))
						s, alter := everything()
						alter.Tag, alter.Untag = []string{"front"}, []string{"web"}
						y.sim.SetFaults(tt.faults)
						left := y.dieAt(deaths, hear)
						id := y.update(d.ID, s, alter)
						for left.Load() > 0 && y.saga(id).Status.Live() {
							time.Sleep(5 * time.Second)
						}
						if alive = left.Load() > 0; !alive {
							y.restart()
							y.observe()
							y.until(id, tt.ends)
						}
						now := y.truth(d.ID)
						if now.Status != "active" || now.Size != tt.size || now.HasTag("web") == (tt.ends == saga.Completed) ||
							now.HasTag("front") != (tt.ends == saga.Completed) || len(y.sim.Droplets()) != 1 {
							t.Errorf("death %d: it is %+v", deaths, now)
						}
					})
				}
				if deaths < 9 {
					t.Errorf("only %d places to die in", deaths)
				}
			})
		}
	}
}

// Tags that are taken off in mid-saga end it: what is no longer ours is not written to, and a droplet that is off by then is a
// person's to switch on, or to give back.
func TestLaw01AnUpdateThatLosesItsDroplet(t *testing.T) {
	for _, step := range []string{"RetagDroplet", "RenameDroplet", "SwitchBackups", "EnableIPv6", "PowerOffDroplet", "ResizeDroplet"} {
		for name, lose := range map[string]func(y *stage, id int64){
			"the managed tag": func(y *stage, id int64) { y.sim.Untag(id, fleet.ManagedTag) },
			"all but that":    (*stage).disown,
			"another fleet's": func(y *stage, id int64) { y.sim.Tag(id, fleet.FleetTag("other")) },
		} {
			inStage(t, simulator.Options{}, func(y *stage) {
				d := y.made(spec("web"))
				s, alter := everything()
				writes := 0
				y.hook = func(e saga.Event) {
					if e.What == saga.EventDone && e.Step == step {
						lose(y, d.ID)
						writes = y.sim.Writes()
					}
				}
				id := y.update(d.ID, s, alter)
				if step != "PowerOffDroplet" && step != "ResizeDroplet" {
					y.until(id, saga.Superseded)
					if n := y.sim.Writes() - writes; n != 0 {
						t.Errorf("%s after %s: %d writes", name, step, n)
					}
					return
				}
				stuck := y.until(id, saga.Stuck)
				time.Sleep(time.Hour)
				if n := y.sim.Writes() - writes; n != 0 || !strings.Contains(stuck.Error, "put its tags back, or switch it on by hand") {
					t.Errorf("%s after %s: %d writes: %s", name, step, n, stuck.Error)
				}
				y.sim.PowerOn(d.ID) // as the error says, a person may
				ended := y.until(id, saga.Superseded, saga.Completed)
				if n := y.sim.Writes() - writes; n != 0 {
					t.Errorf("%s after %s, %s: %d writes", name, step, ended.Status, n)
				}
			})
		}
	}
}

// A resize that the file no longer asks for is not sent, and the droplet is left running.
func TestLaw17AResizeThatIsNotAskedForAnyMore(t *testing.T) {
	other := func(y *stage) { s, _ := resized(); s.Size = "s-4vcpu-8gb"; y.want(s) }
	for name, tt := range map[string]struct {
		after  string // the step after which the file changes
		change func(y *stage)
		size   string
	}{
		"before it is off":         {"RetagDroplet", other, "s-1vcpu-1gb"},
		"once it is off":           {"PowerOffDroplet", other, "s-1vcpu-1gb"},
		"not wanted any more":      {"PowerOffDroplet", func(y *stage) { y.want() }, "s-1vcpu-1gb"},
		"not in place any more":    {"RetagDroplet", func(y *stage) { s, _ := resized(); s.Rules.Resize = ""; y.want(s) }, "s-1vcpu-1gb"},
		"too late: it was resized": {"ResizeDroplet", other, "s-2vcpu-2gb"},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			d := y.made(spec("web"))
			y.hook = func(e saga.Event) {
				if e.What == saga.EventDone && e.Step == tt.after {
					tt.change(y)
				}
			}
			s, alter := resized()
			alter.Untag = []string{"none"}
			y.until(y.update(d.ID, s, alter), saga.Superseded, saga.Completed)
			if now := y.truth(d.ID); now.Status != "active" || now.Size != tt.size {
				t.Errorf("%s: it is %+v", name, now)
			}
			if off := len(y.sim.Ended()); off != 0 {
				t.Errorf("%s: %d destroyed", name, off)
			}
		})
	}
}

// The file is asked again when an action has its slot.
func TestLaw17AnActionAsksTheFileWithItsSlot(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		d := y.made(spec("web"))
		s, alter := resized()
		var calls atomic.Int64
		y.asks = func() (fleet.Fleet, bool) {
			f := *y.desired.Load()
			if calls.Add(1) > 3 { // the step has asked, and has looked at the group and at the droplet
				f.Specs = nil
			}
			return f, true
		}
		y.until(y.update(d.ID, s, alter), saga.Superseded)
		if n := len(y.sent(routeAct)); n != 0 {
			t.Errorf("%d actions were asked for", n)
		}
	})
}

// Journals out there hold updates of one step, with a record and nothing else.
func TestUpdateOfAnOlderVersion(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		d := y.made(spec("web"))
		s, yes := spec("web"), true
		s.Protect = &yes
		y.want(s)
		y.observe()
		record := y.recorded(d.ID)
		record.Protect = true
		old, err := y.engine.Draft(fleet.SagaUpdate, "web", map[string]any{"fleet": fleetName, "name": "web", "droplet_id": d.ID, "record": record}, nil,
			map[string]string{fleet.LabelDroplet: itoa(d.ID)}, "ProtectDroplet")
		y.must(err)
		y.must(y.engine.Begin(y.t.Context(), old))
		y.until(old.ID, saga.Completed)
		if now := y.truth(d.ID); !now.HasTag(fleet.ProtectTag) || !y.row(d.ID).Protect {
			t.Errorf("row %+v, tags %v", y.row(d.ID), now.Tags)
		}
	})
}

// A droplet that somebody destroys in mid-update ends the update, and is not recorded again.
func TestUpdateOfADropletThatIsDestroyed(t *testing.T) {
	for _, step := range []string{"RetagDroplet", "PowerOffDroplet", "ResizeDroplet", "PowerOnDroplet"} {
		inStage(t, simulator.Options{}, func(y *stage) {
			d := y.made(spec("web"))
			s, alter := everything()
			y.hook = func(e saga.Event) {
				if e.What == saga.EventDone && e.Step == step {
					y.sim.Delete(d.ID)
				}
			}
			y.until(y.update(d.ID, s, alter), saga.Superseded, saga.Completed)
			if r := y.recorded(d.ID); r.Name != "web" {
				t.Errorf("after %s: recorded %+v", step, r)
			}
		})
	}
}

// A lifted protection is put back when the update that lifted it comes to nothing; one that was set stays.
func TestLaw09AProtectionOutlivesAnUpdateThatIsUndone(t *testing.T) {
	yes, no := true, false
	for _, protect := range []*bool{&yes, &no} {
		inStage(t, simulator.Options{}, func(y *stage) {
			s := spec("web")
			if protect == &no {
				s.Protect = &yes
			}
			d := y.made(s)
			if protect == &no {
				y.sim.Tag(d.ID, fleet.ProtectTag)
			}
			y.sim.SetFaults(simulator.Faults{ErroredActions: []string{"rename"}})
			s = spec("shop")
			s.Protect = protect
			y.until(y.update(d.ID, s, fleet.Alteration{Protection: true, Name: "shop"}), saga.Compensated)
			if now := y.truth(d.ID); !now.HasTag(fleet.ProtectTag) || now.Name != "web" {
				t.Errorf("protect %v: it is %+v", *protect, now)
			}
		})
	}
}
