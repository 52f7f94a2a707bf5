package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/saga"
	"arcadiad/simulator"
	"arcadiad/state/sqlite"
)

// world is a whole account with a daemon on it: the simulator in process, a real SQLite file, and virtual time. It only works
// inside a synctest bubble.
type world struct {
	t       testing.TB
	sim     *simulator.Simulator
	o       Options
	file    string // the fleet file as it is now
	foreign []simulator.Droplet
	life    *life // nil: no daemon runs
	log     *slog.Logger
	wire    func(http.RoundTripper) http.RoundTripper // stands between the daemon and the simulator; nil: nothing does

	// wrap puts something between the app and its store; nil: nothing.
	wrap func(*sqlite.Store) (saga.Journal, reconcile.Store)

	meddler atomic.Pointer[meddler] // nil: nobody meddles
}

// meddler has a request on its way, also of a daemon that runs, for what no knob of the simulator does.
type meddler func(r *http.Request, on http.RoundTripper) (*http.Response, error)

func (w *world) meddle(m meddler) { w.meddler.Store(&m) }

// leave lets requests go their own way again.
func (w *world) leave() { w.meddler.Store(nil) }

// meddled is a world's transport, with somebody who meddles.
type meddled struct {
	w *world
	http.RoundTripper
}

func (t meddled) RoundTrip(r *http.Request) (*http.Response, error) {
	if m := t.w.meddler.Load(); m != nil {
		return (*m)(r, t.RoundTripper)
	}
	return t.RoundTripper.RoundTrip(r)
}

// life is one process: from a start to its end or its crash.
type life struct {
	h        *app
	store    *sqlite.Store
	versions chan fleetfile.Version
	cancel   context.CancelFunc
	over     <-chan struct{} // closed when it was cancelled, or has crashed
	done     chan error
	taps     *taps
}

// inWorld runs a test in a bubble with a world of its own.
func inWorld(t *testing.T, o simulator.Options, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, o)
		defer w.stop()
		test(w)
	})
}

