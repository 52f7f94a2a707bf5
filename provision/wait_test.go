package provision_test

import (
	"encoding/json"
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

// Active alone is not ready: address and tags come later.
func TestWaitForAddressAndTags(t *testing.T) {
	for name, faults := range map[string]simulator.Faults{
		"address": {IPAfterActive: 3 * time.Minute},
		"tags":    {TagVisibleAfter: 3 * time.Minute},
		"itself":  {Get404For: 3 * time.Minute, ListVisibleAfter: 3 * time.Minute},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			y.sim.SetFaults(faults)
			began := time.Now()
			id := y.provision(spec("web"))
			y.until(id, saga.Completed)
			d := y.sim.Named("web")[0]
			r := y.row(d.ID)
			if took := time.Since(began); took < 3*time.Minute || took > 4*time.Minute || len(y.sent(routeCreate)) != 1 {
				t.Errorf("late %s: took %v, %d creates", name, took, len(y.sent(routeCreate)))
			}
			if r.PublicIP != d.PublicIPv4 || !slices.Contains(r.Tags, fleet.SagaTag(id)) || r.Status != fleet.StatusActive {
				t.Errorf("late %s: row %+v", name, r)
			}
		})
	}
}

// A tag that somebody takes off a new droplet is drift, and no reason to destroy it.
func TestWaitForATagThatSomebodyTookOff(t *testing.T) {
	inStage(t, simulator.Options{Activation: 10 * time.Second}, func(y *stage) {
		id := y.provision(spec("web"))
		time.Sleep(7 * time.Second)
		d := y.sim.Named("web")[0]
		y.sim.Untag(d.ID, "web")
		y.until(id, saga.Completed)
		if _, there := y.sim.Droplet(d.ID); !there || !y.row(d.ID).Recorded {
			t.Errorf("there %v, row %+v", there, y.row(d.ID))
		}
	})
}

// A droplet that DigitalOcean takes back fails the saga, with nothing left.
func TestWaitForADropletThatVanishes(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.sim.SetFaults(simulator.Faults{VanishAfter202: 4 * time.Second, NeverActive: true})
		s := y.until(y.provision(spec("web")), saga.Compensated)
		if !strings.Contains(s.Error, "vanished") || len(y.sent(routeCreate)) != 1 || len(y.sent(routeDelete)) != 0 {
			t.Errorf("%d creates, %d deletes: %s", len(y.sent(routeCreate)), len(y.sent(routeDelete)), s.Error)
		}
		y.none("web")
	})
}

// A droplet that was shown since its create was answered is not given up for a replica that shows nothing for some minutes: another would
// be made beside it.
func TestLaw06ANewDropletOutlastsABlankReplica(t *testing.T) {
	inStage(t, simulator.Options{Activation: 5 * time.Minute}, func(y *stage) {
		id := y.provision(spec("web"))
		time.Sleep(30 * time.Second)
		y.sim.SetFaults(simulator.Faults{BlankReads: true})
		time.Sleep(12 * time.Minute)
		y.sim.SetFaults(simulator.Faults{})
		y.until(id, saga.Completed)
		if len(y.sim.Ended()) != 0 || len(y.sent(routeCreate)) != 1 {
			t.Errorf("%d creates, ended %+v", len(y.sent(routeCreate)), y.sim.Ended())
		}
	})
}

// Looks under another team's token are no wait: the droplet's time stands still.
func TestLaw14AnotherAccountNeedsNoTime(t *testing.T) {
	inStage(t, simulator.Options{Activation: 5 * time.Minute}, func(y *stage) {
		id := y.provision(spec("web"))
		time.Sleep(10 * time.Second)
		y.token.Store(otherToken)
		time.Sleep(30 * time.Minute)
		y.token.Store(ourToken)
		y.observe()
		y.until(id, saga.Completed)
		if len(y.sim.Ended()) != 0 || len(y.sent(routeCreate)) != 1 {
			t.Errorf("%d creates, ended %+v", len(y.sent(routeCreate)), y.sim.Ended())
		}
	})
}

