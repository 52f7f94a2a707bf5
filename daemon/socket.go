package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrNoDaemon says that no daemon runs on the state database.
var ErrNoDaemon = errors.New("no daemon runs on this state database")

// socketPath is the control socket: beside the state database.
func socketPath(state string) string { return strings.TrimSuffix(state, ".db") + ".sock" }

// listen opens the control socket, for its owner alone. A socket that a killed daemon left is replaced: the state lock, which the
// caller holds, says that nobody listens there any more.
func listen(state string) (net.Listener, error) {
	path := socketPath(state)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	short, done, err := shortPath(path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	defer done()
	before := syscall.Umask(0o177) // there is no moment in which others may connect
	l, err := net.Listen("unix", short)
	syscall.Umask(before)
	if err != nil {
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // by its short path it could not
	return &socket{l, path}, nil
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

// dialSocket connects to the control socket beside a state database; ErrNoDaemon where nobody listens.
func dialSocket(ctx context.Context, state string) (net.Conn, error) {
	path := socketPath(state)
	short, done, err := shortPath(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoDaemon
	}
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	defer done()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", short)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, ErrNoDaemon
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("a daemon runs on this state database, but you may not use its control socket %s: run this as the daemon's user", path)
	case err != nil:
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	return conn, nil
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
