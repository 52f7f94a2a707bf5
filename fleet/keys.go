package fleet

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// SSHKey is an SSH key of the account. Its id and its fingerprint are two spellings of one key; its name is a third one, as long as no other
// key has it. The API takes the first two.
type SSHKey struct {
	ID          int64
	Fingerprint string // lower case
	Name        string // several keys may have it, and it may be changed
}

// keysSent is the name under which a record has the keys themselves, canonical, beside their hash: neither an id nor a fingerprint is
// secret. Records of older versions lack it.
const keysSent = "ssh_keys_sent"

// Keys are the spec's SSH keys as a plan shows them.
func (s Spec) Keys() string { return strings.Join(canonicalList(s.SSHKeys), ",") }

// APIKeys are the spec's SSH keys as the API takes them. Names are among them only if nobody looked these up.
func (s Spec) APIKeys() []string {
	if len(s.KeysSent) > 0 {
		return s.KeysSent
	}
	return s.SSHKeys
}

// NamesKeys tells whether the spec has an SSH key by its name.
func (s Spec) NamesKeys() bool { return slices.ContainsFunc(s.SSHKeys, IsKeyName) }

// IsKeyName tells whether an SSH key is spelled by its name: neither by digits, nor by hex digits and colons.
func IsKeyName(key string) bool {
	return !isID(key) && (strings.Trim(key, "0123456789abcdefABCDEF:") != "" || !strings.Contains(key, ":"))
}

// WithKeys gives the fleet whose specs have the ids of the SSH keys that they name, as far as each name is that of one key.
func (f Fleet) WithKeys(c *Catalogue) Fleet {
	if c == nil || c.Keys == nil || !slices.ContainsFunc(f.Specs, Spec.NamesKeys) {
		return f
	}
	f.Specs = slices.Clone(f.Specs)
	for i := range f.Specs {
		s := &f.Specs[i]
		if i > 0 && slices.Equal(s.SSHKeys, f.Specs[i-1].SSHKeys) {
			s.KeysSent = f.Specs[i-1].KeysSent // of the same group, mostly
			continue
		}
		if s.KeysSent = nil; s.NamesKeys() {
			s.KeysSent = c.sendable(s.SSHKeys)
		}
	}
	return f
}

// sendable gives the keys with ids in the place of names; nil: a name is not that of one key.
func (c *Catalogue) sendable(keys []string) []string {
	out := slices.Clone(keys)
	for i, k := range keys {
		if !IsKeyName(k) {
			continue
		}
		if out[i] = c.spelled(k); out[i] == k {
			return nil
		}
	}
	return out
}

// KeepKeys keeps the spec's SSH keys beside their hash, as they were sent. An adoption, which sends none, may have names.
func (v Values) KeepKeys(s Spec) {
	if delete(v, keysSent); len(s.SSHKeys) > 0 {
		v[keysSent] = strings.Join(canonicalList(s.APIKeys()), ",")
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

// key finds a key of the account by its id, by its fingerprint, or by a name that no other key has.
func (c *Catalogue) key(spelling string) (SSHKey, bool) {
	if c == nil {
		return SSHKey{}, false
	}
	if k, there := c.Keys[spelling]; there {
		return k, true
	}
	if IsKeyName(spelling) {
		if named := c.KeysNamed(spelling); len(named) == 1 {
			return named[0], true
		}
	}
	return SSHKey{}, false
}

// KeysNamed are the account's keys of that name, whatever its letter case, by id: a record of them has lower case.
func (c *Catalogue) KeysNamed(name string) []SSHKey {
	return slices.DeleteFunc(c.AllKeys(), func(k SSHKey) bool { return !strings.EqualFold(k.Name, name) })
}

// AllKeys are the account's keys, each once, by id.
func (c *Catalogue) AllKeys() (all []SSHKey) {
	for spelling, k := range c.Keys {
		if isID(spelling) {
			all = append(all, k)
		}
	}
	slices.SortFunc(all, func(a, b SSHKey) int { return cmp.Compare(a.ID, b.ID) })
	return all
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
// keys that is not known where an id stands against a fingerprint, or a name against anything. The catalogue may be nil.
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
		if c == nil || c.Keys == nil || c.sendable(desired) == nil {
			return false, false
		}
		return c.hashedAlike(recorded["ssh_keys"], desired), true
	}
	was := c.resolve(List(sent))
	is := c.resolve(desired)
	if maps.Equal(was, is) {
		return true, true
	}
	ids, prints, names := 0, 0, 0
	for _, k := range slices.Concat(List(sent), desired) {
		_, there := c.key(k)
		switch {
		case isID(k):
			ids++
		case !IsKeyName(k):
			prints++
		case there:
			names++
		default:
			return false, false
		}
	}
	if names == 0 && (ids == 0 || prints == 0) {
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
			if known, ok := c.key(k); ok && byPrint(i) {
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
