package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"unicode"

	"gopkg.in/yaml.v3"

	"arcadiad/fleetfile"
)

// credential is the name under which systemd hands the token over: LoadCredential=digitalocean-token:FILE.
const credential = "digitalocean-token"

// errNoToken names the ways to give a token.
var errNoToken = errors.New("no API token: name a file with --token-file, or set DIGITALOCEAN_ACCESS_TOKEN (or DIGITALOCEAN_TOKEN), " +
	"or write it into ~/.config/arcadiad/token, or log in with doctl auth init, or let systemd pass $CREDENTIALS_DIRECTORY/" + credential +
	" (or try arcadiad without an account: --simulate)")

// source is where the token comes from. One of its fields is set, or none.
type source struct {
	variable string // of the environment
	file     string
	doctl    string // file of doctl's configuration
}

// sourceOf decides where the token comes from: the file of the flag, the environment, what systemd passes, a file of the user's own, and
// doctl's configuration, in this order.
func sourceOf(file string) source {
	if file == "" {
		for _, name := range tokenVariables() {
			if os.Getenv(name) != "" {
				return source{variable: name}
			}
		}
		file = cmp.Or(credentialFile(credential), configFile("arcadiad", "token"))
	}
	if file != "" {
		return source{file: file}
	}
	return source{doctl: configFile("doctl", "config.yaml")}
}

func (s source) String() string {
	switch {
	case s.variable != "":
		for _, other := range tokenVariables() {
			if value := os.Getenv(other); value != "" && value != os.Getenv(s.variable) {
				return s.variable + ", and " + other + " has another one"
			}
		}
		return s.variable
	case s.doctl != "":
		return "doctl's configuration " + s.doctl
	}
	return s.file
}

// findToken gives the function that is called for each request: a token in a file may be rotated while arcadiad runs.
func findToken(file string, log *slog.Logger) func() (string, error) {
	switch s := sourceOf(file); {
	case s.variable != "":
		token, err := tidyToken(os.Getenv(s.variable), s.variable)
		return func() (string, error) { return token, err }
	case s.file != "":
		return (&tokenFile{path: s.file, log: log}).read
	case s.doctl != "":
		return func() (string, error) { return doctlToken(s.doctl, os.Getenv("DIGITALOCEAN_CONTEXT")) }
	}
	return func() (string, error) { return "", errNoToken }
}

// configFile is a file in the user's configuration; empty: it is not there, or there is no such user. One that is there and cannot be read
// is no reason for another token, which may be that of another account.
func configFile(program, name string) string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	file := filepath.Join(dir, program, name)
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return ""
	}
	return file
}

// doctlToken is the token of a context of doctl, of the one in use if none is named. Doctl keeps that of the context default apart
// (https://github.com/digitalocean/doctl, "Logging into multiple DigitalOcean accounts").
func doctlToken(file, context string) (string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read doctl's configuration: %w", err)
	}
	var c struct {
		Token    string            `yaml:"access-token"`
		Context  string            `yaml:"context"`
		Contexts map[string]string `yaml:"auth-contexts"`
	}
	if err := yaml.Unmarshal(raw, &c); err != nil {
		return "", fmt.Errorf("%s is not doctl's configuration", file) // the error of the decoder would show what it read
	}
	context = strings.ToLower(cmp.Or(context, c.Context, "default")) // as doctl does
	token := c.Contexts[context]
	if context == "default" {
		token = cmp.Or(c.Token, token)
	}
	if token == "" {
		return "", fmt.Errorf("%w; doctl has no token for its context %q (%s)", errNoToken, context, file)
	}
	return tidyToken(token, file)
}

func tokenVariables() []string { return []string{"DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_TOKEN"} }

// tokenGiven tells whether the environment has a token, or names one.
func tokenGiven() bool {
	return credentialFile(credential) != "" || slices.ContainsFunc(tokenVariables(), func(name string) bool { return os.Getenv(name) != "" })
}

