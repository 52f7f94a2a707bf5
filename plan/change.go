package plan

import (
	"strings"
	"time"

	"arcadiad/fleet"
)

// Cause says whose doing it is that something is to be done, or was noticed.
type Cause string

const (
	CauseFile    Cause = "file"    // you changed it: the fleet file asks for something else than before
	CauseOutside Cause = "outside" // somebody changed it behind arcadiad's back, in the console or with another tool
	CauseBroken  Cause = "broken"  // it was switched off, or is gone
)

// causes are in the order in which they matter, when an action has several.
var causes = []Cause{CauseFile, CauseOutside, CauseBroken}

// causeOf is the cause that matters most of several changes; empty: there are none.
func causeOf(changes []FieldChange) Cause {
	for _, cause := range causes {
		if len(fieldsOf(changes, cause)) > 0 {
			return cause
		}
	}
	return ""
}

// fieldsOf names the fields that were changed by one cause.
func fieldsOf(changes []FieldChange, cause Cause) (names []string) {
	for _, c := range changes {
		if c.Cause == cause {
			names = append(names, c.Field)
		}
	}
	return names
}

// blame says in words who changed what.
func blame(changes []FieldChange) string {
	var parts []string
	if names := fieldsOf(changes, CauseFile); len(names) > 0 {
		parts = append(parts, fleet.Series(names)+" changed in the file")
	}
	if names := fieldsOf(changes, CauseOutside); len(names) > 0 {
		parts = append(parts, fleet.Series(names)+" changed outside arcadiad")
	}
	if len(fieldsOf(changes, CauseBroken)) > 0 {
		parts = append(parts, "it is off")
	}
	return strings.Join(parts, "; ")
}

// FieldChange is a field with its value before and after, canonical as in [fleet.Fields]. Secret values are hashes.
type FieldChange struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
	Cause Cause  `json:"cause,omitempty"` // who made it necessary, or made it

	// Of what was changed behind arcadiad's back.
	Since time.Time `json:"since,omitzero"` // when the first look that showed it began
	By    string    `json:"by,omitempty"`   // the droplet's action that did it, in words; empty: not known

	Along bool `json:"along,omitempty"` // it comes with a replace, and is not what the replace is for
}

func changeOf(field, from, to string, cause Cause) FieldChange {
	return FieldChange{Field: field, From: from, To: to, Cause: cause}
}

// Fields that have rules of their own.
const (
	fieldName    = "name"
	fieldKeys    = "ssh_keys"
	fieldProtect = "protect"
	fieldStatus  = "status" // none of the file's: a droplet is desired active
)
