package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"arcadiad/daemon"
	"arcadiad/fleet"
	"arcadiad/pull"
	"arcadiad/view"
)

// settings are the values that commands share. Each is given by its flag, else by its environment variable, else by its default.
type settings struct {
	fleet, state, socket, apiURL, tokenFile string
	local                                   string // beside it lie the files of a daemon whose state database is elsewhere
	lease                                   time.Duration
	socketGroup                             bool // the socket is for a group of people
	starts                                  bool // the command starts a daemon
	examines                                bool // the command is for a service that never ran, too
	stateless                               bool // the state database is done without
	keepSagas, keepDeleted                  time.Duration
	simulate                                bool
	waitInterval, createSettle              time.Duration
	waitAttempts, concurrency               int
	syncSchedule                            string
	apiReserve                              float64
	listen, notifyURLFile                   string
	notifyFormat                            string
	pull                                    pull.Options
	instance                                string
	logFormat                               string
	logLevel                                slog.Level

	flags *pflag.FlagSet
	rows  []setting
}

// uses says which settings a command has.
type uses int

const (
	usesFleet  uses = 1 << iota // the fleet file
	usesState                   // the state database, real or simulated
	usesAPI                     // the account
	usesSagas                   // sagas run in this process
	usesLog                     // a log
	usesDaemon                  // it is the daemon
	usesPull                    // a repository
	usesNotify                  // the webhook
)

// setting is one row of the table.
type setting struct {
	uses  uses
	flag  string
	env   string // environment variable; empty: none
	value pflag.Value
	usage string
}

// common tells whether it is one of the flags that a command's help only names. The fleet file is of its own, and so
// is what one command alone has.
func (s setting) common() bool {
	return s.uses&usesState != 0 || s.uses&(usesFleet|usesDaemon|usesPull) == 0
}

