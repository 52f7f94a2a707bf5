package postgres_test

import (
	"strings"
	"testing"

	"arcadiad/state/postgres"
	"arcadiad/state/postgres/cluster"
)

func TestLineTo(t *testing.T) {
	t.Setenv("PGSSLMODE", "")
	for url, want := range map[string]postgres.Line{
		"postgres://db.example.com/x":                                        postgres.LineOpen, // prefer
		"postgres://db.example.com/x?sslmode=disable":                        postgres.LineOpen,
		"postgres://db.example.com/x?sslmode=allow":                          postgres.LineOpen,
		"postgres://db.example.com/x?sslmode=require":                        postgres.LineUnverified,
		"postgres://db.example.com/x?sslmode=verify-ca":                      postgres.LineNameless,
		"postgres://db.example.com/x?sslmode=verify-full":                    postgres.LineVerified,
		"postgres://127.0.0.1,db.example.com/x?sslmode=require":              postgres.LineUnverified,
		"postgres://localhost/x?sslmode=disable":                             postgres.LineInside,
		"postgres://127.0.0.1:5432/x?sslmode=disable":                        postgres.LineInside,
		"postgres:///x?host=/run/postgresql":                                 postgres.LineInside,
		"postgres://db.example.com/x?sslmode=verify-full&sslrootcert=system": postgres.LineVerified,
	} {
		if got, err := postgres.LineTo(url); got != want || err != nil {
			t.Errorf("%s: %v, %v; want %v", url, got, err, want)
		}
	}
}

// A look at the server needs no tables, and leaves none.
func TestLookAt(t *testing.T) {
	url := cluster.Database(t)
	s, err := postgres.LookAt(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(s.Lossy, " ") != "fsync full_page_writes" || s.Standby || s.ReadOnly || s.Version == "" || s.RoundTrip <= 0 {
		t.Errorf("%+v", s)
	}
	if n := cluster.Value(t, url, "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"); n != int64(0) {
		t.Errorf("%v tables", n)
	}
}
