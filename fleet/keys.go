package fleet

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// SSHKey is an SSH key of the account. Its id and its fingerprint are two spellings of one key.
type SSHKey struct {
	ID          int64
	Fingerprint string // lower case
}

// keysSent is the name under which a record has the keys themselves, canonical, beside their hash: neither an id nor a fingerprint is
// secret. Records of older versions lack it.
const keysSent = "ssh_keys_sent"

// Keys are the spec's SSH keys as a record has them and a plan shows them.
func (s Spec) Keys() string { return strings.Join(canonicalList(s.SSHKeys), ",") }

// KeepKeys keeps the spec's SSH keys beside their hash.
func (v Values) KeepKeys(s Spec) {
	if delete(v, keysSent); len(s.SSHKeys) > 0 {
		v[keysSent] = s.Keys()
	}
}

// KeysSent are the keys that the record says were sent, joined; false: it is of a version that kept their hash alone.
func (v Values) KeysSent() (string, bool) {
	if keys, kept := v[keysSent]; kept {
		return keys, true
	}
	keys, known := v["ssh_keys"]
	return "", known && keys == ""
}

// key finds a key of the account by its id or its fingerprint.
func (c *Catalogue) key(spelling string) (SSHKey, bool) {
	if c == nil {
		return SSHKey{}, false
	}
	k, there := c.Keys[spelling]
	return k, there
}

// resolve gives the keys by their ids, or as they are spelled where the account is not known to have them.
func (c *Catalogue) resolve(keys []string) map[string]bool { return SetOf(keys, c.spelled) }

func (c *Catalogue) spelled(key string) string {
	if k, there := c.key(key); there {
		return strconv.FormatInt(k.ID, 10)
	}
	return key
}

// SameKeys tells whether the keys that were recorded are those that the spec asks for, however they are spelled. Without the account's
// keys that is not known where an id stands against a fingerprint. The catalogue may be nil.
func (c *Catalogue) SameKeys(recorded Values, s Spec) (same, known bool) {
	desired := canonicalList(s.SSHKeys)
	if recorded["ssh_keys"] == hash(strings.Join(desired, ",")) {
		return true, true
	}
	sent, kept := recorded.KeysSent()
	if !kept {
		if len(desired) == 0 {
			return false, true
		}
		if c == nil || c.Keys == nil {
			return false, false
		}
		return c.hashedAlike(recorded["ssh_keys"], desired), true
	}
	was := c.resolve(List(sent))
	is := c.resolve(desired)
	if maps.Equal(was, is) {
		return true, true
	}
	ids, prints := 0, 0
	for _, k := range slices.Concat(List(sent), desired) {
		if isID(k) {
			ids++
		} else {
			prints++
		}
	}
	if ids == 0 || prints == 0 {
		return false, true // different keys in one spelling are different keys, and nobody need be asked
	}
	for _, k := range List(sent) {
		if _, there := c.key(k); !there {
			return false, false // it is not in the account any more, or the account's keys are not known
		}
	}
	return false, true
}

func isID(key string) bool { return strings.Trim(key, "0123456789") == "" }

// mostSpellings bounds how many spellings of a list are tried: more keys than that are tried by their ids alone and by their
// fingerprints alone.
const mostSpellings = 1 << 10

// hashedAlike tells whether a hash is that of the keys in another spelling.
func (c *Catalogue) hashedAlike(hashed string, keys []string) bool {
	spell := func(byPrint func(i int) bool) bool {
		list := make([]string, len(keys))
		for i, k := range keys {
			list[i] = k
			if known, ok := c.Keys[k]; ok && byPrint(i) {
				list[i] = known.Fingerprint
			} else if ok {
				list[i] = strconv.FormatInt(known.ID, 10)
			}
		}
		return hash(strings.Join(canonicalList(list), ",")) == hashed
	}
	if n := len(keys); n < 63 && 1<<n <= mostSpellings {
		for choice := range 1 << n {
			if spell(func(i int) bool { return choice>>i&1 == 1 }) {
				return true
			}
		}
		return false
	}
	return spell(func(int) bool { return true }) || spell(func(int) bool { return false })
}

// Twice finds two of the keys that are one key of the account.
func (c *Catalogue) Twice(keys []string) (one, other string, found bool) {
	named := map[string]string{}
	for _, k := range canonicalList(keys) {
		id := c.spelled(k)
		if before, twice := named[id]; twice {
			return before, k, true
		}
		named[id] = k
	}
	return "", "", false
}