// table is the one table of settings. The token has no flag; see findToken.
func (s *settings) table(level slog.Level) []setting {
	const pace = usesAPI | usesSagas
	return []setting{
		{usesFleet | usesState | usesPull, "instance", "ARCADIAD_INSTANCE", text(&s.instance, "", "NAME"),
			"use the fleet file, state, socket and token of the service arcadiad@NAME"},
		{usesFleet, "fleet", "ARCADIAD_FLEET", text(&s.fleet, "fleet.yaml", "FILE"), "fleet file"},
		{usesState, "state", "ARCADIAD_STATE", text(&s.state, "", "FILE"),
			"state database (default arcadiad.db, with --simulate simulated.db, in $STATE_DIRECTORY, $XDG_STATE_HOME/arcadiad or ~/.local/state/arcadiad; " +
				"if that does not exist, the service's in /var/lib/arcadiad), or the postgres:// URL of one that hosts share"},
		{usesState | usesSagas, "lease", "ARCADIAD_LEASE", leaseLength(&s.lease),
			"with a postgres:// URL: how long the arcadiad that leads may be silent before another one takes over"},
		{usesState, "socket", "ARCADIAD_SOCKET", text(&s.socket, "", "FILE"),
			"control socket of the daemon (default beside the state database; the service's is /run/arcadiad/" + socketName + ")"},
		{usesState, "simulate", "ARCADIAD_SIMULATE", boolean(&s.simulate), "use a simulated account, stored in a file beside the state; needs no token"},
		{usesAPI, "api-url", "DIGITALOCEAN_API_URL", text(&s.apiURL, daemon.DefaultAPIURL, "URL"), "URL of the DigitalOcean API"},
		{usesAPI, "token-file", "ARCADIAD_TOKEN_FILE", text(&s.tokenFile, "", "FILE"),
			"file with the API token (default $DIGITALOCEAN_ACCESS_TOKEN or $DIGITALOCEAN_TOKEN themselves, else the file $CREDENTIALS_DIRECTORY/" + credential +
				" or ~/.config/arcadiad/token, else the token of doctl)"},
		{pace, "wait-interval", "", duration(&s.waitInterval, 5*time.Second), "usual time between two polls of a droplet that a saga waits for (with --simulate 1s)"},
		{usesSagas, "wait-attempts", "", number(&s.waitAttempts, 96), "how often a new droplet may be polled until it must be active"},
		{usesSagas, "create-settle", "", duration(&s.createSettle, 2*time.Minute),
			"how long to look for the droplet of an unanswered create before sending it again (with --simulate 10s)"},
		{usesSagas, "sync-schedule", "", text(&s.syncSchedule, daemon.DefaultSyncSchedule, "CRON"), "when the daemon lists the whole account"},
		{usesDaemon, "keep-sagas", "", days(&s.keepSagas, daemon.DefaultKeepSagas), "how long ended sagas are remembered: days, such as 90d, or forever"},
		{usesDaemon, "keep-deleted", "", days(&s.keepDeleted, daemon.DefaultKeepDeleted), "how long deleted droplets are remembered"},
		{pace, "concurrency", "", number(&s.concurrency, 10), "API requests at a time"},
		{pace, "api-reserve", "", share(&s.apiReserve, daemon.DefaultReserve), "share of the API rate limit that is left for people and other tools"},
		{usesDaemon, "listen", "ARCADIAD_LISTEN", text(&s.listen, "", "ADDR"),
			"serve the status page at /, /metrics, /healthz and /readyz on this address; a port alone is on 127.0.0.1 (default: not served)"},
		{usesDaemon | usesNotify, "notify-url-file", "", text(&s.notifyURLFile, "", "FILE"),
			"file with the URL of a webhook that gets what needs a person (default $" + notifyVariable + " itself, else the file $CREDENTIALS_DIRECTORY/" + notifyCredential + ", else none)"},
		{usesDaemon | usesNotify, "notify-format", "ARCADIAD_NOTIFY_FORMAT", choice(&s.notifyFormat, "json", "slack"), "format of the webhook's messages: json or slack"},
		{usesPull, "repo", "ARCADIAD_PULL_REPO", text(&s.pull.Repo, "", "URL"), "repository: https://…, ssh://…, file:///… or user@host:path"},
		{usesPull, "ref", "ARCADIAD_PULL_REF", text(&s.pull.Ref, "main", "REF"), "branch, tag or commit"},
		{usesPull, "into", "ARCADIAD_PULL_INTO", text(&s.pull.Into, "", "DIR"), "directory to pull into (default with --instance " + pullDir + "/NAME)"},
		{usesPull, "ssh-key", "", text(&s.pull.Key, "", "FILE"),
			"private key for ssh (default $CREDENTIALS_DIRECTORY/" + deployKey + ", else your own keys and agent)"},
		{usesPull, "known-hosts", "", text(&s.pull.KnownHosts, "", "FILE"),
			"the keys of hosts for ssh (default $CREDENTIALS_DIRECTORY/" + knownHosts + ", else your own)"},
		{usesPull, "verify", "ARCADIAD_PULL_VERIFY", boolean(&s.pull.Verify), "use only a commit that one of the signers signed"},
		{usesPull, "signers", "", text(&s.pull.Signers, "", "FILE"), "the keys that may sign (default $CREDENTIALS_DIRECTORY/" + signers + ")"},
		{usesState | usesLog, "log-format", "", choice(&s.logFormat, "text", "json"), "text or json"},
		{usesState | usesLog, "log-level", "", logLevel(&s.logLevel, level), "debug, info, warn or error"},
	}
}

