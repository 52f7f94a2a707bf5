package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/condition"
	"arcadiad/fleet"
	"arcadiad/notify"
	"arcadiad/reconcile"
	"arcadiad/simulator"
)

// hook is a webhook in the process.
type hook struct {
	mu     sync.Mutex
	events []condition.Event
}

func (h *hook) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var m notify.Message
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		return nil, err
	}
	h.events = append(h.events, m.Events...)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

// lines gives what was told since the last time, as "raised held web-1".
func (h *hook) lines() (lines []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		lines = append(lines, strings.TrimSpace(strings.Join([]string{string(e.What), string(e.Kind), e.Subject}, " ")))
	}
	h.events = nil
	return lines
}

func (w *world) withHook() *hook {
	h := &hook{}
	w.o.WebhookURL = func() (string, error) { return "https://hooks.example.com/x", nil }
	w.o.WebhookTransport = h
	return h
}

// told waits and demands what the webhook heard meanwhile.
func (w *world) told(h *hook, wait time.Duration, want ...string) {
	w.t.Helper()
	time.Sleep(wait)
	synctest.Wait()
	if got := h.lines(); !slices.Equal(got, want) {
		w.t.Errorf("told %q, want %q\n%s", got, want, w.describe())
	}
}

// get asks the daemon's own HTTP server for a page.
func (w *world) get(path string, accept ...string) (code int, body string) {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for _, a := range accept {
		r.Header.Set("Accept", a)
	}
	to := httptest.NewRecorder()
	w.life.h.web().ServeHTTP(to, r)
	return to.Code, to.Body.String()
}

// shows demands lines of the metrics page.
func (w *world) shows(lines ...string) {
	w.t.Helper()
	code, page := w.get("/metrics")
	if code != http.StatusOK {
		w.t.Fatalf("/metrics answered %d: %s", code, page)
	}
	for _, l := range lines {
		if !strings.Contains(page, "\n"+l+"\n") {
			metric, _, _ := strings.Cut(l, "{")
			metric, _, _ = strings.Cut(metric, " ")
			var there []string
			for s := range strings.Lines(page) {
				if strings.HasPrefix(s, metric) {
					there = append(there, s)
				}
			}
			w.t.Errorf("the metrics lack %s; there is\n%s", l, strings.Join(there, ""))
		}
	}
}

func TestMetricsOfAFleetsLife(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.o.Version = "v0.0.1-test"
		w.addForeign("someone-elses")
		w.edit(fleetOf("name: web, count: 3"))
		w.start()
		w.rest()
		w.shows(
			`arcadiad_droplets{state="managed",status="active"} 3`, `arcadiad_droplets{state="foreign",status="active"} 1`, "arcadiad_wanted_droplets 3",
			`arcadiad_sagas_total{kind="ProvisionDroplet",outcome="completed"} 3`, `arcadiad_saga_step_duration_seconds_count{step="CreateDroplet"} 3`,
			`arcadiad_saga_duration_seconds_count{kind="ProvisionDroplet"} 3`, `arcadiad_live_sagas{kind="ProvisionDroplet",status="running"} 0`,
			`arcadiad_api_requests_total{code="202",method="POST",route="/v2/droplets"} 3`, `arcadiad_passes_total{outcome="executed",trigger="start"} 1`,
			"arcadiad_write_gate_open 1", "arcadiad_fleet_file_last_load_successful 1", "arcadiad_paused 0", `arcadiad_conditions{kind="stuck"} 0`,
		)
		if _, page := w.get("/metrics"); !strings.Contains(page, `arcadiad_build_info{goversion="go`) || !strings.Contains(page, `version="v0.0.1-test"} 1`) {
			t.Error("the metrics lack the version")
		}
		w.edit("version: 1\nfleet: test\ndroplets: web\n")
		time.Sleep(time.Second)
		synctest.Wait()
		w.shows("arcadiad_fleet_file_last_load_successful 0")
		w.sim.SetFaults(simulator.Faults{ServerError: true})
		w.life.h.loop.Trigger(reconcile.TriggerSchedule, false)
		time.Sleep(time.Second)
		synctest.Wait()
		w.shows(`arcadiad_passes_total{outcome="failed",trigger="schedule"} 1`, `arcadiad_droplets{state="managed",status="active"} 3`)
	})
}

// Prometheus finds the droplets of the fleet, and nobody else's, with their groups; and what each group costs.
func TestTargetsForPrometheus(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.addForeign("someone-elses")
		w.edit(fleetOf("name: web, count: 2, tags: [blue]"))
		w.start()
		w.rest()
		var found []struct {
			Targets []string
			Labels  map[string]string
		}
		code, page := w.get("/sd?port=9187")
		w.must(json.Unmarshal([]byte(page), &found))
		if code != http.StatusOK || len(found) != 2 || found[1].Targets[0] != w.sim.Named("web-2")[0].PublicIPv4+":9187" || found[1].Labels["droplet"] != "web-2" ||
			found[1].Labels["group"] != "web" || found[1].Labels["__meta_arcadiad_tags"] != ",blue," {
			t.Errorf("%d %s", code, page)
		}
		for _, bad := range []string{"/sd?port=0", "/sd?port=70000", "/sd?address=any"} {
			if code, _ := w.get(bad); code != http.StatusBadRequest {
				t.Errorf("%s is answered by %d", bad, code)
			}
		}
		w.shows(`arcadiad_group_monthly_cost_dollars{group="web"} 12`)
	})
}

