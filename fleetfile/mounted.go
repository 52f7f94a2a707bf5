package fleetfile

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

var errReplaced = errors.New("it was replaced outside its mount, so only its old text can be read here")

const hintMount = "mount its directory, not the file alone"

// replaced reports whether the file at a path has no name any more. So it is with a file that was mounted alone, as `docker run -v FILE:FILE`
// does, and replaced outside, as editors and git do: what is mounted stays the old file for good, and no event and no change tells of it.
func replaced(path string) bool {
	if strings.HasPrefix(path, "/dev/") { // a shell's here-document may be a file without a name
		return false
	}
	before, err := os.Stat(path)
	if err != nil || links(before) != 0 {
		return false
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	// Some file systems count no links; the kernel knows whether there is a name.
	name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil || !strings.HasSuffix(name, " (deleted)") {
		return false
	}
	after, err := os.Stat(path) // replaced in this moment, the path leads to the new one by now
	return err == nil && os.SameFile(before, after)
}

func links(info os.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Nlink)
	}
	return 1
}
