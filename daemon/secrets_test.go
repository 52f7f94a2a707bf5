package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"arcadiad/control"
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
	client, err := connect(t.Context(), o, control.Running)
	if err != nil {
		t.Fatal(err)
	}
	before, err := client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"token": "it is the API token's file", filepath.Base(o.State): "it is the state database"} {
		save(t, o, fleetOf("name: web", "name: db, user_data_file: "+name))
		until(t, "the daemon refuses the file", func() bool {
			now, err := client.Status(t.Context())
			return err == nil && strings.Contains(now.Daemon.FileError, want) && now.Daemon.InForce == before.Daemon.InForce
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