// When its time is over the create action decides, also when it cannot be asked at once.
func TestLaw14TheCreateActionDecides(t *testing.T) {
	const actions = "GET /v2/droplets/{id}/actions"
	for name, tt := range map[string]struct {
		faults      simulator.Faults
		unanswered  int
		least, most time.Duration
	}{
		"errored":                      {simulator.Faults{ActionErrored: true}, 0, 8 * time.Minute, 9 * time.Minute},
		"errored, not told at once":    {simulator.Faults{ActionErrored: true}, 2, 10 * time.Minute, 11 * time.Minute},
		"in progress for ever":         {simulator.Faults{NeverActive: true}, 0, time.Hour, 61 * time.Minute},
		"active, but never an address": {simulator.Faults{IPAfterActive: 24 * time.Hour}, 0, 8 * time.Minute, 9 * time.Minute},
		"nobody ever tells":            {simulator.Faults{NeverActive: true}, 1000, time.Hour, 61 * time.Minute},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			y.sim.SetFaults(tt.faults)
			if tt.unanswered > 0 {
				y.must(y.sim.Script(actions, tt.unanswered, simulator.Status(500)))
			}
			began := time.Now()
			s := y.until(y.provision(spec("web")), saga.Compensated)
			if took := time.Since(began); took < tt.least || took > tt.most {
				t.Errorf("%s: it took %v, want %v to %v: %s", name, took, tt.least, tt.most, s.Error)
			}
			if s.Labels[fleet.LabelUndone] != "true" {
				t.Errorf("%s: labels %v", name, s.Labels)
			}
			y.none("web")
		})
	}
}

// The rows of a droplet are there the moment its saga is done.
func TestRegisterWritesTheRows(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		s, yes := spec("Web"), true
		s.UserData, s.Protect, s.Monitoring, s.SSHKeys = "#cloud-config", &yes, true, nil
		id := y.provision(s)
		y.until(id, saga.Completed)
		d := y.sim.Named("web")[0]
		r := y.row(d.ID)
		r.FirstSeenAt, r.LastSeenAt = time.Time{}, time.Time{}
		slices.Sort(r.Tags)
		tags := slices.Clone(d.Tags)
		slices.Sort(tags)
		if r.Name != "Web" || r.Region != "syd1" || r.Status != fleet.StatusActive || r.PublicIP != d.PublicIPv4 || !slices.Equal(r.Tags, tags) ||
			!r.DeletedAt.IsZero() || !r.Recorded || r.RecordName != "Web" || r.Size != s.Size || r.Image != s.Image || !r.Protect || r.SagaID != id {
			t.Errorf("row %+v of %+v", r, d)
		}
		recorded, err := y.store.Load(y.t.Context())
		y.must(err)
		if len(recorded.Records) != 1 {
			t.Fatalf("records %+v", recorded.Records)
		}
		got := recorded.Records[0]
		want := fleet.ValuesOf(s)
		for field, value := range want {
			if got.Values[field] != value {
				t.Errorf("recorded %s is %q, want %q", field, got.Values[field], value)
			}
		}
		if got.DropletID != d.ID || got.ImageID != d.ImageID || len(got.Assumed) != 0 || len(got.Values) != len(want) {
			t.Errorf("record %+v", got)
		}
		spec, err := json.Marshal(got)
		y.must(err)
		if strings.Contains(string(spec), s.UserData) {
			t.Errorf("user_data is recorded: %s", spec)
		}
	})
}

// A droplet that is destroyed by somebody between its wait and its register does not keep the saga for ever.
func TestRegisterOfADropletThatIsGone(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.hook = func(e saga.Event) { // the process dies when the wait is done
			if e.What == saga.EventDone && e.Step == "WaitDropletActive" {
				y.kill()
			}
		}
		id := y.provision(spec("web"))
		time.Sleep(2 * time.Minute) // the wait's last look is too old by now
		synctest.Wait()
		if s := y.saga(id); s.Step != 2 {
			t.Fatalf("the saga is in step %d, %s", s.Step, s.Status)
		}
		y.hook = nil
		y.sim.Delete(y.sim.Named("web")[0].ID)
		y.restart()
		y.observe()
		if s := y.until(id, saga.Compensated); !strings.Contains(s.Error, "gone before it was registered") {
			t.Errorf("it ended with: %s", s.Error)
		}
		y.none("web")
	})
}

