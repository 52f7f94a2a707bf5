package fleetfile

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"arcadiad/fleet"

	"gopkg.in/yaml.v3"
)

// form is what a value of the fleet file must look like. The decoder checks it and the JSON Schema prints it, so its patterns keep
// to what both regular expression languages read alike.
type form struct {
	noun     string           // for messages: "a size slug"
	patterns []*regexp.Regexp // all must match
	never    *regexp.Regexp   // must not match; neverWhy then follows the value in the message
	neverWhy string

	neverHint string // empty: to remove it
	maxBytes  int    // 0: no bound
	number    bool   // an id: a YAML integer is as good as its digits
	template  bool   // a text with [[ is a template, and is looked at when it is expanded
	blank     bool   // the empty text is fine: it undoes a default
	hint      string // said when a pattern does not match
}

func match(patterns ...string) []*regexp.Regexp {
	all := make([]*regexp.Regexp, len(patterns))
	for i, p := range patterns {
		all[i] = regexp.MustCompile(p)
	}
	return all
}

const label = `[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?`

// keyName is a name of an SSH key, which has no comma, no spaces at its ends, and a character that neither an id nor a fingerprint has:
// a letter of a hex digit's where there is no colon, or another character at its beginning, in its middle or at its end.
const keyName = `[0-9a-fA-F]*[a-fA-F][0-9a-fA-F]*|[^,\s0-9a-fA-F:]([^,\x00-\x1f]*[^,\s])?|[^,\s][^,\x00-\x1f]*[^,\s0-9a-fA-F:]|` +
	`[^,\s][^,\x00-\x1f]*[^,\x00-\x1f0-9a-fA-F:][^,\x00-\x1f]*[^,\s]`

// maxStem is how long a name with a count may be: -1000 must still fit into a label of 63.
const maxStem = 63 - len("-1000")

