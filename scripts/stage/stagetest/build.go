// Package stagetest is for the tests of the scripts that measure or try the real program.
package stagetest

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// Build builds arcadiad into the directory and gives its path. It is for tests of packages in scripts: they run two levels below the
// root of the repository.
func Build(dir string) (string, error) {
	const root = "../.."
	// go test sees only what this process reads itself: without this it would call an old result good for a new binary.
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (path == ".git" || path == "bin") {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "arcadiad")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, root+"/cmd/arcadiad")
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
}
