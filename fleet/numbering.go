package fleet

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Numbering is how a group with a count names its droplets: what stands around the number, and how many digits that has at least. The zero
// Numbering is GROUP-1, GROUP-2, ….
type Numbering struct {
	Prefix string `json:"prefix,omitempty"`
	Suffix string `json:"suffix,omitempty"`
	Width  int    `json:"width,omitempty"`
}

// Name is the name of the droplet with that number, from 1.
func (n Numbering) Name(number int) string {
	return fmt.Sprintf("%s%0*d%s", n.Prefix, n.Width, number, n.Suffix)
}

// Group is what a group is called whose names are numbered so: what is left without the number.
func (n Numbering) Group() string {
	if prefix := strings.TrimRight(n.Prefix, "-."); prefix != "" {
		return prefix + n.Suffix
	}
	return strings.TrimLeft(n.Suffix, "-.")
}

// LooksOf tells whether a name looks like one of a group's: without one of its numbers it is the group's. It is for whoever has no fleet file.
func LooksOf(name, group string) bool {
	for _, at := range numbers.FindAllStringIndex(name, -1) {
		if Key(Numbering{Prefix: name[:at[0]], Suffix: name[at[1]:]}.Group()) == Key(group) {
			return true
		}
	}
	return false
}

var numbers = regexp.MustCompile(`[0-9]+`)

// Template is how the file says it.
func (n Numbering) Template() string {
	number := "[[ .Ordinal ]]"
	if n.Width > 1 {
		number = fmt.Sprintf(`[[ printf "%%0%dd" .Ordinal ]]`, n.Width)
	}
	return n.Prefix + number + n.Suffix
}

// Padded is how a name is numbered that has a number which begins with a zero.
func Padded(name string) (Numbering, bool) {
	m := padded.FindStringSubmatch(name)
	if m == nil {
		return Numbering{}, false
	}
	return Numbering{Prefix: m[1], Suffix: m[3], Width: len(m[2])}, true
}

var padded = regexp.MustCompile(`^(|.*?[^0-9])(0+[1-9][0-9]*)(|[^0-9].*)$`)

// Number is the number of a name, whatever its letter case; -1: it is none of these names.
func (n Numbering) Number(name string) int {
	digits, begins := strings.CutPrefix(Key(name), Key(n.Prefix))
	digits, ends := strings.CutSuffix(digits, Key(n.Suffix))
	number, err := strconv.Atoi(digits)
	if !begins || !ends || err != nil || number < 1 || !strings.EqualFold(n.Name(number), name) {
		return -1
	}
	return number
}

// Numbers tells whether a name is one that the stanza would number, with a larger count perhaps.
func (s Spec) Numbers(name string) bool {
	return !s.Single && orPlain(s.Numbering, s.Group).Number(name) > 0
}

// Numbered tells the same of the stanza's old name.
func (s Spec) Numbered(name string) bool {
	if s.Single || s.Was == "" {
		return false
	}
	stem, n := SplitName(s.Was)
	return (n > 0 || s.WasNumbering != Numbering{}) && orPlain(s.WasNumbering, stem).Number(name) > 0
}

func orPlain(n Numbering, group string) Numbering {
	if n == (Numbering{}) {
		return Numbering{Prefix: group + "-"}
	}
	return n
}