// The forms. Charsets and lengths are DigitalOcean's (docs/digitalocean-api.md, "Names" and "Tags").
var (
	fleetNameForm = form{noun: "a fleet name", patterns: match(`^[a-z0-9][a-z0-9-]{0,62}$`),
		hint: "lower-case letters, digits and hyphens, at most 63"}
	uuidForm = form{noun: "a uuid", patterns: match(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`),
		hint: "such as 6f0a2f7e-8f55-4b3c-9a51-0a58ac14d008"}
	fileForm = form{noun: "a file name", patterns: match(`^[^/]`), hint: "a path relative to the fleet file"}
	keyForm  = form{noun: "an SSH key", number: true, patterns: match(`^([1-9][0-9]{0,17}|[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){15}|` + keyName + `)$`),
		never:     regexp.MustCompile(`^(ssh-(rsa|dss|ed25519) AAAA|ecdsa-sha2-[a-z0-9]+ AAAA|SHA256:)`),
		neverWhy:  "is the text of a key or its SHA-256 fingerprint",
		neverHint: "write the name that the key has in the account",
		maxBytes:  255,
		hint:      "its name in the account, its numeric id, or its MD5 fingerprint such as 3b:16:…:9a"}
	tagForm = form{noun: "a tag", patterns: match(`^[a-zA-Z0-9_:-]{1,255}$`),
		never:    regexp.MustCompile("^(" + anyCase(fleet.ManagedTag) + "$|" + anyCase("arcadia-") + ")"),
		neverWhy: "is one of the tags that arcadiad manages itself",
		template: true,
		hint:     "letters, digits, colons, hyphens and underscores, at most 255"}

	// formOf has the form of each string field, and of the items of each list field.
	formOf = map[string]form{
		"name": {noun: "a droplet name", patterns: match(`^`+label+`(\.`+label+`)*$`, `[a-zA-Z]`), maxBytes: 253, template: true,
			hint: "letters, digits and hyphens, at least one letter; it becomes the hostname"},
		"region": {noun: "a region slug", patterns: match(`^[a-z][a-z0-9-]*[0-9]$`), maxBytes: 63,
			hint: "the whole slug, such as syd1 or nyc3"},
		"size": {noun: "a size slug", patterns: match(`^[a-z0-9][a-z0-9._-]*$`), maxBytes: 255, hint: "such as s-1vcpu-1gb"},
		"image": {noun: "an image", number: true, patterns: match(`^([1-9][0-9]{0,17}|[a-z0-9._-]*[a-z][a-z0-9._-]*)$`), maxBytes: 255,
			hint: "a slug such as ubuntu-24-04-x64, or the numeric id of a snapshot"},
		"ssh_keys":  keyForm,
		"tags":      tagForm,
		"user_data": {noun: "user data", maxBytes: maxUserData, blank: true},
		"vpc_uuid":  uuidForm,
	}
)

// anyCase makes a pattern that matches the word in any letter case; the two languages have no flag for it in common.
func anyCase(word string) string {
	var b strings.Builder
	for _, r := range word {
		if upper := strings.ToUpper(string(r)); upper != string(r) {
			b.WriteString("[" + string(r) + upper + "]")
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// decimal is the only spelling of a whole number that every YAML reader takes for the same number.
var decimal = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)

// text reads a string, or a number where the form allows ids.
func (w *walker) text(n *yaml.Node, what string, f form) (string, bool) {
	v := w.follow(n)
	number := v.Kind == yaml.ScalarNode && v.ShortTag() == "!!int"
	switch {
	case isNull(v):
		return "", w.fail(v, "", "%s has no value", what)
	case number && f.number:
		if _, err := strconv.ParseInt(v.Value, 10, 64); err != nil || !decimal.MatchString(v.Value) {
			return "", w.fail(v, "write plain decimal digits", "%s: %s is not a plain decimal number", what, clip(v.Value))
		}
	case v.Kind != yaml.ScalarNode || v.ShortTag() != "!!str":
		hint := ""
		if v.Kind == yaml.ScalarNode {
			hint = fmt.Sprintf("quote it: %q", clip(v.Value))
		}
		return "", w.fail(v, hint, "%s must be a string, not %s", what, describe(v))
	}
	if problem, hint := f.check(v.Value); problem != "" {
		return "", w.fail(v, hint, "%s: %s", what, problem)
	}
	return v.Value, true
}

// check says what is wrong with a text; "" if nothing is.
func (f form) check(s string) (problem, hint string) {
	switch {
	case s == "" && f.blank:
		return "", ""
	case s == "":
		return "the text is empty", f.hint
	case f.template && templated(s):
		return "", ""
	case f.maxBytes > 0 && len(s) > f.maxBytes:
		return fmt.Sprintf("%d bytes are more than the %d that fit", len(s), f.maxBytes), ""
	case !f.matches(s):
		if small := strings.ToLower(s); small != s && f.matches(small) {
			return fmt.Sprintf("%q is not %s", clip(s), f.noun), "write it in lower case: " + clip(small)
		}
		return fmt.Sprintf("%q is not %s", clip(s), f.noun), f.hint
	case f.never != nil && f.never.MatchString(s):
		return fmt.Sprintf("%q %s", clip(s), f.neverWhy), cmp.Or(f.neverHint, "remove it")
	}
	return "", ""
}

func (f form) matches(s string) bool {
	return !slices.ContainsFunc(f.patterns, func(p *regexp.Regexp) bool { return !p.MatchString(s) })
}

// texts reads a list of strings of one form. The same one twice, whatever its letter case, is a mistake.
func (w *walker) texts(n *yaml.Node, what string, f form) ([]string, bool) {
	items, ok := w.sequence(n, what)
	if !ok {
		return nil, false
	}
	list, seen := []string{}, map[string]bool{}
	for _, item := range items {
		s, fine := w.text(item, "an item of "+what, f)
		if !fine {
			ok = false
			continue
		}
		if key := strings.ToLower(s); seen[key] {
			w.fail(item, "remove one of them", "%s has %s twice", what, clip(s))
		} else {
			seen[key] = true
			list = append(list, s)
		}
	}
	return slices.Clip(list), ok // specs share it: an append must not write into it
}

// boolean reads true or false.
func (w *walker) boolean(n *yaml.Node, what string) (value, ok bool) {
	v := w.follow(n)
	small := strings.ToLower(v.Value)
	if v.Kind == yaml.ScalarNode && v.ShortTag() == "!!bool" && (small == "true" || small == "false") {
		return small == "true", true
	}
	hint := ""
	if v.Kind == yaml.ScalarNode {
		switch small {
		case "yes", "on", "y", "1":
			hint = "write true"
		case "no", "off", "n", "0":
			hint = "write false"
		case "true", "false":
			hint = "remove the quotes"
		}
	}
	return false, w.fail(v, hint, "%s must be true or false, not %s", what, describe(v))
}

// integer reads a whole number in plain decimal digits.
func (w *walker) integer(n *yaml.Node, what string) (int, bool) {
	v := w.follow(n)
	if v.Kind == yaml.ScalarNode && v.ShortTag() == "!!int" && decimal.MatchString(v.Value) {
		// What does not fit is beyond every bound that a caller checks.
		i, err := strconv.ParseInt(v.Value, 10, 32)
		if err != nil {
			w.fail(v, "", "%s: %s is out of range", what, clip(v.Value))
		}
		return int(i), err == nil
	}
	hint := ""
	if v.Kind == yaml.ScalarNode {
		octal, err := strconv.ParseInt(v.Value, 8, 32)
		bare := strings.TrimLeft(v.Value, "0")
		switch {
		case v.ShortTag() == "!!int" && len(v.Value) > 1 && v.Value[0] == '0' && err == nil:
			hint = fmt.Sprintf("some YAML readers take it for %d, some for %s; write one of these", octal, bare)
		case v.ShortTag() == "!!str" && decimal.MatchString(v.Value):
			hint = "remove the quotes"
		case v.ShortTag() == "!!int" || v.ShortTag() == "!!float":
			hint = "write plain decimal digits"
		}
	}
	return 0, w.fail(v, hint, "%s must be a whole number, not %s", what, describe(v))
}
