package fleetfile

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxFile is the size of a fleet file in bytes. A thousand long stanzas fit well.
const maxFile = 1 << 20

var (
	utf8BOM  = []byte("\xef\xbb\xbf")
	utf16BOM = [][]byte{[]byte("\xff\xfe"), []byte("\xfe\xff")}
)

// checkText finds what is wrong with a fleet file before it is looked at as YAML. What it finds makes parsing pointless.
func checkText(file string, data []byte) Errors {
	whole := func(message, hint string) Errors {
		return Errors{{File: file, Line: 1, Col: 1, Message: message, Hint: hint}}
	}
	switch {
	case len(data) > maxFile:
		return whole(fmt.Sprintf("the file is larger than %d KiB", maxFile>>10), "put long user data into files of its own, with user_data_file")
	case bytes.HasPrefix(data, utf16BOM[0]), bytes.HasPrefix(data, utf16BOM[1]):
		return whole("the file is UTF-16 text", "save it as UTF-8")
	case len(bytes.TrimSpace(data)) == 0:
		return whole("the file is empty", "for a fleet without droplets, write droplets: []")
	}
	if errs := checkRunes(file, data); errs != nil {
		return errs
	}
	return conflictMarkers(file, data)
}

// checkRunes finds the first byte that is not UTF-8, or the first character that YAML does not allow.
func checkRunes(file string, data []byte) Errors {
	e, bad := badRune(data, "save the file as UTF-8", "the file is damaged, or not a text file", func(r rune) (message, hint string) {
		if !printable(r) {
			return fmt.Sprintf("control character %U", r), "remove it"
		}
		return "", ""
	})
	if !bad {
		return nil
	}
	e.File = file
	return Errors{e}
}

// badRune finds the first byte that is not UTF-8, the first NUL, or the first character of which refuse says what is wrong. The hints are
// for the first two.
func badRune(data []byte, notUTF8, nul string, refuse func(rune) (message, hint string)) (Error, bool) {
	e := Error{Line: 1, Col: 1}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			e.Message, e.Hint = fmt.Sprintf("byte 0x%02x is not UTF-8 text", data[i]), notUTF8
		case r == 0:
			e.Message, e.Hint = "a NUL byte", nul
		default:
			e.Message, e.Hint = refuse(r)
		}
		if e.Message != "" {
			return e, true
		}
		if i += size; r == '\n' {
			e.Line, e.Col = e.Line+1, 0
		}
		e.Col++ // a column is a character, as YAML counts
	}
	return Error{}, false
}

// printable tells whether YAML takes the character as it is.
func printable(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r', r == 0x85:
		return true
	case r < ' ', r >= 0x7f && r < 0xa0, r == 0xfeff, r == 0xfffe, r == 0xffff:
		return false
	}
	return true
}

// conflictMarkers finds what a version control system leaves behind when a merge needs a person.
func conflictMarkers(file string, data []byte) Errors {
	var errs Errors
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimRight(line, "\r")
		for _, marker := range []string{"<<<<<<<", "|||||||", "=======", ">>>>>>>"} {
			rest, found := strings.CutPrefix(line, marker)
			if found && (rest == "" || rest[0] == ' ') {
				errs = append(errs, Error{File: file, Line: i + 1, Col: 1, Message: "merge conflict marker " + marker,
					Hint: "resolve the conflict and remove the marker lines"})
			}
		}
	}
	return errs
}
