package provision

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// rareContext has the keys that few sagas have.
const rareContext = `{"attempt":{"strange":1,"waited":1,"restarted":true,"elsewhere":true},"lost":[7],"judged":1,"vanished":true,"returned":true,
	"free":true,"demolition":{"droplet_id":7,"sent":true,"accepted":true},
	"ready":{"waited":1,"passing":true,"passed":1,"late":true},"drain":{"tags":["a"],"for":1},
	"ending":{"hard":true,"snapshot":true,"keep":1},
	"restore":{"kept":{"DropletID":7,"Tags":["a"]},"successor":8,"record":{"DropletID":8},"address":"a"},
	"found":{"drain":{"tags":["a"],"waited":1,"back":true},"snapshot":{"name":"a","sent":true,"action":1},"retag":{"on":["a"],"off":["b"]},"lifted":true,"name":"a","backups":true,"on":true,"off":true}}`

// Nothing is passed over of what journals out there have in the contexts of sagas: a key that is not read any more would be forgotten, and
// what it told of with it. (daemon's TestFrozenJournals finishes these sagas.)
func TestContextsKeepTheirNames(t *testing.T) {
	frozen, err := os.ReadFile("../daemon/testdata/journal.json")
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Kind, Step string
		Context    json.RawMessage
	}
	var rows []row
	if err := json.Unmarshal(frozen, &rows); err != nil || len(rows) == 0 {
		t.Fatal(len(rows), err)
	}
	for _, r := range append(rows, row{"a saga", "a step", json.RawMessage(rareContext)}) {
		d := json.NewDecoder(strings.NewReader(string(r.Context)))
		d.DisallowUnknownFields()
		if err := d.Decode(new(work)); err != nil {
			t.Errorf("%s in %s: %v", r.Kind, r.Step, err)
		}
	}
}
