package fleet

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Values are canonical field values by field name. A missing name means unknown, which is never different from anything.
type Values map[string]string

// Record is what is remembered of a droplet that arcadiad made or adopted: what was sent, not what is seen.
type Record struct {
	DropletID  int64     `json:"DropletID"`
	Name       string    `json:"Name"`
	Values     Values    `json:"Values"`  // not to be changed: records that were sent the same may share it, and Assumed
	Assumed    []string  `json:"Assumed"` // fields that an adoption could not read and took from the file of that day
	ImageID    int64     `json:"ImageID"` // the image that the slug meant when the droplet was made; 0: unknown
	Protect    bool      `json:"Protect"`
	SagaID     string    `json:"SagaID"`
	RecordedAt time.Time `json:"RecordedAt"`
	Heir       string    `json:"Heir"` // the name that the file in force gives it by `was`, until it has it; empty: none. Only Store.Inherit writes it.

	// Lifts tells that `protect: false` in the file led to the record. It is not stored: any other record leaves a protection that was
	// recorded meanwhile.
	Lifts bool `json:"-"`
}

// Expected is the canonical value that the droplet should show in a field, status and protect too; empty: unknown.
func (r Record) Expected(field string) string {
	switch field {
	case "name":
		return Key(r.Name)
	case "protect":
		return strconv.FormatBool(r.Protect)
	case "status":
		return string(StatusActive)
	}
	return r.Values[field]
}

// ValuesOf gives the canonical values that a spec asks for; open fields are left out.
func ValuesOf(s Spec) Values {
	v := Values{}
	for _, f := range Fields {
		if w, ok := f.Desired(s); ok && f.Name != "name" && f.Change != ChangeRecord {
			v[f.Name] = w
		}
	}
	v.KeepKeys(s)
	v.KeepEnding(s)
	return v
}

// Adopted makes the record of a droplet that exists: what can be read is recorded as it is, what cannot is taken from the spec
// and marked as assumed, so that an adoption by itself never replaces. Of a list only that is recorded which the spec asks for: the
// rest may be somebody else's, and the file has not dropped it.
func Adopted(d Droplet, s Spec) (v Values, assumed []string) {
	v = Values{}
	for _, f := range Fields {
		if f.Name == "name" || f.Change == ChangeRecord {
			continue
		}
		want, asked := f.Desired(s)
		if f.Seen != nil {
			if seen, ok := f.Seen(&d, want); ok {
				if f.Kind == KindList {
					seen = strings.Join(common(List(seen), List(want)), ",")
				}
				if asked || f.Required {
					v[f.Name] = seen
				}
				continue
			}
		}
		if asked {
			v[f.Name] = want
			assumed = append(assumed, f.Name)
		}
	}
	slices.Sort(assumed)
	v.KeepKeys(s)
	v.KeepEnding(s)
	return v, assumed
}

// common is what a list has that the other has too.
func common(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(e string) bool { return !slices.Contains(other, e) })
}

// MarshalJSON writes booleans and lists as such, so that the recorded spec reads like the fleet file.
func (v Values) MarshalJSON() ([]byte, error) {
	out := make(map[string]any, len(v))
	for name, s := range v {
		f, ok := FieldNamed(name)
		switch {
		case ok && f.Kind == KindBool:
			out[name] = s == "true"
		case ok && f.Kind == KindList && !f.Hashed, name == keysSent:
			out[name] = List(s)
		default:
			out[name] = s
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Values) UnmarshalJSON(b []byte) error {
	var in map[string]any
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	*v = make(Values, len(in))
	for name, x := range in {
		switch x := x.(type) {
		case string:
			(*v)[name] = x
		case bool:
			(*v)[name] = strconv.FormatBool(x)
		case []any:
			list := make([]string, len(x))
			for i, e := range x {
				s, ok := e.(string)
				if !ok {
					return fmt.Errorf("field %s: a list of strings was expected, got %T", name, e)
				}
				list[i] = s
			}
			(*v)[name] = strings.Join(list, ",")
		default:
			return fmt.Errorf("field %s: unexpected %T", name, x)
		}
	}
	return nil
}

// List are the elements of a canonical value of [KindList].
func List(s string) []string {
	if s == "" {
		return []string{}
	}
	return strings.Split(s, ",")
}
