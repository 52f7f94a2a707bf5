package fleet

import (
	"reflect"
	"slices"
	"testing"
)

// filled gives a value of a type that is not its zero value.
func filled(t *testing.T, typ reflect.Type) reflect.Value {
	t.Helper()
	v := reflect.New(typ).Elem()
	switch typ.Kind() {
	case reflect.Int:
		v.SetInt(1)
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v = reflect.Append(v, filled(t, typ.Elem()))
	case reflect.Pointer:
		v = reflect.New(typ.Elem())
		v.Elem().Set(filled(t, typ.Elem()))
	default:
		t.Fatalf("a %v is new here", typ)
	}
	return v
}

// Each member of a spec says what is asked for, by a row of the table, or where the spec comes from.
func TestEveryMemberOfASpecHasARow(t *testing.T) {
	from := []string{"Group", "Line", "Single", "Was", "Rules", "Ready", "Rollout", "ReservedIP", "Project", "Ending", "Template", "Numbering", "WasNumbering", "KeysSent"}
	typ := reflect.TypeFor[Spec]()
	var had []string
	for i := range typ.NumField() {
		name := typ.Field(i).Name
		if slices.Contains(from, name) {
			continue
		}
		var s Spec
		reflect.ValueOf(&s).Elem().Field(i).Set(filled(t, typ.Field(i).Type))
		var rows []string
		for _, f := range Fields {
			before, asked := f.Desired(Spec{})
			if after, asks := f.Desired(s); after != before || asks != asked {
				rows = append(rows, f.Name)
			}
		}
		if len(rows) != 1 {
			t.Errorf("Spec.%s is told by the rows %q of Fields; one is wanted", name, rows)
		}
		had = append(had, rows...)
	}
	if len(had) != len(Fields) {
		t.Errorf("the members of a spec are told by %q, and Fields has %d rows", had, len(Fields))
	}
}

// An alteration that changes anything is not empty, whatever it changes. How the disk grows is only a manner of a new size.
func TestNoMemberOfAnAlterationIsNothing(t *testing.T) {
	typ := reflect.TypeFor[Alteration]()
	for i := range typ.NumField() {
		var a Alteration
		reflect.ValueOf(&a).Elem().Field(i).Set(filled(t, typ.Field(i).Type))
		if name := typ.Field(i).Name; a.Empty() != (name == "GrowDisk" || name == "Disk") {
			t.Errorf("an alteration with %s alone is empty: %v", name, a.Empty())
		}
	}
}
