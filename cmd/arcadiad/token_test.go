package main

import (
	"bytes"
	"cmp"
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
	for _, name := range []string{"DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_TOKEN", "DIGITALOCEAN_CONTEXT", "CREDENTIALS_DIRECTORY"} {
		t.Setenv(name, "")
	}
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
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
	if got := sourceOf("").String(); got != "DIGITALOCEAN_ACCESS_TOKEN, and DIGITALOCEAN_TOKEN has another one" {
		t.Errorf("it comes from %s", got)
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

// The token of doctl is that of its context in use, of the one that the environment names, or none; a file of arcadiad's own comes first.
func TestTokenOfDoctl(t *testing.T) {
	noToken(t)
	write := func(name, content string) {
		t.Helper()
		path := filepath.Join(os.Getenv("XDG_CONFIG_HOME"), name)
		if err := cmp.Or(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	const both = "access-token: first\nauth-contexts:\n  work: second\n"
	for _, tt := range []struct{ config, context, token, err string }{
		{config: both, token: "first"},
		{config: both + "context: default\n", token: "first"},
		{config: both + "context: work\n", token: "second"},
		{config: both, context: "Work", token: "second"},
		{config: both + "context: work\n", context: "default", token: "first"},
		{config: "auth-contexts: {default: third}\n", token: "third"},
		{config: both + "context: gone\n", err: `doctl has no token for its context "gone"`},
		{config: "output: text\n", err: `doctl has no token for its context "default"`},
		{config: "access-token: [secret]\n", err: "is not doctl's configuration"},
		{config: "access-token: two secret words\n", err: "does not hold an API token"},
	} {
		write("doctl/config.yaml", tt.config)
		t.Setenv("DIGITALOCEAN_CONTEXT", tt.context)
		token, err := findToken("", slog.New(slog.DiscardHandler))()
		if token != tt.token || (err == nil) != (tt.err == "") || err != nil && (!strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%q, context %q: token %q, %v", tt.config, tt.context, token, err)
		}
	}
	write("arcadiad/token", "ours\n")
	if got := tokenOf(t, findToken("", slog.New(slog.DiscardHandler))); got != "ours" {
		t.Errorf("token %q, want that of arcadiad's own file", got)
	}
}

// A file of arcadiad's own that leads nowhere is told of: the token of doctl may be that of another account.
func TestTokenFileThatLeadsNowhere(t *testing.T) {
	noToken(t)
	dir := os.Getenv("XDG_CONFIG_HOME")
	for _, name := range []string{"doctl", "arcadiad"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	err := errors.Join(os.WriteFile(filepath.Join(dir, "doctl", "config.yaml"), []byte("access-token: other\n"), 0o600),
		os.Symlink("gone", filepath.Join(dir, "arcadiad", "token")))
	if err != nil {
		t.Fatal(err)
	}
	if token, err := findToken("", slog.New(slog.DiscardHandler))(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("token %q, %v", token, err)
	}
}
