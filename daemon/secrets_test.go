package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"arcadiad/fleetfile"
)

// A fleet file that names a secret as user data is a bad file like any other: it is said, and the last good one stays in force.
func TestLaw08ASecretAsUserDataChangesNothing(t *testing.T) {
	t.Parallel()
	token := ""
	o, sim := served(t, fleetOf("name: web"), func(o *Options) {
		token = filepath.Join(filepath.Dir(o.Fleet), "token")
		o.Secrets = []fleetfile.Secret{{Path: token, What: "the API token's file"}}
		if err := os.WriteFile(token, []byte("dop_v1_secret\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	remote, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	before, err := remote.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"token": "it is the API token's file", filepath.Base(o.State): "it is the state database"} {
		save(t, o, fleetOf("name: web", "name: db, user_data_file: "+name))
		until(t, "the daemon refuses the file", func() bool {
			live, err := remote.Live(t.Context())
			return err == nil && strings.Contains(live.FileError, want) && live.InForce == before.InForce
		})
		if _, err := fleetfile.Load(o.Fleet, o.secrets()...); err == nil || !strings.Contains(err.Error(), "fleet.yaml:7:32: user_data_file: "+name) {
			t.Errorf("%s: the error names no place: %v", name, err)
		}
	}
	for _, d := range sim.Droplets() {
		if d.Name == "db" {
			t.Errorf("a droplet was made of it: %+v", d)
		}
	}
}
