package digitalocean

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// scanned are texts of which some are JSON.
func scanned(t testing.TB) []string {
	droplet, err := os.ReadFile("testdata/droplet.json")
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		string(droplet), `{}`, `[]`, ` [ ] `, `{"a":1}`, `[1,2]`, `{"a":[{"b":null},true,false,"x"]}`, `[-0,0.5,-1.25e+10,1E-2,10]`,
		"{\"a\" : \"\\u00e9\\n\\\\\" ,\n \"b\":\"\\\"\"}", `{"é":"\ud83d\ude00"}`, "[\"\xff\"]",
		``, ` `, `{`, `[`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `[1,]`, `[,]`, `[1 2]`, `{"a" 1}`, `{a:1}`, `{1:1}`, `[01]`, `[-]`, `[1.]`,
		`[1e]`, `[.5]`, `[+1]`, `[tru]`, `[nul`, `["\x"]`, `["\u12g4"]`, `["\u12`, `["\`, "[\"\n\"]", `["a]`, `[]]`, `{}{}`, `[1}`, `{"a":1]`, `[NaN]`,
		strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth),
	}
}

// sameAsJSON holds the scanner to encoding/json.
func sameAsJSON(t *testing.T, text []byte) {
	var list []json.RawMessage
	var object map[string]json.RawMessage
	isList := json.Unmarshal(text, &list) == nil && list != nil
	isObject := json.Unmarshal(text, &object) == nil && object != nil
	n := 0
	err := elements(text, func(v []byte) error {
		if isList && (n >= len(list) || !bytes.Equal(v, list[n])) {
			t.Errorf("%q: element %d is %q", text, n, v)
		}
		n++
		return nil
	})
	if (err == nil) != isList || isList && n != len(list) {
		t.Errorf("%q as a list: %v, %d elements of %d", text, err, n, len(list))
	}
	last := map[string]string{}
	err = members(text, func(k, v []byte) error {
		if name := ""; json.Unmarshal([]byte(`"`+string(k)+`"`), &name) == nil {
			last[name] = string(v)
		}
		return nil
	})
	if (err == nil) != isObject {
		t.Errorf("%q as an object: %v", text, err)
	}
	for k, v := range object {
		if isObject && last[k] != string(v) {
			t.Errorf("%q: member %q is %q, want %q", text, k, last[k], v)
		}
	}
}

func TestScanIsAsStrictAsEncodingJSON(t *testing.T) {
	for _, text := range scanned(t) {
		sameAsJSON(t, []byte(text))
		for cut := range min(len(text), 200) { // an answer that was cut off is never whole
			sameAsJSON(t, []byte(text[:cut]))
		}
	}
	if err := elements([]byte(strings.Repeat("[", maxDepth+1)+strings.Repeat("]", maxDepth+1)), nil); err == nil {
		t.Error("it follows nesting without an end")
	}
}

func FuzzScan(f *testing.F) {
	for _, text := range scanned(f) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) <= maxDepth {
			sameAsJSON(t, text)
		}
	})
}
