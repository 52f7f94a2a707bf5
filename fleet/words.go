package fleet

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// What the sentences of all packages share.

// Counted is a number with its noun: 1 droplet, 3 droplets.
func Counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Series joins words as a sentence does: a, b and c.
func Series(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// Words puts each element of a list in words.
func Words[T any](list []T, word func(T) string) []string {
	words := make([]string, len(list))
	for i, x := range list {
		words[i] = word(x)
	}
	return words
}

// More counts what a list leaves out; empty: nothing.
func More(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

// Span names a row of droplets by the first and the last: web-1 … web-9.
func Span(first, last string) string {
	if first == last {
		return first
	}
	return first + " … " + last
}

// Value is a canonical field value for people: hashes are short, and nothing is (none).
func Value(value string) string {
	if value == "" {
		return "(none)"
	}
	if hash, ok := strings.CutPrefix(value, "sha256:"); ok && len(hash) > 8 {
		return "sha256:" + hash[:8]
	}
	return OneLine(value)
}

// OneLine makes text of strangers one line that a terminal only shows: an error may carry whatever a proxy answered, control characters
// too.
func OneLine(s string) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Fit makes text of strangers one line of at most so many columns.
func Fit(s string, columns int) string { return Cut(OneLine(s), columns) }

// Cut shortens a line to so many columns. Names, steps and addresses are narrow letters.
func Cut(s string, columns int) string {
	if r := []rune(s); len(r) > columns && columns > 0 {
		return string(r[:columns-1]) + "…"
	}
	return s
}

// Lasting is a duration as people write one: 10m, 1h30m, 45s.
func Lasting(d time.Duration) string {
	s := d.Round(time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
