package pull_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"arcadiad/pull"
)

// run runs a program, and gives what it prints.
func (d *desk) run(name string, args ...string) string {
	d.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		d.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// key makes a key for ssh, and gives its file.
func (d *desk) key(name string) string {
	d.t.Helper()
	file := filepath.Join(d.dir, name)
	d.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file)
	return file
}

// Only a commit that one of the signers signed is used. A signature of another kind is none.
func TestPullVerifies(t *testing.T) {
	d := newDesk(t)
	ann, eve := d.key("ann"), d.key("eve")
	public, err := os.ReadFile(ann + ".pub")
	d.must(err)
	d.o.Verify, d.o.Signers = true, filepath.Join(d.dir, "allowed")
	d.must(os.WriteFile(d.o.Signers, []byte("ann@example.com "+string(public)), 0o644))
	by := func(key string) []string {
		return []string{"-c", "gpg.format=ssh", "-c", "user.signingKey=" + key, "-c", "commit.gpgSign=true"}
	}
	d.write("fleet.yaml", "one")
	d.push("unsigned")
	if _, err := d.pull(); !errors.Is(err, pull.ErrSignature) || !strings.Contains(err.Error(), "no commit is in use yet") {
		t.Errorf("an unsigned first commit: %v", err)
	}
	one := d.push("signed", by(ann)...)
	d.mustPull()
	d.inUse(one, "one")

	d.write("fleet.yaml", "two")
	d.push("unsigned")
	d.refuses("no key of "+d.o.Signers+" signed", one, "one")
	d.push("unknown", by(eve)...)
	d.refuses("no key of "+d.o.Signers+" signed", one, "one")

	// Signed, and changed afterwards.
	d.push("signed", by(ann)...)
	object := strings.Replace(d.git("cat-file", "commit", "HEAD"), "\n\nsigned", "\n\nforged", 1)
	file := filepath.Join(d.dir, "object")
	d.must(os.WriteFile(file, []byte(object+"\n"), 0o644))
	d.git("push", "-q", "--force", "../fleet.git", d.git("hash-object", "-t", "commit", "-w", file)+":main")
	d.refuses("no key of "+d.o.Signers+" signed", one, "one")

	// An old commit has a good signature too. Only a person can bring it back.
	two := d.push("signed again", by(ann)...)
	d.mustPull()
	d.git("push", "-q", "--force", "../fleet.git", one+":main")
	d.refuses("does not follow", two, "two")
	d.o.Ref = one
	d.mustPull()
	d.inUse(one, "one")
	d.o.Ref = "main"

	// A signer who is taken off the list does not count from then on, though nothing was pushed.
	d.git("push", "-q", "--force", "../fleet.git", one+":main")
	d.must(os.WriteFile(d.o.Signers, nil, 0o644))
	d.refuses("no key of "+d.o.Signers+" signed", one, "one")
	d.must(os.Remove(d.o.Signers))
	d.refuses("read the keys that may sign", one, "one")
}

func TestPullVerifiesOpenPGP(t *testing.T) {
	if _, err := exec.LookPath("gpg"); err != nil {
		t.Log("NOT TESTED: there is no gpg (Debian: apt-get install gnupg)")
		return
	}
	d := newDesk(t)
	home := filepath.Join(d.dir, "gnupg")
	d.must(os.Mkdir(home, 0o700))
	t.Setenv("GNUPGHOME", home)
	t.Cleanup(func() { exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run() })
	d.run("gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", "--quick-gen-key", "ann@example.com", "ed25519", "sign")
	signed := []string{"-c", "user.signingKey=ann@example.com", "-c", "commit.gpgSign=true"}
	d.write("fleet.yaml", "one")
	one := d.push("signed", signed...)
	d.o.Verify, d.o.Signers = true, filepath.Join(d.dir, "keys.asc")
	for _, how := range []string{"--armor", "--no-armor"} {
		d.run("gpg", "--batch", "--yes", how, "--output", d.o.Signers, "--export", "ann@example.com")
		d.must(os.RemoveAll(d.host))
		d.mustPull()
		d.inUse(one, "one")
	}
	d.write("fleet.yaml", "two")
	d.push("unsigned")
	d.refuses("no key of "+d.o.Signers+" signed", one, "one")
	d.push("signed", signed...)
	d.must(os.WriteFile(d.o.Signers, []byte("ann@example.com ssh-ed25519 AAAA\n"), 0o644)) // signers for ssh: a signature of gpg is none
	d.refuses("no key of "+d.o.Signers+" signed", one, "one")
}
