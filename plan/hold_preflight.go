package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"arcadiad/fleet"
)

// What DigitalOcean would refuse is held before it is asked. Nothing is held for what is not known: a catalogue that could not be
// read, or a field that the API left out.

// heldByPreflight names what is wrong with a spec, and its line of the fleet file
// (docs/digitalocean-api.md, "Sizes and prices" and "Images").
func heldByPreflight(b *builder, d *draft) verdict {
	var faults []string
	switch {
	case b.observed.Catalogue == nil:
	case d.keysUnsure:
		if faults = faultsOfNames(d.Spec, b.observed.Catalogue); len(faults) == 0 {
			faults = append(faults, "cannot tell whether ssh_keys changed: the account does not show which keys are the same; write them as they were written before")
		}
	case d.creates():
		faults = faultsOf(d.Spec, b.observed.Catalogue)
	case d.Alter.Downtime():
		faults = faultsOfResize(d.Alter, d.seen, b.observed.Catalogue)
	}
	if faults = append(faults, addressFaults(b, d)...); len(faults) == 0 {
		return verdict{}
	}
	why := strings.Join(faults, "; ")
	if d.Spec.Line > 0 {
		why = fmt.Sprintf("line %d: %s", d.Spec.Line, why)
	}
	return verdict{why: why}
}

func faultsOf(s fleet.Spec, c *fleet.Catalogue) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	size, known := c.Sizes[strings.ToLower(s.Size)]
	switch {
	case c.Sizes == nil:
	case !known:
		fault("there is no size %s", s.Size)
	case !size.Available:
		fault("size %s takes no new droplets in any region", s.Size)
	case !offered(size.Regions, s.Region):
		fault("size %s is not offered in %s, but in %s", s.Size, s.Region, strings.Join(slices.Sorted(slices.Values(size.Regions)), ", "))
	}
	if image, asked := c.Images[strings.ToLower(s.Image)]; asked {
		switch {
		case image.ID == 0:
			fault("there is no image %s that this account may use", s.Image)
		case !offered(image.Regions, s.Region):
			fault("image %s is not in %s, but in %s", s.Image, s.Region, strings.Join(slices.Sorted(slices.Values(image.Regions)), ", "))
		case known && size.Disk > 0 && size.Disk < image.MinDisk:
			fault("image %s needs a disk of %d GB, and size %s has %d GB", s.Image, image.MinDisk, s.Size, size.Disk)
		}
	}
	faults = append(faults, faultsOfNames(s, c)...)
	for _, key := range s.SSHKeys {
		if _, there := c.Keys[strings.ToLower(key)]; c.Keys != nil && !there && !fleet.IsKeyName(key) {
			words := fmt.Sprintf("the account has no SSH key %s", key)
			if named := c.KeysNamed(key); len(named) > 0 { // digits are an id, whatever keys are named
				words += fmt.Sprintf(", which is taken for an id; the key of that name has the id %d", named[0].ID)
			}
			faults = append(faults, words)
		}
	}
	if one, other, twice := c.Twice(s.SSHKeys); twice {
		fault("ssh_keys names one key twice, as %s and as %s", one, other)
	}
	if vpc, asked := c.VPCs[strings.ToLower(s.VPCUUID)]; asked && s.VPCUUID != "" {
		switch {
		case vpc.UUID == "":
			fault("the account has no VPC %s", s.VPCUUID)
		case !strings.EqualFold(vpc.Region, s.Region):
			fault("VPC %s is in %s, not in %s", s.VPCUUID, vpc.Region, s.Region)
		}
	}
	if id, there := c.Projects[s.Project]; c.Projects != nil && s.Project != "" {
		switch {
		case !there:
			fault("the account has no project %s", s.Project)
		case id == "":
			fault("two projects of the account are named %s", s.Project)
		}
	}
	return faults
}

// faultsOfNames says which SSH keys cannot be found by their names.
func faultsOfNames(s fleet.Spec, c *fleet.Catalogue) (faults []string) {
	for _, key := range s.SSHKeys {
		named := c.KeysNamed(key)
		switch {
		case !fleet.IsKeyName(key) || len(named) == 1:
		case c.Keys == nil:
			faults = append(faults, fmt.Sprintf("the id of the SSH key %q is not known, because the account's keys cannot be read: "+
				"give the token the scope ssh_key:read, or write the key's id", key))
		case len(named) == 0:
			faults = append(faults, fmt.Sprintf("the account has no SSH key named %q; %s", key, keysThere(c)))
		default:
			ids := fleet.Words(named, func(k fleet.SSHKey) string { return strconv.FormatInt(k.ID, 10) })
			faults = append(faults, fmt.Sprintf("%d SSH keys of the account are named %q: write the id of the one that you mean, %s",
				len(named), key, strings.Join(ids, " or ")))
		}
	}
	return faults
}

// keysThere names the account's keys, or the first of them.
func keysThere(c *fleet.Catalogue) string {
	const most = 10
	names := fleet.Words(c.AllKeys(), func(k fleet.SSHKey) string { return strconv.Quote(k.Name) })
	slices.Sort(names)
	if len(names) == 0 {
		return "it has no SSH keys"
	}
	return "it has " + strings.Join(names[:min(most, len(names))], ", ") + fleet.More(len(names)-most)
}

// offered tells whether a list of regions has the region. An empty list says nothing, and no region is not known.
func offered(regions []string, region string) bool {
	return len(regions) == 0 || region == "" || slices.ContainsFunc(regions, func(r string) bool { return strings.EqualFold(r, region) })
}

// faultsOfResize are the reasons for which DigitalOcean would refuse to resize a droplet in place
// (docs/digitalocean-api.md, "Actions").
func faultsOfResize(a fleet.Alteration, d *fleet.Droplet, c *fleet.Catalogue) (faults []string) {
	size, known := c.Sizes[strings.ToLower(a.Size)]
	switch {
	case c.Sizes == nil:
	case !known:
		faults = append(faults, "there is no size "+a.Size)
	case !offered(size.Regions, d.Region):
		faults = append(faults, fmt.Sprintf("size %s is not offered in %s, but in %s", a.Size, d.Region,
			strings.Join(slices.Sorted(slices.Values(size.Regions)), ", ")))
	case size.Disk > 0 && size.Disk < d.Disk:
		faults = append(faults, fmt.Sprintf("size %s has a disk of %d GB, and the droplet's has %d GB and cannot shrink: it takes another droplet (resize: replace)", a.Size, size.Disk, d.Disk))
	}
	return faults
}
