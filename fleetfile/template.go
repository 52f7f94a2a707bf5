package fleetfile

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	tree "text/template/parse"

	"arcadiad/fleet"
)

// What a template may have of its droplet. Nothing of it changes because others come or go: a count or a sibling's address would have a
// larger count replace the whole group.
const (
	ofName    = "Name"
	ofOrdinal = "Ordinal"
	ofGroup   = "Group"
	ofFleet   = "Fleet"
	ofRegion  = "Region"
	ofSize    = "Size"
)

var (
	templateKeys = []string{ofName, ofOrdinal, ofGroup, ofFleet, ofRegion, ofSize}
	nameKeys     = []string{ofOrdinal, ofFleet, ofRegion} // what the name of a droplet may be made of
)

// The brackets of a template. A name and a tag cannot have them otherwise; user data can, so there a key says that it is one.
const (
	opens  = "[["
	closes = "]]"
)

func templated(s string) bool { return strings.Contains(s, opens) }

// templateFuncs are the functions of a template beside comparisons. They read nothing, and what they give is bounded.
var templateFuncs = template.FuncMap{
	"printf": boundedPrintf, "upper": strings.ToUpper, "lower": strings.ToLower, "add": func(a, b int) int { return a + b },
}

var funcNames = []string{"printf", "upper", "lower", "add", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not"}

var wide = regexp.MustCompile(`[0-9]{4}|\*`)

func boundedPrintf(format string, args ...any) (string, error) {
	if wide.MatchString(format) || len(format) > 1000 {
		return "", errors.New("the format is too long or too wide")
	}
	s := fmt.Sprintf(format, args...)
	switch {
	case strings.Contains(s, "%!"):
		return "", errors.New("the format does not fit what is given: " + s)
	case len(s) > maxUserData:
		return "", errTooLong
	}
	return s, nil
}

// text is a template that was read.
type text struct {
	source string
	tmpl   *template.Template
	uses   map[string]bool // the keys
	forks  bool            // it has an if: the text of one droplet may be quite another than that of the next
}

// readTemplate reads a template that may use these keys. A fault has its place in the text.
func readTemplate(source string, keys []string) (*text, *Error) {
	tmpl, err := template.New("").Delims(opens, closes).Funcs(templateFuncs).Parse(source)
	if err != nil {
		return nil, templateError(source, err)
	}
	t := &text{source: source, tmpl: tmpl, uses: map[string]bool{}}
	if len(tmpl.Templates()) > 1 {
		return nil, &Error{Line: 1, Col: 1, Message: "a template within a template", Hint: "write it out"}
	}
	if tmpl.Tree == nil || tmpl.Root == nil {
		return t, nil
	}
	return t, t.check(tmpl.Root, keys)
}

// check finds the first node that is none of the few that are allowed.
func (t *text) check(n tree.Node, keys []string) *Error {
	all := func(nodes ...tree.Node) *Error {
		for _, n := range nodes {
			if e := t.check(n, keys); e != nil {
				return e
			}
		}
		return nil
	}
	switch n := n.(type) {
	case *tree.TextNode, *tree.CommentNode, *tree.StringNode, *tree.NumberNode, *tree.BoolNode:
		return nil
	case *tree.ListNode:
		if n == nil {
			return nil
		}
		return all(n.Nodes...)
	case *tree.ActionNode:
		return all(n.Pipe)
	case *tree.IfNode:
		t.forks = true
		return all(n.Pipe, n.List, n.ElseList)
	case *tree.PipeNode:
		if len(n.Decl) == 0 {
			for _, c := range n.Cmds {
				if e := all(c.Args...); e != nil {
					return e
				}
			}
			return nil
		}
	case *tree.IdentifierNode:
		if slices.Contains(funcNames, n.Ident) {
			return nil
		}
		return t.at(n, "there is no function "+n.Ident, "known: "+strings.Join(funcNames, ", "))
	case *tree.FieldNode:
		if key := n.Ident[0]; len(n.Ident) == 1 && slices.Contains(keys, key) {
			t.uses[key] = true
			return nil
		}
		return t.unknownKey(n, keys)
	}
	as := strings.NewReplacer("{{", opens, "}}", closes).Replace(n.String())
	return t.at(n, clip(as)+" is not allowed in a template", "only text, keys, functions and if")
}

// at is a fault at a node.
func (t *text) at(n tree.Node, message, hint string) *Error {
	e := placeOf(t.source, int(n.Position()))
	e.Message, e.Hint = message, hint
	return &e
}

// placeOf gives the line and the column of a byte.
func placeOf(source string, offset int) Error {
	before := source[:min(offset, len(source))]
	return Error{Line: 1 + strings.Count(before, "\n"), Col: 1 + len([]rune(before[strings.LastIndexByte(before, '\n')+1:]))}
}

var (
	siblings = regexp.MustCompile(`(?i)^(count|total|names|siblings|members|peers|all|droplets|addresses|ips)$`)
	later    = regexp.MustCompile(`(?i)^(id|ip|address|.*ipv?[46]|publicip|privateip)$`)
)

func (t *text) unknownKey(n *tree.FieldNode, keys []string) *Error {
	key := strings.Join(n.Ident, ".")
	hint := "known here: ." + strings.Join(keys, ", .")
	switch near, ok := nearest(key, keys); {
	case siblings.MatchString(key):
		hint = "a template has nothing of the others: a larger count would replace every droplet of the group; ask at run time, by the tag of the fleet"
	case later.MatchString(key):
		hint = "it is not known before the droplet is created; ask the metadata service at run time"
	case ok:
		hint = "did you mean ." + near + "?"
	}
	return t.at(n, "unknown key ."+clip(key), hint)
}

// expand gives the text for one droplet.
func (t *text) expand(data map[string]any) (string, *Error) {
	var b bounded
	if err := t.tmpl.Execute(&b, data); err != nil {
		return "", templateError(t.source, err)
	}
	return b.String(), nil
}

var errTooLong = fmt.Errorf("what the template makes is longer than the %d bytes that fit", maxUserData)

// bounded is a text that does not grow beyond what user data may have.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxUserData {
		return 0, errTooLong
	}
	return b.Buffer.Write(p)
}

