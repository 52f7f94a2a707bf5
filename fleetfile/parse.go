package fleetfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// parse makes nodes of the text: the root of its one document.
func parse(file string, data []byte) (*yaml.Node, Errors) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	switch err := decodeNode(dec, &doc); {
	case errors.Is(err, io.EOF):
		return nil, Errors{{File: file, Line: 1, Col: 1, Message: "the file holds nothing but comments",
			Hint: "for a fleet without droplets, write droplets: []"}}
	case err != nil:
		return nil, Errors{syntaxError(file, string(data), err)}
	}
	// yaml.v3 by itself would silently ignore everything after the first document.
	switch err := decodeNode(dec, &second); {
	case errors.Is(err, io.EOF):
		return doc.Content[0], nil
	case err != nil:
		return nil, Errors{syntaxError(file, string(data), err)}
	}
	return nil, Errors{{File: file, Line: second.Line, Col: second.Column, Message: "a second YAML document begins here",
		Hint: "one file describes one fleet; remove the --- line"}}
}

// errGaveUp says that the parser panicked, so nothing is known of the text.
var errGaveUp = errors.New("yaml: the parser gave up")

// decodeNode survives a panic of the parser, which reads what other people wrote: a bad file must never take the daemon down.
func decodeNode(dec *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errGaveUp, p)
		}
	}()
	return dec.Decode(n)
}

var (
	yamlLine      = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// syntaxError finds the place of a parser's error. The parser tells no column, nor any line when it is the first; its grammar
// errors ("did not find expected …") count lines from 0, its scanner's from 1; and it points at the beginning of what it was
// reading, where a tab on a later line was the fault.
func syntaxError(file, text string, err error) Error {
	e := Error{File: file, Line: 1, Col: 1, Message: strings.TrimPrefix(err.Error(), "yaml: "), cause: err}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		e.Message = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			e.Line = n
			if strings.HasPrefix(e.Message, "did not find expected") {
				e.Line++
			}
		}
	}
	lines := strings.Split(text, "\n")
	if m := unknownAnchor.FindStringSubmatch(e.Message); m != nil {
		e.Message, e.Hint = fmt.Sprintf("alias *%s has no anchor", m[1]), fmt.Sprintf("define it earlier in the file with &%s", m[1])
		for i, line := range lines {
			if col := strings.Index(line, "*"+m[1]); col >= 0 {
				e.Line, e.Col = i+1, len([]rune(line[:col]))+1
				return e
			}
		}
		return e
	}
	for i := max(e.Line-1, 0); i < min(e.Line+2, len(lines)); i++ {
		indent := lines[i][:len(lines[i])-len(strings.TrimLeft(lines[i], " \t"))]
		if tab := strings.IndexByte(indent, '\t'); tab >= 0 {
			e.Line, e.Col, e.Message, e.Hint = i+1, tab+1, "a tab in the indentation", "YAML takes only spaces there"
			return e
		}
	}
	e.Line = min(e.Line, len(lines))
	e.Message = "not valid YAML: " + e.Message
	return e
}
