package fleetfile

import (
	"maps"
	"slices"
	"strings"

	"arcadiad/fleet"

	"gopkg.in/yaml.v3"
)

// Keys of a stanza that are no fields of a droplet, beside the rules.
const (
	countKey    = "count"
	wasKey      = "was"
	userDataKey = "user_data"
	fileKey     = "user_data_file" // another way to say user_data
)

// maxCount is how many droplets one stanza may ask for.
const maxCount = 1000

// ownKeys are the keys that only a stanza under droplets has; dropletKeys are all of its keys, and defaultKeys those under defaults,
// which names and counts nothing.
var (
	ownKeys     = []string{"name", countKey, wasKey}
	dropletKeys = func() []string {
		keys := slices.Clone(ownKeys)
		for _, f := range fleet.Fields {
			if f.Name != "name" {
				keys = append(keys, f.Name)
			}
			if f.Name == userDataKey {
				keys = append(keys, fileKey, templateKey)
			}
		}
		for _, r := range rules {
			keys = append(keys, r.name)
		}
		keys = append(keys, readyKey, rolloutKey, addressKey, addressesKey, projectKey, destroyKey)
		return keys
	}()
	defaultKeys = dropletKeys[len(ownKeys):]
)

// stanza is what one mapping says about droplets, by field. A value that was refused is there too, as not ok: the field is not
// missing, and its default is not asked for.
type stanza map[string]value

type value struct {
	ok   bool
	text string
	list []string
	flag bool
	int  int
	at   *yaml.Node // the value's node
	file string     // the path of the user_data file that the text is from

	ready   *fleet.Ready
	rollout *fleet.RolloutKeys
	ending  fleet.Ending
	said    map[string]*yaml.Node // the values of rollout's keys
}

// stanza reads one mapping; false: it is none.
func (d *decoder) stanza(n *yaml.Node, what string, known []string) (stanza, bool) {
	entries, ok := d.mapping(n, what, known, d.belongs)
	s := stanza{}
	var file, inline *entry
	for i, e := range entries {
		switch e.key {
		case countKey:
			s[countKey] = d.count(e.value)
		case wasKey:
			was, fine := d.text(e.value, wasKey, formOf["name"])
			s[wasKey] = value{ok: fine, text: was, at: e.value}
		case readyKey:
			s[readyKey] = d.ready(e.value)
		case rolloutKey:
			s[rolloutKey] = d.rollout(e.value)
		case addressKey:
			ip, fine := d.address(e.value, addressKey)
			s[addressKey] = value{ok: fine, text: ip, at: e.value}
		case addressesKey:
			s[addressesKey] = d.addresses(e.value)
		case projectKey:
			project, fine := d.text(e.value, projectKey, projectForm)
			s[projectKey] = value{ok: fine, text: project, at: e.value}
		case destroyKey:
			s[destroyKey] = d.ending(e.value)
		case fileKey:
			file = &entries[i]
		case templateKey:
			flag, fine := d.boolean(e.value, templateKey)
			s[templateKey] = value{ok: fine, flag: flag, at: e.value}
		default:
			if r, ok := ruleNamed(e.key); ok {
				word, fine := d.choice(e.value, r.name, r.words)
				s[r.name] = value{ok: fine, text: word, at: e.value}
				continue
			}
			f, _ := fleet.FieldNamed(e.key)
			s[e.key] = d.field(e.value, f)
			if e.key == userDataKey {
				inline = &entries[i]
			}
		}
	}
	if file != nil {
		if inline != nil {
			d.fail(file.at, "remove one of them", "%s has both user_data and user_data_file", what)
		}
		v := value{at: file.value}
		if name, fine := d.text(file.value, fileKey, fileForm); fine {
			v.text, v.ok = d.userData(file.value, name)
			v.file = d.beside(name)
		}
		s[userDataKey] = v
	}
	return s, ok
}

// field reads the value of one droplet field.
func (d *decoder) field(n *yaml.Node, f fleet.Field) value {
	v := value{at: n}
	switch f.Kind {
	case fleet.KindBool:
		v.flag, v.ok = d.boolean(n, f.Name)
	case fleet.KindList:
		v.list, v.ok = d.texts(n, f.Name, formOf[f.Name])
	case fleet.KindString:
		v.text, v.ok = d.text(n, f.Name, formOf[f.Name])
		if f.Name == userDataKey && v.ok {
			v.ok = d.inlineUserData(n, v.text)
		}
	}
	return v
}

func (d *decoder) count(n *yaml.Node) value {
	i, ok := d.integer(n, countKey)
	switch {
	case !ok:
		return value{at: n}
	case i < 0:
		d.fail(d.follow(n), "0 means none", "count must not be below 0")
	case i > maxCount:
		d.fail(d.follow(n), "use more stanzas", "count: %d is more than the %d droplets that one stanza may have", i, maxCount)
	default:
		return value{ok: true, int: i, at: n}
	}
	return value{at: n}
}

// or fills in what a stanza does not say.
func (s stanza) or(defaults stanza) stanza {
	all := maps.Clone(defaults)
	maps.Copy(all, s)
	return all
}

// spec makes a droplet of a stanza.
func (s stanza) spec() fleet.Spec {
	spec := fleet.Spec{
		Name:       s["name"].text,
		Region:     s["region"].text,
		Size:       s["size"].text,
		Image:      s["image"].text,
		SSHKeys:    s["ssh_keys"].list,
		Tags:       s["tags"].list,
		UserData:   s["user_data"].text,
		VPCUUID:    strings.ToLower(s["vpc_uuid"].text),
		Monitoring: s["monitoring"].flag,
		Backups:    s["backups"].flag,
		IPv6:       s["ipv6"].flag,
		Ready:      s[readyKey].ready,
		Rollout:    s[rolloutKey].rollout,
		Project:    s[projectKey].text,
		Ending:     s[destroyKey].ending,
	}
	if protect, said := s["protect"]; said {
		spec.Protect = &protect.flag
	}
	for _, r := range rules {
		r.set(&spec.Rules, s[r.name].text)
	}
	return spec
}