// credentialFile is where systemd put a credential; empty: the unit has none of that name.
func credentialFile(name string) string {
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
		file := filepath.Join(dir, name)
		if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			return file
		}
	}
	return ""
}

// secrets are the files of this command that no user_data file may be.
func (s *settings) secrets() (list []fleetfile.Secret) {
	for path, what := range map[string]string{
		s.tokenFile: "the API token's file", configFile("arcadiad", "token"): "the API token's file",
		configFile("doctl", "config.yaml"): "doctl's configuration", s.notifyURLFile: "the webhook's file", os.Getenv("CREDENTIALS_DIRECTORY"): "one of the service's credentials",
	} {
		if path != "" {
			list = append(list, fleetfile.Secret{Path: path, What: what})
		}
	}
	return list
}

// tidyToken trims a token, and refuses what cannot be one. The error does not show it.
func tidyToken(raw, source string) (string, error) {
	token := strings.TrimSpace(raw)
	if token == "" {
		return "", fmt.Errorf("the API token in %s is empty", source)
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsGraphic(r) || unicode.IsSpace(r) }) {
		return "", fmt.Errorf("%s does not hold an API token: one word is expected, and nothing else", source)
	}
	return token, nil
}

// tokenFile reads a token from a file, again when the file changed.
type tokenFile struct {
	path string
	log  *slog.Logger

	mu    sync.Mutex
	was   fs.FileInfo // of the file that token came from; nil: not read yet
	token string
}

func (f *tokenFile) read() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, err := os.Stat(f.path)
	if err != nil {
		return "", fmt.Errorf("read the API token: %w", err)
	}
	if f.was != nil && os.SameFile(f.was, now) && f.was.ModTime().Equal(now.ModTime()) && f.was.Size() == now.Size() {
		return f.token, nil
	}
	if !now.Mode().IsRegular() {
		return "", fmt.Errorf("read the API token: %s is not a regular file", f.path)
	}
	raw, err := os.ReadFile(f.path)
	if err != nil {
		return "", fmt.Errorf("read the API token: %w", err)
	}
	if now.Mode().Perm()&0o077 != 0 {
		f.log.Warn("the token file may be read by others than its owner (fix: chmod 600)", "file", f.path, "mode", now.Mode().Perm().String())
	}
	token, err := tidyToken(string(raw), f.path)
	if err != nil {
		return "", err
	}
	f.token, f.was = token, now
	return token, nil
}

// Where the webhook's URL may come from beside its flag.
const (
	notifyVariable   = "ARCADIAD_NOTIFY_URL"
	notifyCredential = "notify-url" // under systemd: LoadCredential=notify-url:FILE
)

// findWebhook finds where the URL of the webhook comes from; nil where there is none. It is a secret like the token: whoever knows it
// may post. The function that it gives is called for each notification: a URL in a file may be replaced while arcadiad runs.
func findWebhook(file string, log *slog.Logger) func() (string, error) {
	if file == "" {
		if url := os.Getenv(notifyVariable); url != "" {
			return func() (string, error) { return tidyWebhook(url, notifyVariable) }
		}
		file = credentialFile(notifyCredential)
	}
	if file == "" {
		return nil
	}
	if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o077 != 0 {
		log.Warn("the file with the webhook's URL may be read by others than its owner (fix: chmod 600)", "file", file, "mode", info.Mode().Perm().String())
	}
	return func() (string, error) {
		raw, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("read the webhook's URL: %w", err)
		}
		return tidyWebhook(string(raw), file)
	}
}

// tidyWebhook trims a URL. The error does not show it.
func tidyWebhook(raw, source string) (string, error) {
	url := strings.TrimSpace(raw)
	if len(strings.Fields(url)) != 1 {
		return "", fmt.Errorf("%s does not hold the URL of a webhook: one line is expected, and nothing else", source)
	}
	return url, nil
}
