package hosts

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"

	"gopkg.in/yaml.v3"
)

// writeAnsible writes a YAML inventory: the hosts with their variables, and the groups group_…, tag_… and region_…. The prefixes keep a group apart
// from a host of its name, and from the words all and ungrouped.
func writeAnsible(w io.Writer, list []Host, o Options) error {
	names := named(list)
	hosts, children := mapping(), mapping()
	groups := map[string]*yaml.Node{}
	safe := groupNames(list)
	join := func(kind, what, host string) {
		if what == "" {
			return
		}
		name := safe[kind+what]
		if groups[name] == nil {
			groups[name] = mapping()
			put(children, name, one("hosts", groups[name]))
		}
		put(groups[name], host, mapping())
	}
	for i, h := range list {
		address, _ := h.address(o.Network)
		vars := mapping()
		put(vars, "ansible_host", text(address))
		if o.User != "" {
			put(vars, "ansible_user", text(o.User))
		}
		put(vars, "arcadiad_id", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: itoa(h.ID)})
		for _, v := range []struct{ key, value string }{
			{"arcadiad_name", h.Name}, {"arcadiad_fleet", h.Fleet}, {"arcadiad_group", h.Group}, {"arcadiad_region", h.Region}, {"arcadiad_status", h.Status},
			{"arcadiad_size", h.Size}, {"arcadiad_image", h.Image}, {"arcadiad_public_ip", h.PublicIP}, {"arcadiad_private_ip", h.PrivateIP},
			{"arcadiad_reserved_ip", h.ReservedIP},
		} {
			if v.value != "" {
				put(vars, v.key, text(v.value))
			}
		}
		tags := &yaml.Node{Kind: yaml.SequenceNode}
		for _, t := range h.Tags {
			tags.Content = append(tags.Content, text(t))
			join("tag_", t, names[i])
		}
		put(vars, "arcadiad_tags", tags)
		put(hosts, names[i], vars)
		join("group_", h.Group, names[i])
		join("region_", h.Region, names[i])
	}
	all := one("hosts", hosts)
	if len(children.Content) > 0 {
		put(all, "children", children)
	}
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(one("all", all)); err != nil {
		return err
	}
	return e.Close()
}

// groupNames gives every group a name that Ansible takes: letters, digits and underscores. Where two would have the same, both end in a part of
// their hash.
func groupNames(list []Host) map[string]string {
	wants := map[string]map[string]bool{} // by the name that they would have
	want := func(kind, what string) {
		name := strings.NewReplacer("-", "_", ".", "_").Replace(kind + Safe(what))
		if wants[name] == nil {
			wants[name] = map[string]bool{}
		}
		wants[name][kind+what] = true
	}
	for _, h := range list {
		want("group_", h.Group)
		want("region_", h.Region)
		for _, t := range h.Tags {
			want("tag_", t)
		}
	}
	names := map[string]string{}
	for name, those := range wants {
		for what := range those {
			if names[what] = name; len(those) > 1 {
				sum := sha256.Sum256([]byte(what))
				names[what] += "_" + hex.EncodeToString(sum[:4])
			}
		}
	}
	return names
}

func mapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode} }

func one(key string, value *yaml.Node) *yaml.Node {
	m := mapping()
	put(m, key, value)
	return m
}

func put(m *yaml.Node, key string, value *yaml.Node) {
	m.Content = append(m.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, value)
}

// text is a string, whatever it looks like. Ansible takes what looks like a template for one, unless it is marked.
func text(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Style: yaml.DoubleQuotedStyle, Value: strings.ToValidUTF8(s, "?")}
	if strings.Contains(s, "{") {
		n.Tag = "!unsafe"
	} else {
		n.Tag = "!!str"
	}
	return n
}
