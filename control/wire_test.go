package control

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"arcadiad/doctor"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/scripts/goldentest"
)

// What goes over the control socket, and what a journal keeps of the fleet's types, has the names that it had: the other end may be of
// another version, and a journal of an older one.
func TestWireKeepsItsNames(t *testing.T) {
	pinned := map[string]any{}
	for name, v := range map[string]any{
		"status": new(Status), "saga filter": new(saga.Filter), "sagas": new([]saga.Saga), "calls": new([]fleet.Call),
		"plan request": new(PlanRequest), "plan": new(wirePlan), "apply request": new(ApplyRequest), "progress": new(line[wireApplyAnswer]),
		"offer request": new(OfferRequest), "offer": new([]plan.Transfer), "transfer request": new(TransferRequest), "transferred": new(TransferAnswer),
		"rollouts": new([]Rollout), "rollout order": new(RolloutOrder),
		"doctor": new(doctor.Report), "droplet": new(fleet.Droplet),
	} {
		pinned[name+", empty"] = reflect.New(reflect.TypeOf(v).Elem()).Interface()
		next := 0
		fill(reflect.ValueOf(v).Elem(), &next)
		pinned[name] = v
		untagged(t, reflect.TypeOf(v).Elem(), map[reflect.Type]bool{})

		wire, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		back := reflect.New(reflect.TypeOf(v).Elem()).Interface()
		if err := json.Unmarshal(wire, back); err != nil {
			t.Fatal(err)
		}
		if again, err := json.Marshal(back); err != nil || !bytes.Equal(again, wire) {
			t.Errorf("%s does not survive the wire: %v\n%s", name, err, cmp.Diff(string(wire), string(again)))
		}
	}
	got, err := json.MarshalIndent(pinned, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	goldentest.File(t, "testdata/wire.json", append(got, '\n'))
}

// fill gives every field a value of its own, and every list, map and pointer one element.
func fill(v reflect.Value, next *int) {
	*next++
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = time.Date(2026, 1, 1, 0, 0, *next, 0, time.UTC)
		return
	case *json.RawMessage:
		*p = fmt.Appendf(nil, `{"raw":%d}`, *next)
		return
	case *fleet.Values:
		*p = fleet.Values{"size": fmt.Sprint("s", *next), "monitoring": "true", "tags": "a,b"}
		return
	case *plan.License: // its terms are plan's own
		if err := json.Unmarshal([]byte(licenseJSON), p); err != nil {
			panic(err)
		}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("s", *next))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*next))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		v.SetUint(uint64(*next % 256))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), next)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), next)
	case reflect.Map:
		e := reflect.New(v.Type().Elem()).Elem()
		fill(e, next)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf(fmt.Sprint("k", *next)).Convert(v.Type().Key()), e)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Tag.Get("json") != "-" {
				fill(v.Field(i), next)
			}
		}
	default:
		panic("nothing to fill a " + v.Type().String() + " with")
	}
}

const licenseJSON = `{"droplet_id":1,"name":"web-1","fleet":"demo","account":"a","plan":"p","reason":"r","while":"unwanted","spec_hash":"h",
	"rules":{},"makers":["5f0c9a1e"],"registered":true,"bore":"b","heir":"c","shielded":true,"volume_ids":["v"],"volumes_unread":true,
	"reserved_ips":["192.0.2.1"]}`

// untagged complains of every field whose name on the wire is that in Go: whoever renames the one would rename the other.
func untagged(t *testing.T, v reflect.Type, seen map[reflect.Type]bool) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		untagged(t, v.Elem(), seen)
	case reflect.Struct:
		if seen[v] || !strings.HasPrefix(v.PkgPath(), "arcadiad/") {
			return
		}
		seen[v] = true
		for f := range v.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.IsExported() && name == "" && !f.Anonymous {
				t.Errorf("%s.%s goes over the wire or into a journal, and has no name there of its own: give it a json tag", v, f.Name)
			}
			if f.IsExported() && name != "-" {
				untagged(t, f.Type, seen)
			}
		}
	}
}