// newSettings gives a command the flags that it uses, and fills the values before it runs. Level is the log level where nobody
// says otherwise: a daemon talks, a command that has a result keeps quiet.
func newSettings(cmd *cobra.Command, u uses, level slog.Level) *settings {
	s := &settings{flags: cmd.Flags(), apiReserve: -1}
	s.rows = s.table(level)
	s.starts = u&usesDaemon != 0
	for _, row := range s.rows {
		if row.uses&u != 0 {
			usage := row.usage
			if row.env != "" {
				usage += " [$" + row.env + "]"
			}
			s.flags.Var(row.value, row.flag, usage)
			if row.common() {
				s.flags.Lookup(row.flag).Annotations = map[string][]string{commonFlag: {"true"}}
			}
		}
	}
	for _, flag := range []string{"simulate", "verify"} {
		if f := s.flags.Lookup(flag); f != nil {
			f.NoOptDefVal = "true"
		}
	}
	for flag, values := range map[string][]string{"log-format": {"text", "json"}, "notify-format": {"json", "slack"}, "log-level": {"debug", "info", "warn", "error"}} {
		if s.flags.Lookup(flag) != nil {
			mustComplete(cmd, flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
		}
	}
	completeFiles(cmd)
	cmd.PreRunE = func(*cobra.Command, []string) error { return s.fill() }
	return s
}

// mustComplete adds a flag's completion. It fails only for a flag that the command does not have.
func mustComplete(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err)
	}
}

// fill takes the environment in where there is no flag, and works out the defaults that depend on others.
func (s *settings) fill() error {
	url := s.given("api-url")   // by its flag; the variable is of other programs too
	if daemon.Shared(s.state) { // by its flag, which everybody on this host can read
		if err := daemon.CheckState(s.state); err != nil {
			return fmt.Errorf("--state: %w", err)
		}
	}
	for _, row := range s.rows {
		f := s.flags.Lookup(row.flag)
		if f == nil || f.Changed || row.env == "" || os.Getenv(row.env) == "" {
			continue
		}
		if err := s.flags.Set(row.flag, os.Getenv(row.env)); err != nil {
			return fmt.Errorf("%s in the environment: %w", row.env, err)
		}
	}
	if s.simulate && url {
		return errors.New("--simulate and --api-url exclude each other: the simulated account has its own URL")
	}
	if s.instance != "" {
		if err := s.asInstance(); err != nil {
			return err
		}
	}
	if s.flags.Lookup("state") != nil {
		return s.findState(s.system())
	}
	return nil
}

// given tells whether somebody set the value, by flag or by environment.
func (s *settings) given(flag string) bool {
	f := s.flags.Lookup(flag)
	return f != nil && f.Changed
}

// options are the settings as the daemon takes them.
func (s *settings) options(log *slog.Logger) daemon.Options {
	return daemon.Options{
		Fleet: s.fleet, State: s.state, Local: s.local, Lease: s.lease, Secrets: s.secrets(), Stateless: s.stateless, Socket: s.socket, SocketGroup: s.socketGroup, KeepSagas: s.keepSagas, KeepDeleted: s.keepDeleted, APIURL: s.apiURL,
		Token: findToken(s.tokenFile, log), TokenFrom: sourceOf(s.tokenFile).String(),
		WaitInterval: s.waitInterval, WaitAttempts: s.waitAttempts, CreateSettle: s.createSettle,
		SyncSchedule: s.syncSchedule, Concurrency: s.concurrency, Reserve: s.apiReserve,
		Listen: s.listen, WebhookURL: findWebhook(s.notifyURLFile, log), WebhookFormat: s.notifyFormat, Version: version(),
		UserAgent: "arcadiad/" + strings.ReplaceAll(version(), " ", "-"), Log: log,
	}
}

// logger writes to w as the settings ask. Where w is standard error, and that goes to the journal, each line has its priority.
func (s *settings) logger(w io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: s.logLevel}
	handler := func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, o) }
	if s.logFormat == "json" {
		handler = func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, o) }
	}
	if w == os.Stderr && toJournal() {
		return slog.New(newPrioritized(w, handler))
	}
	return slog.New(handler(w))
}

// value is a pflag.Value made from how a T is read and shown.
type value[T any] struct {
	at    *T
	kind  string
	parse func(string) (T, error)
	show  func(T) string
}

func newValue[T any](at *T, start T, kind string, parse func(string) (T, error), show func(T) string) pflag.Value {
	*at = start
	return &value[T]{at, kind, parse, show}
}

func (v *value[T]) String() string { return v.show(*v.at) }
func (v *value[T]) Type() string   { return v.kind }

func (v *value[T]) Set(s string) error {
	x, err := v.parse(s)
	if err == nil {
		*v.at = x
	}
	return err
}

