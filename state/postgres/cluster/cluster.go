// Package cluster runs a PostgreSQL server for the tests of one process, with a schema for each test: that costs a tenth of a database, and is as
// empty.
//
//	func TestMain(m *testing.M) { os.Exit(cluster.Run(m)) }
//
// The server starts with the first test that asks for a database. It lives in a temporary directory, listens on a socket there and nowhere
// else, keeps nothing safe from a power cut, and dies with the process. PostgreSQL does not run as root: then its user is postgres, or nobody.
//
// A test that kills its server has one of its own ([Start]).
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

// Server is one server.
type Server struct {
	dir string // of its socket
	as  *syscall.Credential

	mu      sync.Mutex
	cmd     *exec.Cmd     // nil: it does not run
	ended   chan struct{} // is closed when cmd has
	schemas int
}

// one is the server of this process, which starts once; no directory: PostgreSQL is not installed.
var one = &Server{}

var start = sync.OnceValue(func() error { return one.run() })

// Run runs the tests of a package, and stops the server after them.
func Run(m *testing.M) int {
	defer one.remove()
	return m.Run()
}

// Start starts a server for a test alone, which may kill it. Without PostgreSQL the test is skipped.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{}
	t.Cleanup(s.remove)
	s.must(t, s.run())
	return s
}

// Database makes an empty schema for a test, and gives the URL of a database that has it alone. Without PostgreSQL the test is skipped.
func Database(t testing.TB) string {
	t.Helper()
	one.must(t, start())
	return one.Database(t)
}

func (s *Server) must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	if s.dir == "" {
		t.Skip("PostgreSQL is not installed")
	}
}

// Database makes an empty schema, and gives the URL of a database that has it alone.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	s.mu.Lock()
	s.schemas++
	name := fmt.Sprintf("test%d", s.schemas)
	s.mu.Unlock()
	Exec(t, at(s.dir, name), "CREATE SCHEMA "+name)
	return at(s.dir, name)
}

// Kill ends the server at once, as SIGKILL does. It keeps what was committed.
func (s *Server) Kill() {
	s.mu.Lock()
	cmd, ended := s.cmd, s.ended
	s.cmd = nil
	s.mu.Unlock()
	if cmd != nil {
		cmd.Process.Kill()
		<-ended
	}
}

// Restart starts a server again that was killed. The processes of the one before may take a moment to notice that it is gone.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	var err error
	for range 100 {
		if err = s.serve(); err == nil {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	t.Fatalf("start PostgreSQL again: %v", err)
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

// Look reads one value of a database that may be away; nil: it is, or there is no such value.
func Look(database, query string) (value any) {
	c, err := pgx.ParseConfig(database)
	if err != nil {
		return nil
	}
	db := stdlib.OpenDB(*c)
	defer db.Close()
	if err := db.QueryRow(query).Scan(&value); err != nil {
		return nil
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
func (s *Server) run() (err error) {
	if !Installed() {
		return nil
	}
	initdb := program("initdb")
	// Not in $TMPDIR: another user may not enter it, and its name may be too long for a socket's.
	const parent, prefix = "/tmp", "arcadiad-postgres-"
	removeOld(filepath.Join(parent, prefix+"*"))
	if s.dir, err = os.MkdirTemp(parent, prefix); err != nil {
		return err
	}
	if s.as, err = unprivileged(s.dir); err != nil {
		return err
	}
	// Its order of text is that of a language, as it is on most servers, and not that of bytes.
	flags := []string{"--pgdata", s.data(), "--username", superuser, "--auth", "trust", "--no-sync", "--no-instructions", "--encoding", "UTF8", "--locale", "C"}
	language := append([]string{"--locale-provider", "icu", "--icu-locale", "en-US"}, flags...)
	if _, err := s.command(initdb, language...).CombinedOutput(); err != nil { // PostgreSQL 14 and older have no such flag
		if said, err := s.command(initdb, flags...).CombinedOutput(); err != nil {
			return fmt.Errorf("initdb: %w: %s", err, said)
		}
	}
	return s.serve()
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// serve starts the server, and waits until it takes connections.
func (s *Server) serve() error {
	cmd := s.command(program("postgres"), "-D", s.data(), "-k", s.dir, "-F", "-c", "listen_addresses=", "-c", "full_page_writes=off", "-c", "wal_level=minimal",
		"-c", "max_wal_senders=0", "-c", "shared_buffers=16MB", "-c", "max_connections=60", "-c", "autovacuum=off", "-c", "jit=off")
	ready, ended := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(ended)
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
				select {
				case ready <- nil:
				default:
				}
			}
		}
		err = cmd.Wait()
		select {
		case ready <- fmt.Errorf("postgres ended: %w: %s", err, last):
		default:
		}
	}()
	if err := <-ready; err != nil {
		return err
	}
	s.mu.Lock()
	s.cmd, s.ended = cmd, ended
	s.mu.Unlock()
	return nil
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
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"LC_ALL=C", "PATH=" + os.Getenv("PATH"), "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as, Pdeathsig: syscall.SIGQUIT, Setpgid: true}
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

// remove ends the server at once, and removes what it had.
func (s *Server) remove() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd != nil {
		s.cmd.Process.Signal(syscall.SIGQUIT)
		<-s.ended
	}
	if s.dir != "" {
		os.RemoveAll(s.dir)
	}
}
