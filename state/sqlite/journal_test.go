package sqlite_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"arcadiad/saga"
)

// TestLaw02OneSagaPerName: by an index, so that not even another program can break it, and whatever the letter case.
func TestLaw02OneSagaPerName(t *testing.T) {
	path := filepath.Join(tempDir(t), "arcadiad.db")
	s := open(t, path)
	must(t, s.Begin(t.Context(), draft(1, "Web-1")))
	wantErr(t, s.Begin(t.Context(), draft(2, "web-1")), saga.ErrLive)
	raw(t, path, "UPDATE sagas SET status = 'a status of tomorrow'")
	wantErr(t, s.Begin(t.Context(), draft(2, "web-1")), saga.ErrLive)
	must(t, s.Commit(t.Context(), ended(draft(1, "Web-1"), saga.Completed), nil))
	must(t, s.Begin(t.Context(), draft(2, "web-1")))
}

// TestLaw03OneTransaction: a step's result, its context and its rows are written together.
func TestLaw03OneTransaction(t *testing.T) {
	path := filepath.Join(tempDir(t), "arcadiad.db")
	s := open(t, path)
	batches := s.CountBatches()
	sg := draft(1, "web-1")
	must(t, s.Begin(t.Context(), sg))
	sg.Status, sg.Step, sg.Context = saga.Running, 1, json.RawMessage(`{"droplet":123}`)
	sg.History[0].Status = saga.StepDone
	must(t, s.Commit(t.Context(), sg, []any{droplet(123, "web-1", at(1)), record(123, "web-1")}))
	wantEqual(t, "transactions", batches.Load(), 2)
	must(t, s.Close())

	r := reader(t, path)
	got := get(r.Saga(t.Context(), sg.ID))(t)
	wantEqual(t, "context", string(got.Context), string(sg.Context))
	wantEqual(t, "history", got.History[0].Status, saga.StepDone)
	recorded := get(r.Load(t.Context()))(t)
	if len(recorded.Records) != 1 || len(recorded.Known) != 1 {
		t.Errorf("recorded: %+v", recorded)
	}
}

// TestUndecodable: a row that cannot be read is stuck alone, and what could not be read stays as evidence.
func TestUndecodable(t *testing.T) {
	for column, evidence := range map[string]any{
		"labels": `{"droplet":`, "steps": `["CreateDroplet"`, "context": `{"id":1`, "status": "melted", "not_before": "yesterday",
		"created_at": "once", "step_index": int64(7),
	} {
		t.Run(column, func(t *testing.T) {
			path := filepath.Join(tempDir(t), "arcadiad.db")
			s := open(t, path)
			bad, good := draft(1, "bad"), draft(2, "good")
			bad.Context, bad.Secret = json.RawMessage(`{}`), []byte("secret")
			must(t, s.Begin(t.Context(), bad, good))
			raw(t, path, "UPDATE sagas SET "+column+" = ? WHERE id = ?", evidence, bad.ID)

			live := map[string]saga.Saga{}
			for _, sg := range get(s.Live(t.Context()))(t) {
				live[sg.Subject] = sg
			}
			if b := live["bad"]; b.Status != saga.Stuck || !strings.Contains(b.Undecodable, column) {
				t.Errorf("status %s, undecodable %q", b.Status, b.Undecodable)
			}
			if g := live["good"]; g.Status != saga.Pending || g.Undecodable != "" {
				t.Errorf("the neighbour: %s, %q", g.Status, g.Undecodable)
			}
			if _, err := json.Marshal(live["bad"]); err != nil {
				t.Errorf("cannot be shown as JSON: %v", err)
			}
			if _, err := s.Load(t.Context()); err != nil {
				t.Errorf("Load: %v", err)
			}

			b := live["bad"]
			b.Status, b.Error, b.Labels, b.Steps = saga.Stuck, "cannot be read", nil, nil
			must(t, s.Commit(t.Context(), b, nil))
			if column != "status" {
				wantColumn(t, path, column, bad.ID, evidence)
				wantColumn(t, path, "status", bad.ID, "stuck")
			}
			wantColumn(t, path, "error", bad.ID, "cannot be read")
			b.Status, b.EndedAt = saga.Superseded, at(60) // a person gave it up
			must(t, s.Commit(t.Context(), b, nil))
			if column != "status" {
				wantColumn(t, path, column, bad.ID, evidence)
			}
			if n := len(get(s.Live(t.Context()))(t)); n != 1 {
				t.Errorf("%d live sagas", n)
			}
		})
	}
}

func wantColumn(t *testing.T, path, name, id string, want any) {
	t.Helper()
	if v := column(t, path, "SELECT "+name+" FROM sagas WHERE id = ?", id); v != want {
		t.Errorf("column %s: %v, want %v", name, v, want)
	}
}

func TestUndecodableHistory(t *testing.T) {
	path := filepath.Join(tempDir(t), "arcadiad.db")
	s := open(t, path)
	must(t, s.Begin(t.Context(), draft(1, "gap"), draft(2, "end"), draft(3, "whole")))
	raw(t, path, "DELETE FROM saga_steps WHERE position = 0 AND saga_id = ?", draft(1, "").ID)
	raw(t, path, "DELETE FROM saga_steps WHERE position = 1 AND saga_id = ?", draft(2, "").ID)
	for _, sg := range get(s.Live(t.Context()))(t) {
		if bad := sg.Undecodable != ""; bad != (sg.Subject != "whole") {
			t.Errorf("%s: undecodable %q", sg.Subject, sg.Undecodable)
		}
	}
}
