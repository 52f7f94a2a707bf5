package fleetfile_test

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"arcadiad/fleetfile"
)

// Law 15: what a fleet file names as user data is sent out, so it must be neither a secret nor a file from elsewhere.
func TestLaw15UserDataIsNoSecret(t *testing.T) {
	d := newTree(t)
	d.write("etc/token", "dop_v1_0123456789\n")
	d.write("etc/fleet/token", "dop_v1_0123456789\n")
	d.write("etc/fleet/arcadiad.db", "SQLite format 3\n")
	d.write("etc/fleet/arcadiad.db-wal", "wal\n")
	d.write("etc/fleet/creds/digitalocean-token", "dop_v1_0123456789\n")
	d.write("etc/fleet/creds/deep/er", "secret\n")
	d.write("etc/fleet/.git/config", "[remote]\nurl = https://name:password@example.com\n")
	d.write("etc/fleet/sub/.GIT/config", "[remote]\n")
	d.write("etc/fleet/web.yaml", "#cloud-config\n")
	d.write("etc/other/web.yaml", "#cloud-config\n")
	d.must(os.Link(d.path("etc/token"), d.path("etc/fleet/hard")))
	d.must(syscall.Mkfifo(d.path("etc/fleet/pipe"), 0o644))
	d.link("token", "etc/fleet/soft")
	d.link("web.yaml", "etc/fleet/inside")
	d.link(d.path("etc/fleet/web.yaml"), "etc/fleet/absolute")
	d.link("../other/web.yaml", "etc/fleet/outside")
	d.link("../other", "etc/fleet/others")
	d.link(".git/config", "etc/fleet/config")
	d.link(".git", "etc/fleet/got")
	d.link("/dev/zero", "etc/fleet/zero")
	d.link("loop", "etc/fleet/loop")
	secrets := []fleetfile.Secret{
		{Path: d.path("etc/token"), What: "the API token's file"}, {Path: d.path("etc/fleet/token"), What: "the API token's file"},
		{Path: d.path("etc/fleet/creds"), What: "one of the service's credentials"}, {Path: d.path("etc/fleet/arcadiad.db"), What: "the state database"},
		{Path: d.path("etc/fleet/arcadiad.db-wal"), What: "the state database"}, {Path: d.path("none"), What: "not there"},
	}
	const outside = "is outside the directory of the fleet file"
	for name, want := range map[string]string{ // empty: it is read
		"web.yaml": "", "inside": "", "absolute": "", "./sub/../web.yaml": "",
		"token": "it is the API token's file", "hard": "it is the API token's file", "soft": "it is the API token's file",
		"arcadiad.db": "it is the state database", "arcadiad.db-wal": "it is the state database",
		"creds/digitalocean-token": "it is one of the service's credentials", "creds/deep/er": "it is one of the service's credentials",
		".git/config": "it lies in a .git directory", "config": "it lies in a .git directory", "got/config": "it lies in a .git directory",
		"sub/.GIT/config": "it lies in a .git directory",
		"outside":         outside, "others/web.yaml": outside, "../token": outside, "zero": outside,
		"pipe": "not a regular file", "sub": "not a regular file", "loop": "too many",
	} {
		d.write("etc/fleet/fleet.yaml", fleetOf("web", name))
		f, err := fleetfile.Load(d.path("etc/fleet/fleet.yaml"), secrets...)
		var list fleetfile.Errors
		switch {
		case want == "" && (err != nil || f.Specs[0].UserData != "#cloud-config\n"):
			t.Errorf("%s: %v", name, err)
		case want != "" && (!errors.As(err, &list) || list[0].Line != 7 || list[0].Col != 21 || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %s at line 7, column 21", name, err, want)
		case err != nil && (strings.Contains(err.Error(), "dop_v1") || strings.Contains(err.Error(), "password")):
			t.Errorf("%s: the error shows what the file holds: %v", name, err)
		}
	}
}

// A fleet file that is a link, as Kubernetes and people make them, finds its files beside the link and beside what that leads to.
func TestLoadFollowsTheFleetFile(t *testing.T) {
	d := newTree(t)
	d.write("srv/repo/fleet.yaml", fleetOf("web", "web.yaml"))
	d.write("srv/repo/web.yaml", "#cloud-config\n")
	d.write("srv/other/web.yaml", "#cloud-config\n")
	d.link(d.path("srv/repo/fleet.yaml"), "etc/fleet.yaml")
	d.link(d.path("srv/repo/web.yaml"), "etc/web.yaml")
	if _, err := fleetfile.Load(d.path("etc/fleet.yaml")); err != nil {
		t.Errorf("beside what the link leads to: %v", err)
	}
	d.link(d.path("srv/other/web.yaml"), "etc/web.yaml")
	if _, err := fleetfile.Load(d.path("etc/fleet.yaml")); err == nil {
		t.Error("a link that leads elsewhere is followed")
	}

	d.write("k8s/..2026_11_26/fleet.yaml", fleetOf("web", "web.yaml"))
	d.write("k8s/..2026_11_26/web.yaml", "#cloud-config\n")
	d.link("..2026_11_26", "k8s/..data")
	d.link("..data/fleet.yaml", "k8s/fleet.yaml")
	d.link("..data/web.yaml", "k8s/web.yaml")
	if _, err := fleetfile.Load(d.path("k8s/fleet.yaml")); err != nil {
		t.Errorf("a Kubernetes volume: %v", err)
	}
	t.Chdir(d.path("k8s"))
	if _, err := fleetfile.Load("fleet.yaml"); err != nil {
		t.Errorf("by a relative path: %v", err)
	}
}
