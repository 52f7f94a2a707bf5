package sqlite_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"arcadiad/fleet"
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