// An adoption records what can be read, and assumes the rest.
func TestAdoptRegistersWhatIsThere(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		d := y.sim.Add(simulator.Droplet{Name: "web", Region: "syd1", Size: "s-2vcpu-2gb", Tags: []string{fleet.ManagedTag, fleet.FleetTag(fleetName), fleet.ProtectTag}})
		s := spec("web")
		s.UserData = "#cloud-config"
		y.want(s)
		writes := y.sim.Writes()
		id := y.carry(plan.Adopt)[0]
		y.until(id, saga.Completed)
		recorded, err := y.store.Load(y.t.Context())
		y.must(err)
		got := recorded.Records[0]
		if got.DropletID != d.ID || got.Values["size"] != "s-2vcpu-2gb" || !got.Protect || got.SagaID != id || !slices.Contains(got.Assumed, "user_data") ||
			slices.Contains(got.Assumed, "size") || y.sim.Writes() != writes {
			t.Errorf("record %+v after %d writes", got, y.sim.Writes()-writes)
		}
	})
}

// An adoption looks again before it takes anything.
func TestLaw01AnAdoptionOfWhatIsNoLongerOurs(t *testing.T) {
	for name, change := range map[string]func(y *stage, id int64){
		"unmanaged":     func(y *stage, id int64) { y.sim.Untag(id, fleet.ManagedTag) },
		"of no fleet":   func(y *stage, id int64) { y.sim.Untag(id, fleet.FleetTag(fleetName)) },
		"of another":    func(y *stage, id int64) { y.sim.Tag(id, fleet.FleetTag("other")) },
		"gone":          func(y *stage, id int64) { y.sim.Delete(id) },
		"another spec":  func(y *stage, _ int64) { s := spec("web"); s.Size = "s-4vcpu-8gb"; y.want(s) },
		"not asked for": func(y *stage, _ int64) { y.want() },
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			d := y.sim.Add(simulator.Droplet{Name: "web", Region: "syd1", Tags: []string{fleet.ManagedTag, fleet.FleetTag(fleetName)}})
			y.want(spec("web"))
			begin := y.begin(y.observe())
			change(y, d.ID)
			y.until(begin(plan.Adopt)[0], saga.Superseded)
			if y.row(d.ID).Recorded || y.sim.Writes() != 0 {
				t.Errorf("%s: recorded %+v after %d writes", name, y.row(d.ID), y.sim.Writes())
			}
		})
	}
}

// The protection is a tag and a record, and follows the file.
func TestUpdateProtects(t *testing.T) {
	yes, no := true, false
	for name, between := range map[string]func(y *stage, id int64){
		"as planned":                    func(*stage, int64) {},
		"the tag is gone from there":    func(y *stage, id int64) { y.sim.Untag(id, fleet.ProtectTag) },
		"the tag is gone from anywhere": func(y *stage, _ int64) { y.sim.DeleteTag(fleet.ProtectTag) },
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			d := y.made(spec("web"))
			s := spec("web")
			for _, protect := range []*bool{&yes, &no} {
				s.Protect = protect
				y.want(s)
				begin := y.begin(y.observe())
				between(y, d.ID)
				y.until(begin(plan.Update)[0], saga.Completed)
				now, _ := y.sim.Droplet(d.ID)
				if y.row(d.ID).Protect != *protect || now.HasTag(fleet.ProtectTag) != *protect {
					t.Errorf("%s: protect %v: row %+v, tags %v", name, *protect, y.row(d.ID), now.Tags)
				}
			}
		})
	}
}

// A protection is not lifted once the file asks for it again, or no longer says.
func TestLaw09AProtectionIsLiftedOnlyByTheFileInForce(t *testing.T) {
	yes, no := true, false
	for name, says := range map[string]*bool{"asks for it": &yes, "does not say": nil} {
		inStage(t, simulator.Options{}, func(y *stage) {
			s := spec("web")
			s.Protect = &yes
			d := y.made(s)
			y.sim.Tag(d.ID, fleet.ProtectTag)
			s.Protect = &no
			y.want(s)
			begin := y.begin(y.observe())
			s.Protect = says
			y.want(s)
			y.until(begin(plan.Update)[0], saga.Superseded)
			if now, _ := y.sim.Droplet(d.ID); !now.HasTag(fleet.ProtectTag) || !y.row(d.ID).Protect {
				t.Errorf("the file %s: row %+v, tags %v", name, y.row(d.ID), now.Tags)
			}
		})
	}
}

