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

// findToken finds where the token comes from: the file of the flag, the environment, what systemd passes, a file of the user's own, and
// doctl's configuration, in this order. The function that it gives is called for each request: a token in a file may be rotated while
// arcadiad runs.
func findToken(file string, log *slog.Logger) func() (string, error) {
	if file == "" {
		for _, name := range tokenVariables() {
			if os.Getenv(name) != "" {
				token, err := tidyToken(os.Getenv(name), name)
				return func() (string, error) { return token, err }
			}
		}
		file = cmp.Or(credentialFile(credential), configFile("arcadiad", "token"))
	}
	if file != "" {
		return (&tokenFile{path: file, log: log}).read
	}
	if file := configFile("doctl", "config.yaml"); file != "" {
		return func() (string, error) { return doctlToken(file, os.Getenv("DIGITALOCEAN_CONTEXT")) }
	}
	return func() (string, error) { return "", errNoToken }
}

// configFile is a file in the user's configuration; empty: it is not there, or there is no such user.
func configFile(program, name string) string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	file := filepath.Join(dir, program, name)
	if _, err := os.Stat(file); err != nil {
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
	context = cmp.Or(context, c.Context, "default")
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
