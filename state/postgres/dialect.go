package postgres

import (
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"sync"

	"arcadiad/state/tables"

	"github.com/jackc/pgx/v5/pgconn"
)

// dialect is what PostgreSQL says in words of its own.
func dialect() *tables.Dialect {
	var known sync.Map // translations, by what was translated: there are a hundred or so
	return &tables.Dialect{
		Statement: func(query string) string {
			words, found := known.Load(query)
			if !found {
				words, _ = known.LoadOrStore(query, statement(query))
			}
			return words.(string)
		},
		Value:      value,
		Unique:     unique,
		ReservedIP: "spec_reserved_ip(p.spec)",
		Shown:      "data_shown(r.data)",
	}
}

// statement translates a statement of package tables. ? and ?1 are $1 here. A JSON list becomes an array by a function whose result is known
// when the statement is planned: a subquery would be gone through for every row of a table that the server has no statistics of yet.
func statement(query string) string {
	query = strings.NewReplacer(
		"NOT IN (SELECT value FROM json_each(", "<> ALL (json_texts(",
		"IN (SELECT value FROM json_each(", "= ANY (json_texts(",
		"IN (SELECT CAST(value AS BIGINT) FROM json_each(", "= ANY (json_numbers(",
	).Replace(query)
	var b strings.Builder
	next := 1
	for {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		digits := len(after) - len(strings.TrimLeft(after, "0123456789"))
		number := after[:digits]
		if digits == 0 {
			number = strconv.Itoa(next)
			next++
		}
		b.WriteString("$" + number)
		query = after[digits:]
	}
}

// value converts an argument: true and false are 1 and 0, and text has neither zeros nor what is no UTF-8, which PostgreSQL refuses. Names
// have none; an error that quotes what a server answered may.
func value(v any) any {
	switch v := v.(type) {
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case string:
		return clean(v)
	case sql.NullString:
		v.String = clean(v.String)
		return v
	}
	return v
}

func clean(s string) string {
	const unknown = "\uFFFD"
	return strings.ReplaceAll(strings.ToValidUTF8(s, unknown), "\x00", unknown)
}

// uniqueViolation is PostgreSQL's code for a row that a unique index refuses.
const uniqueViolation = "23505"

func unique(err error) (index string) {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == uniqueViolation {
		return e.ConstraintName
	}
	return ""
}
