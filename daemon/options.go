package daemon

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"arcadiad/control"
	"arcadiad/fleetfile"
	"arcadiad/notify"
	"arcadiad/reconcile"
	"arcadiad/state/lease"
	"arcadiad/state/postgres"
)

// Options are the settings of the daemon and of the commands. The zero value of each stands for its default, where it has one.
type Options struct {
	Fleet string // path of the fleet file
	State string // path of the state database, or the postgres:// URL of one that hosts share
	Local string // path beside which the daemon's own files lie; default State, of which a URL needs one

	// Secrets are files that no user_data file of the fleet may be, beside those of the state database.
	Secrets []fleetfile.Secret

	// Stateless lets Plan do without the state database: every droplet that bears the fleet's tags counts as adopted.
	Stateless bool

	APIURL string                 // default DefaultAPIURL
	Token  func() (string, error) // asked for each request, so that a rotated token is noticed

	TokenFrom string // where the token comes from, in words

	WaitInterval time.Duration // between two polls for those who wait; default 5 s
	WaitAttempts int           // answered polls until a new droplet's create action decides; default 96
	CreateSettle time.Duration // how long an unanswered create is looked for before it may be sent again; default 2 min
	Lease        time.Duration // of a database that hosts share: how long one leads without a commit; default 30 s
	SyncSchedule string        // cron expression of the inventory sync; default DefaultSyncSchedule; never more often than every 5 s
	Concurrency  int           // API requests at a time; default 10
	Reserve      float64       // share of the rate limit left to others, 0 to below 1; negative: default 0.2

	SecondLook time.Duration // how long after the first look an empty database looks again before it creates; default 1.6 s, or a shorter WaitInterval
	Visibility time.Duration // how long a new droplet may be missing from answers; default 5 min

	// Transport carries the API requests; nil: over the network.
	Transport http.RoundTripper
	// Dial connects to droplets that are to show that they serve; nil: over the network. With a Transport, or with an API on loopback, the
	// account is taken for a simulated one, whose droplets may have addresses of loopback.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Versions are the versions of the fleet file; nil: the file is watched.
	Versions <-chan fleetfile.Version
	// Reload asks for the fleet file to be read again: SIGHUP.
	Reload <-chan struct{}
	// NoControl leaves the control socket out: a synctest bubble cannot have one.
	NoControl bool

	// Socket is the control socket; default beside the state database, for its owner alone.
	Socket string
	// SocketGroup lets the group of the process use the control socket too.
	SocketGroup bool

	// KeepSagas and KeepDeleted say how long sagas that ended, and rows of droplets that are gone, are kept in the state database; the
	// daemon looks once a day. 0: DefaultKeepSagas, DefaultKeepDeleted; negative: for ever.
	KeepSagas, KeepDeleted time.Duration

	// Sized is told how many droplets there are to hold in memory: those that the file asks for, or those of the account if they are more. It is
	// called when a version of the file comes into force, and after each pass that saved what it saw; nil: nobody is told.
	Sized func(droplets int)

	// Notify tells the service manager, in assignments as of sd_notify(3); nil: nobody is told.
	Notify func(assignments string) error
	// Watchdog is within which time the service manager wants a sign of life; 0: never.
	Watchdog time.Duration

	// Listen is the address of the status page, of metrics and of health: a port, or host:port; a port alone is on 127.0.0.1. Empty: nobody
	// listens.
	Listen string
	// WebhookURL gives the URL of the webhook that is told of what needs a person, a secret; nil: nobody is told.
	WebhookURL func() (string, error)
	// WebhookFormat is the form of what the webhook is told: json, the default, or slack.
	WebhookFormat string
	// WebhookTransport carries the calls of the webhook; nil: over the network.
	WebhookTransport http.RoundTripper

	may   func() error // is asked right before each write; nil: nobody is
	ahead int          // saga.Options.Ahead

	Version   string // of arcadiad, for the metrics
	UserAgent string
	Log       *slog.Logger
}

const (
	// DefaultAPIURL is DigitalOcean's own API.
	DefaultAPIURL = "https://api.digitalocean.com"
	// DefaultSyncSchedule is every 15 minutes.
	DefaultSyncSchedule = "*/15 * * * *"
	// DefaultReserve is the share of the API rate limit that is left for people and other tools.
	DefaultReserve = 0.2
	// DefaultLease is how long one leads without a commit, where hosts share the state database.
	DefaultLease = lease.DefaultLength
	// DefaultKeepSagas is how long sagas that ended are kept.
	DefaultKeepSagas = 90 * 24 * time.Hour
	// DefaultKeepDeleted is how long deleted droplets are remembered.
	DefaultKeepDeleted = 365 * 24 * time.Hour
)

// Shared tells whether a --state is a database that several hosts share, and not a file.
func Shared(name string) bool { return postgres.Is(name) }

// secrets are all files that no user_data file may be.
func (o Options) secrets() []fleetfile.Secret {
	list := slices.Clone(o.Secrets)
	if o.State == "" || Shared(o.State) {
		return list
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal", ".lock"} {
		list = append(list, fleetfile.Secret{Path: o.State + suffix, What: "the state database"})
	}
	return list
}

// withDefaults fills what was left out, and refuses what cannot work.
func (o Options) withDefaults() (Options, error) {
	o.APIURL = cmp.Or(o.APIURL, DefaultAPIURL)
	o.WaitInterval = cmp.Or(o.WaitInterval, 5*time.Second)
	o.Lease = cmp.Or(o.Lease, DefaultLease)
	o.SecondLook = cmp.Or(o.SecondLook, min(o.WaitInterval, 1600*time.Millisecond))
	o.CreateSettle = cmp.Or(o.CreateSettle, 2*time.Minute)
	o.SyncSchedule = cmp.Or(o.SyncSchedule, DefaultSyncSchedule)
	o.Concurrency = cmp.Or(o.Concurrency, 10)
	if o.Reserve < 0 {
		o.Reserve = DefaultReserve
	}
	if o.Reserve >= 1 {
		return o, fmt.Errorf("an API reserve of %.0f%% leaves no requests for arcadiad: it must be below 100%%", o.Reserve*100)
	}
	o.Local = cmp.Or(o.Local, o.State)
	o.Socket = cmp.Or(o.Socket, control.SocketBeside(o.Local))
	o.KeepSagas = cmp.Or(o.KeepSagas, DefaultKeepSagas)
	o.KeepDeleted = cmp.Or(o.KeepDeleted, DefaultKeepDeleted)
	if o.Listen != "" {
		var err error
		if o.Listen, err = listenAddress(o.Listen); err != nil {
			return o, err
		}
	}
	switch notify.Format(o.WebhookFormat) {
	case "", notify.JSON, notify.Slack:
	default:
		return o, fmt.Errorf("notification format %q: json or slack is expected", o.WebhookFormat)
	}
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if _, err := reconcile.ParseSchedule(o.SyncSchedule); err != nil {
		return o, err
	}
	return o, nil
}

// listenAddress is where the status page, metrics and health listen. They show no secret, and still are nobody's business but the
// operator's: a port alone, 9464 or :9464, is on 127.0.0.1. Who wants all interfaces says so: 0.0.0.0:9464.
func listenAddress(s string) (string, error) {
	if _, err := strconv.ParseUint(s, 10, 16); err == nil {
		s = ":" + s
	}
	host, port, err := net.SplitHostPort(s)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", fmt.Errorf("listen address %q: a port such as 9464, or host:port, is expected", s)
	}
	return net.JoinHostPort(cmp.Or(host, "127.0.0.1"), port), nil
}
