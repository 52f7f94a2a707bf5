package inventory_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/simulator"
)

// network is what stands behind the addresses of a test in a bubble.
type network struct {
	dials, open, most atomic.Int64
	answer            func(ctx context.Context, address string) (net.Conn, error)
}

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.dials.Add(1)
	for open := n.open.Add(1); ; {
		if most := n.most.Load(); open <= most || n.most.CompareAndSwap(most, open) {
			break
		}
	}
	defer n.open.Add(-1)
	return n.answer(ctx, address)
}

// silent never answers.
func silent(ctx context.Context, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// after answers after a while.
func after(d time.Duration) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, _ string) (net.Conn, error) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(d):
			here, there := net.Pipe()
			there.Close()
			return here, nil
		}
	}
}

// numbered are so many targets.
func numbered(n int) []inventory.Target {
	out := make([]inventory.Target, n)
	for i := range out {
		out[i] = inventory.Target{
			DropletID: int64(i + 1), Address: net.IPv4(203, 0, byte(i>>8), byte(i)).String(), Ready: fleet.Ready{Port: 22},
		}
	}
	return out
}

// inNetwork runs a test in a bubble, in virtual time.
func inNetwork(t *testing.T, answer func(context.Context, string) (net.Conn, error), test func(t *testing.T, i *inventory.Inventory, n *network)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := &network{answer: answer}
		test(t, inventory.New(inventory.Options{Dial: n.dial}), n)
	})
}

// A droplet that takes the connection and then says nothing is waited for as long as the limit says, over the whole of the probe.
func TestProbeHasATimeLimit(t *testing.T) {
	pipes := func(behave func(there net.Conn)) func(context.Context, string) (net.Conn, error) {
		return func(context.Context, string) (net.Conn, error) {
			here, there := net.Pipe()
			go func() { defer there.Close(); behave(there) }()
			return here, nil
		}
	}
	deaf := func(there net.Conn) { _, _ = io.Copy(io.Discard, there) }
	slowly := func(there net.Conn) { // a letter a second, so that it never quite stops
		go deaf(there)
		for _, letter := range "HTTP/1.1 200 OK\r\n\r\n" {
			time.Sleep(time.Second)
			if _, err := there.Write([]byte(string(letter))); err != nil {
				return
			}
		}
	}
	web := fleet.Ready{Port: 80, HTTP: true, Path: "/"}
	secure := fleet.Ready{Port: 443, HTTP: true, TLS: true, Path: "/"}
	for _, tt := range []struct {
		name   string
		answer func(context.Context, string) (net.Conn, error)
		ready  fleet.Ready
		why    string
		took   time.Duration
	}{
		{"tcp, no connection", silent, fleet.Ready{Port: 22}, "no answer within 3s", 3 * time.Second},
		{"tcp, late", after(2 * time.Second), fleet.Ready{Port: 22}, "", 2 * time.Second},
		{"http, no connection", silent, web, "no answer within 5s", 5 * time.Second},
		{"http, no answer", pipes(deaf), web, "no answer within 5s", 5 * time.Second},
		{"http, the request is not taken", pipes(func(there net.Conn) { _, _ = there.Write([]byte("HTTP")) }), web, "no answer within 5s", 5 * time.Second},
		{"http, letter by letter", pipes(slowly), web, "no answer within 5s", 5 * time.Second},
		{"https, no handshake", pipes(deaf), secure, "no answer within 5s", 5 * time.Second},
		{"http", pipes(func(c net.Conn) { says("HTTP/1.1 200 OK\r\n\r\n")(c) }), web, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inNetwork(t, tt.answer, func(t *testing.T, i *inventory.Inventory, _ *network) {
				began := time.Now()
				r := probeOne(t, i, inventory.Target{Address: "203.0.113.7", Ready: tt.ready})
				if r.Why != tt.why || time.Since(began) != tt.took || !r.At.Equal(began) {
					t.Errorf("after %v it says %q of %v ago; want %q after %v", time.Since(began), r.Why, time.Since(r.At), tt.why, tt.took)
				}
				time.Sleep(time.Second) // for the droplet to notice that the probe has hung up
			})
		})
	}
}

