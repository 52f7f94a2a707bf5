package saga

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Options are an engine's settings; the zero value of each stands for its default.
type Options struct {
	Log *slog.Logger // default: nothing is logged

	// SubjectKey is the name under which logs show a saga's subject; default "subject".
	SubjectKey string

	// Observe is told of every transition. It must not block: the saga waits for it.
	Observe func(Event)

	// Backoff is the pause after so many failed tries (from 1) of a step; default DefaultBackoff. No pause is longer than an hour.
	Backoff func(attempts int) time.Duration

	// StuckAfter is the number of failed tries of a pivot, or of a compensation, after which the saga is called stuck; default 8.
	// From then on the pauses double, up to ten minutes.
	StuckAfter int

	// Ahead is the number of sagas that are tried in a step in which many wait ([Step.AsQueued]) before they have done anything; the others
	// wait for their turn; default 100.
	Ahead int

	// CommitTimeout bounds a write to the journal once the lifetime has ended; default 3 s.
	CommitTimeout time.Duration
}

// Engine runs sagas. Make one with New, tell it the kinds of sagas with Define, and start it with Resume.
type Engine struct {
	journal Journal
	o       Options
	kinds   map[string]kind

	// opening is held while sagas come from the journal into the engine: a saga is loaded by Resume or started by Begin, not both.
	opening sync.Mutex

	mu      sync.Mutex
	quiet   *sync.Cond         // running has become 0
	spawn   func(*worker)      // nil until Resume; it knows the lifetime
	ended   func() error       // why the lifetime ended, nil as long as it has not
	live    map[string]*worker // by id
	running int                // goroutines
	queue   queue

	begun atomic.Int64 // sagas that Begin has written
}

// kind is what Define says about a kind of sagas.
type kind struct {
	names []string
	steps map[string]Step
}

var (
	// ErrNotLive says that the journal has no live saga of that id.
	ErrNotLive = errors.New("no live saga has this id")
	// ErrPivot says that a saga can no longer go back.
	ErrPivot = errors.New("too late to abort: a step that cannot be undone has begun, so the saga only goes forward")
	// ErrAborted is why a saga goes back when a person told it to.
	ErrAborted = errors.New("aborted by an operator")
	// ErrStopped says that the engine's lifetime has ended.
	ErrStopped = errors.New("the saga engine has stopped; the next start continues")
)

// New makes an engine on a journal.
func New(j Journal, o Options) *Engine {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.SubjectKey = cmp.Or(o.SubjectKey, "subject")
	if o.Backoff == nil {
		o.Backoff = DefaultBackoff
	}
	o.StuckAfter = cmp.Or(o.StuckAfter, 8)
	o.Ahead = cmp.Or(o.Ahead, 100)
	o.CommitTimeout = cmp.Or(o.CommitTimeout, 3*time.Second)
	e := &Engine{journal: j, o: o, kinds: map[string]kind{}, live: map[string]*worker{}}
	e.quiet = sync.NewCond(&e.mu)
	return e
}

// Define says which steps, in which order, a new saga of this kind has. It panics on what can only be a programmer's mistake: no
// steps, two of one name, a kind defined twice, a step without Run. All kinds are defined before Resume.
func (e *Engine) Define(name string, steps ...Step) {
	k := kind{steps: map[string]Step{}}
	for _, s := range steps {
		if _, twice := k.steps[s.Name]; twice || s.Name == "" || s.Run == nil {
			panic(fmt.Sprintf("saga kind %q: step %q has no name, no Run or a namesake", name, s.Name))
		}
		k.names = append(k.names, s.Name)
		k.steps[s.Name] = s
	}
	if _, twice := e.kinds[name]; twice || len(steps) == 0 {
		panic(fmt.Sprintf("saga kind %q is defined twice or has no steps", name))
	}
	e.kinds[name] = k
}

// Draft makes a saga that is not written yet: a fresh random id, the kind's steps as they are today, and the context as JSON. The
// secret is kept apart, and leaves the journal when the saga ends. A saga that needs only some of its kind's steps names them, in
// the kind's order.
func (e *Engine) Draft(kind, subject string, context any, secret []byte, labels map[string]string, steps ...string) (Saga, error) {
	k, ok := e.kinds[kind]
	if !ok {
		return Saga{}, fmt.Errorf("saga for %s: kind %q is not defined", subject, kind)
	}
	if len(steps) == 0 {
		steps = k.names
	}
	if err := k.ordered(steps); err != nil {
		return Saga{}, fmt.Errorf("saga %s for %s: %w", kind, subject, err)
	}
	raw, err := json.Marshal(context)
	if err != nil {
		return Saga{}, fmt.Errorf("saga %s for %s: encode the context: %w", kind, subject, err)
	}
	now := time.Now().UTC()
	s := Saga{
		ID: newID(), Kind: kind, Subject: subject, Labels: maps.Clone(labels), Status: Pending, Steps: steps,
		Context: raw, Secret: slices.Clone(secret), CreatedAt: now, UpdatedAt: now,
	}
	s.padHistory()
	return s, nil
}

