package daemon

import (
	"context"
	"errors"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"arcadiad/control"
	"arcadiad/doctor"
	"arcadiad/fleet"
	"arcadiad/metrics"
	"arcadiad/state/lease"
	"arcadiad/state/postgres"
)

// shortWait is how long an arcadiad waits for the lease before it says that it stands by.
const shortWait = time.Second

// standBy waits until this process leads, and nothing of the one that led before it can be on its way. Meanwhile it answers commands. Again: it has
// led before, and waits for a database that is away, too.
func standBy(ctx context.Context, o Options, handed *atomic.Pointer[string], again bool) (*postgres.Store, error) {
	ctx, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer func() {
		stop()
		beside.Wait()
	}()
	opened := make(chan func() (*postgres.Store, error), 1)
	go func() {
		s, err := openQuiet(ctx, o, again)
		for told := ""; again && err != nil && ctx.Err() == nil; s, err = openQuiet(ctx, o, again) {
			if told != err.Error() {
				told = err.Error()
				o.Log.Warn("the state database cannot be opened; trying again", "error", err)
			}
			select {
			case <-ctx.Done():
			case <-time.After(lease.Pause(o.Lease)):
			}
		}
		if err != nil && ctx.Err() != nil {
			err = ctx.Err()
		}
		opened <- func() (*postgres.Store, error) { return s, err }
	}()
	select {
	case answer := <-opened:
		return answer()
	case <-time.After(shortWait):
	}
	b := &standby{o: o, handed: handed}
	beside.Go(func() { b.tell(ctx) })
	if o.Listen != "" {
		if err := serveWeb(ctx, o.Listen, b.web(), o.Log, &beside); err != nil {
			o.Log.Warn("nothing is served on --listen while this arcadiad stands by", "error", err)
		}
	}
	beside.Go(func() { b.answer(ctx) })
	return (<-opened)()
}

// openQuiet opens the state database, and waits until nothing of the one that led before can be on its way.
func openQuiet(ctx context.Context, o Options, known bool) (*postgres.Store, error) {
	s, err := openShared(ctx, o, postgres.Options{Patient: true, Known: known})
	if err != nil {
		return nil, err
	}
	if err := s.Quiet(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// standby is a daemon that does not lead.
type standby struct {
	o      Options
	handed *atomic.Pointer[string]
}

// reader opens the state database, again and again where that does not work; nil: the context has ended.
func (b *standby) reader(ctx context.Context) *postgres.Reader {
	for {
		r, err := postgres.OpenReader(ctx, b.o.State)
		if err == nil {
			return r
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lease.Pause(b.o.Lease)):
		}
	}
}

// answer answers commands on the control socket.
func (b *standby) answer(ctx context.Context) {
	r := b.reader(ctx)
	if r == nil || b.o.NoControl {
		return
	}
	l, err := control.Listen(b.o.Socket, b.o.SocketGroup)
	if err != nil {
		b.o.Log.Warn("commands are not answered while this arcadiad stands by", "error", err)
		return
	}
	control.Serve(ctx, l, control.Handler(standing{newElsewhere(b.o, r), b}))
}

// leader says who leads.
func (b *standby) leader(ctx context.Context) string {
	r, err := postgres.OpenReader(ctx, b.o.State)
	if err != nil {
		return fleet.OneLine(err.Error())
	}
	l, err := r.Leader(ctx)
	switch {
	case err != nil:
		return fleet.OneLine(err.Error())
	case l.Host == "":
		return "no arcadiad leads"
	}
	return "the leader is " + l.Host
}

// tell tells the service manager that the start is done, that there is life, and who leads.
func (b *standby) tell(ctx context.Context) {
	if b.o.Notify == nil {
		return
	}
	every := beatEvery
	if w := b.o.Watchdog; w > 0 {
		every = max(time.Millisecond, min(every, w/3))
	}
	for words := "READY=1\n"; ; words = "" {
		if b.o.Watchdog > 0 {
			words += "WATCHDOG=1\n"
		}
		if err := b.o.Notify(words + "STATUS=Standing by: " + fleet.Fit(b.leader(ctx), 160)); err != nil {
			b.o.Log.Warn("the service manager could not be notified", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
		}
	}
}

// web is what is served on --listen: it lives, it is not ready, and its status page is elsewhere.
func (b *standby) web() http.Handler {
	registry := prometheus.NewRegistry()
	metrics.Standby(registry)
	alive := func(context.Context) []check { return []check{{"progress", true, "standing by"}} }
	ready := func(ctx context.Context) []check { return []check{{"lead", false, "standing by: " + b.leader(ctx)}} }
	probed := webHandler(registry, alive, ready, newSite(b.o.Log), b.o.Log)
	mux := http.NewServeMux()
	for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
		mux.Handle("GET "+path, probed)
	}
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "This arcadiad stands by: "+b.leader(r.Context())+". The status page is served there.", http.StatusServiceUnavailable)
	})
	return mux
}

// standing is the service of a daemon that stands by.
type standing struct {
	elsewhere
	by *standby
}

func (s standing) Status(ctx context.Context) (control.Status, error) {
	st, err := s.elsewhere.Status(ctx)
	st.Standby = os.Getpid()
	return st, err
}

// Token keeps a token until this process leads.
func (s standing) Token(_ context.Context, token string) error {
	if token == "" {
		return errors.New("the token is empty")
	}
	s.by.handed.Store(&token)
	return nil
}

func (s standing) Doctor(ctx context.Context, q control.DoctorRequest) (doctor.Report, error) {
	return s.examine(ctx, q, second)
}
