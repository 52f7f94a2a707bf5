package fleetfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Secret is a file, or a directory with all that lies below it, that no user_data_file may be: user data is sent to DigitalOcean, and
// every program on the droplet may read it there. A symbolic link or a hard link to a secret is one too.
type Secret struct {
	Path string
	What string // in words, such as "the API token's file"
}

var (
	errOutside = errors.New("it is outside the directory of the fleet file")
	errGit     = errors.New("it lies in a .git directory, where credentials are kept")
)

// readBelow reads the user data file of that name, relative to dir, where the fleet file lies. Where the fleet file is a symbolic link,
// the file may lie below the directory that the link leads to, too.
//
// It is found first and opened then, without following any more links, so nobody can put another file into its place in between.
func readBelow(fleetFile, name string, secrets []Secret) ([]byte, error) {
	dir := filepath.Dir(fleetFile)
	real, err := resolved(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	for _, part := range strings.Split(real, string(filepath.Separator)) {
		if strings.EqualFold(part, ".git") {
			return nil, errGit
		}
	}
	roots := []string{dir}
	if target, err := resolved(fleetFile); err == nil {
		roots = append(roots, filepath.Dir(target))
	}
	for _, root := range roots {
		if root, err = resolved(root); err != nil {
			return nil, err
		}
		rel, err := filepath.Rel(root, real)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		data, err := readRegular(func(flag int) (*os.File, error) {
			f, err := openBelow(root, rel, flag)
			if err == nil {
				err = refuseSecret(f, real, secrets)
			}
			if err != nil && f != nil {
				return nil, errors.Join(err, f.Close())
			}
			return f, err
		}, maxUserData)
		if err == nil && replaced(real) {
			err = errReplaced
		}
		return data, err
	}
	return nil, errOutside
}

// resolved is the absolute path without symbolic links.
func resolved(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(real)
}

// openBelow opens a file by its path below root, and follows no symbolic link on the way.
func openBelow(root, rel string, flag int) (*os.File, error) {
	const always = syscall.O_NOFOLLOW | syscall.O_CLOEXEC
	at, err := os.OpenFile(root, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	parts := strings.Split(rel, string(filepath.Separator))
	for i, part := range parts {
		how := flag | always
		if i < len(parts)-1 {
			how = os.O_RDONLY | syscall.O_DIRECTORY | always
		}
		fd, err := syscall.Openat(int(at.Fd()), part, how, 0)
		at.Close()
		if err != nil {
			return nil, &fs.PathError{Op: "open", Path: filepath.Join(root, rel), Err: err}
		}
		at = os.NewFile(uintptr(fd), filepath.Join(root, filepath.Join(parts[:i+1]...)))
	}
	return at, nil
}

// refuseSecret compares an opened file with the secrets, by what it is and by where it lies.
func refuseSecret(f *os.File, real string, secrets []Secret) error {
	is, err := f.Stat()
	if err != nil {
		return err
	}
	for _, s := range secrets {
		secret, err := os.Stat(s.Path)
		if err != nil {
			continue // it is not there
		}
		below := false
		if where, err := resolved(s.Path); err == nil && secret.IsDir() {
			rel, err := filepath.Rel(where, real)
			below = err == nil && filepath.IsLocal(rel)
		}
		if below || os.SameFile(is, secret) {
			return fmt.Errorf("it is %s: user data is sent to DigitalOcean", s.What)
		}
	}
	return nil
}
