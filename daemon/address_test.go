package daemon

import (
	"context"
	"net/http"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/simulator"
)

// addressScenarios are those in which a reserved IP follows a name.
func addressScenarios() []scenario {
	const first, second = "203.0.113.1", "203.0.113.2"
	reserve := func(w *world) {
		w.sim.ReserveIPIn("syd1")
		w.sim.ReserveIPIn("syd1")
	}
	has := func(name, ip string) func(w *world) {
		return func(w *world) {
			if d, _ := w.sim.Droplet(w.pointsTo(ip)); d.Name != name || !d.HasTag(fleet.FleetTag("test")) {
				w.t.Errorf("reserved IP %s points to %+v, not to %s", ip, d, name)
			}
		}
	}
	return []scenario{
		{name: "reserved ip", before: func(w *world) {
			reserve(w)
			w.edit(fleetOf("name: a, reserved_ip: " + first))
		}, after: has("a", first)},
		{name: "replaced with its reserved ip", before: func(w *world) {
			reserve(w)
			settled(fleetOf("name: a, reserved_ip: " + first))(w)
			w.answers(first)
			w.edit(fleetOf("name: a, size: s-1vcpu-2gb, reserved_ip: " + first))
		}, after: has("a", first)},
		{name: "reserved ips exchanged", before: func(w *world) {
			reserve(w)
			settled(fleetOf("name: a, reserved_ip: "+first, "name: b, reserved_ip: "+second))(w)
			w.edit(fleetOf("name: a, reserved_ip: "+second, "name: b, reserved_ip: "+first))
		}, after: func(w *world) {
			has("b", first)(w)
			has("a", second)(w)
		}},
	}
}

// pointsTo is the droplet that a reserved IP points to; 0: none.
func (w *world) pointsTo(ip string) int64 {
	for _, r := range w.sim.ReservedIPs() {
		if r.IP == ip {
			return r.Droplet
		}
	}
	w.t.Fatalf("the account has no reserved IP %s", ip)
	return 0
}

// answers says, at each request, when a reserved IP points to no droplet that serves.
func (w *world) answers(ip string) {
	w.sim.Before(func(r *http.Request) {
		if d := w.pointsTo(ip); !w.sim.Serves(d) {
			w.t.Errorf("at %s %s reserved IP %s points to droplet %d, which does not serve", r.Method, r.URL.Path, ip, d)
		}
	})
}

// A group whose members have reserved IPs is changed with all of them answering all the time, each from a droplet that passes its probe.
func TestLaw20AddressesAnswerThroughARollout(t *testing.T) {
	inWorld(t, simulator.Options{}, func(w *world) {
		const web = "name: web, count: 4, ready: {tcp: 22}, reserved_ips: [203.0.113.1, 203.0.113.2, none, 203.0.113.3]"
		for range 3 {
			w.sim.ReserveIPIn("syd1")
		}
		settled(fleetOf(web))(w)
		for _, r := range w.sim.ReservedIPs() {
			w.answers(r.IP) // the last one counts
		}
		settled(fleetOf(web + ", image: " + newImage))(w)
		for name, ip := range map[string]string{"web-1": "203.0.113.1", "web-2": "203.0.113.2", "web-4": "203.0.113.3"} {
			if d := w.sim.Named(name); len(d) != 1 || w.pointsTo(ip) != d[0].ID {
				t.Errorf("%s points to %d, not to %s: %+v", ip, w.pointsTo(ip), name, d)
			}
		}
		w.check()
	})
}

