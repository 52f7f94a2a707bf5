package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrNoDaemon says that no daemon runs on the state database.
var ErrNoDaemon = errors.New("no daemon runs on this state database")

// SocketBeside is where the control socket of a state database is, unless it is put elsewhere: beside it.
func SocketBeside(state string) string { return strings.TrimSuffix(state, ".db") + ".sock" }

// ErrListening says that another daemon, of another state database or standing by, listens on a control socket.
var ErrListening = errors.New("another arcadiad listens there (give each its own with --socket)")

// Listen opens the control socket, for its owner alone, or for its group too. A socket that a killed daemon left is replaced. ErrListening: it is
// another daemon's, which keeps it.
func Listen(path string, group bool) (net.Listener, error) {
	if occupied(path) {
		return nil, fmt.Errorf("control socket %s: %w", path, ErrListening)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	short, done, err := shortPath(path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	defer done()
	mask := 0o177
	if group {
		mask = 0o117
	}
	before := syscall.Umask(mask) // there is no moment in which others may connect
	l, err := net.Listen("unix", short)
	syscall.Umask(before)
	if err != nil {
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // by its short path it could not
	return &socket{l, path}, nil
}

// occupied tells whether a process listens on a socket, be it one that is stopped.
func occupied(path string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := dial(ctx, path)
	if err == nil {
		conn.Close()
	}
	return err == nil || errors.Is(err, syscall.EAGAIN) || errors.Is(err, context.DeadlineExceeded) // its queue is full
}

// socket removes its file when it is closed.
type socket struct {
	net.Listener
	path string
}

func (s *socket) Close() error {
	os.Remove(s.path)
	return s.Listener.Close()
}

// dial connects to a control socket; ErrNoDaemon where nobody listens.
func dial(ctx context.Context, path string) (net.Conn, error) {
	short, done, err := shortPath(path)
	var conn net.Conn
	if err == nil {
		defer done()
		conn, err = new(net.Dialer).DialContext(ctx, "unix", short)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, ErrNoDaemon
	case errors.Is(err, fs.ErrPermission):
		return nil, denied(path, err)
	case err != nil:
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	return conn, nil
}

// denied says who may use a control socket. The group is that of its directory: the socket itself may not even be looked at.
func denied(path string, err error) error {
	hint := "run this as the user that the daemon runs as"
	if dir, e := os.Stat(filepath.Dir(path)); e == nil && dir.Mode().Perm()&0o010 != 0 {
		if sys, ok := dir.Sys().(*syscall.Stat_t); ok && sys.Gid != 0 {
			name := strconv.FormatUint(uint64(sys.Gid), 10)
			if g, e := user.LookupGroupId(name); e == nil {
				name = g.Name
			}
			hint = "join its group, then log in again: sudo adduser $USER " + name
		}
	}
	return fmt.Errorf("a daemon is running, but you may not use its control socket %s: %w (%s)", path, err, hint)
}

// shortPath gives a path of at most 108 bytes, which is all that a unix socket's address has room for: through a descriptor of its
// directory where it is longer.
func shortPath(path string) (short string, done func(), err error) {
	if len(path) < 100 {
		return path, func() {}, nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)), func() { dir.Close() }, nil
}

// peerKey is where the context of a request has the user at the other end of the socket.
type peerKey struct{}

// withPeer notes who is at the other end of a connection; nobody knows: nobody is noted.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	unix, ok := c.(*net.UnixConn)
	if !ok {
		return ctx
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return ctx
	}
	var peer *syscall.Ucred
	if e := raw.Control(func(fd uintptr) {
		peer, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); e != nil || err != nil {
		return ctx
	}
	return context.WithValue(ctx, peerKey{}, int(peer.Uid))
}

// fromOwner tells whether root or the daemon's own user asks.
func fromOwner(ctx context.Context) bool {
	uid, ok := ctx.Value(peerKey{}).(int)
	return ok && (uid == 0 || uid == os.Getuid())
}
