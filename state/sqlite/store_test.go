package sqlite_test

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
)

// TestContract checks the columns that people and tools read.
func TestContract(t *testing.T) {
	path := filepath.Join(tempDir(t), "arcadiad.db")
	s := open(t, path)
	d := droplet(123, "web-1", at(0))
	sg := draft(1, "web-1")
	sg.Context, sg.Labels = json.RawMessage(`{"id":123}`), map[string]string{fleet.LabelDroplet: "123"}
	must(t, s.Begin(t.Context(), sg))
	must(t, s.Commit(t.Context(), sg, []any{d, record(123, "web-1")}))
	for _, c := range []struct {
		query string
		want  any
	}{
		{"SELECT provider FROM cloud_resources", "digitalocean"},
		{"SELECT kind FROM cloud_resources", "droplet"},
		{"SELECT external_id FROM cloud_resources", "123"},
		{"SELECT name || region || status || public_ip FROM cloud_resources", "web-1syd1active198.51.100.24"},
		{"SELECT tags FROM cloud_resources", `["managed-by-arcadia-cloud"]`},
		{"SELECT data FROM cloud_resources", string(d.Data)},
		{"SELECT first_seen_at FROM cloud_resources", "2026-11-20T12:00:00.123456789Z"},
		{"SELECT last_seen_at FROM cloud_resources", "2026-11-20T12:00:00.123456789Z"},
		{"SELECT deleted_at FROM cloud_resources", nil},
		{"SELECT external_id FROM cloud_provisioned", "123"},
		{"SELECT name || size_slug || region || image || image_id FROM cloud_provisioned", "web-1s-1vcpu-1gbsyd1ubuntu-24-04-x64190000001"},
		{"SELECT spec FROM cloud_provisioned", `{"monitoring":true,"tags":["a","b"],"user_data":""}`},
		{"SELECT protect FROM cloud_provisioned", int64(0)},
		{"SELECT saga_id FROM cloud_provisioned", draft(1, "").ID},
		{"SELECT recorded_at FROM cloud_provisioned", "2026-11-20T12:00:00.123456789Z"},
		{"SELECT kind || subject || status || step || attempts || error FROM sagas", "ProvisionDropletweb-1pendingCreateDroplet0"},
		{"SELECT context FROM sagas", `{"id":123}`},
		{"SELECT not_before FROM sagas", nil},
		{"SELECT group_concat(name || status) FROM saga_steps", "CreateDropletpending,WaitDropletActivepending"},
	} {
		if v := column(t, path, c.query); v != c.want {
			t.Errorf("%s: got %#v, want %#v", c.query, v, c.want)
		}
	}
}

func TestPragmas(t *testing.T) {
	s := fresh(t)
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1"} {
		wantEqual(t, name, get(s.Pragma(name))(t), want)
	}
	if err := s.WriteThroughReader(t.Context()); err == nil {
		t.Error("a read connection wrote")
	}
}

