package simulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// createRequest is the body of POST /v2/droplets (docs/digitalocean-api.md, "Creating a droplet").
type createRequest struct {
	Name             *string         `json:"name"`
	Names            []string        `json:"names"`
	Region           string          `json:"region"`
	Size             string          `json:"size"`
	Image            json.RawMessage `json:"image"`
	SSHKeys          []any           `json:"ssh_keys"`
	Backups          bool            `json:"backups"`
	BackupPolicy     *backupPolicy   `json:"backup_policy"`
	IPv6             bool            `json:"ipv6"`
	Monitoring       bool            `json:"monitoring"`
	Tags             []string        `json:"tags"`
	UserData         string          `json:"user_data"`
	VPC              string          `json:"vpc_uuid"`
	Volumes          []volumeRef     `json:"volumes"`
	PublicNetworking *bool           `json:"public_networking"`
}

// volumeRef is a volume's id, bare as the description has it or in an object as godo sends it.
type volumeRef string

// UnmarshalJSON reads both forms.
func (v *volumeRef) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		var o struct {
			ID string `json:"id"`
		}
		err := json.Unmarshal(b, &o)
		*v = volumeRef(o.ID)
		return err
	}
	return json.Unmarshal(b, (*string)(v))
}

// What the API accepts as names and tags (docs/digitalocean-api.md, "Names" and "Tags").
var (
	nameRule = regexp.MustCompile(`^[a-zA-Z0-9]?[a-z0-9A-Z.\-]*[a-z0-9A-Z]$`)
	tagRule  = regexp.MustCompile(`^[a-zA-Z0-9_\-:]{1,255}$`)
)

// validName tells whether a droplet, or what has names like one, may be called so.
func validName(name string) bool { return len(name) <= 255 && nameRule.MatchString(name) }

const (
	maxNames    = 10 // droplets per create
	maxUserData = 64 << 10
)

func createDroplets(c *call) answer {
	var req createRequest
	if bad := decodeNumbers(c, &req); bad != nil {
		return *bad
	}
	names := req.Names
	if req.Name != nil {
		names = []string{*req.Name}
	}
	model, refusal := c.plan(&req, names)
	if refusal != "" {
		return c.unprocessable(refusal)
	}
	if len(req.Tags) > 0 && !c.scopes.has("tag:create") || len(req.SSHKeys) > 0 && !c.scopes.has("ssh_key:read") {
		return c.forbidden()
	}
	made := make([]*droplet, len(names))
	links := make([]map[string]any, len(names))
	for i, name := range names {
		d := *model
		d.Name = name
		d.Tags = slices.Clone(model.Tags)
		act := c.a.create(&d, c.now)
		made[i] = &d
		links[i] = map[string]any{"id": act.ID, "rel": "create", "href": absolute(c.r, "/v2/actions/"+strconv.FormatInt(act.ID, 10))}
	}
	c.a.advance(c.now) // what takes no time has happened
	var o object
	if req.Name != nil {
		o.raw("droplet", c.created(made[0]))
	} else {
		o.array("droplets", len(made), func(i int) []byte { return c.created(made[i]) })
	}
	o.raw("links", encode(map[string]any{"actions": links}))
	return answer{status: http.StatusAccepted, body: o.bytes()}
}

// decodeNumbers decodes with numbers as they are written: ids of keys and images come as numbers or as strings.
func decodeNumbers(c *call, v any) *answer {
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return new(c.badBody(err))
	}
	return nil
}

// created is the droplet in the answer to its create: new, and without what the real API does not know yet.
func (c *call) created(d *droplet) []byte {
	b := c.a.body(d, c.scopes)
	b.Status, b.Networks, b.NextBackupWindow = statusNew, networks{V4: []addressV4{}, V6: []addressV6{}}, nil
	if c.s.faults.FullCreateResponse {
		shown := *d
		shown.Status = statusActive
		b.Features = shown.features()
	} else {
		b.Features, b.VPC = []string{}, ""
	}
	return b.encode()
}

