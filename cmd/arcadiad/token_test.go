package main

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// noToken leaves no token in the environment.
func noToken(t *testing.T) {
	for _, name := range []string{"DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_TOKEN", "CREDENTIALS_DIRECTORY"} {
		t.Setenv(name, "")
	}
}

func tokenOf(t *testing.T, find func() (string, error)) string {
	t.Helper()
	token, err := find()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTokenSources(t *testing.T) {
	noToken(t)
	log := slog.New(slog.DiscardHandler)
	if _, err := findToken("", log)(); !errors.Is(err, errNoToken) {
		t.Errorf("without any: %v, want %v", err, errNoToken)
	}
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	if _, err := findToken("", log)(); !errors.Is(err, errNoToken) {
		t.Errorf("with other credentials only: %v, want %v", err, errNoToken)
	}
	if err := os.WriteFile(filepath.Join(dir, credential), []byte("systemd\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	if got := tokenOf(t, findToken("", log)); got != "systemd" {
		t.Errorf("token %q, want systemd's", got)
	}
	t.Setenv("DIGITALOCEAN_TOKEN", " second ")
	if got := tokenOf(t, findToken("", log)); got != "second" {
		t.Errorf("token %q, want second", got)
	}
	t.Setenv("DIGITALOCEAN_ACCESS_TOKEN", "first")
	if got := tokenOf(t, findToken("", log)); got != "first" {
		t.Errorf("token %q, want first", got)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("flag"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := tokenOf(t, findToken(file, log)); got != "flag" {
		t.Errorf("token %q, want the flag's", got)
	}
}

// Law 15: what is wrong with a token is said without showing it.
func TestLaw15TokenIsNotShown(t *testing.T) {
	noToken(t)
	for _, raw := range []string{"two s3cret", "s3cret\x00", "s3crét", "s3cret\nDIGITALOCEAN_TOKEN=s3cret"} {
		file := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(file, []byte(raw), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := findToken(file, slog.New(slog.DiscardHandler))()
		if err == nil || strings.Contains(err.Error(), "s3c") {
			t.Errorf("%q: error %v, want one that does not show it", raw, err)
		}
	}
}

func TestTokenFileIsReadAgainWhenItChanges(t *testing.T) {
	noToken(t)
	var log bytes.Buffer
	file := filepath.Join(t.TempDir(), "token")
	at := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	write := func(token string, mode os.FileMode) {
		t.Helper()
		at = at.Add(time.Second)
		if err := errors.Join(os.WriteFile(file, []byte(token), mode), os.Chmod(file, mode), os.Chtimes(file, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	write("one", 0o600)
	find := findToken(file, slog.New(slog.NewTextHandler(&log, nil)))
	if got := tokenOf(t, find); got != "one" {
		t.Errorf("token %q, want one", got)
	}
	write("two", 0o644)
	for range 3 {
		if got := tokenOf(t, find); got != "two" {
			t.Errorf("token %q, want two", got)
		}
	}
	if n := strings.Count(log.String(), "may be read by others than its owner"); n != 1 {
		t.Errorf("%d warnings, want 1 a change:\n%s", n, log.String())
	}
	write(" ", 0o600)
	if got, err := find(); err == nil {
		t.Errorf("an empty file gave %q", got)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if got, err := find(); err == nil {
		t.Errorf("no file gave %q", got)
	}
}
