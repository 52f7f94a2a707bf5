package postgres_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"arcadiad/saga"
	"arcadiad/state"
	"arcadiad/state/postgres"
	"arcadiad/state/postgres/cluster"
	"arcadiad/state/sqlite"
)

// TestLaw15ThePasswordIsNowhere: not in a URL, which everybody on the host can read, and not in what is said of a database.
func TestLaw15ThePasswordIsNowhere(t *testing.T) {
	const secret = "hunter2"
	t.Setenv("PGPASSWORD", secret)
	dir := t.TempDir()
	for _, url := range []string{
		"postgres://arcadiad:" + secret + "@db.example/x", "postgres://db.example/x?password=" + secret, "postgres://db.example/x?sslpassword=" + secret,
		"postgres://arcadiad:" + secret + "@db.example:port/x", "postgres://db.example/x?sslmode=" + "never",
		"postgres:///x?host=" + dir, "postgres://arcadiad@127.0.0.1:1/x?sslmode=disable",
	} {
		_, err := postgres.Open(t.Context(), url, postgres.Options{})
		_, again := postgres.OpenReader(t.Context(), url)
		if err == nil || again == nil || strings.Contains(err.Error()+again.Error(), secret) {
			t.Errorf("%s: %v, %v", strings.ReplaceAll(url, secret, "…"), err, again)
		}
	}
	if err := postgres.Check("postgres://u:p@h/x"); err == nil || !strings.Contains(err.Error(), "$PGPASSWORD") {
		t.Errorf("a password in the URL: %v", err)
	}
	_, err := postgres.OpenReader(t.Context(), "postgres:///x?host="+dir)
	if !errors.Is(err, state.ErrAway) {
		t.Errorf("no server: %v", err)
	}
	_, err = postgres.OpenReader(t.Context(), "postgres://127.0.0.1:1/x") // which is tried with TLS, and without
	if says := err.Error(); strings.Contains(says, "\n") || strings.Count(says, "dial error") != 1 || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("nobody listens: %v", err)
	}
}

// TestDatabasesThatAreNotOurs are told apart, and stay as they are.
func TestDatabasesThatAreNotOurs(t *testing.T) {
	empty, theirs, newer := cluster.Database(t), cluster.Database(t), cluster.Database(t)
	_, err := postgres.OpenReader(t.Context(), empty)
	wantErr(t, "an empty one", err, state.ErrNone)

	cluster.Exec(t, theirs, "CREATE TABLE goose_db_version (version_id BIGINT); CREATE TABLE customers (id BIGINT)")
	must(t, open(t, newer).Close())
	cluster.Exec(t, newer, "INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, true)", postgres.Schema+1)
	for url, want := range map[string]error{theirs: state.ErrForeign, newer: state.ErrNewer} {
		_, err := postgres.Open(t.Context(), url, postgres.Options{})
		wantErr(t, "to write", err, want)
		_, err = postgres.OpenReader(t.Context(), url)
		wantErr(t, "to read", err, want)
	}
}

// TestSchemaIsTheLastMigration keeps the number with the files.
func TestSchemaIsTheLastMigration(t *testing.T) {
	if files := get(filepath.Glob("migrations/*.sql"))(t); len(files) != postgres.Schema {
		t.Errorf("%d migrations, and the schema is %d", len(files), postgres.Schema)
	}
}

// TestTextThatIsNone: an error may quote any bytes of a server. They must not fail the commit that it belongs to.
func TestTextThatIsNone(t *testing.T) {
	s := fresh(t)
	sg := draft(1, "web-1")
	must(t, s.Begin(t.Context(), sg))
	sg.Error = "500: \x00 \xff é"
	must(t, s.Commit(t.Context(), sg, nil))
	if got := get(s.Live(t.Context()))(t)[0].Error; got != "500: \uFFFD \uFFFD é" {
		t.Errorf("error %q", got)
	}
}

// TestARowThatIsSpoilt fails no other.
func TestARowThatIsSpoilt(t *testing.T) {
	url := cluster.Database(t)
	get(postgres.CopyFrom(t.Context(), attic(t), url))(t)
	cluster.Exec(t, url, "UPDATE resources SET data = '{\"size_slug\": \"\\ud800' WHERE external_id = '12'")
	cluster.Exec(t, url, "UPDATE sagas SET labels = '{' WHERE subject = 'web-3'")
	s := open(t, url)
	get(s.Resources(t.Context()))(t)
	get(s.Load(t.Context()))(t)
	for _, sg := range get(s.Sagas(t.Context(), saga.Filter{}))(t) {
		if spoilt := sg.Undecodable != ""; spoilt != (sg.Subject == "web-3") {
			t.Errorf("saga of %s: %q", sg.Subject, sg.Undecodable)
		}
	}
}

// attic is a state file with a row of everything.
func attic(t *testing.T) *sqlite.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "arcadiad.db")
	must(t, os.WriteFile(path, get(os.ReadFile("../sqlite/testdata/schema-11.db"))(t), 0o600))
	s := get(sqlite.Open(t.Context(), path, sqlite.Options{}))(t)
	t.Cleanup(func() { s.Close() })
	return s
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want: %v", what, err, want)
	}
}