// Somebody moves an address away from its droplet: that is told, and left alone unless the file says otherwise; it is never taken from a
// stranger. Somebody gives one to a droplet of the fleet: it comes back.
func TestLaw20SomebodyMovesAnAddress(t *testing.T) {
	inWorld(t, simulator.Options{}, func(w *world) {
		ip := w.sim.ReserveIPIn("syd1")
		settled(fleetOf("name: a, reserved_ip: "+ip, "name: b"))(w)
		a, b := w.sim.Named("a")[0].ID, w.sim.Named("b")[0].ID
		w.sim.Assign(ip, b)
		w.start()
		time.Sleep(20 * time.Minute)
		drift, err := w.reader().Deviations(context.Background())
		w.must(err)
		if len(drift) != 1 || drift[0].Field != fleet.FieldReservedIP || drift[0].Name != "a" || w.pointsTo(ip) != b {
			t.Errorf("drift %+v; it points to %d", drift, w.pointsTo(ip))
		}
		w.edit(fleetOf("name: a, drift: correct, reserved_ip: "+ip, "name: b"))
		w.rest()
		if w.pointsTo(ip) != a {
			t.Errorf("it points to %d, want %d", w.pointsTo(ip), a)
		}
		stranger := w.sim.Add(simulator.Droplet{Name: "theirs", Region: "syd1"}).ID
		w.sim.Assign(ip, stranger)
		time.Sleep(40 * time.Minute)
		if w.pointsTo(ip) != stranger {
			t.Error("it was taken from a droplet that is not this fleet's")
		}
		w.sim.Unassign(ip)
		time.Sleep(40 * time.Minute)
		if w.pointsTo(ip) != a {
			t.Errorf("it points to %d, want %d", w.pointsTo(ip), a)
		}
		w.stop()
	})
}

// With the database lost nothing moves: the droplet has its address, and that is recorded again.
func TestLaw20ALostDatabaseMovesNoAddress(t *testing.T) {
	inWorld(t, simulator.Options{}, func(w *world) {
		ip := w.sim.ReserveIPIn("syd1")
		file := fleetOf("name: a, reserved_ip: "+ip, "name: b")
		settled(file)(w)
		w.loseDatabase()
		moved := 0
		w.sim.Before(func(r *http.Request) {
			if r.Method == http.MethodPost {
				moved++
			}
		})
		settled(file)(w)
		if moved != 0 || w.pointsTo(ip) != w.sim.Named("a")[0].ID {
			t.Errorf("%d requests that create or move something", moved)
		}
		w.sim.Before(nil)
		settled(fleetOf("name: a, size: s-1vcpu-2gb, reserved_ip: "+ip, "name: b"))(w)
		if w.pointsTo(ip) != w.sim.Named("a")[0].ID {
			t.Error("the new droplet does not have it")
		}
	})
}

// That the list of addresses cannot be read for a while does not say that an address is back where it was.
func TestLaw20AddressesThatCannotBeRead(t *testing.T) {
	inWorld(t, simulator.Options{}, func(w *world) {
		h := w.withHook()
		ip := w.sim.ReserveIPIn("syd1")
		settled(fleetOf("name: a, reserved_ip: "+ip, "name: b"))(w)
		w.start()
		w.sim.Assign(ip, w.sim.Named("b")[0].ID)
		w.told(h, time.Hour, "raised drift a")
		w.must(w.sim.Script("GET /v2/reserved_ips", 6, simulator.Status(500)))
		w.told(h, 2*time.Hour)
		w.stop()
	})
}

// Somebody assigns an address to the old droplet while its replacement comes up: nothing leaves that without a droplet. If the file says by then
// that it follows the name, the next replace takes it along; else that waits for a person.
func TestLaw20AnAddressThatComesInTheMiddleOfAReplace(t *testing.T) {
	for _, told := range []bool{false, true} {
		inWorld(t, simulator.Options{}, func(w *world) {
			a := "name: a, ready: {tcp: 22, within: 1h}"
			settled(fleetOf(a))(w)
			old := w.sim.Named("a")[0].ID
			w.sim.SetFaults(simulator.Faults{ReadyAfter: 10 * time.Minute})
			w.start()
			a += ", size: s-1vcpu-2gb"
			w.edit(fleetOf(a))
			time.Sleep(8 * time.Minute)
			ip := w.sim.ReserveIP(old)
			if told {
				w.edit(fleetOf(a + ", reserved_ip: " + ip))
			}
			w.answers(ip)
			time.Sleep(2 * time.Hour)
			if d := w.sim.Named("a"); len(d) != 1 || d[0].ID != w.pointsTo(ip) || (d[0].ID == old) == told {
				t.Errorf("it points to droplet %d of %+v", w.pointsTo(ip), d)
			}
			if held := w.held("reserved_ip"); (len(held) == 1) == told {
				t.Errorf("held: %+v", held)
			}
			w.stop()
		})
	}
}
