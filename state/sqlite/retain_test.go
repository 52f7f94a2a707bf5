package sqlite_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

const day = 24 * time.Hour

// attic is a database full of old things, in a bubble.
type attic struct {
	t *testing.T
	s *sqlite.Store
	n int
}

func inAttic(t *testing.T, test func(a *attic)) {
	synctest.Test(t, func(t *testing.T) {
		s := get(sqlite.Open(t.Context(), filepath.Join(tempDir(t), "arcadiad.db"), sqlite.Options{}))(t)
		defer s.Close()
		test(&attic{t: t, s: s})
	})
}

// swept are the labels of a saga whose tag was taken out of the account, beside others.
func swept(labels map[string]string) map[string]string {
	all := map[string]string{fleet.LabelTagGone: "true"}
	maps.Copy(all, labels)
	return all
}

// saga begins a saga now, and ends it unless the status is a live one. Its tag is gone unless the labels say otherwise.
func (a *attic) saga(subject string, status saga.Status, labels map[string]string) saga.Saga {
	a.t.Helper()
	a.n++
	sg := draft(a.n, subject)
	sg.CreatedAt, sg.UpdatedAt, sg.Labels = time.Now(), time.Now(), swept(labels)
	must(a.t, a.s.Begin(a.t.Context(), sg))
	if !status.Live() {
		sg = ended(sg, status)
		must(a.t, a.s.Commit(a.t.Context(), sg, nil))
	}
	return sg
}

// left gives the subjects of the sagas that are left, oldest first.
func (a *attic) left() string {
	var subjects []string
	for _, sg := range get(a.s.Sagas(a.t.Context(), saga.Filter{}))(a.t) {
		subjects = append(subjects, sg.Subject)
	}
	return strings.Join(subjects, " ")
}

func (a *attic) retain(sagas, deleted time.Duration) state.Removed {
	a.t.Helper()
	return get(a.s.Retain(a.t.Context(), state.Retention{Sagas: sagas, Deleted: deleted}))(a.t)
}

func TestRetainKeepsWhatIsAskedFor(t *testing.T) {
	inAttic(t, func(a *attic) {
		a.saga("over", saga.Completed, nil)
		a.saga("superseded", saga.Superseded, nil)
		a.saga("failed", saga.Compensated, nil)
		a.saga("live", saga.Stuck, nil)
		named := a.saga("named", saga.Completed, nil)
		tagged := a.saga("tagged", saga.Compensated, nil)
		goneTag := a.saga("gone-tag", saga.Completed, nil)
		a.saga("untagged", saga.Completed, map[string]string{fleet.LabelDroplet: "13"})
		a.saga("gone", saga.Completed, map[string]string{fleet.LabelDroplet: "14"})
		a.saga("spoilt", saga.Completed, map[string]string{fleet.LabelDroplet: "fourteen"})
		a.saga("unswept", saga.Completed, map[string]string{fleet.LabelTagGone: ""}) // only its journal knows whose tag that is
		rec := record(11, "named")
		rec.SagaID = named.ID
		with := func(id int64, tags ...string) fleet.Droplet {
			d := droplet(id, fmt.Sprint("d-", id), time.Now())
			d.Tags = tags
			return d
		}
		time.Sleep(time.Minute)
		commitNow(a, rec, with(12, fleet.ManagedTag, strings.ToUpper(fleet.SagaTag(tagged.ID))), with(13),
			with(14), with(15, fleet.SagaTag(goneTag.ID)))
		time.Sleep(time.Minute)
		commitNow(a, fleet.Deleted{DropletID: 14, At: time.Now()}, fleet.Deleted{DropletID: 15, At: time.Now()})

		time.Sleep(89 * day)
		wantEqual(t, "removed too early", a.retain(90*day, 0), state.Removed{})
		time.Sleep(2 * day)
		removed := a.retain(90*day, 0)
		wantEqual(t, "left", a.left(), "live named tagged untagged spoilt unswept")
		wantEqual(t, "removed", removed.Sagas, int64(7)) // and the two that committed the rows
		wantEqual(t, "steps of removed sagas", column(t, get(a.s.Meta(a.t.Context()))(t).Path,
			"SELECT count(*) FROM saga_steps WHERE saga_id NOT IN (SELECT id FROM sagas)"), any(int64(0)))
		wantEqual(t, "removed twice", a.retain(90*day, 0), state.Removed{})
		wantEqual(t, "with nothing to remove", a.retain(0, 0), state.Removed{})
	})
}

