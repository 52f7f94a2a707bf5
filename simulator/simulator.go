package simulator

import (
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"
)

// Header is the response header by which a client knows that it talks to the simulator. Its value is "1".
const Header = "X-Arcadiad-Simulator"

// Options are a simulator's fixed settings. The zero value is a faithful account that accepts any bearer token.
type Options struct {
	Seed         uint64        // decides every chance in Faults
	Token        string        // the only token accepted; empty: any
	Activation   time.Duration // from the 202 to active; 0: 2 s, negative: at once
	ActionTime   time.Duration // how long other actions take; 0: 2 s, negative: at once
	Latency      time.Duration // per request, half before the work and half after it; default none
	Limits       Limits        // the zero value is the real limits
	DropletLimit int           // droplets that the account may have; 0: 25,000
	Loopback     bool          // droplets have addresses of 127.64.0.0/10, where OpenPorts can listen for them
	Log          *slog.Logger  // one debug line per request; nil: silent
}

// Limits are the request limits of one token over rolling windows (docs/digitalocean-api.md, "Rate limits"). Zero means the real
// limit, a negative number none.
type Limits struct {
	Hour    int // requests in 3,600 s; 0: 5,000
	Minute  int // requests in 60 s; 0: 250
	KeyList int // GET /v2/account/keys in 60 s; 0: 10
}

// Unlimited lifts all request limits; the rate-limit headers still come.
func Unlimited() Limits { return Limits{Hour: -1, Minute: -1, KeyList: -1} }

// Simulator is the simulated API. Its methods may be called from any goroutine. The embedded Account is the one that tokens
// belong to unless AddAccount says otherwise.
type Simulator struct {
	*Account

	opts Options
	log  *slog.Logger
	mux  *http.ServeMux
	cat  *catalogue

	mu       sync.Mutex // guards all below and all accounts
	tokens   map[string]*Account
	revoked  map[string]bool
	budgets  map[string]*budget
	faults   Faults
	rolls    map[string]uint64
	moves    int // totals that moved
	script   map[string][]scripted
	hits     Counts
	requests requestLog
	before   func(*http.Request)
	after    func(*http.Request)
	nextID   ids
	file     *os.File // the lock beside the account's file
	path     string
	listener string
	changes  uint64 // counts what a save has to cover

	saving sync.Mutex // held while the file is written
	saved  uint64     // changes that the file has; guarded by saving
}

// ids are the next numbers to give out, shared by all accounts as at DigitalOcean.
type ids struct {
	Droplet int64 `json:"droplet"`
	Action  int64 `json:"action"`
	Image   int64 `json:"image"`
	Key     int64 `json:"key"`
}

// New makes a simulator with one empty account, whose uuids are random.
func New(o Options) *Simulator {
	if o.Activation == 0 {
		o.Activation = 2 * time.Second
	}
	if o.ActionTime == 0 {
		o.ActionTime = 2 * time.Second
	}
	if o.DropletLimit == 0 {
		o.DropletLimit = 25_000
	}
	o.Limits = o.Limits.withDefaults()
	s := &Simulator{
		opts:    o,
		log:     o.Log,
		cat:     newCatalogue(),
		tokens:  map[string]*Account{},
		revoked: map[string]bool{},
		budgets: map[string]*budget{},
		rolls:   map[string]uint64{},
		script:  map[string][]scripted{},
		hits:    Counts{},
		nextID:  ids{Droplet: 530_000_017, Action: 2_650_000_003, Image: 195_000_001, Key: 47_000_001},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.Account = newAccount(s)
	s.mux = s.routes()
	return s
}

// AddAccount gives a token an empty account of its own: another team's. The token works whatever Options.Token says.
func (s *Simulator) AddAccount(token string) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := newAccount(s)
	s.tokens[token] = a
	delete(s.revoked, token)
	return a
}

// Revoke makes a token answer 401 from now on.
func (s *Simulator) Revoke(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked[token] = true
}

// Restore takes a Revoke back.
func (s *Simulator) Restore(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.revoked, token)
}

// Before sets a hook that is called when a request has arrived and before anything is done about it. When the hook ends the
// request's context, the request does no work. The hook may peek; nil removes it.
func (s *Simulator) Before(hook func(*http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = hook
}

// After sets a hook that is called when a request's work is done and before its answer is written. When the hook ends the
// request's context, the answer is lost. The hook may peek; nil removes it.
func (s *Simulator) After(hook func(*http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = hook
}

// accountOf finds the account of a token; nil: the token is no good.
func (s *Simulator) accountOf(token string) *Account {
	switch {
	case token == "" || s.revoked[token]:
		return nil
	case s.tokens[token] != nil:
		return s.tokens[token]
	case s.opts.Token == "" || s.opts.Token == token:
		return s.Account
	}
	return nil
}