// Who asks for the same at once shares one probe; what differs only in how long it may take is the same.
func TestProbesAreShared(t *testing.T) {
	inNetwork(t, after(time.Second), func(t *testing.T, i *inventory.Inventory, n *network) {
		same := numbered(1)[0]
		patient := same
		patient.Ready.Within, patient.Ready.For = time.Hour, time.Minute
		other := same
		other.Ready.Port = 80
		passed := make(chan bool)
		ask := func(ctx context.Context, target inventory.Target) {
			go func() { passed <- i.Probe(ctx, []inventory.Target{target}, 0)[1].Passed }()
		}
		impatient, leave := context.WithCancel(t.Context())
		ask(impatient, same) // the first asker begins the probe
		synctest.Wait()
		ask(t.Context(), same)
		ask(t.Context(), patient)
		synctest.Wait()
		if n.dials.Load() != 1 {
			t.Fatalf("%d probes for the same target, want 1", n.dials.Load())
		}
		leave()
		if <-passed {
			t.Error("who left has an answer")
		}
		first, second := <-passed, <-passed
		if !first || !second || n.dials.Load() != 1 {
			t.Errorf("the others lost their probe when the first asker left; %d probes were made", n.dials.Load())
		}
		ask(t.Context(), other)
		if !<-passed || n.dials.Load() != 2 {
			t.Error("another port is another probe")
		}
	})
}

// A probe that nobody waits for any longer ends, and says nothing about the droplet.
func TestProbesEndWithTheirAskers(t *testing.T) {
	inNetwork(t, silent, func(t *testing.T, i *inventory.Inventory, n *network) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got := i.Probe(ctx, numbered(3), 0); len(got) != 0 {
			t.Errorf("an answer of a call that was cancelled: %v", got)
		}
		synctest.Wait()
		if n.open.Load() != 0 {
			t.Error("a probe goes on that nobody waits for")
		}
		n.answer = after(0)
		if got := i.Probe(t.Context(), numbered(1), time.Hour); !got[1].Passed || n.dials.Load() != 4 {
			t.Errorf("after %d probes the next one finds %v", n.dials.Load(), got)
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if got := i.Probe(ended, numbered(9)[1:], 0); len(got) != 0 || n.dials.Load() != 4 {
			t.Errorf("a call whose context has ended probes: %v", got)
		}
	})
}

// At most 32 probes are under way, whoever asks, and a call takes half a minute at most. The next call begins with what this one left out.
func TestProbesAreBounded(t *testing.T) {
	inNetwork(t, silent, func(t *testing.T, i *inventory.Inventory, n *network) {
		fleet := numbered(1000)
		began := time.Now()
		first := i.Probe(t.Context(), fleet, time.Minute)
		if took := time.Since(began); took != 30*time.Second || n.most.Load() != 32 {
			t.Errorf("it took %v with %d at once, want 30s with 32", took, n.most.Load())
		}
		if len(first) < 9*32 || len(first) > 10*32 {
			t.Fatalf("%d of 1000 were probed in half a minute of 3 s each", len(first))
		}
		second := i.Probe(t.Context(), fleet, 0)
		again := 0
		for id := range second {
			if _, ok := first[id]; ok {
				again++
			}
		}
		if len(second) < 9*32 || again > 0 {
			t.Errorf("the second call probed %d, of which %d for the second time", len(second), again)
		}
		done := make(chan struct{})
		for n := range 3 { // each with targets of its own
			go func() { i.Probe(t.Context(), fleet[n*300:(n+1)*300], 0); done <- struct{}{} }()
		}
		for range 3 {
			<-done
		}
		if n.most.Load() != 32 {
			t.Errorf("%d probes at once for three callers, want 32", n.most.Load())
		}
	})
}

