package daemon

import (
	"context"
	"fmt"
	"path"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/plan"
)

// imported writes the fleet file of a new fleet, for droplets that are there. It only looks.
func (l *observer) imported(ctx context.Context, q control.ImportRequest) (control.Imported, error) {
	c := choice(q)
	if err := c.check(); err != nil {
		return control.Imported{}, err
	}
	if err := l.readsTags(ctx); err != nil {
		return control.Imported{}, err
	}
	pass, err := l.planner.Observe(ctx)
	if err != nil {
		return control.Imported{}, err
	}
	observed := pass.Observed
	if observed.Partial {
		return control.Imported{}, fmt.Errorf("%w: the account's listing kept changing, so a name may exist twice; try again", plan.ErrNotWhole)
	}
	vpcs, err := l.vpcsOf(ctx, observed.Droplets, c)
	if err != nil {
		return control.Imported{}, err
	}
	return importedOf(fleetfile.Import(q.Fleet, observed.Account, observed.Droplets, vpcs, c.includes))
}

// ImportTerraform writes the fleet file of a new fleet, for the droplets in a state of Terraform or OpenTofu. It asks nobody.
func ImportTerraform(state []byte, q control.ImportRequest) (control.Imported, error) {
	c := choice(q)
	if err := c.check(); err != nil {
		return control.Imported{}, err
	}
	return importedOf(fleetfile.ImportTerraform(q.Fleet, state, c.includes))
}

func importedOf(i fleetfile.Imported, err error) (control.Imported, error) {
	return control.Imported{File: i.File, Taken: i.Taken, LeftOut: len(i.LeftOut)}, err
}

// vpcsOf are the VPCs of the chosen droplets, by their uuids. One that cannot be read is missing, and is named in the file.
func (l *observer) vpcsOf(ctx context.Context, droplets []fleet.Droplet, c choice) (map[string]fleet.VPC, error) {
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

// choice says which droplets an import describes.
type choice control.ImportRequest

func (c choice) check() error {
	if _, err := path.Match(c.Name, ""); err != nil {
		return fmt.Errorf("name pattern %q: %w (such as web-* or db-?)", c.Name, err)
	}
	return nil
}

func (c choice) includes(d fleet.Droplet) bool {
	matches, _ := path.Match(fleet.Key(c.Name), fleet.Key(d.Name))
	return (c.Tag == "" || d.HasTag(c.Tag)) && (c.Name == "" || matches)
}

// nothing is recorded for those who have no database.
func nothing(context.Context) (fleet.Recorded, error) { return fleet.Recorded{}, nil }
