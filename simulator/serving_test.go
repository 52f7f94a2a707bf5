package simulator_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"
)

// serves checks the truth of each droplet at this moment.
func serves(t *testing.T, s *simulator.Simulator, when string, want map[int64]bool) {
	t.Helper()
	for id, want := range want {
		if got := s.Serves(id); got != want {
			t.Errorf("%s: %s serves: %v, want %v", when, nameOf(s, id), got, want)
		}
	}
}

func nameOf(s *simulator.Simulator, id int64) string {
	d, _ := s.Droplet(id)
	return fmt.Sprintf("%s (%d)", d.Name, id)
}

// A droplet serves from the moment when it is up to the moment when it is not: to the nanosecond.
func TestADropletServesWhileItIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{Activation: time.Minute, ActionTime: 10 * time.Second})
		c := inProcess(t, s, "any")
		one := int64(create(t, c, "web-1").ID)
		at := func(d time.Duration, when string, want bool) {
			t.Helper()
			time.Sleep(d - 1)
			serves(t, s, "just before "+when, map[int64]bool{one: !want})
			time.Sleep(1 * time.Nanosecond)
			serves(t, s, when, map[int64]bool{one: want})
		}
		serves(t, s, "new", map[int64]bool{one: false})
		at(time.Minute, "active", true)
		_, _, err := c.DropletActions.PowerOff(t.Context(), int(one))
		must(t, 0, err)
		at(10*time.Second, "off", false)
		_, _, err = c.DropletActions.PowerOn(t.Context(), int(one))
		must(t, 0, err)
		at(10*time.Second, "on again", true)
		s.SetFaults(simulator.Faults{DeleteLag: time.Minute})
		_, err = c.Droplets.Delete(t.Context(), int(one))
		must(t, 0, err)
		serves(t, s, "destroyed, but still shown", map[int64]bool{one: false, 7: false})
	})
}

// What is between active and serving is decided anew at each boot, and holds until the next one.
func TestServiceComesAndGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{Activation: 10 * time.Second, ActionTime: time.Second})
		c := inProcess(t, s, "any")
		old := s.Add(simulator.Droplet{Name: "old"}).ID
		s.SetFaults(simulator.Faults{ReadyAfter: 20 * time.Second, ReadyFor: time.Minute})
		late := int64(create(t, c, "late").ID)
		check := func(after time.Duration, when string, want bool) {
			t.Helper()
			time.Sleep(after)
			serves(t, s, when, map[int64]bool{late: want, old: true})
		}
		check(10*time.Second, "active", false)
		s.SetFaults(simulator.Faults{}) // droplets that have booted keep what they were made with
		check(20*time.Second-1, "just before it is ready", false)
		check(1, "ready", true)
		check(time.Minute-1, "just before it stops", true)
		check(1, "stopped", false)
		check(time.Hour, "an hour later", false)
		s.PowerOff(late)
		s.PowerOn(late)
		check(0, "booted without faults", true)

		s.SetFaults(simulator.Faults{ReadyAfter: 20 * time.Second})
		_, _, err := c.DropletActions.Reboot(t.Context(), int(late))
		must(t, 0, err)
		check(time.Second, "rebooted", false)
		check(20*time.Second, "ready again", true)
		_, _, err = c.DropletActions.RebuildByImageSlug(t.Context(), int(late), "debian-13-x64")
		must(t, 0, err)
		check(time.Second, "rebuilt", false)
		check(20*time.Second, "ready after the rebuild", true)
	})
}

// A fault that is changed after an event was due does not reach back, though nobody has looked since.
func TestFaultsOfServiceDoNotReachBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{})
		one := int64(create(t, inProcess(t, s, "any"), "web-1").ID)
		time.Sleep(time.Minute) // it is active since 58 s
		s.SetFaults(simulator.Faults{ReadyAfter: time.Hour})
		serves(t, s, "booted before the fault", map[int64]bool{one: true})
	})
}

