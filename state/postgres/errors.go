package postgres

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"arcadiad/state"

	"github.com/jackc/pgx/v5/pgconn"
)

// explain adds to an error of the database, or of the way to it, what it means, and what an operator can do. Other errors pass unchanged. No
// error of pgx has the password in it.
func explain(name string, err error) error {
	if hint, sentinel := diagnose(err); sentinel != nil && !errors.Is(err, sentinel) {
		return fmt.Errorf("%w: %s: %w (%s)", sentinel, name, brief{err}, hint)
	}
	return err
}

// emptied is what to do about a database that has no tables any more.
const emptied = "restore it; or restart arcadiad, which makes its tables and adopts the fleet by its tags"

// brief is an error in one line. Of a connection that failed pgx tells each try in a line of its own, below one that repeats the URL, and it tries
// twice what it may do with TLS and without.
type brief struct{ error }

func (b brief) Error() string {
	lines := strings.Split(b.error.Error(), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	if len(lines) > 1 {
		lines = lines[1:]
	}
	return strings.Join(slices.Compact(lines), "; ")
}

func (b brief) Unwrap() error { return b.error }

func diagnose(err error) (hint string, sentinel error) {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code[:2] {
		case "25": // read_only_sql_transaction
			if e.Code == "25006" {
				return "this server is a standby: name the primary in the URL, or all of them with target_session_attrs=read-write", state.ErrReadOnly
			}
		case "28": // invalid authorization
			return "check the user in the URL, and the password in $PGPASSWORD, $PGPASSFILE or $CREDENTIALS_DIRECTORY/postgres-password", state.ErrAway
		case "3D": // invalid catalog name
			return "make the database first: CREATE DATABASE", state.ErrAway
		case "42":
			if e.Code == "42501" { // insufficient_privilege
				return "the user must own the database, or may create tables in its schema: GRANT CREATE ON SCHEMA public", state.ErrReadOnly
			}
			if e.Code == "42P01" { // undefined_table
				return emptied, state.ErrSwapped
			}
		case "53": // insufficient resources
			if e.Code == "53100" { // disk_full
				return "free some space; nothing was half written", state.ErrFull
			}
			return "the server has no room for another connection: raise its limit, or use its pooler", state.ErrAway
		case "57": // operator intervention: shutdown, cannot_connect_now
			return "the server is starting or stopping; nothing was half written", state.ErrAway
		case "58", "XX":
			return "see the server's log; nothing was half written", state.ErrFailing
		}
		return "", nil
	}
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[net.Error](err)
	if connecting || network || pgconn.SafeToRetry(err) || pgconn.Timeout(err) {
		return "check that the server runs and can be reached from here", state.ErrAway
	}
	return "", nil
}
