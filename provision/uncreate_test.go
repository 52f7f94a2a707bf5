package provision_test

import (
	"strconv"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/simulator"
)

// A compensation destroys what its saga is proved to have made, and what nobody has put to use; all else stays for a plan to decide.
func TestLaw05ACompensationDestroysOnlyLeftovers(t *testing.T) {
	copied := func(y *stage, d simulator.Droplet) {
		y.sim.Add(simulator.Droplet{Name: d.Name, Region: d.Region, Size: d.Size, Tags: d.Tags})
	}
	for what, tc := range map[string]struct {
		answer  simulator.Effect
		between func(y *stage, d simulator.Droplet)
		left    int
	}{
		"answered":                     {simulator.Pass(), func(*stage, simulator.Droplet) {}, 0},
		"answered, and protected":      {simulator.Pass(), func(y *stage, d simulator.Droplet) { y.sim.Tag(d.ID, fleet.ProtectTag) }, 1},
		"answered, with a volume":      {simulator.Pass(), func(y *stage, d simulator.Droplet) { y.sim.AttachVolume(d.ID) }, 1},
		"answered, with a reserved IP": {simulator.Pass(), func(y *stage, d simulator.Droplet) { y.sim.ReserveIP(d.ID) }, 1},
		"answered, and copied":         {simulator.Pass(), copied, 1},
		"answer lost":                  {simulator.Cut().After(), func(*stage, simulator.Droplet) {}, 0},
		"answer lost, then copied":     {simulator.Cut().After(), copied, 2},
		"answer lost and protected":    {simulator.Cut().After(), func(y *stage, d simulator.Droplet) { y.sim.Tag(d.ID, fleet.ProtectTag) }, 1},
	} {
		inStage(t, simulator.Options{Activation: 10 * time.Minute}, func(y *stage) {
			y.must(y.sim.Script(routeCreate, 1, tc.answer))
			id := y.provision(spec("web"))
			time.Sleep(30 * time.Second)
			tc.between(y, y.sim.Named("web")[0])
			y.want()
			if s := y.until(id, saga.Superseded); (s.Labels[fleet.LabelUndone] == "true") != (tc.left == 0 || what == "answered, and copied") {
				t.Errorf("%s: labels %v", what, s.Labels)
			}
			if left := y.sim.Named("web"); len(left) != tc.left {
				t.Errorf("%s: left are %+v, want %d", what, left, tc.left)
			}
		})
	}
}

// What keeps a droplet may come after the saga turned back: a DELETE that came to nothing is not sent again then, and a person is told.
func TestLaw05ALeftoverIsKeptAlsoInMidCompensation(t *testing.T) {
	for what, keep := range map[string]func(*simulator.Simulator, int64){
		"a protection tag": func(sim *simulator.Simulator, id int64) { sim.Tag(id, fleet.ProtectTag) },
		"a volume":         func(sim *simulator.Simulator, id int64) { sim.AttachVolume(id) },
	} {
		inStage(t, simulator.Options{Activation: 10 * time.Minute}, func(y *stage) {
			y.sim.SetFaults(simulator.Faults{DeleteIgnored: true})
			id := y.provision(spec("web"))
			time.Sleep(30 * time.Second)
			d := y.sim.Named("web")[0]
			y.want()
			for len(y.sent(routeDelete)) == 0 {
				time.Sleep(time.Second)
			}
			keep(y.sim, d.ID)
			sent := len(y.sent(routeDelete))
			y.sim.SetFaults(simulator.Faults{})
			y.until(id, saga.Stuck)
			time.Sleep(time.Hour)
			if _, there := y.sim.Droplet(d.ID); !there || len(y.sent(routeDelete)) != sent {
				t.Errorf("%s: there %v, %d DELETEs, %d before it came", what, there, len(y.sent(routeDelete)), sent)
			}
		})
	}
}

// What bore the name before the create is not the saga's, whatever tags it shows by now: somebody copied them onto it.
func TestLaw05ANamesakeIsNeverMine(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		before := y.sim.Add(simulator.Droplet{Name: "web", Region: "syd1"})
		y.must(y.sim.Script(routeCreate, 1, simulator.Cut()))
		id := y.provision(spec("web"))
		time.Sleep(10 * time.Second)
		for _, tag := range []string{fleet.ManagedTag, fleet.FleetTag(fleetName), fleet.SagaTag(id)} {
			y.sim.Tag(before.ID, tag)
		}
		y.until(id, saga.Completed)
		if made := y.sim.Named("web"); len(made) != 2 || y.row(before.ID).Recorded {
			t.Errorf("droplets %+v; that of before is registered: %v", made, y.row(before.ID).Recorded)
		}
	})
}

