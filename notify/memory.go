package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"arcadiad/condition"
)

// memory is the file that keeps what was told. It is no more than a convenience: without it everything is told again.
type memory struct {
	Version int                   `json:"version"`
	Told    []condition.Condition `json:"told"`
}

func (n *Notifier) remember() map[condition.Key]condition.Condition {
	told := map[condition.Key]condition.Condition{}
	if n.o.Memory == "" {
		return told
	}
	raw, err := os.ReadFile(n.o.Memory)
	if errors.Is(err, fs.ErrNotExist) {
		return told
	}
	var m memory
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err == nil && m.Version != 1 {
		err = fmt.Errorf("version %d is not known", m.Version)
	}
	if err != nil {
		n.o.Log.Warn("the record of sent notifications is unusable; present conditions are sent again", "file", n.o.Memory, "error", err)
		return told
	}
	for _, c := range m.Told {
		told[c.Key()] = c
	}
	return told
}

// keep writes what was told, whole or not at all. The caller holds the lock.
func (n *Notifier) keep() {
	if n.o.Memory == "" {
		return
	}
	m := memory{Version: 1, Told: slices.SortedFunc(maps.Values(n.told), condition.Compare)}
	raw, err := json.MarshalIndent(m, "", "  ")
	if err == nil {
		err = replaceFile(n.o.Memory, append(raw, '\n'))
	}
	if err != nil {
		n.o.Log.Warn("sent notifications could not be recorded; a restart sends them again", "file", n.o.Memory, "error", err)
	}
}

func replaceFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
