package postgres_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
	"arcadiad/state/postgres"
	"arcadiad/state/postgres/cluster"
	"arcadiad/state/sqlite"
	"arcadiad/state/tables"
)

// TestCopyFromAFile: all of it, with the secrets of live sagas, and the file is not used any more.
func TestCopyFromAFile(t *testing.T) {
	file, url := attic(t), cluster.Database(t)
	want, path := told(t, file), get(file.Meta(t.Context()))(t).Path
	contents := get(postgres.CopyFrom(t.Context(), file, url))(t)
	rows := map[string]int{}
	for _, c := range contents {
		if rows[c.Table] = c.Rows; c.Rows == 0 {
			t.Errorf("no row of %s was copied: the test is not worth much", c.Table)
		}
	}
	if rows["sagas"] != 3 || rows["resources"] != 3 {
		t.Errorf("copied: %v", rows)
	}
	must(t, file.Close())
	for what, err := range map[string]error{
		"write": second(sqlite.Open(t.Context(), path, sqlite.Options{})), "read": second(sqlite.OpenReader(t.Context(), path)),
	} {
		wantErr(t, what, err, state.ErrMoved)
		if err == nil || !strings.Contains(err.Error(), "was copied to postgres://") {
			t.Errorf("%s: it does not say where the state is: %v", what, err)
		}
	}

	s := open(t, url)
	if got := told(t, s); got != want {
		t.Errorf("the copy says\n%s\nthe file said\n%s", got, want)
	}
	if at := cluster.Value(t, url, "SELECT copied_at FROM control"); at != nil {
		t.Errorf("the copy counts as a backup since %v, and the file is not used any more", at)
	}
	// New rows have ids that no copied row has.
	get(s.Grant(t.Context(), "plan", []fleet.Grant{{Kind: "destroy", Name: "new", Rule: "volumes", At: noon}}))(t)
	seen := fleet.Droplet{ID: 99, Name: "new", Status: fleet.StatusActive, Region: "syd1", SeenAt: noon, Data: []byte("{}")}
	must(t, s.Save(t.Context(), fleet.Observed{BeganAt: noon, EndedAt: noon, Droplets: []fleet.Droplet{seen}}))

	must(t, s.Close())
	_, err := postgres.CopyFrom(t.Context(), attic(t), url)
	wantErr(t, "to copy into a database that is in use", err, state.ErrUsed)
}

// TestLaw16ABackupIsAFile, which counts as one: its live sagas look before they send.
func TestLaw16ABackupIsAFile(t *testing.T) {
	url := cluster.Database(t)
	get(postgres.CopyFrom(t.Context(), attic(t), url))(t)
	s, path := open(t, url), filepath.Join(t.TempDir(), "copy.db")
	must(t, s.Backup(t.Context(), path))
	copied := get(sqlite.Open(t.Context(), path, sqlite.Options{}))(t)
	defer copied.Close()
	for _, sg := range get(copied.Live(t.Context()))(t) {
		if sg.Labels[fleet.LabelCopied] == "" || string(sg.Secret) != "#cloud-config" {
			t.Errorf("the saga of %s in the backup: labels %v, secret %q", sg.Subject, sg.Labels, sg.Secret)
		}
	}
	if got, want := len(get(copied.Resources(t.Context()))(t)), len(get(s.Resources(t.Context()))(t)); got != want {
		t.Errorf("%d resources in the backup, want %d", got, want)
	}
}

// TestEveryColumnIsCopied: the tables of a file and of a database have the same columns, in whatever order, and a copy takes all of them.
func TestEveryColumnIsCopied(t *testing.T) {
	path, url := filepath.Join(t.TempDir(), "arcadiad.db"), cluster.Database(t)
	must(t, get(sqlite.Open(t.Context(), path, sqlite.Options{}))(t).Close())
	must(t, open(t, url).Close())
	file := get(sql.Open("sqlite3", "file:"+path))(t)
	defer file.Close()
	var inFile, inCopy, inDatabase string
	must(t, file.QueryRow(`
		SELECT group_concat(c, ' ') FROM (SELECT t.name || '.' || c.name AS c FROM sqlite_schema t JOIN pragma_table_info(t.name) c
			WHERE t.type IN ('table', 'view') AND t.name NOT LIKE 'goose%' AND t.name NOT LIKE 'sqlite%' AND c.name NOT LIKE 'moved%' ORDER BY 1)`).Scan(&inFile))
	inDatabase = cluster.Value(t, url, `
		SELECT string_agg(table_name || '.' || column_name, ' ' ORDER BY table_name || '.' || column_name COLLATE "C") FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name NOT IN ('lease', 'orders', 'goose_db_version') AND column_name <> 'rowid'`).(string)
	if inFile != inDatabase {
		t.Errorf("a file has\n%s\na database has\n%s", inFile, inDatabase)
	}
	copied := tables.Columns()
	for _, c := range strings.Fields(inFile) {
		if !strings.HasPrefix(c, "cloud_resources.") && c != "control.copied_at" && c != "saga_secrets.padding" {
			inCopy += c + " "
		}
	}
	slices.Sort(copied)
	if got := strings.Join(copied, " ") + " "; got != inCopy {
		t.Errorf("a copy takes\n%s\nthere are\n%s", got, inCopy)
	}
}

// told is all that a store tells.
func told(t *testing.T, s interface {
	state.Reader
	saga.Journal
}) string {
	t.Helper()
	m := get(s.Meta(t.Context()))(t)
	m.Path, m.Schema, m.Leader = "", 0, nil
	live := get(s.Live(t.Context()))(t)
	var secrets []string
	for _, sg := range live {
		secrets = append(secrets, string(sg.Secret))
	}
	return fmt.Sprintf("%+v\n%+v\n%+v\n%+v\n%+v\n%+v\n%+v\n%q\n%+v", m, get(s.Load(t.Context()))(t), get(s.Resources(t.Context()))(t),
		get(s.Sagas(t.Context(), saga.Filter{}))(t), get(s.Calls(t.Context(), draft(2, "").ID))(t), get(s.Rollouts(t.Context()))(t),
		get(s.Deviations(t.Context()))(t), secrets, live)
}

func second[T any](_ T, err error) error { return err }
