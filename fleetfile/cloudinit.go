package fleetfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"arcadiad/fleet"

	"gopkg.in/yaml.v3"
)

// weight says how sure it is that user data does not do what somebody wrote it for.
type weight int

const (
	odd     weight = iota // cloud-init reads it nevertheless
	foreign               // cloud-init ignores it; another program may read it
	ignored               // cloud-init ignores it, or cannot run it
)

// finding is what cloud-init would pass over in silence: the droplet comes up, is active, and has nothing of its user data.
type finding struct {
	Error // in the text; the file is not said
	weight
}

// checkCloudInit looks at user data as cloud-init does (docs/digitalocean-api.md, "User data"), once for each place that it stands in.
// Public images run cloud-init. An image that is named by its number may run something else.
func (d *decoder) checkCloudInit(s stanza) {
	data, image := s[userDataKey], s["image"]
	if !data.ok || data.text == "" || !image.ok {
		return
	}
	key := checked{data.file, data.at, digits.MatchString(image.text)}
	if data.file != "" {
		key.at = nil // several stanzas may name the file
	}
	if d.checked[key] {
		return
	}
	d.checked[key] = true
	for _, f := range cloudInit(data.text) {
		d.found(data, f, key.unsure)
	}
}

// maxChecked bounds the expanded texts that are looked at beside the first of each stanza: a look takes a fifth of a second for each MiB.
const maxChecked = 1 << 20

// checkExpanded looks at the text of one droplet of several whose texts are expanded. What was said of one of them is not said of the others.
func (d *decoder) checkExpanded(s stanza, spec fleet.Spec, said map[string]bool) {
	data, source := s[userDataKey], s[userDataKey].text
	if !data.ok || !s["image"].ok || spec.UserData == "" || !s[templateKey].flag {
		if data.ok && !s[templateKey].flag { // only its tags are
			d.checkCloudInit(s)
		}
		return
	}
	if d.looked += len(spec.UserData); d.looked > maxChecked && len(said) > 0 {
		return
	}
	said[""] = true // the first one was looked at
	for _, f := range cloudInit(spec.UserData) {
		if said[f.Message] {
			continue
		}
		said[f.Message] = true
		f.Error = inSource(f.Error, spec.UserData, spec.Name, source)
		d.found(data, f, digits.MatchString(s["image"].text))
	}
}

// checked is a place of user data that was looked at, for one kind of image.
type checked struct {
	file   string
	at     *yaml.Node
	unsure bool // whether the image runs cloud-init
}

// found reports a finding as a problem, or as a warning if cloud-init or another program may read the text.
func (d *decoder) found(v value, f finding, unsure bool) {
	e := f.Error
	if e.File = v.file; e.File == "" {
		at := insideBlock(d.follow(v.at), e)
		e.File, e.Line, e.Col, e.Message = d.file, at.Line, at.Column, userDataKey+": "+e.Message
	}
	if f.weight == ignored || f.weight == foreign && !unsure {
		d.errs = append(d.errs, e)
		return
	}
	d.warnings = append(d.warnings, e)
}

const (
	cloudConfig = "#cloud-config"
	jinja       = "## template: jinja"
	hintHeader  = "begin it with #cloud-config, or with #! and an interpreter"
)

// headers are the first words of the texts that cloud-init knows.
var headers = []string{"#!", cloudConfig, "#cloud-boothook", "#include", "#part-handler", jinja}

// cloudInit looks at a whole text.
func cloudInit(text string) []finding {
	if f, is := mime(text); is {
		return f
	}
	blank := len(text) - len(strings.TrimLeftFunc(text, unicode.IsSpace))
	at := Error{Line: 1 + strings.Count(text[:blank], "\n"), Col: 1 + len(text[strings.LastIndexByte(text[:blank], '\n')+1:blank])}
	first, rest, _ := strings.Cut(text[blank:], "\n")
	switch header := headerOf(first); header {
	case "":
		return []finding{unknownHeader(text, at)}
	case "#!":
		return script(text, first, at, blank > 0)
	case jinja:
		second, _, _ := strings.Cut(rest, "\n")
		if h := headerOf(strings.TrimSpace(second)); !strings.HasPrefix(strings.TrimSpace(rest), "{") && (h == "" || h == jinja) {
			at.Line, at.Col = at.Line+1, 1
			return []finding{{at.saying("no header stands below "+jinja+", so cloud-init ignores the text", hintHeader), ignored}}
		}
		return nil
	case cloudConfig:
		return append(cloudConfigHeader(first, at, blank > 0), cloudConfigFaults(text, first)...)
	}
	return nil
}

