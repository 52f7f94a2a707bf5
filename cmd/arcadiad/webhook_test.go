package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWebhookSources(t *testing.T) {
	noToken(t)
	t.Setenv(notifyVariable, "")
	var log bytes.Buffer
	find := func(file string) (string, error) {
		t.Helper()
		url := findWebhook(file, slog.New(slog.NewTextHandler(&log, nil)))
		if url == nil {
			return "none", nil
		}
		return url()
	}
	demand := func(file, want string) {
		t.Helper()
		if got, err := find(file); err != nil || got != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	demand("", "none")
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	demand("", "none")
	write := func(name, url string, mode os.FileMode) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(url), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write(notifyCredential, "https://hooks.example.com/systemd\n", 0o400)
	demand("", "https://hooks.example.com/systemd")
	t.Setenv(notifyVariable, " https://hooks.example.com/variable ")
	demand("", "https://hooks.example.com/variable")
	file := write("file", "https://hooks.example.com/flag", 0o600)
	demand(file, "https://hooks.example.com/flag")
	if log.Len() > 0 {
		t.Errorf("it warned: %s", &log)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	demand(file, "https://hooks.example.com/flag")
	if !strings.Contains(log.String(), "chmod 600") {
		t.Errorf("it did not warn: %s", &log)
	}

	url := findWebhook(file, slog.New(slog.DiscardHandler))
	write("file", "https://hooks.example.com/rotated", 0o600)
	if got, err := url(); err != nil || got != "https://hooks.example.com/rotated" {
		t.Errorf("after a rotation: %q, %v", got, err)
	}
	for _, bad := range []string{"", " \n", "https://hooks.example.com/a https://hooks.example.com/b", "URL=\nsecret"} {
		write("file", bad, 0o600)
		if got, err := url(); err == nil || strings.Contains(err.Error(), "example.com") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %q, %v", bad, got, err)
		}
	}
	if _, err := find(filepath.Join(dir, "missing")); err == nil {
		t.Error("a file that is not there went unnoticed")
	}
}
