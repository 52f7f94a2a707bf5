package fleetfile

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"arcadiad/fleet"
)

// What `arcadiad pull` keeps in its directory: a link to the work tree in use, the trees, and what it wrote down about its last run.
const (
	Link        = "current"
	Trees       = "trees"
	FetchedFile = "pull.json"
)

const mostFetched = 1 << 16 // bytes

// FetchedBeside gives what `arcadiad pull` wrote down about the repository that a fleet file comes from; nil: the path does not lead
// through the link of a pull. The first such link counts: those behind it come from the repository.
func FetchedBeside(path string) (*fleet.Fetched, error) {
	dir := ""
	walk(path, func(at, name, target string) {
		if dir == "" && name == Link && strings.HasPrefix(target, Trees+"/") {
			dir = at
		}
	})
	if dir == "" {
		return nil, nil
	}
	f, err := ReadFetched(dir)
	return &f, err
}

// ReadFetched reads what `arcadiad pull` wrote down in its directory.
func ReadFetched(dir string) (f fleet.Fetched, err error) {
	path := filepath.Join(dir, FetchedFile)
	data, err := readRegular(func(flag int) (*os.File, error) { return os.OpenFile(path, flag, 0) }, mostFetched)
	if err == nil {
		err = json.Unmarshal(data, &f)
	}
	if err != nil {
		return fleet.Fetched{}, fmt.Errorf("read %s: %w", path, err)
	}
	return f, nil
}