// Between the plan and the update somebody took the droplet away from us: its tags are not touched.
func TestLaw01AnUpdateOfWhatIsNoLongerOurs(t *testing.T) {
	yes := true
	for name, between := range map[string]func(y *stage, id int64){
		"not managed":        func(y *stage, id int64) { y.sim.Untag(id, fleet.ManagedTag) },
		"nobody's":           func(y *stage, id int64) { y.disown(id) },
		"another fleet's":    func(y *stage, id int64) { y.sim.Tag(id, fleet.FleetTag("other")) },
		"not there any more": func(y *stage, id int64) { y.sim.Delete(id) },
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			d := y.made(spec("web"))
			s := spec("web")
			s.Protect = &yes
			y.want(s)
			begin := y.begin(y.observe())
			between(y, d.ID)
			writes := y.sim.Writes()
			y.until(begin(plan.Update)[0], saga.Superseded)
			if n := y.sim.Writes(); n != writes || y.row(d.ID).Protect {
				t.Errorf("%s: %d writes, row %+v", name, n-writes, y.row(d.ID))
			}
		})
	}
}

// disown takes off all tags that show whose the droplet is, but for the managed one.
func (y *stage) disown(id int64) {
	d, _ := y.sim.Droplet(id)
	for _, tag := range d.Tags {
		if tag != fleet.ManagedTag && fleet.OurTag(tag) {
			y.sim.Untag(id, tag)
		}
	}
}

// A new droplet of which the answers leave out whether it is ready is neither ready nor destroyed.
func TestLaw04ANewDropletThatIsNotToldOfIsNotDestroyed(t *testing.T) {
	for _, member := range []string{"status", "tags", "networks"} {
		inStage(t, simulator.Options{}, func(y *stage) {
			y.sim.SetFaults(simulator.Faults{Members: []simulator.Member{{Name: member, As: "null"}}})
			id := y.provision(spec("web"))
			time.Sleep(40 * time.Minute)
			if s := y.saga(id); !s.Status.Live() || len(y.sent(routeDelete)) != 0 {
				t.Errorf("%s is null: the saga is %s: %s; %d DELETEs", member, s.Status, s.Error, len(y.sent(routeDelete)))
			}
			y.sim.SetFaults(simulator.Faults{})
			y.until(id, saga.Completed)
			if n := len(y.sent(routeCreate)); n != 1 {
				t.Errorf("%s was null: %d creates", member, n)
			}
		})
	}
}

// A droplet of an answered create that works and shows no tags for an hour is ours all the same: a person is asked, and nothing is destroyed.
func TestLaw01AnAnsweredDropletWithoutTagsStays(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.sim.SetFaults(simulator.Faults{TagVisibleAfter: 90 * time.Minute})
		id := y.provision(spec("web"))
		time.Sleep(80 * time.Minute)
		if s := y.saga(id); s.Status != saga.Stuck || len(y.sent(routeDelete)) != 0 {
			t.Errorf("the saga is %s: %s; %d DELETEs", s.Status, s.Error, len(y.sent(routeDelete)))
		}
		y.until(id, saga.Completed)
		if n := len(y.sent(routeCreate)); n != 1 {
			t.Errorf("%d creates", n)
		}
	})
}

// A droplet whose tags cannot be read is destroyed when they can, and not before.
func TestLaw01ADestroyWaitsForTheTags(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.made(spec("web"))
		y.want()
		begin := y.begin(y.observe())
		y.sim.SetFaults(simulator.Faults{Members: []simulator.Member{{Name: "tags", As: "null"}}})
		id := begin(plan.Destroy)[0]
		time.Sleep(40 * time.Minute)
		if s := y.saga(id); !s.Status.Live() || len(y.sent(routeDelete)) != 0 {
			t.Errorf("the saga is %s: %s; %d DELETEs", s.Status, s.Error, len(y.sent(routeDelete)))
		}
		y.sim.SetFaults(simulator.Faults{})
		y.until(id, saga.Completed)
	})
}
