package fleet

import (
	"fmt"
	"slices"
)

// Scope is what a person asks of a pass beside what the fleet file asks. The zero Scope asks for nothing: all is done that the file asks for.
type Scope struct {
	Names   []string // of the droplets and groups that alone are acted upon; none: all are
	Replace int64    // the droplet that is to be replaced although it is as the file asks; 0: none
	By      Person
}

// Has tells whether a droplet may be acted upon. Group is the group of its stanza, empty where that is not known. Where one droplet is to be
// replaced, its name is not that of a group.
func (s Scope) Has(name, group string) bool {
	if len(s.Names) == 0 {
		return true
	}
	return slices.ContainsFunc(s.Names, func(n string) bool {
		return Key(n) == Key(name) || s.Replace == 0 && (LooksOf(name, n) || group != "" && Key(n) == Key(group))
	})
}

// String tells scopes apart.
func (s Scope) String() string { return fmt.Sprintf("%q %d %q", s.Names, s.Replace, s.By) }
