package fleetfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"arcadiad/fleet"
)

// tfState is what is read of a state of Terraform or OpenTofu, in version 4 of its format.
type tfState struct {
	Version   int             `json:"version"`
	Encrypted json.RawMessage `json:"encrypted_data"`
	Resources []struct {
		Module    string `json:"module"`
		Mode      string `json:"mode"`
		Type      string `json:"type"`
		Name      string `json:"name"`
		Instances []struct {
			Key        any             `json:"index_key"` // of count a number, of for_each a string
			Deposed    string          `json:"deposed"`   // of one that Terraform is about to destroy
			Attributes json.RawMessage `json:"attributes"`
		} `json:"instances"`
	} `json:"resources"`
}

// tfDroplet are the attributes of a digitalocean_droplet.
type tfDroplet struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Region     string   `json:"region"`
	Size       string   `json:"size"`
	Image      string   `json:"image"`
	Status     string   `json:"status"`
	VPCUUID    string   `json:"vpc_uuid"`
	Tags       []string `json:"tags"`
	VolumeIDs  []string `json:"volume_ids"`
	SSHKeys    []string `json:"ssh_keys"`
	UserData   string   `json:"user_data"` // the SHA-1 of it, in hexadecimal
	Monitoring bool     `json:"monitoring"`
	Backups    bool     `json:"backups"`
	IPv6       bool     `json:"ipv6"`
}

// kept is a resource that stays with Terraform.
type kept struct {
	address  string
	droplets []int64 // that it names by id
}

var sha1Form = regexp.MustCompile(`^[0-9a-f]{40}$`)

const tfType = "digitalocean_droplet"

const tfSays = `# Terraform's state has the ssh_keys, which DigitalOcean does not give back. Of user_data it has only the SHA-1, which stands in the
# stanzas: put the text there yourself, before you adopt. A file is the right one if sha1sum FILE shows that SHA-1; whether a
# droplet still is as the state says, only "arcadiad adopt" shows, which compares it. What is added or changed later replaces droplets.
`

// ImportTerraform writes the fleet file of the named fleet for the droplets in a state of Terraform or OpenTofu. What Terraform must forget, and
// what stays with it, stands in comments.
func ImportTerraform(name string, state []byte, choose func(fleet.Droplet) bool) (Imported, error) {
	var st tfState
	if err := json.Unmarshal(state, &st); err != nil {
		return Imported{}, fmt.Errorf("not a Terraform state: %w (it is a JSON file; terraform state pull writes it)", err)
	}
	switch {
	case len(st.Encrypted) > 0:
		return Imported{}, errors.New("the state is encrypted (tofu state pull writes it in the clear)")
	case st.Version != 4:
		return Imported{}, fmt.Errorf("the state has version %d, and only version 4 is known (terraform 0.12 and later, and OpenTofu, write it)", st.Version)
	}
	s, addresses, stays := origin{says: tfSays, more: map[int64][]field{}}, map[int64]string{}, []kept{}
	for _, r := range st.Resources {
		if r.Mode != "managed" {
			continue
		}
		for _, in := range r.Instances {
			address := tfAddress(r.Module, r.Type, r.Name, in.Key)
			switch {
			case in.Deposed != "":
			case r.Type != tfType:
				stays = append(stays, kept{address, dropletsNamed(in.Attributes)})
			default:
				var t tfDroplet
				if err := json.Unmarshal(in.Attributes, &t); err != nil {
					return Imported{}, fmt.Errorf("%s: %w", address, err)
				}
				d, err := t.droplet()
				if err != nil {
					return Imported{}, fmt.Errorf("%s: %w", address, err)
				}
				if addresses[d.ID] != "" {
					return Imported{}, fmt.Errorf("%s and %s are the same droplet, %d", addresses[d.ID], address, d.ID)
				}
				addresses[d.ID] = address
				s.droplets, s.more[d.ID] = append(s.droplets, d), t.more()
			}
		}
	}
	s.after = func(taken []int64, b *strings.Builder) { tellTerraform(b, taken, addresses, stays) }
	return s.describe(name, choose)
}