func newWorld(t testing.TB, o simulator.Options) *world {
	w := &world{t: t, sim: simulator.New(o), log: slog.New(slog.DiscardHandler)}
	if os.Getenv("ARCADIAD_TEST_LOG") != "" {
		w.log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	w.o = Options{
		State: filepath.Join(fastDir(t), "arcadiad.db"), APIURL: "http://127.0.0.1", Reserve: -1, NoControl: true, Log: w.log,
		Token: func() (string, error) { return "dop_v1_test", nil }, Dial: w.sim.Dial,
	}
	return w
}

// fastDir is a directory of the test's own, in memory where the system has such a place.
func fastDir(t testing.TB) string {
	if _, err := os.Stat("/dev/shm"); err != nil {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp("/dev/shm", "arcadiad-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// fleetOf writes a fleet file: a policy that holds nothing, and one stanza for each argument, such as "web 3 s-1vcpu-1gb".
func fleetOf(stanzas ...string) string {
	var b strings.Builder
	b.WriteString("version: 1\nfleet: test\ndefaults: {region: syd1, image: ubuntu-24-04-x64, size: s-1vcpu-1gb, destroy: {shutdown: false}}\npolicy: {max_destroy: 100%}\ndroplets:\n")
	if len(stanzas) == 0 {
		return strings.TrimSuffix(b.String(), "\n") + " []\n"
	}
	for _, s := range stanzas {
		b.WriteString("  - {" + s + "}\n")
	}
	return b.String()
}

func (w *world) version() fleetfile.Version {
	f, err := fleetfile.Decode("fleet.yaml", []byte(w.file), func(name string) ([]byte, error) { return nil, fmt.Errorf("no file %s", name) })
	return fleetfile.Version{Fleet: f, Err: err, Hash: f.Hash}
}

// edit saves another fleet file.
func (w *world) edit(file string) {
	w.file = file
	if w.life != nil {
		w.life.versions <- w.version()
	}
}

// start starts the daemon.
func (w *world) start() { w.startWith(nil) }

func (w *world) startWith(t *taps) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	store, err := sqlite.Open(ctx, w.o.State, sqlite.Options{Log: w.log})
	if err != nil {
		w.t.Fatal(err)
	}
	l := &life{store: store, versions: make(chan fleetfile.Version, 16), cancel: cancel, over: ctx.Done(), done: make(chan error, 1), taps: t}
	o := w.o
	o.Versions, o.Transport = l.versions, http.RoundTripper(meddled{w, w.sim.Transport()})
	if w.wire != nil {
		o.Transport = w.wire(o.Transport)
	}
	var journal saga.Journal = store
	var records reconcile.Store = store
	if w.wrap != nil {
		journal, records = w.wrap(store)
	}
	if t != nil {
		t.cancel = cancel
		journal, records, o.Transport = tappedJournal{t, journal}, tappedStore{t, records}, tappedWire{t, o.Transport}
	}
	if o, err = o.withDefaults(); err != nil {
		w.t.Fatal(err)
	}
	if l.h, err = build(o, store, journal, records); err != nil {
		w.t.Fatal(err)
	}
	w.life = l
	l.versions <- w.version()
	go func() { l.done <- unlessStopped(ctx, l.h.run(ctx)) }()
}

// stop ends the daemon in good order.
func (w *world) stop() {
	if w.life == nil {
		return
	}
	w.life.cancel()
	if err := <-w.life.done; err != nil && w.life.taps == nil {
		w.t.Errorf("the daemon ended with: %v", err)
	}
	if err := w.life.store.Close(); err != nil {
		w.t.Errorf("close the store: %v", err)
	}
	w.life = nil
}

// patience is how much virtual time a world gets to come to rest: longer than any backoff, settle and wait together.
const patience = 8 * time.Hour

// rest waits until the daemon has nothing left to do, and says when it does not come to that.
func (w *world) rest() {
	w.t.Helper()
	if !w.rested() {
		w.t.Fatalf("not at rest after %v: %s", patience, w.describe())
	}
}

func (w *world) rested() bool {
	began := time.Now()
	for time.Since(began) < patience {
		time.Sleep(time.Second)
		synctest.Wait()
		if w.life.taps.dead() {
			return true
		}
		last := w.life.h.loop.Last()
		if last.Err == nil && last.At.After(began) && last.Outcome.Pass.Plan.Settled() && last.Outcome.Pass.Plan.ID != "" && len(w.life.h.engine.Live()) == 0 {
			return true
		}
		w.resume(last.Outcome.Pass.Plan)
		if time.Since(began) > time.Minute && last.At.Before(began) {
			w.life.h.loop.Trigger(reconcile.TriggerSchedule, false)
		}
	}
	return false
}

// resume has a person resume the rollouts that a member has stopped by failing, as `arcadiad rollout resume` does.
func (w *world) resume(p plan.Plan) {
	for _, r := range p.Rollouts {
		if r.Failed == nil || !r.Failed.At.After(r.LiftedAt) {
			continue
		}
		r.Rollout.LiftedAt = time.Now()
		if w.life.h.loop.Executor.Store.ChangeRollout(w.t.Context(), r.Rollout, r.Phase) == nil {
			w.life.h.loop.Trigger(reconcile.TriggerRetry, true)
		}
	}
}

func (w *world) describe() string {
	var b strings.Builder
	last := w.life.h.loop.Last()
	fmt.Fprintf(&b, "last pass %v (%s): error %v\n", last.At, last.Trigger, last.Err)
	last.Outcome.Pass.Plan.Text(&b, planText)
	for _, s := range w.life.h.engine.Live() {
		fmt.Fprintf(&b, "saga %s %s %s %v step %d attempts %d until %v: %s\n", s.ID[:8], s.Kind, s.Subject, s.Status, s.Step, s.Attempts, s.NotBefore, s.Error)
	}
	for _, d := range w.sim.Droplets() {
		fmt.Fprintf(&b, "droplet %d %s %s %v\n", d.ID, d.Name, d.Status, d.Tags)
	}
	return b.String()
}

// addForeign puts a droplet of somebody else into the account.
func (w *world) addForeign(name string, tags ...string) simulator.Droplet {
	d := w.sim.Add(simulator.Droplet{Name: name, Tags: tags})
	w.foreign = append(w.foreign, d)
	return d
}

// check holds the world at rest against what must always be true then: exactly one droplet of ours for every desired name, none
// else, all of them recorded, and nothing foreign touched.
func (w *world) check() {
	w.t.Helper()
	desired := w.version()
	if desired.Err != nil {
		w.t.Fatal(desired.Err)
	}
	names := map[string][]int64{}
	for _, d := range w.sim.Droplets() {
		_, kept := (&fleet.Droplet{Tags: d.Tags}).Until()
		if !kept && d.HasTag(fleet.ManagedTag) && d.HasTag(fleet.FleetTag(desired.Fleet.Name)) {
			names[d.Name] = append(names[d.Name], d.ID)
		}
	}
	for _, s := range desired.Fleet.Specs {
		if n := len(names[s.Name]); n != 1 {
			w.t.Errorf("%s: %d droplets, want exactly one: %v", s.Name, n, names[s.Name])
		}
	}
	if len(names) > len(desired.Fleet.Specs) {
		w.t.Errorf("droplets under %d names, want %d: %v", len(names), len(desired.Fleet.Specs), names)
	}
	for _, f := range w.foreign {
		now, there := w.sim.Droplet(f.ID)
		if !there || now.Name != f.Name || !slices.Equal(now.Tags, f.Tags) || now.Size != f.Size || now.Status != f.Status {
			w.t.Errorf("foreign droplet %+v was touched: %+v (there: %v)", f, now, there)
		}
	}
	recorded, err := w.reader().Load(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	registered := map[string]int64{}
	for _, r := range recorded.Records {
		if other, twice := registered[r.Name]; twice {
			w.t.Errorf("%s is recorded twice: %d and %d", r.Name, other, r.DropletID)
		}
		registered[r.Name] = r.DropletID
		if !slices.Contains(names[r.Name], r.DropletID) {
			w.t.Errorf("%s is recorded as droplet %d, which is not there: %v", r.Name, r.DropletID, names[r.Name])
		}
	}
	if len(registered) != len(desired.Fleet.Specs) {
		w.t.Errorf("%d droplets are recorded, want %d", len(registered), len(desired.Fleet.Specs))
	}
	for _, s := range recorded.Sagas {
		if s.Live {
			w.t.Errorf("saga %s of %s is %s at rest: %s", s.ID, s.Name, s.Status, s.Error)
		}
		if s.TagGone && slices.Contains(w.sim.Tags(), fleet.SagaTag(s.ID)) {
			w.t.Errorf("the tag of saga %s is believed gone, and is there", s.ID)
		}
	}
	if w.t.Failed() && w.life != nil {
		w.t.Log(w.describe())
	}
}

// reader reads the database as a command beside the daemon does.
func (w *world) reader() *sqlite.Reader {
	r, err := sqlite.OpenReader(context.Background(), w.o.State)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// taps count what a life does to the outside, and end the life at one chosen point, as a crash would: from then on nothing leaves
// the process and nothing is written any more. A nil *taps lets everything pass.
type taps struct {
	mu     sync.Mutex
	points []string // what was passed, in order
	crash  int      // index of the point to crash at; negative: none
	ended  bool
	cancel context.CancelFunc
}

var errCrashed = errors.New("the process is dead")

// crashSoon ends the life after so many more points.
func (t *taps) crashSoon(points int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.crash = len(t.points) + points
}

// liveOn takes a crash that was to come back.
func (t *taps) liveOn() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.crash = -1
}

// last is the point that was passed last.
func (t *taps) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.points) == 0 {
		return ""
	}
	return t.points[len(t.points)-1]
}

// pass notes a point, and tells whether the life goes on behind it.
func (t *taps) pass(point string) bool {
	if t == nil {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return false
	}
	if t.crash == len(t.points) {
		t.ended = true
		t.cancel()
	}
	t.points = append(t.points, point)
	return !t.ended
}

// read is a point, unless another read was the point before: a crash around a read is the same before and after it, and nothing was
// written in between.
func (t *taps) read(point string) bool {
	t.mu.Lock()
	n := len(t.points)
	again := n > 0 && strings.HasPrefix(t.points[n-1], "read ") && !t.ended
	t.mu.Unlock()
	return again || t.pass(point)
}

func (t *taps) dead() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ended
}

// around runs a write between two points: the crash comes before it, or after it was done and before anybody heard of it.
func around[T any](t *taps, what string, write func() (T, error)) (T, error) {
	var none T
	if !t.pass("before " + what) {
		return none, errCrashed
	}
	v, err := write()
	if !t.pass("after " + what) {
		return none, errCrashed
	}
	return v, err
}

type tappedJournal struct {
	t *taps
	saga.Journal
}

func (j tappedJournal) Begin(ctx context.Context, sagas ...saga.Saga) error {
	_, err := around(j.t, "journal begin", func() (int, error) { return 0, j.Journal.Begin(ctx, sagas...) })
	return err
}

func (j tappedJournal) Commit(ctx context.Context, s saga.Saga, rows []any) error {
	_, err := around(j.t, "journal commit", func() (int, error) { return 0, j.Journal.Commit(ctx, s, rows) })
	return err
}

type tappedStore struct {
	t *taps
	reconcile.Store
}

func (s tappedStore) Save(ctx context.Context, o fleet.Observed) error {
	_, err := around(s.t, "save", func() (int, error) { return 0, s.Store.Save(ctx, o) })
	return err
}

func (s tappedStore) Record(ctx context.Context, records []fleet.Record) error {
	_, err := around(s.t, "record", func() (int, error) { return 0, s.Store.Record(ctx, records) })
	return err
}

func (s tappedStore) Notice(ctx context.Context, list []fleet.Deviation) error {
	_, err := around(s.t, "notice", func() (int, error) { return 0, s.Store.Notice(ctx, list) })
	return err
}

func (s tappedStore) Pin(ctx context.Context, account fleet.Account, fleetName string) error {
	_, err := around(s.t, "pin", func() (int, error) { return 0, s.Store.Pin(ctx, account, fleetName) })
	return err
}

func (s tappedStore) Grant(ctx context.Context, planID string, grants []fleet.Grant) ([]fleet.Grant, error) {
	return around(s.t, "grant", func() ([]fleet.Grant, error) { return s.Store.Grant(ctx, planID, grants) })
}

func (s tappedStore) ChangeRollout(ctx context.Context, r fleet.Rollout, was fleet.RolloutPhase) error {
	_, err := around(s.t, "change a rollout", func() (int, error) { return 0, s.Store.ChangeRollout(ctx, r, was) })
	return err
}

func (s tappedStore) Inherit(ctx context.Context, heirs map[int64]string) error {
	_, err := around(s.t, "inherit", func() (int, error) { return 0, s.Store.Inherit(ctx, heirs) })
	return err
}

func (s tappedStore) Forget(ctx context.Context, droplets []int64) error {
	if len(droplets) == 0 {
		return s.Store.Forget(ctx, droplets) // which writes nothing
	}
	_, err := around(s.t, "forget", func() (int, error) { return 0, s.Store.Forget(ctx, droplets) })
	return err
}

func (s tappedStore) Lapse(ctx context.Context, keepPlan string) ([]string, error) {
	return around(s.t, "lapse", func() ([]string, error) { return s.Store.Lapse(ctx, keepPlan) })
}

func (s tappedStore) SetLabel(ctx context.Context, sagaID, label, value string) error {
	_, err := around(s.t, "label "+label, func() (int, error) { return 0, s.Store.SetLabel(ctx, sagaID, label, value) })
	return err
}

type tappedWire struct {
	t *taps
	http.RoundTripper
}

func (w tappedWire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		if !w.t.read("read " + r.URL.Path) {
			return nil, errCrashed
		}
		return w.RoundTripper.RoundTrip(r)
	}
	resp, err := around(w.t, r.Method+" "+r.URL.Path, func() (*http.Response, error) { return w.RoundTripper.RoundTrip(r) })
	return resp, err
}
