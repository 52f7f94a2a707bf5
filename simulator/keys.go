package simulator

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// key is an SSH key of the account.
type key struct {
	ID          int64  `json:"id"`
	Fingerprint string `json:"fingerprint"` // MD5 in the colon form
	PublicKey   string `json:"public_key"`
	Name        string `json:"name"`
}

// fingerprint reads a public key; false: it is none.
func fingerprint(publicKey string) (string, bool) {
	parts := strings.Fields(publicKey)
	if len(parts) < 2 {
		return "", false
	}
	blob, err := base64.StdEncoding.DecodeString(parts[1])
	if err != nil || len(blob) == 0 {
		return "", false
	}
	sum := md5.Sum(blob)
	return strings.ReplaceAll(fmt.Sprintf("% x", sum[:]), " ", ":"), true
}

// keyNamed finds a key by its id in digits or by its fingerprint.
func (a *Account) keyNamed(ref string) *key {
	return firstOf(a.keys, func(k *key) bool { return strconv.FormatInt(k.ID, 10) == ref || k.Fingerprint == ref })
}

func (a *Account) addKey(name, publicKey, print string) *key {
	k := &key{ID: a.s.nextID.Key, Fingerprint: print, PublicKey: publicKey, Name: name}
	a.s.nextID.Key += 7
	a.keys = append(a.keys, k)
	return k
}

// AddKey adds an SSH key to the account, with a made-up public key, and gives its id and fingerprint.
func (a *Account) AddKey(name string) (id int64, print string) {
	a.s.mu.Lock()
	sum := sha256.Sum256([]byte(name))
	blob := append([]byte("\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20"), sum[:]...)
	public := "ssh-ed25519 " + base64.StdEncoding.EncodeToString(blob) + " " + name
	print, _ = fingerprint(public)
	k := a.keyNamed(print)
	if k == nil {
		k = a.addKey(name, public, print)
	}
	a.unlock()
	return k.ID, k.Fingerprint
}

func listKeys(c *call) answer { return pageOf(c, "ssh_keys", c.a.keys) }

func createKey(c *call) answer {
	var req struct {
		Name      string `json:"name"`
		PublicKey string `json:"public_key"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	if req.Name == "" {
		return c.unprocessable("Name can't be blank")
	}
	print, ok := fingerprint(req.PublicKey)
	if !ok {
		return c.unprocessable("Key invalid, key should be of the format `type key [comment]`")
	}
	if c.a.keyNamed(print) != nil {
		return c.unprocessable("SSH Key is already in use on your account")
	}
	return c.json(http.StatusCreated, map[string]any{"ssh_key": c.a.addKey(req.Name, req.PublicKey, print)})
}

// ofKey finds the key of the request's path for a handler.
func ofKey(handle func(*call, *key) answer) func(*call) answer {
	return of(func(c *call) *key { return c.a.keyNamed(c.r.PathValue("key")) }, handle)
}

func getKey(c *call, k *key) answer { return c.json(http.StatusOK, map[string]any{"ssh_key": k}) }

func updateKey(c *call, k *key) answer {
	var req struct {
		Name string `json:"name"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	if req.Name != "" {
		k.Name = req.Name
	}
	return getKey(c, k)
}

func deleteKey(c *call, k *key) answer {
	c.a.keys = slices.DeleteFunc(c.a.keys, func(x *key) bool { return x == k })
	return c.noContent()
}
