package postgres

import (
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"arcadiad/state/tables"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
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
		Rows:       rows,
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

// rows gives a list of rows as arrays, one for each column, whose types are those of the values in the first row.
func rows(columns []string, before int, list [][]any) (table string, args []any) {
	var types []string
	for c := range columns {
		is, column := "text", any(nil)
		if _, binary := list[0][c].([]byte); binary {
			values := make([][]byte, len(list))
			for i, row := range list {
				values[i] = row[c].([]byte)
			}
			is, column = "bytea", values
		} else {
			values := make([]pgtype.Text, len(list))
			for i, row := range list {
				switch v := value(row[c]).(type) {
				case string:
					values[i] = pgtype.Text{String: v, Valid: true}
				case sql.NullString:
					values[i] = pgtype.Text(v)
				}
			}
			column = values
		}
		types, args = append(types, fmt.Sprintf("CAST(?%d AS %s[])", before+c+1, is)), append(args, column)
	}
	return "unnest(" + strings.Join(types, ", ") + ") AS v (" + strings.Join(columns, ", ") + ")", args
}

// uniqueViolation is PostgreSQL's code for a row that a unique index refuses.
const uniqueViolation = "23505"

func unique(err error) (index string) {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == uniqueViolation {
		return e.ConstraintName
	}
	return ""
}
