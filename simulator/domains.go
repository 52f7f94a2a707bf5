package simulator

import (
	"cmp"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// domain is a domain with its records (docs/digitalocean-api.md, "Domains and certificates"). Nothing resolves it.
type domain struct {
	Name    string    `json:"name"`
	Records []*record `json:"records,omitempty"`
	Next    int64     `json:"next_id"` // of a record

	CreatedAt time.Time `json:"created_at,omitzero"`
	Project   string    `json:"project,omitempty"` // empty: the default one
}

// record is a record of a domain, as the API shows it.
type record struct {
	ID       int64   `json:"id"`
	Type     string  `json:"type"`
	Name     string  `json:"name"`
	Data     string  `json:"data"`
	Priority *int    `json:"priority"`
	Port     *int    `json:"port"`
	TTL      int     `json:"ttl"`
	Weight   *int    `json:"weight"`
	Flags    *int    `json:"flags"`
	Tag      *string `json:"tag"`
}

// tag is the record's tag, which only those of CAA have.
func (r *record) tag() string {
	if r.Tag == nil {
		return ""
	}
	return *r.Tag
}

// leads tells whether the record's data is the name of a host, which has a dot at its end in requests and in zone files.
func (r *record) leads() bool {
	return slices.Contains([]string{"CAA", "CNAME", "MX", "NS", "SRV"}, r.Type) && r.Data != "@" && r.tag() != "iodef"
}

const domainTTL = 1800 // seconds

func (d *domain) add(r record) *record {
	r.ID = d.Next
	d.Next++
	if r.TTL == 0 {
		r.TTL = domainTTL
	}
	d.Records = append(d.Records, &r)
	return &r
}

func (d *domain) body() map[string]any {
	zone := "$ORIGIN " + d.Name + ".\n$TTL " + strconv.Itoa(domainTTL) + "\n"
	for _, r := range d.Records {
		data := r.Data
		if r.leads() {
			data += "."
		}
		zone += r.Name + " IN " + r.Type + " " + data + "\n"
	}
	return map[string]any{"name": d.Name, "ttl": domainTTL, "zone_file": zone}
}

func listDomains(c *call) answer {
	return c.page("domains", len(c.a.domains), func(i int) []byte { return encode(c.a.domains[i].body()) })
}

// domainRule is what a domain may be called: some labels with dots between them.
var domainRule = regexp.MustCompile(`^([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func createDomain(c *call) answer {
	var req struct {
		Name    string `json:"name"`
		Address string `json:"ip_address"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	req.Name = strings.ToLower(req.Name)
	address, err := netip.ParseAddr(req.Address)
	switch {
	case req.Name == "":
		return c.unprocessable("Name can't be blank")
	case !domainRule.MatchString(req.Name) || len(req.Name) > 253:
		return c.unprocessable("Name is not a valid domain name")
	case c.a.domain(req.Name) != nil:
		return c.unprocessable("Name has already been taken")
	case err != nil && req.Address != "":
		return c.unprocessable("IP address did not match IPv4 or IPv6 format")
	}
	d := &domain{Name: req.Name, Next: 28_448_429, CreatedAt: c.now}
	for _, server := range []string{"ns1.digitalocean.com", "ns2.digitalocean.com", "ns3.digitalocean.com"} {
		d.add(record{Type: "NS", Name: "@", Data: server})
	}
	switch {
	case address.Is4():
		d.add(record{Type: "A", Name: "@", Data: req.Address})
	case address.Is6():
		d.add(record{Type: "AAAA", Name: "@", Data: req.Address})
	}
	c.a.domains = append(c.a.domains, d)
	return c.json(http.StatusCreated, map[string]any{"domain": d.body()})
}

// domain finds a domain by its name; nil: there is none.
func (a *Account) domain(name string) *domain {
	return firstOf(a.domains, func(d *domain) bool { return d.Name == name })
}

// ofDomain finds the domain of the request's path for a handler.
func ofDomain(handle func(*call, *domain) answer) func(*call) answer {
	return of(func(c *call) *domain { return c.a.domain(c.r.PathValue("domain")) }, handle)
}

func getDomain(c *call, d *domain) answer {
	return c.json(http.StatusOK, map[string]any{"domain": d.body()})
}

func deleteDomain(c *call, d *domain) answer {
	c.a.domains = slices.DeleteFunc(c.a.domains, func(other *domain) bool { return other == d })
	return c.noContent()
}

// listRecords lists all records, or those of a name, of a type, or both.
func listRecords(c *call, d *domain) answer {
	name, kind := c.r.URL.Query().Get("name"), c.r.URL.Query().Get("type")
	return pageOf(c, "domain_records", slices.DeleteFunc(slices.Clone(d.Records), func(r *record) bool {
		return name != "" && name != r.Name && name != r.Name+"."+d.Name || kind != "" && kind != r.Type
	}))
}

func createRecord(c *call, d *domain) answer {
	var r record
	if bad := c.decode(&r); bad != nil {
		return *bad
	}
	if refusal := d.settle(&r); refusal != "" {
		return c.unprocessable(refusal)
	}
	return c.json(http.StatusCreated, map[string]any{"domain_record": d.add(r)})
}

// settle puts a record into the words in which the API shows it: names and hosts without the last dot, and @ for the domain itself. It says
// why it is no good: the message of the 422, or nothing.
func (d *domain) settle(r *record) (refusal string) {
	r.Type = strings.ToUpper(r.Type)
	if name, whole := strings.CutSuffix(r.Name, "."); whole {
		r.Name = strings.TrimSuffix(strings.TrimSuffix(name, d.Name), ".")
	}
	r.Name = cmp.Or(strings.ToLower(r.Name), "@")
	if r.Type != "MX" && r.Type != "SRV" {
		r.Priority = nil
	}
	if r.Type != "SRV" {
		r.Port, r.Weight = nil, nil
	}
	if r.Type != "CAA" {
		r.Flags, r.Tag = nil, nil
	}
	number := func(n *int, most int) bool { return n != nil && *n >= 0 && *n <= most }
	address, err := netip.ParseAddr(r.Data)
	switch {
	case !slices.Contains([]string{"A", "AAAA", "CAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT"}, r.Type):
		return "Type is not valid"
	case r.Type == "SOA":
		return "A domain has one SOA record, which it makes itself"
	case r.Data == "":
		return "Data can't be blank"
	case r.Type == "A" && (err != nil || !address.Is4()), r.Type == "AAAA" && (err != nil || !address.Is6()):
		return "IP address did not match IPv4 or IPv6 format"
	case slices.Contains([]string{"MX", "SRV"}, r.Type) && !number(r.Priority, 65535):
		return "Priority can't be blank"
	case r.Type == "SRV" && (!number(r.Port, 65535) || !number(r.Weight, 65535)):
		return "Port and weight can't be blank"
	case r.Type == "CAA" && (!number(r.Flags, 255) || !slices.Contains([]string{"issue", "issuewild", "iodef"}, r.tag())):
		return "Flags and tag can't be blank"
	case r.TTL != 0 && r.TTL < 30:
		return "TTL must be at least 30"
	case slices.ContainsFunc(d.Records, func(o *record) bool {
		return o.ID != r.ID && o.Name == r.Name && (o.Type == "CNAME" || r.Type == "CNAME")
	}):
		return "CNAME records cannot share a name with other records"
	case !r.leads():
		return ""
	case !strings.HasSuffix(r.Data, "."):
		return "Data needs to end with a dot (.)"
	case r.Data == d.Name+".":
		r.Data = "@"
	default:
		r.Data = strings.TrimSuffix(r.Data, ".")
	}
	return ""
}

// ofRecord finds the record of the request's path for a handler.
func ofRecord(handle func(*call, *domain, *record) answer) func(*call) answer {
	return ofDomain(func(c *call, d *domain) answer {
		return of(func(c *call) *record {
			return firstOf(d.Records, func(r *record) bool { return strconv.FormatInt(r.ID, 10) == c.r.PathValue("record") })
		}, func(c *call, r *record) answer { return handle(c, d, r) })(c)
	})
}

func getRecord(c *call, _ *domain, r *record) answer {
	return c.json(http.StatusOK, map[string]any{"domain_record": r})
}

// updateRecord changes what the request has. One without data is refused where the data of the record had a dot at its end.
func updateRecord(c *call, d *domain, r *record) answer {
	next := *r
	if bad := c.decode(&next); bad != nil {
		return *bad
	}
	next.ID, next.Type = r.ID, r.Type
	if refusal := d.settle(&next); refusal != "" {
		return c.unprocessable(refusal)
	}
	*r = next
	return c.json(http.StatusOK, map[string]any{"domain_record": r})
}

func deleteRecord(c *call, d *domain, r *record) answer {
	d.Records = slices.DeleteFunc(d.Records, func(other *record) bool { return other == r })
	return c.noContent()
}
