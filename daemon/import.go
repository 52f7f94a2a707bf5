package daemon

import (
	"context"
	"fmt"
	"path"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
)

// Choice says which droplets of the account an import describes: those that pass all of it.
type Choice struct {
	Tag  string // they show this tag; empty: whatever they show
	Name string // a pattern as of path.Match that their name matches, whatever its letter case; empty: any name
}

// Import writes the fleet file of a new fleet, for droplets that are there. It only looks.
func Import(ctx context.Context, o Options, fleetName string, c Choice) (fleetfile.Imported, error) {
	o, err := o.withDefaults()
	if err != nil {
		return fleetfile.Imported{}, err
	}
	if err := c.check(); err != nil {
		return fleetfile.Imported{}, err
	}
	l, err := newObserver(o, nothing, nil, nil)
	if err != nil {
		return fleetfile.Imported{}, err
	}
	if err := l.readsTags(ctx); err != nil {
		return fleetfile.Imported{}, err
	}
	pass, err := l.planner.Observe(ctx)
	if err != nil {
		return fleetfile.Imported{}, err
	}
	vpcs, err := l.vpcsOf(ctx, pass.Observed.Droplets, c)
	if err != nil {
		return fleetfile.Imported{}, err
	}
	return fleetfile.Import(fleetName, pass.Observed.Account, pass.Observed.Droplets, vpcs, c.includes)
}

// vpcsOf are the VPCs of the chosen droplets, by their uuids. One that cannot be read is missing, and is named in the file.
func (l *observer) vpcsOf(ctx context.Context, droplets []fleet.Droplet, c Choice) (map[string]fleet.VPC, error) {
	var specs []fleet.Spec
	for _, d := range droplets {
		if c.includes(d) && d.VPCUUID != "" {
			specs = append(specs, fleet.Spec{VPCUUID: d.VPCUUID})
		}
	}
	if len(specs) == 0 {
		return nil, nil
	}
	known, _, err := l.inventory.CatalogueFor(ctx, specs, 0)
	return known.VPCs, err
}

// ImportTerraform writes the fleet file of a new fleet, for the droplets in a state of Terraform or OpenTofu. It asks nobody.
func ImportTerraform(state []byte, fleetName string, c Choice) (fleetfile.Imported, error) {
	if err := c.check(); err != nil {
		return fleetfile.Imported{}, err
	}
	return fleetfile.ImportTerraform(fleetName, state, c.includes)
}

func (c Choice) check() error {
	if _, err := path.Match(c.Name, ""); err != nil {
		return fmt.Errorf("name pattern %q: %w (such as web-* or db-?)", c.Name, err)
	}
	return nil
}

func (c Choice) includes(d fleet.Droplet) bool {
	matches, _ := path.Match(fleet.Key(c.Name), fleet.Key(d.Name))
	return (c.Tag == "" || d.HasTag(c.Tag)) && (c.Name == "" || matches)
}

// nothing is recorded for those who have no database.
func nothing(context.Context) (fleet.Recorded, error) { return fleet.Recorded{}, nil }
