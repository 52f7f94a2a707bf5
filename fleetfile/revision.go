package fleetfile

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"arcadiad/fleet"
)

// Revision tells where a fleet file comes from, if it lies in a git work tree; false where it does not, there is no git, or git does
// not answer in time. Hash is that of the version that is asked about: when the file on disk is another by now, it differs.
//
// Git is only asked to read. A work tree may belong to somebody else than the daemon's user, and its configuration may name programs
// to run: none of them is. So files are compared by the hashes of their bytes, not by git's own diff, which would filter them.
func Revision(ctx context.Context, path, hash string) (fleet.Revision, bool) {
	ctx, cancel := context.WithTimeout(ctx, gitTime)
	defer cancel()
	r := read(path, nil)
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fleet.Revision{}, false
	}
	dir := filepath.Dir(real)
	top, err := git(ctx, dir, "rev-parse", "--show-toplevel")
	if err != nil {
		return fleet.Revision{}, false
	}
	root := strings.TrimSuffix(string(top), "\n")
	names, out := inTree(root, r.files), fleet.Revision{Differs: r.Hash != hash}
	if len(names) < len(r.files) {
		out.Differs = true // a file that git does not have
	}
	if len(names) == 0 {
		return fleet.Revision{}, false
	}
	out.File = names[0]
	logged, err := git(ctx, root, append([]string{"log", "-1", "--no-show-signature", "--format=%H%x00%an%x00%cI%x00%s", "--"}, names...)...)
	if err != nil && ctx.Err() == nil { // a repository without a commit
		out.Differs = true
		return out, true
	}
	listed, err := git(ctx, root, append([]string{"ls-tree", "-z", "HEAD", "--"}, names...)...)
	if err != nil {
		return fleet.Revision{}, false
	}
	if f := strings.SplitN(strings.TrimSuffix(string(logged), "\n"), "\x00", 4); len(f) == 4 {
		out.Commit, out.Author, out.Subject = f[0], clip(f[1]), fleet.Cut(f[3], mostSubject)
		out.At, _ = time.Parse(time.RFC3339, f[2]) // only shown
	}
	out.Differs = out.Differs || !committed(root, names, listed)
	return out, true
}

const (
	gitTime     = 10 * time.Second
	mostSubject = 120 // characters of a commit's subject that are kept
)

// git asks git, and gives what it says.
func git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	// safe.directory: whose the tree is does not matter to somebody who runs nothing that its configuration names.
	hardened := []string{"-C", dir, "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
		"--no-pager", "--no-optional-locks", "--literal-pathspecs"}
	cmd := exec.CommandContext(ctx, "git", append(hardened, args...)...)
	cmd.WaitDelay = 100 * time.Millisecond
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GIT_") { // inside a hook these speak of another repository
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
	return cmd.Output()
}

// inTree gives the files by their paths from the root, and leaves out what lies elsewhere.
func inTree(root string, files []string) (names []string) {
	for _, f := range files {
		real, err := filepath.EvalSymlinks(f)
		if err != nil {
			continue
		}
		if real, err = filepath.Abs(real); err != nil {
			continue
		}
		if name, err := filepath.Rel(root, real); err == nil && filepath.IsLocal(name) {
			names = append(names, filepath.ToSlash(name))
		}
	}
	return names
}

// committed tells whether the files are, byte for byte, those that `git ls-tree -z` listed.
func committed(root string, names []string, listed []byte) bool {
	blobs := map[string]string{}
	for _, entry := range bytes.Split(listed, []byte{0}) {
		info, name, ok := strings.Cut(string(entry), "\t")
		if fields := strings.Fields(info); ok && len(fields) == 3 {
			blobs[name] = fields[2]
		}
	}
	for _, name := range names {
		data, err := readRegular(func(flag int) (*os.File, error) { return os.OpenFile(filepath.Join(root, name), flag, 0) }, maxFile)
		if err != nil || blobs[name] == "" || blobs[name] != blobOf(data, len(blobs[name])) {
			return false
		}
	}
	return true
}

// blobOf is the name that git gives to content, in so many hex digits.
func blobOf(data []byte, digits int) string {
	var h hash.Hash = sha1.New()
	if digits == 2*sha256.Size {
		h = sha256.New()
	}
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}
