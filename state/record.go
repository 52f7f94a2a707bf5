package state

import (
	"encoding/json"
	"fmt"

	"arcadiad/fleet"
)

// The fields of a recorded spec that have columns of their own.
const (
	FieldSize   = "size"
	FieldRegion = "region"
	FieldImage  = "image"
	keyAssumed  = "assumed" // beside the fields in a spec
)

// EncodeSpec gives the JSON of all recorded fields without a column of their own, and which of all fields were assumed.
func EncodeSpec(r fleet.Record) (string, error) {
	rest := make(fleet.Values, len(r.Values))
	for field, v := range r.Values {
		if field != FieldSize && field != FieldRegion && field != FieldImage {
			rest[field] = v
		}
	}
	b, err := json.Marshal(rest)
	if err != nil || len(r.Assumed) == 0 {
		return string(b), err
	}
	spec := map[string]json.RawMessage{}
	if err := json.Unmarshal(b, &spec); err != nil {
		return "", err
	}
	if spec[keyAssumed], err = json.Marshal(r.Assumed); err != nil {
		return "", err
	}
	b, err = json.Marshal(spec)
	return string(b), err
}

// DecodeSpec reads what EncodeSpec wrote.
func DecodeSpec(text string) (v fleet.Values, assumed []string, err error) {
	spec := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(text), &spec); err != nil {
		return nil, nil, err
	}
	if list, ok := spec[keyAssumed]; ok {
		if err := json.Unmarshal(list, &assumed); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", keyAssumed, err)
		}
		delete(spec, keyAssumed)
	}
	b, err := json.Marshal(spec)
	if err != nil {
		return nil, nil, err
	}
	err = json.Unmarshal(b, &v)
	return v, assumed, err
}