// ordered tells whether these are steps of the kind, each once and in its order; nil: they are.
func (k kind) ordered(steps []string) error {
	rest := k.names
	for _, name := range steps {
		i := slices.Index(rest, name)
		if i < 0 {
			return fmt.Errorf("step %q is none of %v", name, rest)
		}
		rest = rest[i+1:]
	}
	return nil
}

func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// padHistory gives each step its history.
func (s *Saga) padHistory() {
	for i := len(s.History); i < len(s.Steps); i++ {
		s.History = append(s.History, StepTime{Name: s.Steps[i], Status: StepPending})
	}
}

// Resume loads the live sagas of the journal and runs each of them in its own goroutine. Its ctx is the lifetime of these and of
// all sagas that Begin adds.
func (e *Engine) Resume(ctx context.Context) error {
	e.opening.Lock()
	defer e.opening.Unlock()
	if e.resumed() {
		return errors.New("the saga engine was resumed already")
	}
	sagas, err := e.journal.Live(ctx)
	if err != nil {
		return fmt.Errorf("load the live sagas: %w", err)
	}
	e.mu.Lock()
	e.spawn = func(w *worker) { go w.work(ctx) }
	e.ended = ctx.Err
	e.mu.Unlock()
	if len(sagas) > 0 {
		e.o.Log.Info("sagas resumed", "count", len(sagas))
	}
	for _, s := range sagas {
		s.padHistory()
		e.run(s, EventResumed)
	}
	return nil
}

// Begin writes new sagas to the journal, all or none, and runs them; on an engine that was not resumed yet they wait for Resume.
// ErrLive where a subject has a live saga. Where the journal knows the first 8 digits of an id already, all get new ids: called
// as Begin(ctx, sagas...), the slice then holds what was written. The engine goes on with these very sagas: they must not be changed any more.
func (e *Engine) Begin(ctx context.Context, sagas ...Saga) error {
	e.opening.Lock()
	defer e.opening.Unlock()
	if e.stopped() {
		return ErrStopped
	}
	err := e.journal.Begin(ctx, sagas...)
	for tries := 1; errors.Is(err, ErrID) && tries < 5; tries++ {
		for i := range sagas {
			sagas[i].ID = newID()
		}
		err = e.journal.Begin(ctx, sagas...)
	}
	if err != nil {
		return fmt.Errorf("begin %d sagas: %w", len(sagas), err)
	}
	e.begun.Add(int64(len(sagas))) // before any of them does anything
	if !e.resumed() {
		return nil
	}
	for _, s := range sagas {
		s.Rows = nil // they are written
		e.run(s, EventBegun)
	}
	return nil
}

// Begun counts the sagas that were begun. Where it is the same before a journal is read and after something was looked at, no saga that the
// reader does not know had a hand in what was seen.
func (e *Engine) Begun() int64 { return e.begun.Load() }

func (e *Engine) resumed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.spawn != nil
}

func (e *Engine) stopped() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ended != nil && e.ended() != nil
}

// run starts the goroutine of a saga that the journal holds, or lets it wait for its turn.
func (e *Engine) run(s Saga, what What) {
	w := newWorker(e, s)
	w.resumed = what == EventResumed
	e.mu.Lock()
	e.live[s.ID] = w
	e.mu.Unlock()
	w.emit(Event{What: what, Step: s.step(), Attempt: s.Attempts + 1})
	e.mu.Lock()
	defer e.mu.Unlock()
	e.admit(w)
}

// start starts the goroutine of a saga. The caller holds the lock.
func (e *Engine) start(w *worker) {
	e.running++
	e.spawn(w)
}

// Live gives the sagas that this engine runs, oldest first, as they are at this moment and without their secrets. An engine that
// was not resumed runs none. They must not be changed.
func (e *Engine) Live() []Saga {
	var sagas []Saga
	for _, w := range e.workers() {
		sagas = append(sagas, w.look())
	}
	slices.SortFunc(sagas, func(a, b Saga) int { return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID)) })
	return sagas
}

// Busy tells whether any of the sagas that this engine runs gets on, or will by itself: not all of them are stuck. It costs next to
// nothing, however many there are.
func (e *Engine) Busy() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, w := range e.live {
		if !w.stuck() {
			return true
		}
	}
	return false
}

// BusyWith tells the same of the sagas with a label of that value.
func (e *Engine) BusyWith(label, value string) bool {
	return slices.ContainsFunc(e.workers(), func(w *worker) bool { return !w.stuck() && w.label(label) == value })
}

// workers gives those of the live sagas, in no order.
func (e *Engine) workers() []*worker {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Collect(maps.Values(e.live))
}

// Wait returns when no saga runs any more: all have ended, or the lifetime has ended and each has come to rest.
func (e *Engine) Wait() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for e.running > 0 {
		e.quiet.Wait()
	}
}

// forget takes an ended saga out of the engine.
func (e *Engine) forget(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.live, id)
}

// leave counts a goroutine that is about to be gone.
func (e *Engine) leave() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running--; e.running == 0 {
		e.quiet.Broadcast()
	}
}