var (
	failedAt  = regexp.MustCompile(`^template: :(\d+)(?::(\d+))?: (.*)$`)
	executing = regexp.MustCompile(`(?s)^executing "" at <(.*?)>: (?:error calling \w+: )?(.*)$`)
	undefined = regexp.MustCompile(`^function "(.*)" not defined$`)
)

// templateError finds the place of an error of the template package, which tells of the column only where it was executed.
func templateError(source string, err error) *Error {
	if errors.Is(err, errTooLong) {
		return &Error{Line: 1, Col: 1, Message: errTooLong.Error()}
	}
	e := &Error{Line: 1, Col: 1, Message: err.Error(), Hint: "write [[ `[[` ]] for two brackets that are none of a template"}
	m := failedAt.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " "))
	if m == nil {
		return e
	}
	e.Line, _ = strconv.Atoi(m[1])
	e.Message = m[3]
	lines := strings.Split(source, "\n")
	line := lines[min(max(e.Line-1, 0), len(lines)-1)]
	column := func(word string) int { return 1 + len([]rune(line[:max(0, strings.Index(line, word))])) }
	e.Col = column(opens)
	if offset, err := strconv.Atoi(m[2]); err == nil {
		e.Col = 1 + len([]rune(line[:min(offset, len(line))]))
	}
	if f := undefined.FindStringSubmatch(m[3]); f != nil {
		e.Col, e.Message, e.Hint = column(f[1]), "there is no function "+f[1], "known: "+strings.Join(funcNames, ", ")
	}
	if f := executing.FindStringSubmatch(m[3]); f != nil {
		e.Message, e.Hint = fmt.Sprintf("%s: %s", clip(f[1]), f[2]), ""
	}
	return e
}

// numberingOf reads the name of a stanza with a count that is a template, with what else a name may have. The names must differ by the
// number alone, so that each name tells its number.
func numberingOf(t *text, data map[string]any, count int) (fleet.Numbering, *Error) {
	var fault *Error
	name := func(n int) string {
		data[ofOrdinal] = n
		s, e := t.expand(data)
		if e != nil && fault == nil {
			fault = e
		}
		return s
	}
	one, two := name(1), name(2)
	if fault != nil {
		return fleet.Numbering{}, fault
	}
	at := 0
	for at < min(len(one), len(two)) && one[at] == two[at] {
		at++
	}
	if at < len(one) && one[at] == '1' {
		for width := 1; width <= at+1 && (width == 1 || one[at+1-width] == '0'); width++ {
			numbering := fleet.Numbering{Prefix: one[:at+1-width], Suffix: one[at+1:], Width: width}
			if t.follows(numbering, count, name) {
				return numbering, fault
			}
		}
	}
	return fleet.Numbering{}, &Error{Line: 1, Col: 1, Message: "the names of a count must differ by the number alone",
		Hint: `such as worker-[[ .Ordinal ]] or worker-[[ printf "%02d" .Ordinal ]]`}
}

// follows tells whether the names of a count are numbered so, and those of a larger one as far as can be seen.
func (t *text) follows(numbering fleet.Numbering, count int, name func(int) string) bool {
	all := []int{2, 9, 10, 11, 99, 100, 101, maxCount}
	if t.forks {
		for n := range count {
			all = append(all, n+1)
		}
	}
	return !slices.ContainsFunc(append(all, max(1, count)), func(n int) bool { return name(n) != numbering.Name(n) })
}
