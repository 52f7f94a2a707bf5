package pull_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// sshServer serves ssh on loopback for the user who runs the test, with a throw-away key of the host and one key that may log in. Where
// there is no sshd it gives false.
func (d *desk) sshServer(hostKey, authorized string) (address string, there bool) {
	d.t.Helper()
	program, err := exec.LookPath("sshd")
	if err != nil {
		program = "/usr/sbin/sshd" // mostly not on the PATH
	}
	if _, err := os.Stat(program); err != nil {
		return "", false
	}
	if os.Getuid() == 0 { // sshd run by root insists on it
		d.must(os.MkdirAll("/run/sshd", 0o755))
	}
	config := filepath.Join(d.dir, "sshd_config")
	d.must(os.WriteFile(config, fmt.Appendf(nil, "HostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nUsePAM no\nPermitRootLogin prohibit-password\n"+
		"AuthenticationMethods publickey\nPidFile none\n", hostKey, authorized), 0o600))
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	d.must(err)
	var serving sync.WaitGroup
	d.t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				socket, err := conn.(*net.TCPConn).File()
				if err != nil {
					d.t.Error(err)
					return
				}
				defer socket.Close()
				sshd := exec.Command(program, "-i", "-e", "-f", config) // as inetd starts it
				sshd.Stdin, sshd.Stdout = socket, socket
				said, _ := stderrOf(sshd) // a refused login is no error of ours
				d.t.Logf("sshd: %s", said)
			})
		}
	})
	return l.Addr().String(), true
}

func stderrOf(cmd *exec.Cmd) (string, error) {
	var said strings.Builder
	cmd.Stderr = &said
	err := cmd.Run()
	return said.String(), err
}

// Over ssh it logs in with the deploy key, at the host whose key is known, and at no other.
func TestPullOverSSH(t *testing.T) {
	d := newDesk(t)
	host, deploy, other := d.key("hostkey"), d.key("deploy"), d.key("other")
	address, there := d.sshServer(host, deploy+".pub")
	if !there {
		t.Log("NOT TESTED: there is no sshd (Debian: apt-get install openssh-server)")
		return
	}
	me, err := user.Current()
	d.must(err)
	known := func(key string) {
		t.Helper()
		name, port, err := net.SplitHostPort(address)
		d.must(err)
		public, err := os.ReadFile(key + ".pub")
		d.must(err)
		d.must(os.WriteFile(d.o.KnownHosts, fmt.Appendf(nil, "[%s]:%s %s", name, port, public), 0o644))
	}
	d.o.Repo = "ssh://" + me.Username + "@" + address + filepath.Join(d.dir, "fleet.git")
	d.must(os.Mkdir(filepath.Join(d.dir, "it's 100% here"), 0o755))
	d.o.Key, d.o.KnownHosts = deploy, filepath.Join(d.dir, "it's 100% here", "known_hosts")
	d.write("fleet.yaml", "one")
	one := d.push("one")
	known(host)
	d.mustPull()
	d.inUse(one, "one")

	d.write("fleet.yaml", "two")
	two := d.push("two")
	d.o.Key = other
	d.refuses("Permission denied", one, "one")
	d.o.Key = deploy
	known(other)
	d.refuses("Host key verification failed", one, "one")
	d.must(os.Remove(d.o.KnownHosts))
	d.refuses("Host key verification failed", one, "one")
	known(host)
	d.mustPull()
	d.inUse(two, "two")
	if _, err := os.Stat(filepath.Join(d.dir, "it's 100% here", "known_hosts.old")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("known hosts were rewritten: %v", err)
	}
}