// Droplets that never serve are named, or have a bad image; when nothing names them any longer, they serve.
func TestDropletsThatNeverServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{})
		one, two := s.Add(simulator.Droplet{Name: "web-1"}), s.Add(simulator.Droplet{Name: "web-2", Image: "debian-13-x64"})
		for _, tt := range []struct {
			faults   simulator.Faults
			one, two bool
		}{
			{simulator.Faults{}, true, true},
			{simulator.Faults{NeverReady: []string{"WEB-1"}}, false, true},
			{simulator.Faults{NeverReady: []string{fmt.Sprint(two.ID)}}, true, false},
			{simulator.Faults{NeverReady: []string{"*"}}, false, false},
			{simulator.Faults{BadImages: []string{"debian-13-x64"}}, true, false},
			{simulator.Faults{BadImages: []string{fmt.Sprint(one.ImageID)}}, false, true},
			{simulator.Faults{BadImages: []string{"*"}}, false, false},
			{simulator.Faults{NeverReady: []string{"*"}, Chance: map[string]float64{"never_ready": 0}}, true, true},
			{simulator.Faults{BadImages: []string{"*"}, Chance: map[string]float64{"bad_images": 1}}, false, false},
			{simulator.Faults{Unreachable: []string{"*"}}, true, true}, // that is not the truth, but the way there
			{simulator.Faults{}, true, true},
		} {
			s.SetFaults(tt.faults)
			serves(t, s, fmt.Sprintf("never ready %v, bad images %v", tt.faults.NeverReady, tt.faults.BadImages),
				map[int64]bool{one.ID: tt.one, two.ID: tt.two})
		}
	})
}

// By chance some droplets of a name serve and others do not; which ones depends on the seed alone, and no look changes it.
func TestServiceByChance(t *testing.T) {
	world := func(t *testing.T, seed uint64) (fates string) {
		synctest.Test(t, func(t *testing.T) {
			s := simulator.New(simulator.Options{Seed: seed})
			s.SetFaults(simulator.Faults{NeverReady: []string{"*"}, Chance: map[string]float64{"never_ready": 0.3}})
			c := inProcess(t, s, "any")
			for range 100 {
				id := int64(create(t, c, "web-1").ID)
				time.Sleep(5 * time.Second)
				fate := s.Serves(id)
				for range 5 {
					if s.Serves(id) != fate {
						t.Error("it changed from one look to the next")
					}
				}
				fates += fmt.Sprint(fate)[:1]
			}
		})
		return fates
	}
	first := world(t, 1)
	if n := strings.Count(first, "f"); n < 15 || n > 45 {
		t.Errorf("%d of 100 never serve, want about 30", n)
	}
	if world(t, 1) != first || world(t, 2) == first {
		t.Error("the seed does not decide")
	}
}

// An account that was put down goes on as it was: what serves, what will, and what a boot decided.
func TestServiceSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "account.json")
		s := open(t, path, simulator.Options{})
		s.SetFaults(simulator.Faults{ReadyAfter: time.Minute, ReadyFor: time.Minute, NeverReady: []string{"web-2"}, BadImages: []string{"debian-13-x64"}})
		c := inProcess(t, s, "any")
		one, two := int64(create(t, c, "web-1").ID), int64(create(t, c, "web-2").ID)
		old, bad := s.Add(simulator.Droplet{Name: "old"}).ID, s.Add(simulator.Droplet{Name: "bad", Image: "debian-13-x64"}).ID
		check := func(after time.Duration, oneServes bool) {
			t.Helper()
			time.Sleep(after)
			serves(t, s, fmt.Sprintf("after %v more", after), map[int64]bool{one: oneServes, two: false, old: true, bad: false})
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = open(t, path, simulator.Options{})
			serves(t, s, fmt.Sprintf("after %v more, restarted", after), map[int64]bool{one: oneServes, two: false, old: true, bad: false})
		}
		check(2*time.Second, false)
		check(time.Minute, true)
		check(time.Minute, false)
	})
}

// The faults of service are switched over HTTP as all others.
func TestServiceOverHTTP(t *testing.T) {
	s := simulator.New(simulator.Options{})
	one := s.Add(simulator.Droplet{Name: "web-1"})
	patch := func(body string) {
		t.Helper()
		status, _, text, err := send(context.Background(), s.Transport(), http.MethodPatch, "http://simulated/simulator/faults", body)
		if err != nil || status != 200 {
			t.Fatalf("%d %v %s", status, err, text)
		}
	}
	patch(`{"never_ready":["web-1"]}`)
	serves(t, s, "named", map[int64]bool{one.ID: false})
	patch(`{"never_ready":[],"bad_images":["ubuntu-24-04-x64"]}`)
	serves(t, s, "its image is named", map[int64]bool{one.ID: false})
	patch(`{"bad_images":[]}`)
	serves(t, s, "nothing is named", map[int64]bool{one.ID: true})
}
