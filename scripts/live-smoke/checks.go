package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state/sqlite"
)

func isSagaTag(tag string) bool { return strings.HasPrefix(strings.ToLower(tag), "arcadia-saga-") }

// sameAsBefore checks that the account holds none of this run's droplets, and all that it held before.
func (s *smoke) sameAsBefore(ctx context.Context) error {
	now, err := s.account.droplets(ctx)
	if err != nil {
		return err
	}
	for id, d := range now {
		if s.mine(d) {
			return fmt.Errorf("droplet %d (%s) is still there", id, d.Name)
		}
	}
	for id, d := range s.before {
		if _, there := now[id]; !there {
			return fmt.Errorf("droplet %d (%s), which is none of this run's, is gone", id, d.Name)
		}
	}
	if len(now) != len(s.before) {
		return fmt.Errorf("the account holds %d droplets; it held %d: does somebody else work on it?", len(now), len(s.before))
	}
	return nil
}

// checkProvisioned checks the account and every row after the provision, and gives the new droplet's id.
func (s *smoke) checkProvisioned(ctx context.Context) (id int64, err error) {
	var made droplet
	err = s.eventually(ctx, func() error {
		all, err := s.account.droplets(ctx)
		if err != nil {
			return err
		}
		var mine []droplet
		for _, d := range all {
			if s.mine(d) {
				mine = append(mine, d)
			}
		}
		if len(mine) != 1 {
			return fmt.Errorf("the account lists %d droplets of this run, not 1", len(mine))
		}
		made = mine[0]
		return nil
	})
	if err != nil {
		return 0, err
	}

	reader, err := sqlite.OpenReader(ctx, s.database())
	if err != nil {
		return 0, err
	}
	sagas, err := reader.Sagas(ctx, saga.Filter{})
	if err != nil {
		return 0, err
	}
	if len(sagas) != 1 {
		return 0, fmt.Errorf("the journal holds %d sagas, not 1", len(sagas))
	}
	maker := sagas[0]
	sagaTag := "arcadia-saga-" + maker.ID[:8]
	resources, err := reader.Resources(ctx)
	if err != nil {
		return 0, err
	}
	meta, err := reader.Meta(ctx)
	if err != nil {
		return 0, err
	}
	row, err := rowOf(resources, made.ID)
	if err != nil {
		return 0, err
	}
	wantTags := []string{"arcadia-fleet-" + s.name, sagaTag, "managed-by-arcadia-cloud", s.name}

	var c comparison
	c.equal("the droplet's name", made.Name, s.name)
	c.equal("its status", made.Status, "active")
	c.equal("its size", made.SizeSlug, size)
	c.equal("its region", made.Region.Slug, region)
	c.equal("its tags", sortedTags(made.Tags), sortedTags(wantTags))
	c.that(made.publicIPv4() != "", "it has no public IPv4 address")

	c.equal("sagas: kind", maker.Kind, "ProvisionDroplet")
	c.equal("sagas: status", string(maker.Status), "completed")
	for _, step := range maker.History {
		c.equal("saga_steps: "+step.Name, string(step.Status), "done")
	}
	c.equal("saga_steps: names", strings.Join(maker.Steps, " "), "CreateDroplet WaitDropletActive RegisterDroplet")
	c.equal("saga_steps: rows", fmt.Sprint(len(maker.History)), "3")

	c.equal("cloud_resources: name", row.Name, s.name)
	c.equal("cloud_resources: region", row.Region, region)
	c.equal("cloud_resources: status", string(row.Status), "active")
	c.equal("cloud_resources: public_ip", row.PublicIP, made.publicIPv4())
	c.equal("cloud_resources: tags", sortedTags(row.Tags), sortedTags(made.Tags))
	c.equal("cloud_resources: rows", fmt.Sprint(len(resources)), fmt.Sprint(len(s.before)+1))
	c.that(row.DeletedAt.IsZero(), "cloud_resources: the row is marked deleted")
	for id, d := range s.before {
		foreign, err := rowOf(resources, id)
		c.that(err == nil && foreign.Name == d.Name && !foreign.Recorded, fmt.Sprintf("cloud_resources: the row of the foreign droplet %d is missing or wrong", id))
	}

	c.that(row.Recorded, "cloud_provisioned has no row of the droplet")
	c.equal("cloud_provisioned: name", row.RecordName, s.name)
	c.equal("cloud_provisioned: size_slug", row.Size, size)
	c.equal("cloud_provisioned: image", row.Image, image)
	c.equal("cloud_provisioned: saga_id", row.SagaID, maker.ID)

	c.equal("the pinned account", meta.Account, s.uuid())
	c.equal("the pinned fleet", meta.Fleet, s.name)
	return made.ID, c.err()
}