// A result serves for as long as the asker says.
func TestProbesAge(t *testing.T) {
	inNetwork(t, after(0), func(t *testing.T, i *inventory.Inventory, n *network) {
		target := numbered(1)
		probe := func(maxAge time.Duration, want int64) {
			t.Helper()
			if got := i.Probe(t.Context(), target, maxAge); len(got) != 1 || n.dials.Load() != want {
				t.Errorf("%d probes were made, want %d; it finds %v", n.dials.Load(), want, got)
			}
		}
		probe(0, 1)
		time.Sleep(10 * time.Second)
		probe(10*time.Second, 1)
		probe(9*time.Second, 2)
		target[0].Address = "203.0.113.99" // another address of the same droplet
		probe(time.Hour, 3)
		target[0].Ready.Port = 80
		probe(time.Hour, 4)
		time.Sleep(6 * time.Minute)
		probe(time.Hour, 5) // nothing is kept for ever
	})
}

// Another droplet's pass tells for a minute that the network works, unless the same droplet has failed since.
func TestAnsweredBeside(t *testing.T) {
	inNetwork(t, after(0), func(t *testing.T, i *inventory.Inventory, n *network) {
		two := numbered(2)
		want := func(beside1, beside2 bool) {
			t.Helper()
			if one, two := i.AnsweredBeside(1), i.AnsweredBeside(2); one != beside1 || two != beside2 {
				t.Errorf("beside 1: %v, beside 2: %v; want %v and %v", one, two, beside1, beside2)
			}
		}
		want(false, false)
		i.Probe(t.Context(), two[:1], 0)
		want(false, true)
		time.Sleep(time.Minute)
		want(false, true)
		time.Sleep(time.Nanosecond)
		want(false, false)
		i.Probe(t.Context(), two, 0)
		want(true, true)
		n.answer = func(context.Context, string) (net.Conn, error) { return nil, errors.New("down") }
		time.Sleep(time.Second)
		i.Probe(t.Context(), two[1:], 0)
		want(false, true)
		i.Probe(t.Context(), two, 0)
		want(false, false)
	})
}

// What a probe finds of the simulated account is the truth, at each moment of a droplet's life.
func TestProbesFindTheTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := simulator.New(simulator.Options{ActionTime: time.Second})
		inv := inventory.New(inventory.Options{Dial: sim.Dial})
		sim.SetFaults(simulator.Faults{ReadyAfter: 20 * time.Second, ReadyFor: time.Minute})
		d := sim.Add(simulator.Droplet{Name: "web-1"})
		sim.PowerOff(d.ID)
		sim.PowerOn(d.ID)
		ask := func(ready fleet.Ready) inventory.Probed {
			target := inventory.Target{DropletID: d.ID, Ready: ready, Address: ready.Address(&fleet.Droplet{PublicIPv4: d.PublicIPv4, PrivateIPv4: d.PrivateIPv4})}
			return inv.Probe(t.Context(), []inventory.Target{target}, 0)[d.ID]
		}
		passes := map[bool]int{}
		for range 120 {
			truth := sim.Serves(d.ID)
			passes[truth]++
			for _, ready := range []fleet.Ready{
				{Port: 22}, {Port: 5432, Private: true}, {Port: 80, HTTP: true, Path: "/healthz"}, {Port: 443, HTTP: true, TLS: true, Path: "/", Status: 200},
			} {
				if r := ask(ready); r.Passed != truth || !r.Passed && r.Why != "connection refused" {
					t.Errorf("%v: it serves: %v, and %+v", ready, truth, r)
				}
			}
			time.Sleep(time.Second)
		}
		if passes[true] != 60 || passes[false] != 60 {
			t.Errorf("it was asked %d times while it served, and %d times while it did not", passes[true], passes[false])
		}
		sim.SetFaults(simulator.Faults{ServiceStatus: 503})
		sim.PowerOff(d.ID)
		sim.PowerOn(d.ID)
		if r := ask(fleet.Ready{Port: 80, HTTP: true, Path: "/"}); r.Why != "answered 503, not 200 to 299" {
			t.Errorf("a sick droplet: %+v", r)
		}
		sim.SetFaults(simulator.Faults{Unreachable: []string{simulator.Everything}})
		if r := ask(fleet.Ready{Port: 22}); r.Why != "no answer within 3s" || !sim.Serves(d.ID) {
			t.Errorf("this host's network is down: %+v", r)
		}
		if writes := sim.Requests().Total(); writes != 0 {
			t.Errorf("probes cost %d requests", writes)
		}
	})
}
