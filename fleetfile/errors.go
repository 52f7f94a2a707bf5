package fleetfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"arcadiad/fleet"
)

// maxErrors bounds how many problems are reported at once; what lies beyond is only counted.
const maxErrors = 100

// Error is one problem of a fleet file, or of a user_data file that it names.
type Error struct {
	File    string // as the fleet file was named, or the path of the user_data file
	Line    int    // from 1; 0: the problem is the file as a whole
	Col     int    // in characters, from 1
	Message string
	Hint    string // what to do about it; may be empty

	cause error
}

// Error gives FILE:LINE:COL: message (hint).
func (e Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Col)
	}
	b.WriteString(": " + e.Message)
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

// Unwrap gives the file system's error where there is one, so that errors.Is(err, fs.ErrNotExist) works.
func (e Error) Unwrap() error { return e.cause }

// Errors are all the problems of one fleet file, sorted by position: first the fleet file's, then those of its user_data files.
type Errors []Error

// Error gives one line for each problem.
func (e Errors) Error() string { return strings.Join(fleet.Words(e, Error.Error), "\n") }

// Unwrap lets errors.Is and errors.As look at each problem.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, x := range e {
		errs[i] = x
	}
	return errs
}

// sorted puts the problems of the fleet file first, each in its place, and says each only once: a node that several aliases lead
// to is looked at several times.
func (e Errors) sorted(fleetFile string) Errors {
	compare := func(a, b Error) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col), cmp.Compare(a.Message, b.Message))
	}
	slices.SortStableFunc(e, func(a, b Error) int {
		if (a.File == fleetFile) != (b.File == fleetFile) {
			if a.File == fleetFile {
				return -1
			}
			return 1
		}
		return compare(a, b)
	})
	e = slices.CompactFunc(e, func(a, b Error) bool { return compare(a, b) == 0 })
	if len(e) > maxErrors {
		last := e[maxErrors]
		last.Message, last.Hint, last.cause = fmt.Sprintf("and %d more problems from here on", len(e)-maxErrors), "", nil
		e = append(e[:maxErrors:maxErrors], last)
	}
	return e
}
