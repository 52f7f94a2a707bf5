package digitalocean

import (
	"errors"
	"regexp"
	"strings"

	"arcadiad/fleet"
)

const redacted = "[redacted]"

// tokenPattern is what DigitalOcean's tokens look like (docs/digitalocean-api.md, "Tokens and scopes").
var tokenPattern = regexp.MustCompile(`\bd(op|oo|or)_v1_[0-9A-Za-z]+`)

// redact takes out this token (empty: not known yet), and whatever looks like one.
func redact(s, token string) string {
	if token != "" {
		s = strings.ReplaceAll(s, token, redacted)
	}
	return tokenPattern.ReplaceAllString(s, redacted)
}

// scrub makes sure that an error holds no token, however it came there. What lies beneath is kept as words alone then.
func (e *Error) scrub(token string) *Error {
	e.Message, e.RequestID = redact(e.Message, token), redact(e.RequestID, token)
	if e.Err != nil {
		if text := redact(e.Err.Error(), token); text != e.Err.Error() {
			e.Err = errors.New(text)
		}
	}
	return e
}

var (
	invisible = regexp.MustCompile(`(?is)<(script|style|head)\b.*?</(script|style|head)>`)
	markup    = regexp.MustCompile(`(?s)<[^>]*>`)
)

// oneLine makes a message fit for a log: proxies answer with whole HTML pages (docs/digitalocean-api.md, "Errors").
func oneLine(message string) string {
	const longest = 301
	if strings.HasPrefix(strings.TrimSpace(message), "<") {
		title := htmlTitle.FindStringSubmatch(message)
		message = markup.ReplaceAllString(invisible.ReplaceAllString(message, " "), " ")
		if strings.TrimSpace(message) == "" && title != nil {
			message = title[1]
		}
		message = "an HTML page: " + message
	}
	return fleet.Fit(message, longest)
}

var htmlTitle = regexp.MustCompile(`(?is)<title>(.*?)</title>`)
