package postgres

import (
	"cmp"
	"context"
	"crypto/tls"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is what a server says of itself, as far as a state depends on it.
type Server struct {
	Version   string
	Standby   bool          // it follows another one, and takes no writes
	ReadOnly  bool          // it takes none unless a transaction says otherwise
	Lossy     []string      // the settings by which a power cut may lose or damage what was answered
	RoundTrip time.Duration // the shortest of a few
}

const roundTrips = 3

// LookAt asks the server that the URL leads to. It needs no tables there, and makes none.
func LookAt(ctx context.Context, url string) (s Server, err error) {
	c, err := configure(url)
	if err != nil {
		return s, err
	}
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return s, explain(shown(c), err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var fsync, pages string
	const ask = `SELECT current_setting('server_version'), pg_is_in_recovery(), current_setting('default_transaction_read_only') = 'on',
		current_setting('fsync'), current_setting('full_page_writes')`
	if err := conn.QueryRow(ctx, ask).Scan(&s.Version, &s.Standby, &s.ReadOnly, &fsync, &pages); err != nil {
		return s, explain(shown(c), err)
	}
	s.Version, _, _ = strings.Cut(s.Version, " ") // without its packager
	if fsync == "off" {
		s.Lossy = append(s.Lossy, "fsync")
	}
	if pages == "off" {
		s.Lossy = append(s.Lossy, "full_page_writes")
	}
	for range roundTrips {
		began := time.Now()
		if err := conn.Ping(ctx); err != nil {
			return s, explain(shown(c), err)
		}
		if took := time.Since(began); s.RoundTrip == 0 || took < s.RoundTrip {
			s.RoundTrip = took
		}
	}
	return s, nil
}

// Line is what a connection proves of the server, and hides from who is between. A greater one is worse.
type Line int

const (
	LineInside     Line = iota // it does not leave this machine
	LineVerified               // the server's certificate and its name are verified
	LineNameless               // the certificate is verified, and not whose it is
	LineUnverified             // it is encrypted, and who answers is not verified
	LineOpen                   // it may go unencrypted
)

// LineTo tells what the connections to a URL prove, by the URL and the environment; of several servers it is the worst.
func LineTo(url string) (Line, error) {
	c, err := configure(url)
	if err != nil {
		return 0, err
	}
	worst := lineOf(c.Host, c.TLSConfig)
	for _, f := range c.Fallbacks {
		worst = max(worst, lineOf(f.Host, f.TLSConfig))
	}
	return worst, nil
}

func lineOf(host string, t *tls.Config) Line {
	switch {
	case strings.HasPrefix(host, "/") || slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, cmp.Or(host, "localhost")):
		return LineInside
	case t == nil:
		return LineOpen
	case !t.InsecureSkipVerify:
		return LineVerified
	case t.VerifyPeerCertificate != nil || t.VerifyConnection != nil: // pgx's verify-ca
		return LineNameless
	}
	return LineUnverified
}