func TestLoad(t *testing.T) {
	s := fresh(t)
	want := fleet.Recorded{
		Account: "team-1", Simulated: true, Fleet: "demo", Paused: true, Approved: []string{"plan-2"},
		Known: []fleet.Known{
			{DropletID: 99, Name: "b", FirstSeenAt: at(1), LastSeenAt: at(5), Digest: fleet.DigestOf(droplet(99, "b", at(5)).Data)},
			{DropletID: 123, Name: "a", FirstSeenAt: at(1), LastSeenAt: at(1), Digest: fleet.DigestOf(droplet(123, "a", at(1)).Data)},
		},
	}
	must(t, s.Pin(t.Context(), fleet.Account{UUID: "team-1", Simulated: true}, "demo"))
	must(t, s.Pause(t.Context(), true))
	must(t, s.Approve(t.Context(), "plan-1"))
	must(t, s.Approve(t.Context(), "plan-2"))
	want.Grants = get(s.Grant(t.Context(), "plan-1", []fleet.Grant{{Kind: "destroy", Name: "a", DropletID: 99, Rule: "max_destroy", Facts: []string{}, At: at(1)}}))(t)

	full, bare := record(123, "a"), record(99, "b")
	full.Assumed, full.Protect = []string{"image", "ssh_keys"}, true
	bare.Values, bare.ImageID, bare.SagaID = fleet.Values{}, 0, ""
	want.Records = []fleet.Record{bare, full}
	want.Registrations = []fleet.Registration{{DropletID: 99, RegisteredAt: bare.RecordedAt}, {DropletID: 123, RegisteredAt: full.RecordedAt}}

	sg := draft(1, "a")
	sg.Kind = fleet.SagaReplace
	sg.Labels = map[string]string{
		fleet.LabelSpec: "abc", fleet.LabelDroplet: "123", fleet.LabelReplaces: "99", fleet.LabelUndone: "true",
		fleet.LabelRetried: "true", fleet.LabelApproval: "plan-1",
	}
	must(t, s.Begin(t.Context(), sg))
	must(t, s.Commit(t.Context(), sg, []any{
		droplet(123, "a", at(1)), droplet(99, "b", at(1)), droplet(99, "b", at(5)), droplet(7, "gone", at(1)),
		fleet.Deleted{DropletID: 7, At: at(2)}, full, bare,
	}))
	sg.Error = "no"
	must(t, s.Commit(t.Context(), ended(sg, saga.Compensated), nil))
	live := draft(2, "a")
	must(t, s.Begin(t.Context(), live))
	want.Sagas = []fleet.Saga{
		{
			ID: sg.ID, Kind: fleet.SagaReplace, Name: "a", Status: "compensated", SpecHash: "abc", DropletID: 123, Replaces: 99,
			Undone: true, Retried: true, Approved: true, Error: "no", CreatedAt: sg.CreatedAt, EndedAt: ended(sg, saga.Compensated).EndedAt,
		},
		{ID: live.ID, Kind: fleet.SagaProvision, Name: "a", Status: "pending", Live: true, Step: "CreateDroplet", CreatedAt: live.CreatedAt},
	}
	if got := get(s.Load(t.Context()))(t); !reflect.DeepEqual(got, want) {
		t.Errorf("Load:\n got %+v\nwant %+v", got, want)
	}
}

// TestLaw06SightingsInAnyOrder: an older sighting never overwrites a newer one, so the order of arrival does not matter.
func TestLaw06SightingsInAnyOrder(t *testing.T) {
	s, id := fresh(t), int64(0)
	for _, c := range []struct {
		name    string
		rows    func(id int64) []any
		want    string
		deleted bool
	}{
		{"seen twice", func(id int64) []any { return sightings(id)[:2] }, "second", false},
		{"gone since", func(id int64) []any { return sightings(id)[:3] }, "second", true},
		{"gone, but seen after that", sightings, "back", false},
	} {
		for order := range permutations(len(c.rows(0))) {
			id++
			rows := []any{droplet(id, "zeroth", at(0))}
			for _, i := range order {
				rows = append(rows, c.rows(id)[i])
			}
			commit(t, s, rows...)
			all := get(s.Resources(t.Context()))(t)
			r := all[len(all)-1]
			if r.DropletID != id || r.Name != c.want || !r.DeletedAt.IsZero() != c.deleted || !r.FirstSeenAt.Equal(at(0)) {
				t.Errorf("%s, in order %v: %+v", c.name, order, r)
			}
			if c.deleted != (r.Status == fleet.StatusDeleted) {
				t.Errorf("%s, in order %v: status %s", c.name, order, r.Status)
			}
		}
	}
	wantEqual(t, "orders", id, 2+6+24)
}

func sightings(id int64) []any {
	second := droplet(id, "second", at(2))
	second.Data, second.Status = nil, fleet.StatusOff // a sighting without raw data keeps what was there
	return []any{droplet(id, "first", at(1)), second, fleet.Deleted{DropletID: id, At: at(3)}, droplet(id, "back", at(4))}
}

// permutations gives every order of 0 … n-1.
func permutations(n int) func(func([]int) bool) {
	return func(yield func([]int) bool) {
		list := make([]int, n)
		for i := range list {
			list[i] = i
		}
		var next func(k int) bool
		next = func(k int) bool {
			if k == n {
				return yield(slices.Clone(list))
			}
			for i := k; i < n; i++ {
				list[k], list[i] = list[i], list[k]
				if !next(k + 1) {
					return false
				}
				list[k], list[i] = list[i], list[k]
			}
			return true
		}
		next(0)
	}
}

