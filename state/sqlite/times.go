package sqlite

import (
	"database/sql"
	"fmt"
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
func parseTime(column string, s sql.NullString) (time.Time, error) {
	if !s.Valid {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s.String)
	if err != nil {
		return time.Time{}, fmt.Errorf("column %s: %w", column, err)
	}
	return t.UTC(), nil
}

// nullText is NULL for the empty string.
func nullText(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }
