package sqlite_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

var freeze = flag.Bool("freeze", false, "write testdata/schema-N.db for the newest schema, unless it is there")

// TestUpgrade opens a database of every schema that was ever released, as its own migrations made it, and finds everything in it.
//
// Whoever adds a migration keeps the file of the schema before it. The file of the new one is made with
//
//	go test ./state -run TestUpgrade -freeze
//
// and never again: a released file is not changed.
func TestUpgrade(t *testing.T) {
	if *freeze {
		freezeSchema(t)
	}
	for _, n := range keptSchemas(t) {
		t.Run(fmt.Sprint("schema ", n), func(t *testing.T) {
			path := filepath.Join(tempDir(t), "arcadiad.db")
			released, err := os.ReadFile(frozen(n))
			if err != nil {
				t.Fatalf("%v (go test ./state -run TestUpgrade -freeze makes it)", err)
			}
			must(t, os.WriteFile(path, released, 0o600))
			if n < sqlite.Schema {
				_, err := sqlite.OpenReader(t.Context(), path) // a reader changes nothing, so it cannot upgrade
				wantErr(t, err, state.ErrOlder)
			}
			s := open(t, path)
			wantEqual(t, "schema", get(s.Meta(t.Context()))(t).Schema, sqlite.Schema)
			wantAttic(t, s)
			if n >= 2 {
				wantEqual(t, "calls", fmt.Sprint(get(s.Calls(t.Context(), draft(2, "web-2").ID))(t)), fmt.Sprint([]fleet.Call{atticCall}))
			}
			if n >= 4 {
				wantEqual(t, "deviations", fmt.Sprint(get(s.Deviations(t.Context()))(t)), fmt.Sprint([]fleet.Drift{{Deviation: atticDeviation, Name: "web-2", Recorded: "s-1vcpu-1gb"}}))
			}
			registered := get(s.Load(t.Context()))(t).Registrations // filled in by the upgrade
			if len(registered) != 1 || registered[0].DropletID != 12 || registered[0].RegisteredAt.IsZero() {
				t.Errorf("registrations: %+v", registered)
			}
			if first := get(s.Load(t.Context()))(t).FirstLook; first < 7 {
				t.Errorf("first look: %d", first)
			}
			if n >= 7 {
				wantEqual(t, "grants", fmt.Sprint(get(s.Load(t.Context()))(t).Grants), fmt.Sprint([]fleet.Grant{atticGrant}))
				wantEqual(t, "the new name", get(s.Load(t.Context()))(t).Records[0].Heir, "api-2")
				wantEqual(t, "absences", fmt.Sprint(get(s.Load(t.Context()))(t).Absences), fmt.Sprint([]fleet.Absence{atticAbsence}))
			}
			if n >= 8 {
				wantEqual(t, "rollouts", fmt.Sprint(get(s.Rollouts(t.Context()))(t)), fmt.Sprint([]fleet.Rollout{atticRollout}))
			}
			if n >= 9 {
				wantEqual(t, "quarantine", fmt.Sprint(get(s.Load(t.Context()))(t).Quarantine), fmt.Sprint([]fleet.Quarantined{atticQuarantined}))
			}
			begun := draft(99, "new") // and it works on
			begun.Rows = []any{fleet.Rollout{ID: "00000000000000bb", Group: "new", Phase: fleet.RolloutRunning, BeganAt: noon}}
			must(t, s.Begin(t.Context(), begun))
			wantEqual(t, "live rollouts", get(s.Load(t.Context()))(t).Rollouts[0].Group, "new")
			must(t, s.Backup(t.Context(), path+".backup"))
			must(t, s.Close())
			wantAttic(t, open(t, path+".backup"))
		})
	}
}

// keptSchemas are the numbers of the databases that are kept.
func keptSchemas(t *testing.T) (list []int) {
	t.Helper()
	for _, name := range get(filepath.Glob("testdata/schema-*.db"))(t) {
		var n int
		get(fmt.Sscanf(filepath.Base(name), "schema-%d.db", &n))(t)
		list = append(list, n)
	}
	return list
}

func frozen(schema int) string { return fmt.Sprintf("testdata/schema-%d.db", schema) }

// freezeSchema makes a database with a row of everything.
func freezeSchema(t *testing.T) {
	path := frozen(sqlite.Schema)
	if _, err := os.Stat(path); err == nil {
		t.Fatalf("%s is there already; a released file is not changed", path)
	}
	must(t, os.MkdirAll("testdata", 0o755))
	s := fresh(t)
	live, done, failed := draft(1, "web-1"), draft(2, "web-2"), draft(3, "web-3")
	live.Secret, live.Context, live.Status = []byte("#cloud-config"), []byte(`{"tries":3}`), saga.Running
	live.Labels = map[string]string{fleet.LabelSpec: "cafe"}
	failed.Error, failed.Labels = "no capacity", map[string]string{fleet.LabelUndone: "true"}
	live.Rows = []any{atticRollout}
	must(t, s.Begin(t.Context(), live, done, failed))
	s.Note([]string{done.ID}, atticCall)
	must(t, s.Commit(t.Context(), ended(done, saga.Completed), []any{droplet(12, "web-2", noon), record(12, "web-2")}))
	must(t, s.Commit(t.Context(), live, []any{atticQuarantined}))
	must(t, s.Commit(t.Context(), ended(failed, saga.Compensated), []any{droplet(13, "web-3", noon), fleet.Deleted{DropletID: 13, At: at(60)}}))
	must(t, s.Pin(t.Context(), fleet.Account{UUID: "9d2b6c1e-0000-4000-8000-000000000001"}, "demo"))
	must(t, s.Approve(t.Context(), "3f2a9c51d0e7"))
	must(t, s.Pause(t.Context(), true))
	must(t, s.Save(t.Context(), fleet.Observed{BeganAt: noon, EndedAt: at(1), Droplets: []fleet.Droplet{droplet(7, "theirs", noon)},
		Absences: []fleet.Absence{atticAbsence}}))
	must(t, s.Notice(t.Context(), []fleet.Deviation{atticDeviation}))
	get(s.Grant(t.Context(), atticGrant.Plan, []fleet.Grant{atticGrant}))(t)
	must(t, s.Inherit(t.Context(), map[int64]string{12: "api-2"}))
	must(t, s.Backup(t.Context(), path))
	must(t, os.Chmod(path, 0o644))
}

// atticCall is a call that freezeSchema wrote.
var atticCall = fleet.Call{Method: "POST", Path: "/v2/droplets", Status: 202, RequestID: "r-1", BeganAt: noon, Took: 310 * time.Millisecond, Times: 1, LastAt: noon}

// atticDeviation is a deviation that freezeSchema wrote.
var atticDeviation = fleet.Deviation{DropletID: 12, Field: "size", Seen: "s-2vcpu-2gb", Since: noon, By: "resize (action 7)", Asked: true}

// atticGrant is a grant that freezeSchema wrote.
var atticGrant = fleet.Grant{ID: 1, Plan: "0a1b2c3d4e5f", Kind: "destroy", Name: "web-2", DropletID: 12, Rule: "volumes", Facts: []string{"v-1"}, At: noon}

// atticRollout is a rollout that freezeSchema wrote.
var atticRollout = fleet.Rollout{
	ID: "00000000000000aa", Group: "web", From: "image a", To: "image b", Spec: "cafe", Rules: "beef", Approval: "3f2a9c51d0e7",
	Members: []fleet.RolloutMember{{Name: "web-1", DropletID: 11}, {Name: "web-2", DropletID: 12}},
	Phase:   fleet.RolloutDone, Reason: "done", BeganAt: noon, LiftedAt: at(1), EndedAt: at(2),
}

// atticQuarantined is a droplet in quarantine that freezeSchema wrote.
var atticQuarantined = fleet.Quarantined{
	DropletID: 14, Name: "web-4", Record: record(14, "web-4"), Tags: []string{"a", "b"}, ReservedIP: "203.0.113.7",
	SagaID: "cafe", At: noon, Until: at(60),
}

// atticAbsence is an absence that freezeSchema wrote.
var atticAbsence = fleet.Absence{DropletID: 12, Since: at(1), LastAt: at(61), Looks: 2, Witnessed: 1, Process: "cafe", Interrupted: true}

// wantAttic checks what freezeSchema wrote.
func wantAttic(t *testing.T, s *sqlite.Store) {
	t.Helper()
	r := get(s.Load(t.Context()))(t)
	wantEqual(t, "account", r.Account, "9d2b6c1e-0000-4000-8000-000000000001")
	wantEqual(t, "fleet", r.Fleet, "demo")
	wantEqual(t, "paused", r.Paused, true)
	wantEqual(t, "approved", fmt.Sprint(append(r.Approved, r.Lapsed...)), "[3f2a9c51d0e7]")
	if len(r.Records) != 1 || r.Records[0].DropletID != 12 || r.Records[0].Values["tags"] != "a,b" || !r.Records[0].RecordedAt.Equal(noon) {
		t.Errorf("records: %+v", r.Records)
	}
	wantEqual(t, "droplets that stand", len(r.Known), 2)
	byName := map[string]fleet.Saga{}
	for _, sg := range r.Sagas {
		byName[sg.Name] = sg
	}
	if sg := byName["web-1"]; !sg.Live || sg.SpecHash != "cafe" || sg.Status != string(saga.Running) {
		t.Errorf("the saga under way: %+v", sg)
	}
	if !byName["web-2"].Completed() || !byName["web-3"].Failed() || !byName["web-3"].Undone || byName["web-3"].Error != "no capacity" {
		t.Errorf("the sagas that ended: %+v", byName)
	}
	live := get(s.Live(t.Context()))(t)
	at := slices.IndexFunc(live, func(sg saga.Saga) bool { return sg.Subject == "web-1" })
	if at < 0 || string(live[at].Secret) != "#cloud-config" || string(live[at].Context) != `{"tries":3}` || len(live[at].History) != 2 ||
		live[at].Undecodable != "" {
		t.Errorf("what the saga under way goes on with: %+v", live)
	}
	resources := get(s.Resources(t.Context()))(t)
	gone := slices.IndexFunc(resources, func(x fleet.Resource) bool { return x.DropletID == 13 })
	if len(resources) != 3 || gone < 0 || resources[gone].Status != fleet.StatusDeleted {
		t.Errorf("droplets: %+v", resources)
	}
}

// The database of every schema that was released is kept, and that of the newest one.
func TestEverySchemaIsKept(t *testing.T) {
	migrations := get(filepath.Glob("migrations/*.sql"))(t)
	wantEqual(t, "the newest migration", filepath.Base(slices.Max(migrations))[:5], fmt.Sprintf("%05d", sqlite.Schema))
	kept := keptSchemas(t)
	wantEqual(t, "the newest database", slices.Max(kept), sqlite.Schema)
	for n := 1; n <= 4; n++ {
		wantEqual(t, fmt.Sprint("schema ", n, " is kept"), slices.Contains(kept, n), true)
	}
}
