package simulator

import (
	"crypto/sha1"
	"crypto/tls"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// certificate is a TLS certificate, uploaded or of Let's Encrypt (docs/digitalocean-api.md, "Domains and certificates"). Nobody issues the
// latter here: it is verified after the time that actions take. The private key is not kept.
type certificate struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Kind        string    `json:"type"`
	Domains     []string  `json:"dns_names"`
	Fingerprint string    `json:"sha1_fingerprint"`
	NotAfter    time.Time `json:"not_after"`
	CreatedAt   time.Time `json:"created_at"`
	VerifiedAt  time.Time `json:"verified_at"`
}

func (k *certificate) body(now time.Time) map[string]any {
	b := map[string]any{
		"id": k.ID, "name": k.Name, "type": k.Kind, "dns_names": orEmpty(k.Domains), "created_at": timestamp(k.CreatedAt), "state": "pending",
		"not_after": "", "sha1_fingerprint": "",
	}
	if !now.Before(k.VerifiedAt) {
		b["state"], b["not_after"], b["sha1_fingerprint"] = "verified", timestamp(k.NotAfter), k.Fingerprint
	}
	return b
}

// certificate finds a certificate by its id; nil: there is none.
func (a *Account) certificate(id string) *certificate {
	return firstOf(a.certificates, func(k *certificate) bool { return k.ID == id })
}

// listCertificates lists all, or those of a name.
func listCertificates(c *call) answer {
	name := c.r.URL.Query().Get("name")
	list := slices.DeleteFunc(slices.Clone(c.a.certificates), func(k *certificate) bool { return name != "" && k.Name != name })
	return c.page("certificates", len(list), func(i int) []byte { return encode(list[i].body(c.now)) })
}

// ofCertificate finds the certificate of the request's path for a handler.
func ofCertificate(handle func(*call, *certificate) answer) func(*call) answer {
	return of(func(c *call) *certificate { return c.a.certificate(c.r.PathValue("certificate")) }, handle)
}

func getCertificate(c *call, k *certificate) answer {
	return c.json(http.StatusOK, map[string]any{"certificate": k.body(c.now)})
}

func createCertificate(c *call) answer {
	var req struct {
		Name    string   `json:"name"`
		Kind    string   `json:"type"`
		Domains []string `json:"dns_names"`
		Key     string   `json:"private_key"`
		Leaf    string   `json:"leaf_certificate"`
		Chain   string   `json:"certificate_chain"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	k := &certificate{ID: newUUID(), Name: req.Name, Kind: req.Kind, CreatedAt: c.now, VerifiedAt: c.now}
	named := func(other *certificate) bool { return other.Name == req.Name }
	if req.Name == "" || firstOf(c.a.certificates, named) != nil {
		return c.unprocessable("name must be unique")
	}
	switch req.Kind {
	case "custom", "":
		pair, err := tls.X509KeyPair([]byte(req.Leaf+"\n"+req.Chain), []byte(req.Key))
		if err != nil {
			return c.unprocessable("the certificate or its private key is invalid: " + err.Error())
		}
		k.Kind, k.Domains, k.NotAfter = "custom", pair.Leaf.DNSNames, pair.Leaf.NotAfter
		if len(k.Domains) == 0 && pair.Leaf.Subject.CommonName != "" {
			k.Domains = []string{pair.Leaf.Subject.CommonName}
		}
		sum := sha1.Sum(pair.Leaf.Raw)
		k.Fingerprint = hex.EncodeToString(sum[:])
	case "lets_encrypt":
		foreign := func(name string) bool {
			return firstOf(c.a.domains, func(d *domain) bool { return name == d.Name || strings.HasSuffix(name, "."+d.Name) }) == nil
		}
		if len(req.Domains) == 0 || slices.ContainsFunc(req.Domains, foreign) {
			return c.unprocessable("dns_names must belong to domains of the account")
		}
		sum := sha1.Sum([]byte(k.ID))
		k.Domains, k.Fingerprint, k.NotAfter = req.Domains, hex.EncodeToString(sum[:]), c.now.AddDate(0, 0, 90)
		k.VerifiedAt = c.now.Add(max(0, c.s.opts.ActionTime))
	default:
		return c.unprocessable("type must be one of custom, lets_encrypt")
	}
	c.a.certificates = append(c.a.certificates, k)
	return c.json(http.StatusCreated, map[string]any{"certificate": k.body(c.now)})
}

func deleteCertificate(c *call, k *certificate) answer {
	uses := func(l *LoadBalancer) bool {
		return slices.ContainsFunc(l.settings().Rules, func(r forwardingRule) bool { return r.Certificate == k.ID })
	}
	if firstOf(c.a.balancers, uses) != nil {
		return c.errorAnswer(http.StatusForbidden, "forbidden", "Make sure the certificate is not in use before deleting it")
	}
	c.a.certificates = slices.DeleteFunc(c.a.certificates, func(other *certificate) bool { return other == k })
	return c.noContent()
}
