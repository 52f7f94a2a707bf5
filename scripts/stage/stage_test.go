package stage

import (
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"arcadiad/fleetfile"
	"arcadiad/simulator"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The fleet file is one that arcadiad reads, and asks for as many droplets as it should.
func TestFleet(t *testing.T) {
	for _, n := range []int{0, 3, 1000, 2001} {
		f, err := fleetfile.Decode("fleet.yaml", Fleet(n), nil)
		if err != nil || len(f.Specs) != n || f.Policy.MaxDestroy.Of(max(n, 1)) < n {
			t.Errorf("a fleet of %d: %v, %d droplets", n, err, len(f.Specs))
		}
	}
}

func TestRequestsAreCountedByKind(t *testing.T) {
	a, err := Open(simulator.Options{Limits: Plenty})
	must(t, err)
	defer a.Close()
	for range 2 {
		for _, request := range []string{"GET /v2/account", "GET /v2/droplets", "GET /v2/droplets/1", "GET /v2/sizes", "DELETE /v2/droplets/1", "POST /v2/droplets"} {
			method, path, _ := strings.Cut(request, " ")
			r, err := http.NewRequest(method, a.URL+path, strings.NewReader("{}"))
			must(t, err)
			r.Header.Set("Authorization", "Bearer t")
			resp, err := http.DefaultClient.Do(r)
			must(t, err)
			resp.Body.Close()
		}
		if got, want := a.Took(), (Requests{1, 1, 1, 1, 1, 1}); got != want || got.Total() != 6 {
			t.Errorf("counted %+v", got)
		}
	}
}

func TestRun(t *testing.T) {
	c, output, err := Run(exec.Command("sh", "-c", "echo said; exit 3"))
	if err != nil || output != "said\n" || c.Exit != 3 || c.Peak == 0 || c.Wall == 0 {
		t.Errorf("%+v, %q, %v", c, output, err)
	}
	if _, _, err := Run(exec.Command(t.TempDir() + "/none")); err == nil {
		t.Error("what is not there ran")
	}
}

// A daemon is followed by what it logs, measured while it runs, and ended.
func TestDaemon(t *testing.T) {
	d, err := Start(exec.Command("sh", "-c", `echo starting >&2; echo '{"msg":"up","n":3}' >&2; exec sleep 600`))
	must(t, err)
	l, err := d.Until("it is up", time.Minute, func(l Line) bool { return l.Msg == "up" })
	must(t, err)
	if l.Number("n") != 3 || l.Number("none") != -1 || l.At.Before(d.Began) {
		t.Errorf("%+v", l)
	}
	now, most, err := d.Memory()
	must(t, err)
	if now == 0 || most < now {
		t.Errorf("resident %d KiB, at most %d", now, most)
	}
	_, err = d.CPU()
	must(t, err)
	if _, err := d.Until("more", time.Nanosecond, func(Line) bool { return true }); err == nil || !strings.Contains(err.Error(), `"up"`) {
		t.Errorf("it waits for ever, or does not say what came last: %v", err)
	}
	must(t, d.End(syscall.SIGTERM))
	if _, err := d.Until("more", time.Minute, func(Line) bool { return true }); err == nil {
		t.Error("it goes on after its end")
	}
}