// commitNow has the rows committed by a saga that ends at once.
func commitNow(a *attic, rows ...any) {
	a.t.Helper()
	a.n++
	sg := draft(a.n, fmt.Sprint("rows-", a.n))
	sg.CreatedAt, sg.UpdatedAt, sg.Labels = time.Now(), time.Now(), swept(nil)
	must(a.t, a.s.Begin(a.t.Context(), sg))
	must(a.t, a.s.Commit(a.t.Context(), ended(sg, saga.Completed), rows))
}

// Law 18: a rollout that a member has stopped stays so, however long nobody looks after it.
func TestLaw18RetentionStartsNoRolloutAgain(t *testing.T) {
	inAttic(t, func(a *attic) {
		row := fleet.Rollout{ID: "5c1d9a0200000000", Group: "web", Phase: fleet.RolloutRunning, BeganAt: time.Now()}
		a.n++
		sg := draft(a.n, "web-1")
		sg.CreatedAt, sg.UpdatedAt, sg.Labels, sg.Rows = time.Now(), time.Now(), swept(map[string]string{fleet.LabelRollout: row.ID}), []any{row}
		must(t, a.s.Begin(a.t.Context(), sg))
		must(t, a.s.Commit(a.t.Context(), ended(sg, saga.Compensated), nil))
		a.saga("other", saga.Compensated, map[string]string{fleet.LabelRollout: "5c1d9a0300000000"})
		time.Sleep(200 * day)
		a.retain(90*day, 0)
		wantEqual(t, "left", a.left(), "web-1")
		row.Phase, row.EndedAt = fleet.RolloutDone, time.Now()
		must(t, a.s.ChangeRollout(a.t.Context(), row, fleet.RolloutRunning))
		a.retain(90*day, 0)
		wantEqual(t, "left when it is done", a.left(), "")
	})
}

// Droplets that come late are known by their saga (law 5), so it outlives its watch whatever the settings say.
func TestLaw05RetentionOutlivesTheWatch(t *testing.T) {
	inAttic(t, func(a *attic) {
		a.saga("watched", saga.Compensated, nil)
		time.Sleep(7*day + time.Hour)
		wantEqual(t, "removed within the watch", a.retain(time.Hour, 0).Sagas, int64(0))
		time.Sleep(day)
		wantEqual(t, "removed after it", a.retain(time.Hour, 0).Sagas, int64(1))
	})
}

// What holds a name back is not forgotten, and what lifted that is not forgotten before it.
func TestLaw14RetentionForgetsNoStall(t *testing.T) {
	undone := map[string]string{fleet.LabelUndone: "true"}
	for _, tt := range []struct {
		name    string
		history []saga.Status // undone where compensated
		left    int
	}{
		{"three failures", []saga.Status{saga.Compensated, saga.Compensated, saga.Compensated}, 3},
		{"a success after them", []saga.Status{saga.Compensated, saga.Compensated, saga.Completed}, 0},
		{"failures after a success", []saga.Status{saga.Completed, saga.Compensated, saga.Compensated}, 2},
		{"superseded after failures", []saga.Status{saga.Compensated, saga.Superseded}, 2},
		{"under way", []saga.Status{saga.Compensated, saga.Completed, saga.Stuck}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inAttic(t, func(a *attic) {
				for _, status := range tt.history {
					labels := undone
					if status != saga.Compensated {
						labels = nil
					}
					a.saga("web-1", status, labels)
					time.Sleep(time.Hour)
				}
				time.Sleep(91 * day)
				a.retain(90*day, 0)
				wantEqual(t, "left", len(strings.Fields(a.left())), tt.left)
			})
		})
	}
	t.Run("forgiven", func(t *testing.T) {
		inAttic(t, func(a *attic) {
			a.saga("web-1", saga.Compensated, undone)
			time.Sleep(time.Hour)
			last := a.saga("web-1", saga.Compensated, undone)
			must(t, a.s.SetLabel(a.t.Context(), last.ID, fleet.LabelRetried, "true"))
			time.Sleep(90*day - 30*time.Minute) // the first is old enough, the one that forgives it is not
			a.retain(90*day, 0)
			wantEqual(t, "left", a.left(), "web-1")
			time.Sleep(time.Hour)
			a.retain(90*day, 0)
			wantEqual(t, "left", a.left(), "")
		})
	})
}

