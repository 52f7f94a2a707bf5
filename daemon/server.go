package daemon

import (
	"context"
	"fmt"
	"strings"
	"time"

	"arcadiad/doctor"
	"arcadiad/fleet"
	"arcadiad/state/postgres"
)

// role is what the process that is examined is to a state database that hosts share.
type role int

const (
	bystander role = iota // a command
	leader
	second
)

// slowTrip is from which time on the way to the server is felt: each commit takes it a few times.
const slowTrip = 100 * time.Millisecond

// examineShared examines a state database that hosts share: who leads, and the server with the way to it.
func examineShared(ctx context.Context, o Options, as role) (found []doctor.Finding) {
	var r doctor.Report
	if reader, err := postgres.OpenReader(ctx, o.State); err == nil {
		if l, err := reader.Leader(ctx); err == nil {
			r.Add("lease", doctor.OK, leaseText(*l, as, time.Now()), "")
		}
	}
	examineLine(&r, o)
	s, err := postgres.LookAt(ctx, o.State)
	if err != nil {
		return r.Findings // the check of the database has said so
	}
	said := fmt.Sprintf("PostgreSQL %s, %v away", s.Version, s.RoundTrip.Round(100*time.Microsecond))
	switch {
	case s.Standby:
		r.Add("server", doctor.Fail, said+"; it is a standby: nothing can be written",
			"name the primary in the URL, or all servers and target_session_attrs=read-write")
	case s.ReadOnly:
		r.Add("server", doctor.Fail, said+"; default_transaction_read_only is on: nothing can be written", "find out who set it: the server may be short of disk")
	case s.RoundTrip > slowTrip:
		r.Add("server", doctor.Warn, said+": each step of a saga commits, and takes that long a few times", "run arcadiad in the region of the database")
	default:
		r.Add("server", doctor.OK, said, "")
	}
	if len(s.Lossy) > 0 {
		r.Add("durability", doctor.Warn, "the server has "+strings.Join(s.Lossy, " and ")+" off: a power cut may lose what was answered, or damage the database",
			"turn it on in postgresql.conf")
	} else {
		r.Add("durability", doctor.OK, "what is answered is on the server's disk", "")
	}
	return r.Findings
}

func leaseText(l fleet.Leader, as role, now time.Time) string {
	if l.Host == "" {
		return "free: no arcadiad leads"
	}
	held := fmt.Sprintf("held by %s, for %s (epoch %d)", l.Host, fleet.Lasting(max(0, now.Sub(l.Since)).Truncate(time.Second)), l.Epoch)
	switch as {
	case leader:
		return held + ", which is this daemon"
	case second:
		return held + "; this daemon stands by"
	}
	return held
}

// examineLine tells what the connections to the server prove of it.
func examineLine(r *doctor.Report, o Options) {
	const check = "TLS"
	const do = "add sslmode=verify-full to the URL, and sslrootcert=FILE with the certificate of the server's own CA, if it has one"
	line, err := postgres.LineTo(o.State)
	switch {
	case err != nil:
		r.Add(check, doctor.Fail, err.Error(), "correct the URL")
	case line == postgres.LineInside:
		r.Add(check, doctor.OK, "not needed: the server is on this machine", "")
	case line == postgres.LineVerified:
		r.Add(check, doctor.OK, "the server's certificate and name are verified", "")
	case line == postgres.LineNameless:
		r.Add(check, doctor.Warn, "the server's certificate is verified, but not its name: any server with a certificate of that CA may answer", do)
	case line == postgres.LineUnverified:
		r.Add(check, doctor.Warn, "not verified: connections are encrypted, but whoever is between may pass for the server, and read and change the state", do)
	default:
		r.Add(check, doctor.Warn, "not verified: connections may go unencrypted, and whoever is between may read and change the state", do)
	}
}