func text(at *string, start, kind string) pflag.Value {
	as := func(s string) string { return s }
	return newValue(at, start, kind, func(s string) (string, error) { return s, nil }, as)
}

func boolean(at *bool) pflag.Value {
	return newValue(at, false, "bool", strconv.ParseBool, strconv.FormatBool)
}

// The bounds of what is waited between two looks, or for an answer: shorter is a loop without a pause, longer is no wait but an end.
const (
	leastWait   = 10 * time.Millisecond
	longestWait = 24 * time.Hour
)

func duration(at *time.Duration, start time.Duration) pflag.Value {
	return newValue(at, start, "DURATION", func(s string) (time.Duration, error) {
		d, err := fleet.ParseDuration(s, leastWait, longestWait)
		if err != nil {
			return 0, fmt.Errorf("%q is %w", s, err)
		}
		return d, nil
	}, view.Duration)
}

// leaseLength reads a duration in which a database can be asked a few times.
func leaseLength(at *time.Duration) pflag.Value {
	return newValue(at, daemon.DefaultLease, "DURATION", func(s string) (time.Duration, error) {
		d, err := fleet.ParseDuration(s, time.Second, time.Hour)
		if err != nil {
			return 0, fmt.Errorf("%q is %w", s, err)
		}
		return d, nil
	}, view.Duration)
}

// days reads 90d, and forever, which is negative.
func days(at *time.Duration, start time.Duration) pflag.Value {
	const day, forever = 24 * time.Hour, "forever"
	return newValue(at, start, "DAYS", func(s string) (time.Duration, error) {
		if s == forever {
			return -1, nil
		}
		n, err := strconv.Atoi(strings.TrimSuffix(s, "d"))
		if err != nil || n < 1 || n > 36500 {
			return 0, fmt.Errorf("%q is not a number of days such as 90d, and not %s", s, forever)
		}
		return time.Duration(n) * day, nil
	}, func(d time.Duration) string {
		if d < 0 {
			return forever
		}
		return strconv.Itoa(int(d/day)) + "d"
	})
}

func number(at *int, start int) pflag.Value {
	return newValue(at, start, "N", func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return 0, fmt.Errorf("%q is not a number from 1 on", s)
		}
		return n, nil
	}, strconv.Itoa)
}

// ports reads 8080,9090.
func ports(at *[]int) pflag.Value {
	return newValue(at, nil, "PORTS", func(s string) (list []int, err error) {
		for word := range strings.SplitSeq(s, ",") {
			port, err := strconv.ParseUint(strings.TrimSpace(word), 10, 16)
			if err != nil || port == 0 {
				return nil, fmt.Errorf("%q is not a list of ports such as 8080,9090", s)
			}
			list = append(list, int(port))
		}
		return list, nil
	}, func(list []int) string { return strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ","), "[]") })
}

// share reads 20% and 0.2 alike.
func share(at *float64, start float64) pflag.Value {
	return newValue(at, start, "SHARE", func(s string) (float64, error) {
		x, err := fleet.ParseShare(s)
		if err != nil {
			return 0, fmt.Errorf("%q is %w", s, err)
		}
		return x, nil
	}, func(x float64) string { return strconv.FormatFloat(x*100, 'g', 4, 64) + "%" })
}

// choice takes one of the words; the first is the default.
func choice(at *string, words ...string) pflag.Value {
	as := func(s string) string { return s }
	return newValue(at, words[0], "FORMAT", func(s string) (string, error) {
		if slices.Contains(words, s) {
			return s, nil
		}
		return "", fmt.Errorf("%q is none of %s", s, strings.Join(words, ", "))
	}, as)
}

func logLevel(at *slog.Level, start slog.Level) pflag.Value {
	return newValue(at, start, "LEVEL", func(s string) (level slog.Level, err error) {
		if level.UnmarshalText([]byte(s)) != nil {
			err = fmt.Errorf("%q is none of debug, info, warn, error", s)
		}
		return level, err
	}, func(l slog.Level) string { return strings.ToLower(l.String()) })
}
