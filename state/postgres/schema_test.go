package postgres_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestReleasedMigrationsStay: databases have been made by them. A change of the schema is a new file, whose hash is added here.
func TestReleasedMigrationsStay(t *testing.T) {
	released := map[string]string{
		"00001_state.sql": "c43c9326849eed7ad8bce7f5811e34ed4e7150ee4ab570f439548c065577979d",
	}
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) != len(released) {
		t.Errorf("%d files, %d are known here: %v", len(files), len(released), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		if hash := fmt.Sprintf("%x", sha256.Sum256(text)); hash != released[filepath.Base(file)] {
			t.Errorf("%s has the hash %s", file, hash)
		}
	}
}
