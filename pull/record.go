package pull

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
)

// recorded is what the last pull wrote down. What cannot be read is written anew.
func (o Options) recorded() fleet.Fetched {
	f, err := fleetfile.ReadFetched(o.Into)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		o.Log.Warn("what the last pull wrote down cannot be read", "error", err)
	}
	return f
}

// record replaces what the last pull wrote down.
func (o Options) record(f fleet.Fetched) error {
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(o.Into, fleetfile.FetchedFile)
	if err := os.WriteFile(path+".new", append(data, '\n'), 0o666); err != nil { // as the umask has it
		return err
	}
	return os.Rename(path+".new", path)
}