func TestSave(t *testing.T) {
	s := fresh(t)
	commit(t, s, droplet(1, "kept", at(0)), record(1, "kept"), droplet(2, "gone", at(0)), record(2, "gone"),
		droplet(3, "missing", at(0)), record(3, "missing"), droplet(4, "seen since", at(20)), record(4, "seen since"))
	renamed := droplet(1, "renamed", at(10))
	foreign := droplet(5, "foreign", at(11))
	foreign.Tags = nil
	o := fleet.Observed{
		Droplets: []fleet.Droplet{renamed, foreign}, Gone: []int64{2, 4}, Missing: []int64{3}, BeganAt: at(10), EndedAt: at(12),
	}
	must(t, s.Save(t.Context(), o))
	var rows []string
	for _, r := range get(s.Resources(t.Context()))(t) {
		row := r.Name + " " + string(r.Status)
		if r.Recorded {
			row += " recorded"
		}
		rows = append(rows, row)
	}
	want := []string{"renamed active recorded", "gone deleted recorded", "missing active recorded", "seen since active recorded", "foreign active"}
	if !slices.Equal(rows, want) {
		t.Errorf("rows: got %q, want %q", rows, want)
	}
	m := get(s.Meta(t.Context()))(t)
	if !m.LastSync.Equal(at(12)) {
		t.Errorf("last sync %v", m.LastSync)
	}
	o.BeganAt, o.EndedAt = at(1), at(2)
	must(t, s.Save(t.Context(), o))
	if m := get(s.Meta(t.Context()))(t); !m.LastSync.Equal(at(12)) {
		t.Errorf("an older observation set the last sync to %v", m.LastSync)
	}
	wantErr(t, s.Save(t.Context(), fleet.Observed{}), state.ErrRow)
}

func TestSaveInChunks(t *testing.T) {
	s := fresh(t)
	o := fleet.Observed{BeganAt: at(1), EndedAt: at(2)}
	for i := range 4501 {
		o.Droplets = append(o.Droplets, droplet(int64(i+1), "web", at(1)))
	}
	batches := s.CountBatches()
	must(t, s.Save(t.Context(), o))
	wantEqual(t, "known droplets", len(get(s.Load(t.Context()))(t).Known), 4501)
	wantEqual(t, "transactions", batches.Load(), 4)
}

func TestRecordOnlyRenews(t *testing.T) {
	s := fresh(t)
	commit(t, s, droplet(1, "a", at(0)), record(1, "a"), droplet(2, "b", at(0)), record(2, "b"), droplet(3, "c", at(0)), record(3, "c"))
	commit(t, s, fleet.Deleted{DropletID: 2, At: at(1)}, fleet.Unrecorded{DropletID: 3})
	again := []fleet.Record{record(1, "a"), record(2, "b"), record(3, "c"), record(4, "never")}
	for i := range again {
		again[i].Values["size"], again[i].RecordedAt = "s-2vcpu-2gb", at(5)
	}
	must(t, s.Record(t.Context(), again))
	records := get(s.Load(t.Context()))(t).Records
	if len(records) != 1 || records[0].Name != "a" || records[0].Values["size"] != "s-2vcpu-2gb" {
		t.Errorf("records: %+v", records)
	}
	must(t, s.Record(t.Context(), []fleet.Record{record(1, "a")}))
	if r := get(s.Load(t.Context()))(t).Records[0]; !r.RecordedAt.Equal(at(5)) || r.Values["size"] != "s-2vcpu-2gb" {
		t.Errorf("an older record overwrote a newer one: %+v", r)
	}
	must(t, s.Record(t.Context(), nil))
}

func TestRowsThatCannotBeStored(t *testing.T) {
	s := fresh(t)
	sg := draft(1, "web-1")
	must(t, s.Begin(t.Context(), sg))
	moved := sg
	moved.Step = 1
	for _, row := range []any{
		42, &fleet.Record{DropletID: 1}, nil, fleet.Droplet{ID: 1}, fleet.Droplet{SeenAt: noon}, fleet.Record{Name: "a"},
		fleet.Deleted{DropletID: 1},
	} {
		wantErr(t, s.Commit(t.Context(), moved, []any{droplet(1, "a", at(1)), row}), state.ErrRow)
	}
	if known := get(s.Load(t.Context()))(t).Known; len(known) != 0 {
		t.Errorf("half a commit was written: %v", known)
	}
	wantEqual(t, "step", get(s.Saga(t.Context(), sg.ID))(t).Step, 0)
}
