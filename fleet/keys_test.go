package fleet

import (
	"fmt"
	"testing"
)

// keysAt is an account with keys 1 … n, whose fingerprints are aa:1 … aa:n.
func keysAt(n int) *Catalogue {
	c := &Catalogue{Keys: map[string]SSHKey{}}
	for i := 1; i <= n; i++ {
		k := SSHKey{ID: int64(i), Fingerprint: fmt.Sprint("aa:", i)}
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
