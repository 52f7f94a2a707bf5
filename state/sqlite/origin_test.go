package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
)

// The first start on a backup tells the sagas that were live in it, once, and those of the database itself never.
func TestLaw16ABackupIsMarked(t *testing.T) {
	s := fresh(t)
	live, over := draft(1, "a"), draft(2, "b")
	live.Labels = map[string]string{fleet.LabelSpec: "cafe"}
	must(t, s.Begin(t.Context(), live, over))
	must(t, s.Commit(t.Context(), ended(over, saga.Completed), nil))
	path := filepath.Join(tempDir(t), "copy.db")
	must(t, s.Backup(t.Context(), path))
	wantEqual(t, "of the database itself", get(s.Live(t.Context()))(t)[0].Labels[fleet.LabelCopied], "")

	second := open(t, path)
	sagas := get(second.Sagas(t.Context(), saga.Filter{}))(t)
	if labels := sagas[0].Labels; labels[fleet.LabelCopied] != "true" || labels[fleet.LabelSpec] != "cafe" {
		t.Errorf("the live one: %v", labels)
	}
	wantEqual(t, "of the one that ended", sagas[1].Labels[fleet.LabelCopied], "")
	next := get(second.Live(t.Context()))(t)[0]
	next.Labels[fleet.LabelCopied] = ""
	must(t, second.Commit(t.Context(), next, nil))
	must(t, second.Close())
	wantEqual(t, "at the second start", get(open(t, path).Live(t.Context()))(t)[0].Labels[fleet.LabelCopied], "")
}

// A saga whose create was never accounted for is kept however old it is, and told what bore its tag and is gone.
func TestLaw05ACreateThatMayStillLandIsRemembered(t *testing.T) {
	path := filepath.Join(tempDir(t), "arcadiad.db")
	s := open(t, path)
	answered, unknown, found := draft(1, "a"), draft(2, "b"), draft(3, "c")
	answered.Labels = map[string]string{fleet.LabelSent: "1", fleet.LabelAnswered: "7", fleet.LabelTagGone: "true"}
	unknown.Labels = map[string]string{fleet.LabelSent: "2", fleet.LabelAnswered: "8", fleet.LabelNamesakes: "5,6", fleet.LabelTagGone: "true"}
	found.Labels = map[string]string{fleet.LabelSent: "1", fleet.LabelDroplet: "9", fleet.LabelNamesakes: "", fleet.LabelTagGone: "true"}
	must(t, s.Begin(t.Context(), answered, unknown, found))
	late := droplet(10, "b", at(1))
	late.Tags = []string{fleet.SagaTag(unknown.ID)}
	for _, sg := range []saga.Saga{answered, unknown, found} {
		must(t, s.Commit(t.Context(), ended(sg, saga.Compensated), []any{late, fleet.Deleted{DropletID: 10, At: at(2)}}))
	}
	for _, f := range get(s.Load(t.Context()))(t).Sagas {
		if f.ID == unknown.ID {
			want := fleet.Creates{Sent: 2, Answered: []int64{8}, Namesakes: []int64{5, 6}, Witnessed: true}
			if !reflect.DeepEqual(f.Creates, want) || !reflect.DeepEqual(f.Ended, []int64{10}) || !f.Unaccounted() {
				t.Errorf("unaccounted: %+v", f)
			}
		} else if f.Ended != nil || f.Unaccounted() {
			t.Errorf("accounted for: %+v", f)
		}
	}
	must(t, s.Close())
	db := get(sql.Open("sqlite3", path))(t)
	get(db.Exec("UPDATE sagas SET ended_at = '2020-01-01T00:00:00.000000000Z'"))(t)
	must(t, db.Close())
	s = open(t, path)
	get(s.Retain(t.Context(), state.Retention{Sagas: 10 * 24 * time.Hour}))(t)
	if left := get(s.Load(t.Context()))(t).Sagas; len(left) != 1 || left[0].ID != unknown.ID {
		t.Errorf("left: %+v", left)
	}
}
