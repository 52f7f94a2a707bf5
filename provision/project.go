package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// projectPause is how long a droplet that the project does not find yet is given to be found: what comes after that is a write, and no look.
const projectPause = 10 * time.Second

// project is the step AssignProject: the new droplet is put into the project that the file names. Doing so twice does no harm, so an
// unanswered request is sent again. That it cannot be done is for a person: a droplet that works is not destroyed for where it is listed.
// What it made is CreateDroplet's to undo: a droplet that is destroyed is in no project.
func (p waitSteps) project(ctx context.Context, run *saga.Run, w *work) error {
	if err := p.asked(w); err != nil {
		return err
	}
	w.Spec.Project = p.named(w)
	if w.Spec.Project == "" {
		return nil
	}
	id, err := p.projectID(ctx, w.Spec.Project)
	if err != nil {
		return err
	}
	d, err := p.looks(run).present(ctx, w.DropletID, p.o.Visibility)
	if errors.Is(err, errGone) {
		return saga.Permanent(fmt.Errorf("before it was put into its project: %w", err))
	}
	if err != nil {
		return err
	}
	switch alien := w.alien(d); {
	case alien != nil && d.Unread.Has(fleet.UnreadTags):
		return notTold(d)
	case alien != nil:
		return onward(alien)
	}
	err = p.o.Cloud.AssignToProject(ctx, id, w.DropletID, func(ctx context.Context) error {
		if err := p.asked(w); err != nil { // the wait for a slot may have been long
			return err
		}
		return run.Checkpoint(ctx)
	})
	switch {
	case errors.Is(err, digitalocean.ErrNotFound):
		return saga.Later(projectPause, err)
	case errors.Is(err, digitalocean.ErrForbidden), errors.Is(err, digitalocean.ErrRejected):
		return saga.NeedsPerson(err)
	}
	return unsent(err)
}

// named is the project that the droplet is put into: that of the file in force, which a person may have mended, while that asks for the same
// droplet; else the one that the saga began with.
func (p waitSteps) named(w *work) string {
	if desired, ok := p.o.Desired(); ok && desired.Name == w.Fleet {
		if s, asks := desired.Spec(w.Name); asks && s.Hash() == w.SpecHash {
			return s.Project
		}
	}
	return w.Spec.Project
}

// projectID finds the project of a name.
func (p waitSteps) projectID(ctx context.Context, name string) (id string, err error) {
	all, err := p.o.Cloud.Projects(ctx)
	if errors.Is(err, digitalocean.ErrForbidden) {
		return "", saga.NeedsPerson(err)
	}
	if err != nil {
		return "", err
	}
	for _, project := range all {
		switch {
		case project.Name != name:
		case id != "":
			return "", saga.NeedsPerson(fmt.Errorf("two projects are named %s: rename one of them", name))
		default:
			id = project.ID
		}
	}
	if id == "" {
		return "", saga.NeedsPerson(fmt.Errorf("the account has no project %s: make it in the control panel, or change the file", name))
	}
	return id, nil
}
