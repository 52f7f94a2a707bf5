package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Need says what a command needs, and what is done where no daemon answers.
type Need int

const (
	// Look reads what the state database knows. Without a daemon, and beside one that hangs, the database itself is read; nothing is created.
	Look Need = iota
	// Examine is Look without the need of a state database.
	Examine
	// DryRun plans with the fleet file and the token of the one who asks, also beside a daemon. A daemon is asked only where nobody else may
	// read the state database, or the one who asks has no token.
	DryRun
	// AccountOnly looks at the account with the token of the one who asks, and needs no state database. A daemon is asked only for its token.
	AccountOnly
	// Order changes a word in the state database. Without a daemon this process does, in a database that is there; it needs no token.
	Order
	// Work changes the account. Without a daemon this process does the work.
	Work
	// Running is for the running daemon alone.
	Running
)

// Options say how to reach a service.
type Options struct {
	State  string // path of the state database
	Socket string // control socket of its daemon; default beside it
	Need   Need
	Unit   string // the systemd unit that runs it, for what people are told to do; default arcadiad
	// File reads the fleet file of the one who asks, and gives its hash; nil: it is not asked about. A daemon has a file of its own.
	File func() (hash string, err error)
	// Local opens the service of this process, which close ends. Beside: a daemon runs on the state database, and is not asked.
	Local func(ctx context.Context, beside bool) (s Service, close func() error, err error)
}

// ErrUnreadable is what Local says for a dry run where only the daemon may read the state database.
var ErrUnreadable = errors.New("you may not read the state database")

// TokenlessError is what Local says for a dry run, or a look at the account, of one who has no token: why.
type TokenlessError struct{ Err error }

func (e *TokenlessError) Error() string { return e.Err.Error() }
func (e *TokenlessError) Unwrap() error { return e.Err }

// Connect reaches the running daemon. Where none answers, or the need is not for one, it opens the service of this process.
func Connect(ctx context.Context, o Options) (*Client, error) {
	o.Socket, o.Unit = cmp.Or(o.Socket, SocketBeside(o.State)), cmp.Or(o.Unit, "arcadiad")
	looks, patience := o.Need == Look || o.Need == Examine, waitTime
	if looks {
		patience = askTime
	}
	there, why := reach(ctx, o.Socket, patience)
	if why == nil && looks {
		why = probe(ctx, there.http.Transport, askTime)
		there.instead = func(ctx context.Context, why error) error { return o.takeOver(ctx, there, why) }
	}
	if o.Need == DryRun || o.Need == AccountOnly {
		c, err := o.local(ctx, there, why)
		_, tokenless := errors.AsType[*TokenlessError](err)
		switch {
		case !tokenless && !errors.Is(err, ErrUnreadable):
			return c, err
		case tokenless && errors.Is(why, ErrNoDaemon):
			return nil, fmt.Errorf("%w; and no daemon is running that could be asked instead", err)
		case errors.Is(why, ErrNoDaemon):
			return nil, fmt.Errorf("you may not read %s, and %w to ask (start it: sudo systemctl start %s)", o.State, why, o.Unit)
		}
	}
	switch {
	case why == nil:
		there.file = o.File
		return there, nil
	case o.Need == Running, errors.Is(why, errVersion), !looks && !errors.Is(why, ErrNoDaemon):
		return nil, why
	}
	c, err := o.local(ctx, nil, why)
	if err != nil && !errors.Is(why, ErrNoDaemon) {
		return nil, why // the nearer way in
	}
	return c, err
}

// reach connects to the daemon behind a socket; ErrNoDaemon where there is none.
func reach(ctx context.Context, socket string, patience time.Duration) (*Client, error) {
	conn, err := dial(ctx, socket)
	if err != nil {
		return nil, err
	}
	conn.Close()
	c := over(func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, socket) }, patience)
	c.socket = socket
	return c, nil
}

// over asks the daemon that dial connects to.
func over(dial func(ctx context.Context, network, addr string) (net.Conn, error), patience time.Duration) *Client {
	return NewClient(&listening{&http.Transport{DisableKeepAlives: true, DialContext: dial}, patience})
}

// takeOver has this process answer what the daemon begins to answer and does not end.
func (o Options) takeOver(ctx context.Context, c *Client, why error) error {
	alone, err := o.local(ctx, nil, why)
	if err == nil {
		*c = *alone
	}
	return err
}

// local opens the service of this process, instead of the daemon's that is there.
func (o Options) local(ctx context.Context, there *Client, why error) (*Client, error) {
	s, end, err := o.Local(ctx, there != nil)
	if err != nil {
		return nil, err
	}
	c := NewClient(InProcess(Handler(s)))
	c.socket, c.unit, c.file, c.close, c.unasked, c.beside = o.Socket, o.Unit, o.File, end, why, there
	return c, nil
}
