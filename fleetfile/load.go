package fleetfile

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"arcadiad/fleet"
)

// Load reads a fleet file and every user_data file that it names, relative to the directory of path; where path is a symbolic
// link, that is the link's own directory. No user_data file may be one of the secrets. The error is [Errors].
func Load(path string, secrets ...Secret) (fleet.Fleet, error) {
	r := read(path, secrets)
	return r.Fleet, r.Err
}

// reading is one look at a fleet file on disk.
type reading struct {
	Version
	files []string // the fleet file and the user_data files that it names, whether they exist or not
}

func read(path string, secrets []Secret) reading {
	dir := filepath.Dir(path)
	at := path
	if real, err := resolved(dir); err == nil {
		at = filepath.Join(real, filepath.Base(path)) // a link on the way may flip to another tree between the file and its user data
	}
	d := newDecoder(path, func(name string) ([]byte, error) { return readBelow(at, name, secrets) })
	data, err := readRegular(func(flag int) (*os.File, error) { return os.OpenFile(at, flag, 0) }, maxFile)
	if err == nil && replaced(at) {
		err = errReplaced
	}
	if err != nil {
		e := Error{File: path, Message: reason(err), cause: err}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			e.Hint = "name the fleet file with --fleet or ARCADIAD_FLEET"
		case errors.Is(err, errReplaced):
			e.Hint = hintMount
		}
		return reading{Version{Err: Errors{e}, Hash: d.hash([]byte("unreadable: " + e.Message))}, []string{path}}
	}
	f := d.decode(data)
	r := reading{Version{Hash: d.hash(data)}, []string{path}}
	for _, name := range slices.Sorted(maps.Keys(d.sources)) {
		r.files = append(r.files, filepath.Join(dir, name))
	}
	if len(d.errs) > 0 {
		r.Err = d.errs.sorted(path)
		return r
	}
	r.Fleet = f
	r.Fleet.Hash = r.Hash
	return r
}

var errNotRegular = errors.New("not a regular file")

// readRegular reads a file up to one byte beyond most, so that too much can be told from enough. Nothing but a regular file is
// read, and opening does not wait: a pipe could hold up the daemon for good.
func readRegular(open func(flag int) (*os.File, error), most int) ([]byte, error) {
	f, err := open(os.O_RDONLY | syscall.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	return io.ReadAll(io.LimitReader(f, int64(most)+1))
}