// A hold, a bad file and a drift are each told once, and so is that they are over.
func TestNotifiesOfAFleetsTroubles(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		h := w.withHook()
		three := strings.Replace(fleetOf("name: web, count: 3"), "max_destroy: 100%", "max_destroy: 1", 1)
		w.edit(three)
		w.start()
		w.rest()
		w.told(h, time.Hour)

		w.edit(strings.Replace(three, "count: 3", "count: 1", 1))
		w.told(h, 3*time.Hour, "raised held web-2", "raised held web-3")
		w.edit(three)
		w.told(h, time.Hour, "recovered held web-2", "recovered held web-3")

		w.edit("version: 1\nfleet: test\n droplets: web\n")
		w.told(h, time.Hour, "raised file")
		w.edit(three)
		w.told(h, time.Minute, "recovered file")

		d := w.sim.Named("web-1")[0]
		if !w.sim.Rename(d.ID, "renamed") {
			t.Fatalf("there is no droplet %d", d.ID)
		}
		w.told(h, time.Hour, "raised drift web-1")

		w.stop() // what was told before is not told again, nor taken for over
		w.start()
		w.told(h, time.Hour)
		if !w.sim.Rename(d.ID, "web-1") {
			t.Fatalf("there is no droplet %d", d.ID)
		}
		w.told(h, time.Hour, "recovered drift web-1")
	})
}

// Passes that fail for a while are told of, and that they work again; a bad minute is not.
func TestNotifiesOfFailingPasses(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		h := w.withHook()
		w.edit(fleetOf("name: web"))
		w.start()
		w.rest()
		w.sim.SetFaults(simulator.Faults{ServerError: true})
		w.life.h.loop.Trigger(reconcile.TriggerSchedule, false)
		w.told(h, 2*time.Minute)
		w.sim.SetFaults(simulator.Faults{})
		w.told(h, time.Hour)
		w.sim.SetFaults(simulator.Faults{ServerError: true})
		w.told(h, 2*time.Hour, "raised failing")
		w.sim.SetFaults(simulator.Faults{})
		w.told(h, time.Hour, "recovered failing")
	})
}

// A saga that is stuck is told of once however often it is tried, and again when it is over.
func TestNotifiesOfAStuckSaga(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		h := w.withHook()
		if err := w.sim.Script("POST /v2/droplets", 1, simulator.Effect{Do: "cut"}); err != nil {
			t.Fatal(err)
		}
		w.edit(fleetOf("name: web"))
		w.start()
		for w.sim.ScriptLeft() > 0 {
			time.Sleep(time.Second)
		}
		stranger := w.sim.Add(simulator.Droplet{Name: "web"}) // law 4: neither ours, nor leave to send again
		w.told(h, 6*time.Hour, "raised stuck web")
		w.shows(`arcadiad_live_sagas{kind="ProvisionDroplet",status="stuck"} 1`, `arcadiad_conditions{kind="stuck"} 1`)
		if code, text := w.get("/healthz"); code != http.StatusOK {
			t.Errorf("a stuck saga is no reason to restart: %s", text)
		}
		w.stop()
		w.start()
		w.told(h, time.Hour)
		w.sim.Delete(stranger.ID)
		w.rest()
		w.told(h, time.Hour, "recovered stuck web")
		w.check()
	})
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.file = "version: 1\nfleet: test\n"
		w.start()
		time.Sleep(time.Minute)
		synctest.Wait()
		if code, text := w.get("/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(text, "fleet file: FAILING: no version is in force yet; the newest") ||
			!strings.Contains(text, "first pass: FAILING: no plan was made yet") || !strings.Contains(text, "state database: ok") {
			t.Errorf("without a file: %d\n%s", code, text)
		}
		if code, text := w.get("/healthz"); code != http.StatusOK || !strings.HasPrefix(text, "ok\n") {
			t.Errorf("without a file: %d\n%s", code, text)
		}
		w.edit(fleetOf("name: web"))
		w.rest()
		code, text := w.get("/readyz", "application/json")
		var found struct {
			Status string
			Checks []check
		}
		if err := json.Unmarshal([]byte(text), &found); err != nil || code != http.StatusOK || found.Status != "ok" || len(found.Checks) != 4 {
			t.Errorf("at rest: %d %v\n%s", code, err, text)
		}
		w.sim.SetFaults(simulator.Faults{ServerError: true})
		w.edit("version: 2\n") // the last good one stays in force
		time.Sleep(time.Hour)
		synctest.Wait()
		if code, text := w.get("/readyz"); code != http.StatusOK || !strings.Contains(text, "the newest is not usable") {
			t.Errorf("with a bad newest file: %d\n%s", code, text)
		}
		for _, path := range []string{"/", "/healthz"} {
			if code, text := w.get(path); code != http.StatusOK {
				t.Errorf("%s: %d\n%s", path, code, text)
			}
		}
		if code, _ := w.get("/nothing"); code != http.StatusNotFound {
			t.Errorf("an unknown page: %d", code)
		}
	})
}

