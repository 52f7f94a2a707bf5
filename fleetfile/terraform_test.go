package fleetfile

import (
	"fmt"
	"strings"
	"testing"
)

// tfstate is a state with these resources.
func tfstate(resources ...string) []byte {
	return []byte(`{"version": 4, "terraform_version": "1.9.5", "serial": 7, "lineage": "x", "outputs": {}, "resources": [` + strings.Join(resources, ",") + `]}`)
}

func tfResource(module, kind, name string, instances ...string) string {
	return fmt.Sprintf(`{"module": %q, "mode": "managed", "type": %q, "name": %q, "provider": "provider[\"registry.terraform.io/digitalocean/digitalocean\"]", "instances": [%s]}`,
		module, kind, name, strings.Join(instances, ","))
}

func tfInstance(key string, id int, name, more string) string {
	if key != "" {
		key = `"index_key": ` + key + `, `
	}
	return fmt.Sprintf(`{%s"schema_version": 1, "attributes": {"id": "%d", "name": %q, "region": "syd1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "status": "active",
		"ipv6": false, "backups": false, "monitoring": true, "vpc_uuid": "", "tags": ["web"], "volume_ids": [], "user_data": null%s}}`, key, id, name, more)
}

// The file has what Terraform's state alone tells, and says what Terraform must forget, what stays with it, and what nobody can tell.
func TestImportFromATerraformState(t *testing.T) {
	const keys = `, "ssh_keys": ["3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa", "512190"]`
	const sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
	state := tfstate(
		tfResource("", "digitalocean_droplet", "web", tfInstance("0", 101, "web-1", keys), tfInstance("1", 102, "web-2", keys)),
		tfResource("module.db", "digitalocean_droplet", "each", tfInstance(`"it's main"`, 103, "db", `, "user_data": "`+sha1+`"`), `{"deposed": "00000000", "attributes": {}}`),
		tfResource("", "digitalocean_droplet", "old", tfInstance("", 104, "old", `, "user_data": "#cloud-config: hush-hush"`)),
		tfResource("", "digitalocean_droplet", "disk", tfInstance("", 105, "disk", `, "volume_ids": ["v"]`)),
		tfResource("", "digitalocean_firewall", "all", `{"attributes": {"id": "f", "droplet_ids": [101, 102]}}`),
		tfResource("", "digitalocean_volume_attachment", "disk", `{"attributes": {"droplet_id": 105}}`),
		`{"mode": "data", "type": "digitalocean_ssh_key", "name": "me", "instances": [{"attributes": {}}]}`,
	)
	got, err := ImportTerraform("demo", state, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(got.File), "droplets:\n")
	const want = `  - name: db
    # user_data_file: …  # the one with the SHA-1 ` + sha1 + `
  - name: old
    # user_data_file: …  # its text is in the state itself
  - name: web  # web-1 to web-2
    count: 2
    ssh_keys: ["3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa", 512190]

# Left out, and left alone:
#   disk (droplet 105): a volume is attached to it, which a fleet file cannot say

# Terraform must forget these droplets once they are adopted, and their blocks must go from its configuration: else it makes
# them again, or destroys them. OpenTofu has the same command.
#   terraform state rm 'digitalocean_droplet.web[0]'
#   terraform state rm 'digitalocean_droplet.web[1]'
#   terraform state rm 'module.db.digitalocean_droplet.each["it'\''s main"]'
#   terraform state rm 'digitalocean_droplet.old'

# These resources stay with Terraform:
#   digitalocean_firewall.all
#     it names droplets by their ids, which a replacement changes: use tags there, or reserved_ip here
#   digitalocean_volume_attachment.disk
`
	if body != want {
		t.Errorf("got:\n%s\nwant:\n%s", body, want)
	}
	if !strings.Contains(string(got.File), "of user_data it has only the SHA-1") && !strings.Contains(string(got.File), "Of user_data it has only the SHA-1") {
		t.Error("it does not say what it cannot know")
	}
	for bad, want := range map[string]string{
		"version: 1": "not a Terraform state", `{"version": 3}`: "version 3", `{"encrypted_data": "x"}`: "encrypted",
		string(tfstate(tfResource("", "digitalocean_droplet", "x", `{"attributes": {"id": "no", "name": "x"}}`))): "digitalocean_droplet.x",
	} {
		if _, err := ImportTerraform("demo", []byte(bad), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", bad, err, want)
		}
	}
}
