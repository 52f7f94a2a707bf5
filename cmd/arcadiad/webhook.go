package main

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
)

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
