package notify

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"arcadiad/condition"
	"arcadiad/fleet"
)

// Format is the form of a message.
type Format string

const (
	JSON  Format = "json"  // a Message
	Slack Format = "slack" // {"text": …} as Slack's incoming webhooks and their like take it
)

// Message is the body of a call, in the format JSON.
type Message struct {
	Version int               `json:"version"` // 1
	ID      string            `json:"id"`      // of the content: a message that is sent again has the same
	Fleet   string            `json:"fleet"`   // empty: no fleet file was in force yet
	SentAt  time.Time         `json:"sent_at"`
	Text    string            `json:"text"`   // all of it in words
	Events  []condition.Event `json:"events"` // at most 100
	More    int               `json:"more"`   // events that are left out
}

// The bounds of a message. A fleet of hundreds may be held at once; what is left out counts as told.
const (
	mostEvents = 100
	mostLines  = 20
	longest    = 501 // characters of a summary
)

func newMessage(fleetName string, events []condition.Event, now time.Time) Message {
	m := Message{Version: 1, Fleet: fleetName, SentAt: now.UTC(), Text: words(fleetName, events, false)}
	hash := sha256.New()
	for _, e := range events {
		fmt.Fprintf(hash, "%s\x00%s\x00%s\x00%s\x00%d\n", e.What, e.Kind, e.Subject, e.State, e.Since.UnixNano())
	}
	m.ID = hex.EncodeToString(hash.Sum(nil))[:16]
	m.More = max(0, len(events)-mostEvents)
	for _, e := range events[:len(events)-m.More] {
		e.Summary, e.Advice = fleet.Fit(e.Summary, longest), fleet.Fit(e.Advice, longest)
		if e.What != condition.Recovered {
			e.Well = "" // as long as it is not
		}
		m.Events = append(m.Events, e)
	}
	return m
}

// body is the message as it goes over the wire.
func (f Format) body(fleetName string, events []condition.Event, now time.Time) (id string, body []byte, err error) {
	m := newMessage(fleetName, events, now)
	if f == Slack {
		body, err = json.Marshal(map[string]string{"text": words(fleetName, events, true)})
	} else {
		body, err = json.Marshal(m)
	}
	return m.ID, body, err
}

// words tell the events to people.
func words(fleetName string, events []condition.Event, slack bool) string {
	bold, escape := func(s string) string { return s }, func(s string) string { return s }
	if slack {
		bold = func(s string) string { return "*" + s + "*" }
		escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace
	}
	text := func(s string) string { return escape(fleet.Fit(s, longest)) }
	var b strings.Builder
	who := "arcadiad"
	if fleetName != "" {
		who += ", fleet " + fleetName
	}
	b.WriteString(bold(escape(who)))
	left := len(events)
	for i, alike := range runs(events) {
		if i == mostLines {
			fmt.Fprintf(&b, "\nand %d more: arcadiad status", left)
			break
		}
		left -= len(alike)
		e := alike[0]
		what := string(e.Kind) + subjects(alike)
		since := "since " + e.Since.UTC().Format("2006-01-02 15:04 UTC")
		if e.What == condition.Recovered {
			fmt.Fprintf(&b, "\n%s: %s (it was so %s: %s)", bold("recovered: "+escape(what)), text(cmp.Or(e.Well, "it is over")), since, text(e.Summary))
			continue
		}
		fmt.Fprintf(&b, "\n%s: %s (%s)", bold(escape(what)), text(e.Summary), since)
		if e.Advice != "" {
			fmt.Fprintf(&b, "\n    do: %s", text(e.Advice))
		}
	}
	return b.String()
}

// runs puts together what stands in a row and reads alike but for the subject.
func runs(events []condition.Event) (runs [][]condition.Event) {
	for i, e := range events {
		if i > 0 {
			before := events[i-1]
			if e.What == before.What && e.Kind == before.Kind && e.Summary == before.Summary && e.Advice == before.Advice && (e.What != condition.Recovered || e.Well == before.Well) {
				runs[len(runs)-1] = append(runs[len(runs)-1], e)
				continue
			}
		}
		runs = append(runs, []condition.Event{e})
	}
	return runs
}

// subjects names those of a run, as far as a line has room.
func subjects(run []condition.Event) string {
	const most = 10
	var names []string
	for _, e := range run[:min(most, len(run))] {
		if e.Subject != "" {
			names = append(names, e.Subject)
		}
	}
	if len(names) == 0 {
		return ""
	}
	if more := len(run) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return " " + strings.Join(names, ", ")
}