// What works slowly is alive: a pass behind an exhausted budget, sagas that wait for their droplets, a paused daemon.
func TestHealthOfTheSlow(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Activation: 40 * time.Minute}, func(w *world) {
		alive := func(when string, d time.Duration) {
			t.Helper()
			for range int(d / time.Minute) {
				time.Sleep(time.Minute)
				synctest.Wait()
				if code, text := w.get("/healthz"); code != http.StatusOK {
					t.Fatalf("%s: %s\n%s", when, text, w.describe())
				}
			}
		}
		w.edit(fleetOf("name: web, count: 3"))
		w.start()
		alive("while droplets come up", time.Hour)
		w.sim.SetFaults(simulator.Faults{TooManyRequests: true, RetryAfter: time.Hour})
		w.life.h.loop.Trigger(reconcile.TriggerSchedule, false)
		alive("while the API answers 429", 2*time.Hour)
		w.sim.SetFaults(simulator.Faults{})
		if err := w.life.h.pause(w.t.Context(), true); err != nil {
			t.Fatal(err)
		}
		w.edit(fleetOf())
		alive("while paused", time.Hour)
		if err := w.life.h.pause(w.t.Context(), false); err != nil {
			t.Fatal(err)
		}
		w.rest()
	})
}

// stuckStore hangs in Save.
type stuckStore struct {
	reconcile.Store
	hold chan struct{}
}

func (s *stuckStore) Save(ctx context.Context, o fleet.Observed) error {
	<-s.hold
	return s.Store.Save(ctx, o)
}

func TestHealthOfTheHung(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: web"))
		w.start()
		w.rest()
		hold := make(chan struct{})
		w.life.h.loop.Executor.Store = &stuckStore{w.life.h.loop.Executor.Store, hold}
		w.life.h.loop.Trigger(reconcile.TriggerSchedule, false)
		time.Sleep(workPatience - time.Minute)
		synctest.Wait()
		if code, text := w.get("/healthz"); code != http.StatusOK {
			t.Errorf("too early: %s", text)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if code, text := w.get("/healthz"); code != http.StatusServiceUnavailable || !strings.Contains(text, "progress: FAILING: a pass is under way") {
			t.Errorf("%d\n%s", code, text)
		}
		close(hold)
		w.rest()
		if code, text := w.get("/healthz"); code != http.StatusOK {
			t.Errorf("after it: %s", text)
		}
	})
}

// A probe that gets no answer, because a lock is never let go, says so.
func TestProbeThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		defer close(hold)
		to := httptest.NewRecorder()
		answer(func(context.Context) []check { <-hold; return nil })(to, httptest.NewRequest(http.MethodGet, "/healthz", nil))
		if to.Code != http.StatusServiceUnavailable || !strings.Contains(to.Body.String(), "no answer within 5s") {
			t.Errorf("%d %s", to.Code, to.Body)
		}
	})
}

func TestListenAddress(t *testing.T) {
	for in, want := range map[string]string{
		"9464": "127.0.0.1:9464", ":9464": "127.0.0.1:9464", "0.0.0.0:9464": "0.0.0.0:9464", "[::]:9464": "[::]:9464", "localhost:0": "localhost:0",
		"0": "127.0.0.1:0", "metrics": "", "70000": "", "host:port": "", "::9464": "",
	} {
		got, err := listenAddress(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
	}
}

// Over a real socket; and an address that is taken stops the daemon before it starts anything.
func TestListens(t *testing.T) {
	t.Parallel()
	var log transcript
	o, _ := served(t, fleetOf("name: web"), func(o *Options) { o.Listen, o.Log = "0", slog.New(slog.NewTextHandler(&log, nil)) })
	_, after, ok := strings.Cut(log.take(), "url=http://")
	if !ok {
		t.Fatal("the address is not told")
	}
	url := "http://" + strings.Fields(after)[0]
	until(t, "the first plan shows in the metrics", func() bool {
		resp, err := http.Get(url + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		page, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(page), "\ngo_goroutines ") {
			t.Fatalf("%d %v: %.300s", resp.StatusCode, err, page)
		}
		return strings.Contains(string(page), "\narcadiad_wanted_droplets 1\n")
	})
	o.State += "-other.db"
	o.Listen = strings.TrimPrefix(url, "http://")
	if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "--listen takes another address") || errors.Is(err, context.Canceled) {
		t.Errorf("on a taken address: %v", err)
	}
}
