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

// That a droplet was registered, or released, is kept when its record is gone, and when it is.
func TestLaw05RegistrationsOutliveRecords(t *testing.T) {
	s := fresh(t)
	sg := draft(1, "a")
	must(t, s.Begin(t.Context(), sg))
	put := func(rows ...any) { t.Helper(); must(t, s.Commit(t.Context(), sg, rows)) }
	put(droplet(7, "a", at(1)), record(7, "a"), droplet(8, "b", at(1)), record(8, "b"), droplet(9, "c", at(1)))
	put(fleet.Unrecorded{DropletID: 7}, fleet.Deleted{DropletID: 8, At: at(2)}, fleet.Released{DropletID: 7, At: at(3)}, fleet.Released{DropletID: 9, At: at(4)})
	registered := record(7, "a").RecordedAt
	want := []fleet.Registration{
		{DropletID: 7, RegisteredAt: registered, ReleasedAt: at(3)}, {DropletID: 8, RegisteredAt: registered}, {DropletID: 9, ReleasedAt: at(4)},
	}
	if got := get(s.Load(t.Context()))(t).Registrations; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	later := record(7, "a")
	later.RecordedAt = registered.Add(time.Hour)
	put(later, fleet.Readopted{DropletID: 7})
	want[0].ReleasedAt = time.Time{}
	if got := get(s.Load(t.Context()))(t).Registrations; !reflect.DeepEqual(got, want) {
		t.Errorf("adopted again: got %+v, want %+v", got, want)
	}
	get(s.Retain(t.Context(), state.Retention{Deleted: time.Nanosecond}))(t)
	if got := get(s.Load(t.Context()))(t).Registrations; !reflect.DeepEqual(got, []fleet.Registration{want[0], want[2]}) {
		t.Errorf("with the row of 8 removed: %+v", got)
	}
	for _, row := range []any{fleet.Released{DropletID: 7}} {
		wantErr(t, s.Commit(t.Context(), sg, []any{row}), state.ErrRow)
	}
}

// The first look that is saved stays the first.
func TestLaw16FirstLook(t *testing.T) {
	s := fresh(t)
	wantEqual(t, "before any", get(s.Load(t.Context()))(t).FirstLook, int64(0))
	must(t, s.Save(t.Context(), fleet.Observed{BeganAt: at(1), Droplets: []fleet.Droplet{droplet(7, "a", at(1)), droplet(9, "b", at(1))}}))
	must(t, s.Save(t.Context(), fleet.Observed{BeganAt: at(2), Droplets: []fleet.Droplet{droplet(12, "c", at(2))}}))
	wantEqual(t, "after two", get(s.Load(t.Context()))(t).FirstLook, int64(9))
	s = fresh(t)
	must(t, s.Save(t.Context(), fleet.Observed{BeganAt: at(1)}))
	wantEqual(t, "of an empty account", get(s.Load(t.Context()))(t).FirstLook, int64(1))
}

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