// droplet is the droplet as the API would have shown it.
func (t tfDroplet) droplet() (fleet.Droplet, error) {
	id, err := strconv.ParseInt(t.ID, 10, 64)
	if err != nil || id <= 0 {
		return fleet.Droplet{}, fmt.Errorf("%q is not the id of a droplet", t.ID)
	}
	d := fleet.Droplet{ID: id, Name: t.Name, Region: t.Region, Size: t.Size, Status: fleet.Status(t.Status), Tags: t.Tags, VPCUUID: t.VPCUUID, VolumeIDs: t.VolumeIDs}
	if d.ImageID, err = strconv.ParseInt(t.Image, 10, 64); err != nil {
		d.ImageSlug = t.Image
	}
	for feature, on := range map[string]bool{"monitoring": t.Monitoring, "backups": t.Backups, "ipv6": t.IPv6} {
		if on {
			d.Features = append(d.Features, feature)
		}
	}
	return d, nil
}

// more is what the API never gives back.
func (t tfDroplet) more() (list []field) {
	if len(t.SSHKeys) > 0 {
		quoted := fleet.Words(t.SSHKeys, func(key string) string {
			if digits.MatchString(key) {
				return key
			}
			return strconv.Quote(key)
		})
		list = append(list, field{"ssh_keys", t.SSHKeys, "[" + strings.Join(quoted, ", ") + "]"})
	}
	switch {
	case t.UserData == "":
	case sha1Form.MatchString(t.UserData):
		list = append(list, field{name: onlyTold, text: "user_data_file: …  # the one with the SHA-1 " + t.UserData})
	default: // an old state has the text itself, which may hold secrets
		list = append(list, field{name: onlyTold, text: "user_data_file: …  # its text is in the state itself"})
	}
	return list
}

// tfAddress is how Terraform calls an instance.
func tfAddress(module, kind, name string, key any) string {
	address := kind + "." + name
	if module != "" {
		address = module + "." + address
	}
	switch key := key.(type) {
	case float64:
		address += "[" + strconv.FormatFloat(key, 'f', -1, 64) + "]"
	case string:
		address += "[" + strconv.Quote(key) + "]"
	}
	return address
}

// dropletsNamed are the droplets that a resource names by id.
func dropletsNamed(attributes []byte) (ids []int64) {
	var a struct {
		One  any   `json:"droplet_id"`
		Many []any `json:"droplet_ids"`
	}
	if json.Unmarshal(attributes, &a) != nil {
		return nil
	}
	for _, x := range append(a.Many, a.One) {
		switch x := x.(type) {
		case float64:
			ids = append(ids, int64(x))
		case string:
			if id, err := strconv.ParseInt(x, 10, 64); err == nil {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// tellTerraform says what Terraform must forget, and what stays with it.
func tellTerraform(b *strings.Builder, taken []int64, addresses map[int64]string, stays []kept) {
	if len(taken) > 0 {
		b.WriteString("\n# Terraform must forget these droplets once they are adopted, and their blocks must go from its configuration: else it makes\n" +
			"# them again, or destroys them. OpenTofu has the same command.\n")
	}
	for _, id := range taken {
		fmt.Fprintf(b, "#   terraform state rm '%s'\n", strings.ReplaceAll(readable(addresses[id]), "'", `'\''`))
	}
	if len(stays) > 0 {
		b.WriteString("\n# These resources stay with Terraform:\n")
	}
	slices.SortFunc(stays, func(x, y kept) int { return strings.Compare(x.address, y.address) })
	for _, k := range stays {
		fmt.Fprintf(b, "#   %s\n", readable(k.address))
		if slices.ContainsFunc(k.droplets, func(id int64) bool { return slices.Contains(taken, id) }) {
			b.WriteString("#     it names droplets by their ids, which a replacement changes: use tags there, or reserved_ip here\n")
		}
	}
}
