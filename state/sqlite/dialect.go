package sqlite

import (
	"errors"
	"strings"

	"arcadiad/state/tables"

	"github.com/mattn/go-sqlite3"
)

// secretPadding is how many zero bytes go before a secret in its row: a page's worth, see doc.go.
const secretPadding = 4096

// dialect is what SQLite says in words of its own.
func dialect() *tables.Dialect {
	return &tables.Dialect{
		Unique:     unique,
		ReservedIP: "CASE WHEN json_valid(p.spec) THEN json_extract(p.spec, '$.reserved_ip') END",
		Shown: `CASE WHEN json_valid(r.data) THEN
			json_extract(r.data, '$.size_slug', '$.image.slug', '$.image.id', '$.created_at', '$.networks.v4') END`,
		SecretPadding: secretPadding,
	}
}

// unique names the index that a row was against. SQLite tells its columns, and the name only where it is an index on an expression.
func unique(err error) (index string) {
	e, ok := errors.AsType[sqlite3.Error](err)
	if !ok || e.Code != sqlite3.ErrConstraint {
		return ""
	}
	for _, known := range []struct{ said, index string }{
		{"sagas.subject_key", "sagas_live_subject"}, {"sagas_id8", "sagas_id8"}, {"sagas.id", "sagas_pkey"}, {"rollouts.group_key", "rollouts_live_group"},
	} {
		if strings.Contains(e.Error(), known.said) {
			return known.index
		}
	}
	return ""
}
