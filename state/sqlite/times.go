package sqlite

import (
	"database/sql"
	"time"
)

// timeLayout is RFC 3339 in UTC with all nine digits of the second, so that times of equal length compare as text and come back
// exactly as they were.
const timeLayout = "2006-01-02T15:04:05.000000000Z"

// timeText writes a time; the zero time is NULL.
func timeText(t time.Time) sql.NullString {
	if t.IsZero() {
		return sql.NullString{}
	}
	return sql.NullString{String: t.UTC().Format(timeLayout), Valid: true}
}

// parseTime reads what timeText wrote.
func parseTime(s sql.NullString) (time.Time, error) {
	if !s.Valid {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s.String)
	return t.UTC(), err
}

// when is a time to scan a column into.
type when struct{ into *time.Time }

func (w when) Scan(column any) error {
	var s sql.NullString
	if err := s.Scan(column); err != nil {
		return err
	}
	var err error
	*w.into, err = parseTime(s)
	return err
}

func nullText(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

func orNull[N int | int64](n N) sql.Null[N] { return sql.Null[N]{V: n, Valid: n != 0} }