// checkDestroyed checks the account and every row after the destroy.
func (s *smoke) checkDestroyed(ctx context.Context, id int64) error {
	err := s.eventually(ctx, func() error {
		if _, there, err := s.account.droplet(ctx, id); err != nil || there {
			return errors.Join(err, fmt.Errorf("droplet %d is still there", id))
		}
		return s.sameAsBefore(ctx)
	})
	if err != nil {
		return err
	}
	reader, err := sqlite.OpenReader(ctx, s.database())
	if err != nil {
		return err
	}
	sagas, err := reader.Sagas(ctx, saga.Filter{})
	if err != nil {
		return err
	}
	resources, err := reader.Resources(ctx)
	if err != nil {
		return err
	}
	row, err := rowOf(resources, id)
	if err != nil {
		return err
	}
	var c comparison
	c.equal("cloud_resources: status", string(row.Status), "deleted")
	c.that(!row.DeletedAt.IsZero(), "cloud_resources: deleted_at is empty")
	c.that(!row.Recorded, "cloud_provisioned still has a row of the droplet")
	c.equal("sagas: rows", fmt.Sprint(len(sagas)), "2")
	if len(sagas) == 2 {
		c.equal("sagas: kind", sagas[1].Kind, "DestroyDroplet")
		c.equal("sagas: status", string(sagas[1].Status), "completed")
	}
	return c.err()
}

// sagaTags are the tags of the run's sagas, as far as there is a journal.
func (s *smoke) sagaTags(ctx context.Context) (tags []string) {
	reader, err := sqlite.OpenReader(ctx, s.database())
	if err != nil {
		return nil // there was no apply, or it came to nothing
	}
	sagas, err := reader.Sagas(ctx, saga.Filter{})
	if err != nil {
		s.say("which tags the sagas have made is not known: %v", err)
	}
	for _, x := range sagas {
		if x.Kind == "ProvisionDroplet" {
			tags = append(tags, "arcadia-saga-"+x.ID[:8])
		}
	}
	return tags
}

func rowOf(resources []fleet.Resource, id int64) (fleet.Resource, error) {
	i := slices.IndexFunc(resources, func(r fleet.Resource) bool { return r.DropletID == id })
	if i < 0 {
		return fleet.Resource{}, fmt.Errorf("cloud_resources has no row of droplet %d", id)
	}
	return resources[i], nil
}

func sortedTags(tags []string) string {
	tags = slices.Clone(tags)
	for i, t := range tags {
		tags[i] = strings.ToLower(t)
	}
	slices.Sort(tags)
	return strings.Join(tags, " ")
}

// comparison gathers everything that is not as it should be.
type comparison struct{ errs []error }

func (c *comparison) equal(what, got, want string) {
	c.that(got == want, fmt.Sprintf("%s: %q instead of %q", what, got, want))
}

func (c *comparison) that(ok bool, complaint string) {
	if !ok {
		c.errs = append(c.errs, errors.New(complaint))
	}
}

func (c *comparison) err() error { return errors.Join(c.errs...) }