// A create is counted with its intent, and a refused one is not: what a saga may have made is known from that.
func TestLaw05CreatesAreCounted(t *testing.T) {
	for what, tc := range map[string]struct {
		answer simulator.Effect
		sent   string
	}{
		"answered":    {simulator.Pass(), "1"},
		"answer lost": {simulator.Cut().After(), "1"},
		"unknown":     {simulator.Status(500), "2"},
		"not now":     {simulator.TooMany(10 * time.Second), "1"},
		"not sent":    {simulator.Refuse(), "1"},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			y.must(y.sim.Script(routeCreate, 1, tc.answer))
			s := y.until(y.provision(spec("web")), saga.Completed)
			if got := s.Labels[fleet.LabelSent]; got != tc.sent {
				t.Errorf("%s: %q creates were counted, want %q", what, got, tc.sent)
			}
		})
	}
	inStage(t, simulator.Options{}, func(y *stage) {
		y.must(y.sim.Script(routeCreate, 1, simulator.Status(422)))
		if s := y.until(y.provision(spec("web")), saga.Compensated); s.Labels[fleet.LabelSent] != "0" {
			t.Errorf("refused: %v", s.Labels)
		}
	})
}

// A saga that comes from the journal destroys nothing that is in service: the journal may be a copy, and the droplet the one that serves.
// Only where the droplet that it was to replace serves too does it go.
func TestLaw13NothingInServiceIsDestroyedAfterARestart(t *testing.T) {
	for what, active := range map[string]bool{"in service": true, "still new": false} {
		inStage(t, simulator.Options{Activation: time.Minute}, func(y *stage) {
			id := y.provision(spec("web"))
			time.Sleep(10 * time.Second)
			y.end()
			if active {
				time.Sleep(2 * time.Minute)
			}
			d := y.sim.Named("web")[0]
			y.want()
			y.start()
			y.observe()
			y.until(id, saga.Superseded)
			if _, there := y.sim.Droplet(d.ID); there != active || active && !y.row(d.ID).Recorded {
				t.Errorf("%s: there: %v, row %+v", what, there, y.row(d.ID))
			}
		})
	}
	for what, serves := range map[string]bool{"the old one serves": true, "the old one is off": false} {
		inStage(t, simulator.Options{Activation: time.Minute}, func(y *stage) {
			old := y.made(spec("web"))
			changed := spec("web")
			changed.Size = "s-2vcpu-2gb"
			y.want(changed)
			id := y.carry(plan.Replace)[0]
			time.Sleep(10 * time.Second)
			y.end()
			time.Sleep(2 * time.Minute)
			if !serves {
				y.sim.PowerOff(old.ID)
			}
			y.want(spec("web"))
			y.start()
			y.observe()
			y.until(id, saga.Superseded)
			if n := len(y.sim.Named("web")); (n == 1) != serves {
				t.Errorf("%s: %d droplets", what, n)
			}
			if _, there := y.sim.Droplet(old.ID); !there {
				t.Errorf("%s: it is gone", what)
			}
		})
	}
}

// What is in service is not destroyed for having been out of sight, or without its tags, when the saga looked whether it is in use: whenever it
// shows again, that is looked at.
func TestLaw13NothingInServiceIsDestroyedUnjudged(t *testing.T) {
	for what, hide := range map[string]func(y *stage, d simulator.Droplet) (show func()){
		"its tag is off": func(y *stage, d simulator.Droplet) func() {
			y.sim.Untag(d.ID, fleet.ManagedTag)
			return func() { y.sim.Tag(d.ID, fleet.ManagedTag) }
		},
		"it is not shown": func(y *stage, d simulator.Droplet) func() {
			id := []string{strconv.FormatInt(d.ID, 10)}
			y.sim.SetFaults(simulator.Faults{HiddenFromLists: id, HiddenFromGet: id})
			return func() { y.sim.SetFaults(simulator.Faults{}) }
		},
	} {
		for seconds := 0; seconds < 40; seconds += stride() {
			inStage(t, simulator.Options{Activation: time.Minute}, func(y *stage) {
				id := y.provision(spec("web"))
				time.Sleep(10 * time.Second)
				y.end()
				time.Sleep(2 * time.Minute)
				d := y.sim.Named("web")[0]
				show := hide(y, d)
				y.want()
				y.start()
				time.Sleep(time.Duration(seconds) * time.Second)
				show()
				y.observe()
				y.until(id, saga.Superseded)
				if _, there := y.sim.Droplet(d.ID); !there {
					t.Errorf("%s for %d s: it was destroyed", what, seconds)
				}
			})
		}
	}
}

// A half made droplet whose tags cannot be read may be protected by now: it is destroyed when they can be read, and its saga waits for that.
func TestLaw13AHalfMadeDropletWaitsForItsTags(t *testing.T) {
	for _, seen := range []bool{true, false} {
		inStage(t, simulator.Options{Activation: 10 * time.Minute}, func(y *stage) {
			unread := simulator.Faults{Members: []simulator.Member{{Name: "tags", As: "null"}}}
			if !seen {
				y.sim.SetFaults(unread)
			}
			id := y.provision(spec("web"))
			time.Sleep(30 * time.Second)
			y.sim.SetFaults(unread)
			y.want()
			time.Sleep(10 * time.Minute)
			if s := y.saga(id); !s.Status.Live() || len(y.sent(routeDelete)) != 0 {
				t.Errorf("tags seen before: %v: the saga is %s: %s; %d DELETEs", seen, s.Status, s.Error, len(y.sent(routeDelete)))
			}
			y.sim.SetFaults(simulator.Faults{})
			y.until(id, saga.Superseded)
			y.none("web")
		})
	}
}