// headerOf gives the header that a line begins with; empty: none. Cloud-init reads it in any letter case.
func headerOf(line string) string {
	i := slices.IndexFunc(headers, func(h string) bool { return strings.HasPrefix(strings.ToLower(line), h) })
	if i < 0 {
		return ""
	}
	return headers[i]
}

// saying gives the place with a message.
func (e Error) saying(message, hint string) Error {
	e.Message, e.Hint = message, hint
	return e
}

var mimeHeader = regexp.MustCompile(`^[!-9;-~]+:`)

// mime looks at a text that may be MIME; false: it is not meant to be. Cloud-init takes it for that by a word near its beginning.
func mime(text string) ([]finding, bool) {
	told := strings.Contains(strings.ToLower(text[:min(len(text), 4096)]), "mime-version:")
	start := strings.TrimLeftFunc(text, unicode.IsSpace)
	meant := mimeHeader.MatchString(start) && strings.HasPrefix(strings.ToLower(start), "content-type:") ||
		strings.HasPrefix(strings.ToLower(start), "mime-version:")
	at := Error{Line: 1, Col: 1}
	switch {
	case meant && !told:
		return []finding{{at.saying("MIME without a MIME-Version header, so cloud-init ignores the text", "add the line MIME-Version: 1.0"), ignored}}, true
	case meant && start != text:
		return []finding{{at.saying("a blank before the MIME headers, so cloud-init ignores the text", "remove it"), ignored}}, true
	}
	return nil, meant || told && mimeHeader.MatchString(text)
}

// looksLike says what somebody probably meant by a first line that is no header. What is meant for cloud-init is a mistake; all else may be for
// another program, which reads it from the metadata service.
var looksLike = []struct {
	line *regexp.Regexp
	hint string
	weight
}{
	{regexp.MustCompile(`(?i)^[#\s]*cloud[-_ ]?config\b`), "write #cloud-config, without blanks", foreign},
	{regexp.MustCompile(`^#\s+!`), "write #! without a blank between", foreign},
	{regexp.MustCompile(`(?i)^#+\s*template:`), "write " + jinja, foreign},
	{regexp.MustCompile(`^(I2Nsb3VkLWNvbmZpZ|IyE)`), "it is base64; the API takes plain text", foreign},
	{regexp.MustCompile(`^(---|[a-z_]+:(\s|$))`), "if it is cloud-config, begin it with #cloud-config", odd},
	{regexp.MustCompile(`^\{`), "fine if another program on the droplet reads it", odd},
}

// unknownHeader says why cloud-init ignores a text that does not begin with a header.
func unknownHeader(text string, at Error) finding {
	f := finding{at.saying("the first line is no header that cloud-init knows, so it ignores the text", hintHeader), odd}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if h := headerOf(line); h != "" {
			return finding{Error{Line: i + 1, Col: 1, Message: h + " is not on the first line, so cloud-init ignores the text", Hint: "move it there"}, foreign}
		}
		if line != "" && line != "---" && line[0] != '#' {
			break
		}
	}
	first, _, _ := strings.Cut(strings.TrimLeftFunc(text, unicode.IsSpace), "\n")
	for _, l := range looksLike {
		if l.line.MatchString(first) {
			f.Hint, f.weight = l.hint, l.weight
			break
		}
	}
	return f
}

// script looks at a text that the kernel must be able to start: cloud-init writes it to a file as it is, but for CRLF.
func script(text, first string, at Error, blank bool) []finding {
	interpreter := strings.Fields(first[len("#!"):])
	newline := strings.IndexByte(text, '\n')
	switch {
	case blank:
		return []finding{{at.saying("a blank before #!, so the script does not start", "remove it"), ignored}}
	case len(interpreter) == 0:
		return []finding{{at.saying("#! without an interpreter, so the script does not start", "such as #!/bin/sh"), ignored}}
	case newline < 0 && strings.ContainsRune(text, '\r'):
		return []finding{{at.saying("the lines end with CR alone, so the script does not start", "save it with LF line ends"), ignored}}
	case !strings.HasPrefix(interpreter[0], "/"):
		return []finding{{at.saying(fmt.Sprintf("the interpreter %s is not an absolute path", clip(interpreter[0])), "such as #!/bin/sh"), odd}}
	}
	crlf := strings.Index(text, "\r\n")
	if crlf >= 0 && newline > 0 && text[newline-1] != '\r' {
		line := 1 + strings.Count(text[:crlf], "\n")
		e := Error{Line: line, Col: 1, Message: "the line ends with CRLF and the first one does not, so cloud-init leaves the CR to the interpreter"}
		return []finding{{e.saying(e.Message, "save it with LF line ends"), odd}}
	}
	return nil
}

