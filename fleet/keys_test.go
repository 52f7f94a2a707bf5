package fleet

import (
	"fmt"
	"slices"
	"testing"
)

// keysAt is an account with keys 1 … n, whose fingerprints are aa:1 … aa:n. From 21 on each has a name of its own: Key 21 …
func keysAt(n int) *Catalogue {
	c := &Catalogue{Keys: map[string]SSHKey{}}
	for i := 1; i <= n; i++ {
		k := SSHKey{ID: int64(i), Fingerprint: fmt.Sprint("aa:", i), Name: fmt.Sprint("Key ", (i+1)/2*2)} // 1 and 2 have one name, and so on
		if i > 20 {
			k.Name = fmt.Sprint("Key ", i)
		}
		c.Keys[fmt.Sprint(i)], c.Keys[k.Fingerprint] = k, k
	}
	return c
}

// A key is the same by its id and by its fingerprint. What nobody can tell is not known, and a change of the keys is found.
func TestSameKeysHoweverTheyAreSpelled(t *testing.T) {
	many, manyPrints := []string{}, []string{}
	for i := 1; i <= 30; i++ {
		many, manyPrints = append(many, fmt.Sprint(i)), append(manyPrints, fmt.Sprint("AA:", i))
	}
	account, unread := keysAt(30), &Catalogue{}
	for _, tt := range []struct {
		sent, desired []string
		catalogue     *Catalogue
		old           bool // the record has their hash alone
		same, known   bool
	}{
		{[]string{"1"}, []string{"1"}, nil, true, true, true},
		{[]string{"1"}, []string{"AA:1"}, account, false, true, true},
		{[]string{"1"}, []string{"AA:1"}, account, true, true, true},
		{[]string{"1", "aa:2", "3"}, []string{"aa:3", "2", "aa:1"}, account, false, true, true},
		{[]string{"1", "aa:2", "3"}, []string{"aa:3", "2", "aa:1"}, account, true, true, true},
		{[]string{"1", "aa:1"}, []string{"1"}, account, false, true, true},
		{[]string{"1"}, []string{"aa:1"}, nil, false, false, false},
		{[]string{"1"}, []string{"aa:1"}, unread, true, false, false},
		{[]string{"1"}, []string{"aa:2"}, account, false, false, true},
		{[]string{"1"}, []string{"aa:2"}, account, true, false, true},
		{[]string{"1"}, []string{"2"}, nil, false, false, true},
		{[]string{"1"}, []string{"2"}, nil, true, false, false},
		{[]string{"1"}, []string{"1", "2"}, nil, false, false, true},
		{[]string{"99"}, []string{"aa:1"}, account, false, false, false}, // a key that is not in the account any more
		{nil, []string{"1"}, nil, true, false, true},
		{[]string{"1"}, nil, nil, true, false, true},
		{many, manyPrints, account, true, true, true},

		{[]string{"21"}, []string{"key 21"}, account, false, true, true}, // by name now
		{[]string{"aa:21"}, []string{"KEY 21"}, account, false, true, true},
		{[]string{"aa:21", "22"}, []string{"key 22", "21"}, account, true, true, true},
		{[]string{"21"}, []string{"key 22"}, account, false, false, true},
		{[]string{"21"}, []string{"key 22"}, account, true, false, true},
		{[]string{"21"}, []string{"key 21", "5"}, account, false, false, true},
		{[]string{"21"}, []string{"key 21"}, nil, false, false, false},
		{[]string{"21"}, []string{"key 21"}, unread, true, false, false},
		{[]string{"21"}, []string{"key 99"}, account, false, false, false}, // it was renamed, or is not there any more
		{[]string{"21"}, []string{"key 99"}, account, true, false, false},
		{[]string{"2"}, []string{"key 2"}, account, false, false, false}, // two have that name
		{[]string{"99"}, []string{"key 21"}, account, false, false, false},
		{[]string{"key 21"}, []string{"21"}, account, false, true, true}, // of an adoption, which sent nothing
		{[]string{"key 99"}, []string{"21"}, account, false, false, false},
	} {
		recorded := ValuesOf(Spec{SSHKeys: tt.sent})
		if tt.old {
			delete(recorded, keysSent)
		}
		same, known := tt.catalogue.SameKeys(recorded, Spec{SSHKeys: tt.desired})
		if same != tt.same || known != tt.known {
			t.Errorf("%v (hash alone: %v), then %v: same %v, known %v", tt.sent, tt.old, tt.desired, same, known)
		}
	}
}

func TestTwoSpellingsOfOneKey(t *testing.T) {
	account := keysAt(3)
	for _, keys := range [][]string{{"1", "AA:1"}, {"2", "3", "aa:3"}} {
		if one, other, found := account.Twice(keys); !found || one == other {
			t.Errorf("%v: %s and %s, %v", keys, one, other, found)
		}
	}
	if one, other, found := account.Twice([]string{"1", "aa:2", "77"}); found {
		t.Errorf("%s is no %s", one, other)
	}
}

// Digits are an id, and hex digits with colons a fingerprint, whatever keys are called. All else is a name.
func TestNamesOfKeys(t *testing.T) {
	for key, want := range map[string]bool{
		"alice-laptop": true, "cafe": true, "Bob's key, no": true, "a": true, "512190x": true, "12:34:xy": true,
		"": false, "512190": false, "007": false, "aa:bb": false, "3B:16:bf": false, ":": false,
	} {
		if IsKeyName(key) != want {
			t.Errorf("%q is a name: %v", key, !want)
		}
	}
}

// A spec has ids for its names only if each is that of one key. The names stay what it asks for, so that no other id changes it.
func TestWithKeys(t *testing.T) {
	f := Fleet{Specs: []Spec{
		{Name: "a", SSHKeys: []string{"Key 21", "5"}}, {Name: "b", SSHKeys: []string{"Key 21", "5"}}, {Name: "c", SSHKeys: []string{"key 2"}}, {Name: "d", SSHKeys: []string{"7"}},
	}}
	before := f.Specs[0].Hash()
	got := f.WithKeys(keysAt(30))
	for i, want := range [][]string{{"21", "5"}, {"21", "5"}, {"key 2"}, {"7"}} {
		if keys := got.Specs[i].APIKeys(); !slices.Equal(keys, want) {
			t.Errorf("%s has %q, want %q", got.Specs[i].Name, keys, want)
		}
	}
	if f.Specs[0].KeysSent != nil || got.Specs[0].Hash() != before {
		t.Error("the fleet itself was changed, or what it asks for")
	}
	if sent, _ := ValuesOf(got.Specs[0]).KeysSent(); sent != "21,5" {
		t.Errorf("recorded %q", sent)
	}
}
