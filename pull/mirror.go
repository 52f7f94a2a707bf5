package pull

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"arcadiad/fleet"
)

func (o Options) mirror() string { return filepath.Join(o.Into, "repo.git") }

// fetched is the ref of the mirror that leads to what was fetched last.
const fetched = "refs/arcadiad/fetched"

// verbatim lets no attribute of the repository change what is written: the files are those that were committed, byte for byte.
const verbatim = "* -text -filter -ident -working-tree-encoding\n"

// tidy removes what a git that died or failed left in the mirror: its locks, and half of a pack, which may fill the disk. Nobody else
// holds those locks: we have ours.
func (o Options) tidy() error {
	return filepath.WalkDir(o.mirror(), func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case d.Type().IsRegular() && (strings.HasSuffix(d.Name(), ".lock") || strings.HasPrefix(d.Name(), "tmp_")):
			return os.Remove(path)
		}
		return nil
	})
}

// prepare makes the mirror, or makes it usable again, and gives the format of its objects' names.
func (g git) prepare(ctx context.Context) (format string, err error) {
	if err := g.o.tidy(); err != nil {
		return "", err
	}
	if written, err := os.ReadFile(g.o.attributes()); err == nil && string(written) == verbatim {
		if format, err := g.run(ctx, nil, "rev-parse", "--show-object-format"); err == nil {
			return format, nil
		}
	}
	// What is there is no repository, say after a loss of power.
	return "sha1", g.make(ctx, "sha1")
}

func (o Options) attributes() string { return filepath.Join(o.mirror(), "info", "attributes") }

// make makes the mirror anew.
func (g git) make(ctx context.Context, format string) error {
	if err := os.RemoveAll(g.o.mirror()); err != nil {
		return err
	}
	if _, err := g.run(ctx, nil, "init", "--bare", "--quiet", "--template=", "--object-format="+format); err != nil {
		return fmt.Errorf("make %s: %w", g.o.mirror(), err)
	}
	if err := os.MkdirAll(filepath.Dir(g.o.attributes()), 0o777); err != nil { // as the umask has it
		return err
	}
	return os.WriteFile(g.o.attributes(), []byte(verbatim), 0o666)
}

// fetch brings the ref into the mirror, and gives its commit.
func (g git) fetch(ctx context.Context) (commit string, err error) {
	format, err := g.prepare(ctx)
	if err != nil {
		return "", err
	}
	name, object, err := g.find(ctx)
	if err != nil {
		return "", err
	}
	if theirs := formatOf(object); theirs != format {
		if err := g.make(ctx, theirs); err != nil {
			return "", err
		}
	}
	before, commit, err := g.has(ctx)
	if err != nil {
		return "", err
	}
	if before != object || name == object {
		if err := g.get(ctx, name); err != nil {
			return "", err
		}
		var now string
		if now, commit, err = g.has(ctx); err != nil {
			return "", err
		}
		if now != object && (now == before || name == object) { // git took nothing, and says nothing
			return "", fmt.Errorf("the repository does not give %s with its history: is it a shallow clone?", g.o.Ref)
		}
	}
	if commit == "" {
		return "", fmt.Errorf("%s is no commit", g.o.Ref)
	}
	return commit, nil
}

// get fetches a ref, or an object, by its full name.
func (g git) get(ctx context.Context, name string) error {
	_, err := g.run(ctx, nil, "fetch", "--quiet", "--force", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules",
		"--", g.o.Repo, "+"+name+":"+fetched)
	if err != nil {
		return fmt.Errorf("git fetch: %w", err)
	}
	return nil
}

// has gives the object that was fetched last, and the commit that it is or leads to; empty where there is none.
func (g git) has(ctx context.Context) (object, commit string, err error) {
	said, err := g.run(ctx, nil, "rev-parse", "--revs-only", fetched, fetched+"^{commit}")
	object, commit, _ = strings.Cut(said, "\n")
	return object, commit, err
}

// formatOf tells the format of an object's name by its length.
func formatOf(object string) string {
	if len(object) == hex.EncodedLen(sha256.Size) {
		return "sha256"
	}
	return "sha1"
}

// subject is the first line of the commit's message.
func (g git) subject(ctx context.Context, commit string) (string, error) {
	line, err := g.run(ctx, nil, "log", "-1", "--no-show-signature", "--format=%s", "--end-of-options", commit)
	return fleet.OneLine(line), err
}

// pack packs what many fetches left. A pull does well without.
func (g git) pack(ctx context.Context) {
	if _, err := g.run(ctx, []string{"gc.auto=500", "gc.autoPackLimit=20", "gc.autoDetach=false"}, "gc", "--auto", "--quiet"); err != nil {
		g.o.Log.Warn("the repository was not packed", "error", err)
	}
}
