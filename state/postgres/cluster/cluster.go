// Package cluster runs a PostgreSQL server for the tests of one process, with a schema for each test: that costs a tenth of a database, and is as
// empty.
//
//	func TestMain(m *testing.M) { os.Exit(cluster.Run(m)) }
//
// The server starts with the first test that asks for a database. It lives in a temporary directory, listens on a socket there and nowhere
// else, keeps nothing safe from a power cut, and dies with the process. PostgreSQL does not run as root: then its user is postgres, or nobody.
package cluster

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// server is the one of this process.
type server struct {
	start func() (dir string, err error) // once; no directory: PostgreSQL is not installed

	mu      sync.Mutex
	cmd     *exec.Cmd
	schemas int
}

var one = &server{}

func init() { one.start = sync.OnceValues(one.run) }

// Run runs the tests of a package, and stops the server after them.
func Run(m *testing.M) int {
	defer one.stop()
	return m.Run()
}

// Database makes an empty schema for a test, and gives the URL of a database that has it alone. Without PostgreSQL the test is skipped.
func Database(t testing.TB) string {
	t.Helper()
	dir, err := one.start()
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	if dir == "" {
		t.Skip("PostgreSQL is not installed")
	}
	one.mu.Lock()
	one.schemas++
	name := fmt.Sprintf("test%d", one.schemas)
	one.mu.Unlock()
	Exec(t, at(dir, name), "CREATE SCHEMA "+name)
	return at(dir, name)
}

// Installed tells whether there is a PostgreSQL to run.
func Installed() bool { return program("initdb") != "" && program("postgres") != "" }

// Exec carries out a statement in a database, past every store.
func Exec(t testing.TB, database, statement string, args ...any) {
	t.Helper()
	db := open(t, database)
	defer db.Close()
	if _, err := db.ExecContext(context.WithoutCancel(t.Context()), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// Hold carries out a statement in a transaction that stays open, with its locks, until release is called.
func Hold(t testing.TB, database, statement string) (release func()) {
	t.Helper()
	db := open(t, database)
	tx, err := db.BeginTx(context.WithoutCancel(t.Context()), nil)
	if err == nil {
		_, err = tx.Exec(statement)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		tx.Rollback()
		db.Close()
	}
}

// Value reads one value of a database, past every store.
func Value(t testing.TB, database, query string, args ...any) (value any) {
	t.Helper()
	db := open(t, database)
	defer db.Close()
	if err := db.QueryRowContext(context.WithoutCancel(t.Context()), query, args...).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func open(t testing.TB, database string) *sql.DB {
	t.Helper()
	c, err := pgx.ParseConfig(database)
	if err != nil {
		t.Fatal(err)
	}
	return stdlib.OpenDB(*c)
}

const superuser = "arcadiad"

func at(dir, schema string) string {
	more := url.Values{"host": {dir}, "sslmode": {"disable"}, "search_path": {schema}}
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/postgres", RawQuery: more.Encode()}
	return u.String()
}

// program is where Debian has the programs of the newest version, or where $PATH has them; empty: nowhere.
func program(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if len(found) == 0 {
		return ""
	}
	return found[0]
}

// run makes the cluster and starts its server.
func (s *server) run() (dir string, err error) {
	if !Installed() {
		return "", nil
	}
	initdb, postgres := program("initdb"), program("postgres")
	// Not in $TMPDIR: another user may not enter it, and its name may be too long for a socket's.
	const parent, prefix = "/tmp", "arcadiad-postgres-"
	removeOld(filepath.Join(parent, prefix+"*"))
	if dir, err = os.MkdirTemp(parent, prefix); err != nil {
		return "", err
	}
	as, err := unprivileged(dir)
	if err != nil {
		return "", err
	}
	data := filepath.Join(dir, "data")
	// Its order of text is that of a language, as it is on most servers, and not that of bytes.
	flags := []string{"--pgdata", data, "--username", superuser, "--auth", "trust", "--no-sync", "--no-instructions", "--encoding", "UTF8", "--locale", "C"}
	language := append([]string{"--locale-provider", "icu", "--icu-locale", "en-US"}, flags...)
	if _, err := s.command(as, dir, initdb, language...).CombinedOutput(); err != nil { // PostgreSQL 14 and older have no such flag
		if said, err := s.command(as, dir, initdb, flags...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("initdb: %w: %s", err, said)
		}
	}
	cmd := s.command(as, dir, postgres, "-D", data, "-k", dir, "-F", "-c", "listen_addresses=", "-c", "full_page_writes=off", "-c", "wal_level=minimal",
		"-c", "max_wal_senders=0", "-c", "shared_buffers=16MB", "-c", "max_connections=60", "-c", "autovacuum=off", "-c", "jit=off")
	ready := make(chan error, 1)
	go func() {
		// The signal comes when the thread ends that started the server: this one waits for as long as the process lives.
		runtime.LockOSThread()
		said, err := cmd.StderrPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			ready <- err
			return
		}
		var last string
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if last = lines.Text(); strings.Contains(last, "ready to accept connections") {
				ready <- nil
			}
		}
		err = cmd.Wait()
		select {
		case ready <- fmt.Errorf("postgres ended: %w: %s", err, last):
		default:
		}
	}()
	if err := <-ready; err != nil {
		return "", err
	}
	s.mu.Lock()
	s.cmd = cmd
	s.mu.Unlock()
	return dir, nil
}

// removeOld removes what processes that were killed have left behind. No tests run for as long as an hour.
func removeOld(pattern string) {
	left, _ := filepath.Glob(pattern)
	for _, dir := range left {
		if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > time.Hour {
			os.RemoveAll(dir)
		}
	}
}

// command is a program that runs as another user where this one is root, and that dies with this process.
func (s *server) command(as *syscall.Credential, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = []string{"LC_ALL=C", "PATH=" + os.Getenv("PATH"), "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGQUIT, Setpgid: true}
	return cmd
}

// unprivileged gives the directory to the user that is to run the server; nil: this one is.
func unprivileged(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, uid, gid)
}

// stop ends the server at once, and removes what it had.
func (s *server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return
	}
	s.cmd.Process.Signal(syscall.SIGQUIT)
	s.cmd.Process.Wait()
	os.RemoveAll(s.cmd.Dir)
}