// A droplet that lives keeps its maker, and the updates of the last months; failures that hold the next update back stay too.
func TestRetainForgetsOldUpdates(t *testing.T) {
	inAttic(t, func(a *attic) {
		update := func(subject string, status saga.Status) {
			a.t.Helper()
			a.n++
			sg := draft(a.n, subject)
			sg.Kind, sg.CreatedAt, sg.UpdatedAt, sg.Labels = fleet.SagaUpdate, time.Now(), time.Now(), map[string]string{fleet.LabelDroplet: "11"}
			must(a.t, a.s.Begin(a.t.Context(), sg))
			must(a.t, a.s.Commit(a.t.Context(), ended(sg, status), nil))
		}
		a.saga("web", saga.Completed, map[string]string{fleet.LabelDroplet: "11"})
		a.saga("db", saga.Completed, map[string]string{fleet.LabelDroplet: "12"})
		commitNow(a, droplet(11, "web", time.Now()), droplet(12, "db", time.Now()))
		for _, status := range []saga.Status{saga.Compensated, saga.Completed, saga.Superseded} {
			update("web", status)
		}
		for range 3 {
			update("db", saga.Compensated)
		}
		time.Sleep(60 * day)
		update("web", saga.Completed)
		time.Sleep(31 * day)
		a.retain(90*day, 0)
		wantEqual(t, "left", a.left(), "web db db db db web")
		time.Sleep(60 * day)
		a.retain(90*day, 0)
		wantEqual(t, "left later", a.left(), "web db db db db")
	})
}

func TestRetainDeletedAndApprovals(t *testing.T) {
	inAttic(t, func(a *attic) {
		const many = 1200 // more than two transactions
		var rows, gone []any
		for id := int64(1); id <= many; id++ {
			rows = append(rows, droplet(id, fmt.Sprint("d-", id), time.Now()))
		}
		commitNow(a, rows...)
		time.Sleep(time.Hour)
		for id := int64(1); id < many; id++ {
			gone = append(gone, fleet.Deleted{DropletID: id, At: time.Now()})
		}
		commitNow(a, gone...)
		must(t, a.s.Approve(a.t.Context(), "never-used"))
		time.Sleep(364 * day)
		wantEqual(t, "removed too early", a.retain(0, 365*day), state.Removed{})
		must(t, a.s.Approve(a.t.Context(), "fresh"))
		time.Sleep(2 * day)
		removed := a.retain(90*day, 365*day)
		wantEqual(t, "deleted rows removed", removed.Deleted, int64(many-1))
		wantEqual(t, "approvals removed", removed.Approvals, int64(1))
		left := get(a.s.Resources(a.t.Context()))(t)
		if len(left) != 1 || left[0].DropletID != many {
			t.Errorf("left: %+v", left)
		}
		if approved := get(a.s.Load(a.t.Context()))(t).Lapsed; !slices.Equal(approved, []string{"fresh"}) {
			t.Errorf("approvals left: %q", approved)
		}
	})
}
