package sqlite

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"arcadiad/state"
)

// resolve gives the database's real path, so that one file has one lock and one -wal whatever link led to it. The file itself need
// not exist.
func resolve(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(abs); err == nil {
			return "", fmt.Errorf("%w: %s is a link to a file that does not exist", state.ErrNotRegular, path)
		}
		dir, err := filepath.EvalSymlinks(filepath.Dir(abs))
		if err != nil {
			return "", err
		}
		return filepath.Join(dir, filepath.Base(abs)), nil
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%w: %s (--state needs the path of a file)", state.ErrNotRegular, path)
	}
	return filepath.EvalSymlinks(abs)
}

// prepare makes the file, for its owner alone, and gives what identifies it. It must run under the lock, and before SQLite opens
// the file: closing any descriptor of it drops the locks that SQLite holds in the same process.
func prepare(path string) (fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// It holds user_data while sagas run. A file that was laid out by hand, or restored, may be readable by others.
	if info.Mode().Perm()&0o077 != 0 {
		if err := f.Chmod(0o600); err != nil {
			return nil, err
		}
	}
	return info, nil
}

// uri names the file in SQLite's way; options are added to the query.
func uri(path string, options ...string) string {
	u := url.URL{Scheme: "file", Path: path, RawQuery: strings.Join(options, "&")}
	return u.String()
}

// lock is the right to write: an flock on FILE.lock, held until it is closed or the process dies. The lock file stays: removing
// it would let two daemons each lock a file of their own.
type lock struct {
	path string
	file *os.File
	info fs.FileInfo
}

// takeLock takes the lock, or says who has it.
func takeLock(database string) (*lock, error) {
	path := database + ".lock"
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s%s", state.ErrLocked, database, holder(f))
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	l := &lock{path: path, file: f}
	if l.info, err = f.Stat(); err == nil {
		err = l.sign()
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return l, nil
}

// sign writes this process's id into the lock file, for whoever finds it locked.
func (l *lock) sign() error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := l.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// holder says what to do about the process that holds a lock file.
func holder(f *os.File) string {
	pid, ok := signedBy(f)
	if !ok {
		return " (stop it first)"
	}
	return fmt.Sprintf(" (process %d; stop it first, or ask it: arcadiad status)", pid)
}

// Holder tells which process holds the lock of the state database at path; empty: none does. It needs no more than to read FILE.lock.
func Holder(path string) (process string, err error) {
	real, err := resolve(path)
	if err != nil {
		return "", unreadable(path, err)
	}
	f, err := os.Open(real + ".lock")
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", unreadable(path, err)
	}
	defer f.Close()
	// A shared lock, for an instant: it is in nobody's way but that of a start at this very moment.
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		if pid, ok := signedBy(f); ok {
			return fmt.Sprintf("process %d", pid), nil
		}
		return "a process that did not sign", nil
	}
	return "", err
}

// signedBy reads the process that signed a lock file.
func signedBy(f *os.File) (pid int, ok bool) {
	text, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return 0, false
	}
	pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
	return pid, err == nil
}

// Close gives the lock back. Closing alone would leave it to a program that this process is just starting, such as git, and that has
// the same descriptor until it has become itself: a new owner would find the lock taken.
func (l *lock) Close() error {
	return errors.Join(syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN), l.file.Close())
}

// same tells whether the file at path is still the one that was opened.
func same(path string, opened fs.FileInfo) error {
	now, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s is gone (stop arcadiad, put the file back, start again)", state.ErrSwapped, path)
	case err != nil:
		return err
	case !os.SameFile(now, opened):
		return fmt.Errorf("%w: %s is another file now (restart arcadiad to use it)", state.ErrSwapped, path)
	}
	return nil
}
