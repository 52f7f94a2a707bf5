package simulator

import (
	"net/http"
	"slices"
	"strconv"
)

// domain is a domain with its records (docs/digitalocean-api.md, "Attached resources"). Nothing resolves it.
type domain struct {
	Name    string    `json:"name"`
	Records []*record `json:"records,omitempty"`
	Next    int64     `json:"next_id"` // of a record
}

// record is a record of a domain, as the API shows it.
type record struct {
	ID       int64  `json:"id"`
	Type     string `json:"type"`
	Name     string `json:"name"`
	Data     string `json:"data"`
	Priority *int   `json:"priority"`
	Port     *int   `json:"port"`
	TTL      int    `json:"ttl"`
	Weight   *int   `json:"weight"`
	Flags    *int   `json:"flags"`
	Tag      string `json:"tag,omitempty"`
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
		zone += r.Name + " IN " + r.Type + " " + r.Data + "\n"
	}
	return map[string]any{"name": d.Name, "ttl": domainTTL, "zone_file": zone}
}

func listDomains(c *call) answer {
	return c.page("domains", len(c.a.domains), func(i int) []byte { return encode(c.a.domains[i].body()) })
}

func createDomain(c *call) answer {
	var req struct {
		Name    string `json:"name"`
		Address string `json:"ip_address"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	switch {
	case req.Name == "":
		return c.unprocessable("Name can't be blank")
	case slices.ContainsFunc(c.a.domains, func(d *domain) bool { return d.Name == req.Name }):
		return c.unprocessable("Name has already been taken")
	}
	d := &domain{Name: req.Name, Next: 28_448_429}
	for _, server := range []string{"ns1.digitalocean.com", "ns2.digitalocean.com", "ns3.digitalocean.com"} {
		d.add(record{Type: "NS", Name: "@", Data: server})
	}
	if req.Address != "" {
		d.add(record{Type: "A", Name: "@", Data: req.Address})
	}
	c.a.domains = append(c.a.domains, d)
	return c.json(http.StatusCreated, map[string]any{"domain": d.body()})
}

// ofDomain finds the domain of the request's path for a handler.
func ofDomain(handle func(*call, *domain) answer) func(*call) answer {
	return of(func(c *call) *domain {
		return firstOf(c.a.domains, func(d *domain) bool { return d.Name == c.r.PathValue("domain") })
	}, handle)
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
	if r.Type == "" || r.Data == "" {
		return c.unprocessable("type and data are required")
	}
	return c.json(http.StatusCreated, map[string]any{"domain_record": d.add(r)})
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

// updateRecord changes what the request has.
func updateRecord(c *call, _ *domain, r *record) answer {
	next := *r
	if bad := c.decode(&next); bad != nil {
		return *bad
	}
	next.ID = r.ID
	*r = next
	return c.json(http.StatusOK, map[string]any{"domain_record": r})
}

func deleteRecord(c *call, d *domain, r *record) answer {
	d.Records = slices.DeleteFunc(d.Records, func(other *record) bool { return other == r })
	return c.noContent()
}
