package view

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"html/template"
	"io"
	"net/url"
	"regexp"
	"time"
	"unicode"
	"unicode/utf8"

	"arcadiad/fleet"
)

// The status page: its template, its style and its script are in the program, so nothing is loaded from elsewhere.
var (
	//go:embed page/page.html
	pageFiles embed.FS
	//go:embed page/page.css
	pageStyle string
	//go:embed page/page.js
	pageScript string
	// PageIcon is the icon of the status page: SVG.
	//go:embed page/icon.svg
	PageIcon []byte

	pageTemplate = template.Must(template.New("page.html").Funcs(template.FuncMap{
		"when": clockTime, "stamp": stamp, "commands": commands, "style": func() template.CSS { return template.CSS(pageStyle) },
		"script": func() template.JS { return template.JS(pageScript) },
	}).ParseFS(pageFiles, "page/page.html"))
)

// PagePolicy is the Content-Security-Policy of the status page. The page carries its style and its script, which are allowed by their
// hashes.
func PagePolicy() string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(pageStyle) + "; script-src " + hash(pageScript) +
		"; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// Document is what one page shows. It says times by the clock and not how long ago they were, so that it changes only if what it tells
// does.
type Document struct {
	title string
	main  []byte
}

// document lays out one part of the template.
func document(title, part string, data any) (Document, error) {
	var b bytes.Buffer
	err := pageTemplate.ExecuteTemplate(&b, part, data)
	return Document{fleet.OneLine(title), printable(b.Bytes())}, err
}

// Version names what the document shows: another one shows something else.
func (d Document) Version() string {
	sum := sha256.Sum256(append([]byte(d.title), d.main...))
	return hex.EncodeToString(sum[:8])
}

// HTML writes the whole page. Version is what the server tells its listeners when there is something new.
func (d Document) HTML(w io.Writer, version string) error {
	return pageTemplate.ExecuteTemplate(w, "page.html", map[string]any{
		"Title": d.title, "Version": version, "Main": template.HTML(d.main), // it comes out of the same template, where it was escaped
	})
}

// printable makes what could deceive a reader visible, wherever it comes from: characters that turn the direction of the text around, or
// that show as nothing.
func printable(page []byte) []byte {
	return bytes.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == utf8.RuneError, !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, page)
}

// clockTime is a time as the page has it. The script says beside it how long ago that is.
func clockTime(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	return template.HTML(`<time datetime="` + t.UTC().Format(time.RFC3339) + `">` + stamp(t) + `</time>`)
}

// pathOf is where the page of a droplet is.
func pathOf(name string) string { return "/droplet/" + url.PathEscape(fleet.Key(name)) }

// words is a part of a text, which may be a command to copy.
type words struct {
	Text    string
	Command bool
}

// command finds what a person can run in the words of those who advise it.
var command = regexp.MustCompile(`arcadiad (?:(?:saga|rollout) (?:show|retry|abort|pause|resume)|approve|release|undo|why|adopt)(?: [^\s;,()]+)?|` +
	`arcadiad (?:plan|status|validate|resume|apply)\b|sudo systemctl [a-z]+ [a-z@-]+`)

// commands cuts a text at the commands in it.
func commands(text string) (parts []words) {
	at := 0
	for _, m := range command.FindAllStringIndex(text, -1) {
		parts = append(parts, words{text[at:m[0]], false}, words{text[m[0]:m[1]], true})
		at = m[1]
	}
	return append(parts, words{text[at:], false})
}

// badge is a state in a word. Its tone says how it looks, and never more than the word does.
type badge struct {
	Word string
	Tone string
}

// The tones of badges.
const (
	toneGood = "good"
	toneBusy = "busy"
	toneWait = "wait"
	toneBad  = "bad"
	toneCalm = "calm"
)

// pageRows bounds the lists of the page, but for the fleet itself. A page that is too long to read helps nobody.
const pageRows = 60

// head gives the first rows of a list, and how many there are beyond.
func head[T any](list []T, most int) (rows []T, more int) {
	n := min(len(list), most)
	return list[:n], len(list) - n
}