// plan checks a create. It returns the droplet to make of each name, or the message of the 422 (docs/digitalocean-api.md, "Errors").
func (c *call) plan(req *createRequest, names []string) (model *droplet, refusal string) {
	s, a := c.s, c.a
	if req.Name != nil && req.Names != nil {
		return nil, "You can not specify both name and names for Droplet creation."
	}
	if len(names) == 0 {
		return nil, "You must specify a name for Droplet creation."
	}
	if len(names) > maxNames {
		return nil, "You can only create up to 10 Droplets at a time."
	}
	for _, n := range names {
		if !validName(n) {
			return nil, "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)"
		}
	}
	size := s.cat.size(strings.ToLower(req.Size))
	if size == nil {
		return nil, "You specified an invalid size for Droplet creation."
	}
	img := a.imageFor(req.Image)
	if img == nil || img.Status != "available" {
		return nil, "You specified an invalid image for Droplet creation."
	}
	region, refusal := s.cat.place(strings.ToLower(req.Region), size, img)
	if refusal != "" {
		return nil, refusal
	}
	if size.Disk < img.MinDisk {
		return nil, "This size is not available because it has a smaller disk."
	}
	f := s.faults
	subject := names[0]
	switch {
	case s.holds(f.Quota422, "quota_422", subject) || a.count()+len(names) > a.dropletLimit:
		return nil, "creating this/these droplet(s) will exceed your droplet limit"
	case s.holds(f.Size422, "size_422", subject):
		return nil, "Size is not available in this region."
	case s.holds(f.Region422, "region_422", subject):
		return nil, "Region is not available"
	case s.holds(f.TryAgain422, "try_again_422", subject):
		return nil, "We could not process your request, please try again."
	}
	model = &droplet{
		Region: region.Slug, Size: size.Slug, Disk: size.Disk, Image: img.ID, Monitoring: req.Monitoring, Backups: req.Backups,
		IPv6: req.IPv6, UserData: req.UserData, PrivateOnly: req.PublicNetworking != nil && !*req.PublicNetworking,
	}
	if model.PrivateOnly && model.IPv6 {
		return nil, "IPv6 can not be enabled when public networking is disabled."
	}
	if refusal := refuseTags(req.Tags); refusal != "" {
		return nil, refusal
	}
	model.Tags = slices.Clone(req.Tags)
	var unknownKeys []string
	for _, k := range req.SSHKeys {
		if found := a.keyNamed(keyText(k)); found != nil {
			model.SSHKeys = append(model.SSHKeys, found.Fingerprint)
		} else {
			unknownKeys = append(unknownKeys, keyText(k))
		}
	}
	if len(unknownKeys) > 0 {
		return nil, strings.Join(unknownKeys, ", ") + " are invalid key identifiers for Droplet creation."
	}
	if len(req.UserData) > maxUserData {
		return nil, "User data is too long (maximum is 65536 characters)."
	}
	if model.Backups {
		policy, ok := req.BackupPolicy.complete()
		if !ok {
			return nil, "You specified an invalid backup policy for Droplet creation."
		}
		model.BackupPolicy = policy
	}
	vpc := a.vpcFor(req.VPC, region.Slug)
	if vpc == nil {
		return nil, "You specified invalid VPC parameters for Droplet creation."
	}
	model.VPC = vpc.ID
	for _, v := range req.Volumes {
		switch refusal := a.refuseVolume(string(v), region.Slug); {
		case slices.Contains(model.Volumes, string(v)):
			return nil, "The volume is already attached to a Droplet."
		case refusal != "":
			return nil, refusal
		case len(names) > 1:
			return nil, "Volumes can not be attached to several Droplets."
		}
		model.Volumes = append(model.Volumes, string(v))
	}
	return model, ""
}

// keyText is a key's id or fingerprint as text, however JSON had it.
func keyText(k any) string {
	switch k := k.(type) {
	case string:
		return k
	case json.Number:
		return k.String()
	}
	return ""
}

// create makes the droplet, queues its life, and gives its create action.
func (a *Account) create(d *droplet, now time.Time) *action {
	s, f := a.s, a.s.faults
	a.made(d, now)
	after := func(lag time.Duration, knob string) time.Time { return now.Add(s.lag(lag, knob, d.Name)) }
	d.Status = statusNew
	d.TagsAt = after(f.TagVisibleAfter, "tag_visible_after")
	d.ListedAt = after(f.ListVisibleAfter, "list_visible_after")
	d.FoundAt = after(f.Get404For, "get_404_for")
	d.IPAfterActive = s.lag(f.IPAfterActive, "ip_after_active", d.Name)
	if lag := s.lag(f.VanishAfter202, "vanish_after_202", d.Name); lag > 0 {
		d.VanishAt = now.Add(lag)
	}
	act := a.begin(d, actionRequest{Type: "create"}, now)
	act.DueAt = now.Add(max(0, s.opts.Activation) + s.lag(f.ActivationExtra, "activation_extra", d.Name))
	if s.holds(f.NeverActive, "never_active", d.Name) {
		act.DueAt = time.Time{}
	}
	a.settle(d)
	a.settleAction(act)
	return act
}

// made gives a droplet its id and its place in the account.
func (a *Account) made(d *droplet, now time.Time) {
	d.ID = a.s.nextID.Droplet
	a.s.nextID.Droplet += 1 + d.ID%7 // ids are not dense: other customers get some
	d.CreatedAt = now
	d.Host = a.created
	a.created++
	d.Tags = a.canonicalTags(d.Tags)
	a.droplets[d.ID] = d
}

// count is how many droplets count against the limit.
func (a *Account) count() int { return len(a.droplets) }
