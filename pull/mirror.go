package pull

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func (o Options) mirror() string { return filepath.Join(o.Into, "repo.git") }

// fetched is the ref of the mirror that leads to what was fetched last.
const fetched = "refs/arcadiad/fetched"

// verbatim lets no attribute of the repository change what is written: the files are those that were committed, byte for byte.
const verbatim = "* -text -filter -ident -working-tree-encoding\n"

// prepare makes the mirror, or makes it usable again after a git that died. Nobody else holds its locks: we have ours.
func (g git) prepare(ctx context.Context) error {
	err := filepath.WalkDir(g.o.mirror(), func(path string, d fs.DirEntry, err error) error {
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
	if err != nil {
		return err
	}
	attributes := filepath.Join(g.o.mirror(), "info", "attributes")
	if written, err := os.ReadFile(attributes); err == nil && string(written) == verbatim {
		if _, err := g.run(ctx, nil, "rev-parse", "--git-dir"); err == nil {
			return nil
		}
		// What is there is no repository, say after a loss of power.
		if err := os.RemoveAll(g.o.mirror()); err != nil {
			return err
		}
	}
	if _, err := g.run(ctx, nil, "init", "--bare", "--quiet", "--template="); err != nil {
		return fmt.Errorf("make %s: %w", g.o.mirror(), err)
	}
	if err := os.MkdirAll(filepath.Dir(attributes), 0o777); err != nil { // as the umask has it
		return err
	}
	return os.WriteFile(attributes, []byte(verbatim), 0o666)
}

// fetch brings the ref into the mirror, and gives its commit.
func (g git) fetch(ctx context.Context) (commit string, err error) {
	_, err = g.run(ctx, nil, "fetch", "--quiet", "--force", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules",
		"--", g.o.Repo, "+"+g.o.Ref+":"+fetched)
	if err != nil {
		return "", fmt.Errorf("git fetch: %w", err)
	}
	commit, err = g.run(ctx, nil, "rev-parse", "--verify", "--end-of-options", fetched+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("%s is no commit: %w", g.o.Ref, err)
	}
	return commit, nil
}

// subject is the first line of the commit's message.
func (g git) subject(ctx context.Context, commit string) (string, error) {
	line, err := g.run(ctx, nil, "log", "-1", "--no-show-signature", "--format=%s", "--end-of-options", commit)
	return clean(line), err
}

// pack packs what many fetches left. A pull does well without.
func (g git) pack(ctx context.Context) {
	if _, err := g.run(ctx, []string{"gc.auto=500", "gc.autoPackLimit=20", "gc.autoDetach=false"}, "gc", "--auto", "--quiet"); err != nil {
		g.o.Log.Warn("the repository was not packed", "error", err)
	}
}