// cloudConfigHeader looks at what stands around the header of a cloud-config.
func cloudConfigHeader(first string, at Error, blank bool) (list []finding) {
	word := strings.TrimRightFunc(first, unicode.IsSpace)
	known := slices.Contains([]string{cloudConfig, cloudConfig + "-archive", cloudConfig + "-jsonp"}, strings.Fields(word)[0])
	if !known {
		list = append(list, finding{at.saying(fmt.Sprintf("cloud-init reads %s as %s", clip(word), cloudConfig), "write "+cloudConfig), odd})
	}
	if blank {
		list = append(list, finding{at.saying("a blank before "+cloudConfig+": not every cloud-init reads the text then", "remove it"), odd})
	}
	return list
}

// cloudConfigFaults looks at the YAML of a cloud-config, which cloud-init ignores as a whole if it cannot read it.
func cloudConfigFaults(text, first string) []finding {
	if headerOf(first) != cloudConfig || strings.HasPrefix(strings.ToLower(first), cloudConfig+"-") {
		return nil
	}
	const gone = ", so cloud-init ignores the text"
	e, bad := badRune([]byte(text), "", "", func(r rune) (message, hint string) {
		if r != '\ufeff' && !printable(r) {
			return fmt.Sprintf("control character %U%s", r, gone), "remove it"
		}
		return "", ""
	})
	if bad {
		return []finding{{e, ignored}}
	}
	at, dec := Error{Line: 1, Col: 1}, yaml.NewDecoder(bytes.NewReader([]byte(text)))
	var doc, second yaml.Node
	err := decodeNode(dec, &doc)
	switch {
	case errors.Is(err, io.EOF), err == nil && isNull(doc.Content[0]):
		return []finding{{at.saying("there is nothing in it but comments", ""), odd}}
	case errors.Is(err, errGaveUp):
		return nil
	case err == nil:
		err = decodeNode(dec, &second)
	}
	switch root := doc.Content; {
	case err == nil:
		return []finding{{Error{Line: second.Line, Col: max(second.Column, 1), Message: "a second YAML document begins here" + gone, Hint: "remove the --- line"}, ignored}}
	case !errors.Is(err, io.EOF):
		e := syntaxError("", text, err)
		return []finding{{e.saying(e.Message+gone, e.Hint), ignored}}
	case root[0].Kind != yaml.MappingNode:
		at.Line, at.Col = root[0].Line, root[0].Column
		return []finding{{at.saying("a cloud-config must be a mapping of keys and values, not "+describe(root[0])+gone, ""), ignored}}
	}
	return keysTwice(doc.Content[0])
}

// keysTwice finds the keys of which cloud-init forgets all values but the last.
func keysTwice(m *yaml.Node) (list []finding) {
	seen := map[string]int{}
	for i := 0; i+1 < len(m.Content); i += 2 {
		k := m.Content[i]
		if line, twice := seen[k.Value]; twice {
			list = append(list, finding{Error{Line: k.Line, Col: k.Column, Message: fmt.Sprintf("%s is set on line %d already, and cloud-init takes only the last one", clip(k.Value), line),
				Hint: "make one of them"}, odd})
		}
		seen[k.Value] = k.Line
	}
	return list
}

// insideBlock gives the place of a fault of an inline text. Inside a block its lines stand as they are, so a fault can be pointed at.
func insideBlock(v *yaml.Node, e Error) *yaml.Node {
	at := &yaml.Node{Line: v.Line, Column: v.Column}
	if v.Style&yaml.LiteralStyle != 0 {
		at.Line, at.Column = v.Line+e.Line, 1
	}
	return at
}

// texts are the warnings as the plan and validate show them.
func (e Errors) texts() []string { return fleet.Words(e, Error.Error) }
