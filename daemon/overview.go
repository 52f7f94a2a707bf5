package daemon

import (
	"context"

	"arcadiad/control"
	"arcadiad/hosts"
	"arcadiad/saga"
	"arcadiad/view"
)

// mostHistory is how many sagas the status page goes back in the journal.
const mostHistory = 1500

// overview reads what the status page shows: the same as the commands read.
func (r running) overview(ctx context.Context) (o view.Overview, err error) {
	known, err := r.Status(ctx)
	if err != nil {
		return o, err
	}
	owners := known.Owners(func(saga8 string) (saga.Saga, error) { return r.Saga(ctx, saga8) })
	past, err := r.Sagas(ctx, saga.Filter{Limit: mostHistory})
	if err != nil {
		return o, err
	}
	if o.Records, err = r.store.Records(ctx); err != nil {
		return o, err
	}
	if desired, ok := r.loop.Desired(); ok {
		o.Desired = &desired
	}
	o.Status, o.Plan, o.History = view.StatusOf(known, owners, ""), r.lastPlan(), view.HistoryOf(past, false)
	o.Passes = r.passes.list()
	return o, nil
}

// story reads what the page of a droplet shows.
func (r running) story(ctx context.Context, o view.Overview, name string) (doc view.Document, known bool, err error) {
	past, err := control.PastOf(ctx, r, name)
	if err != nil {
		return doc, false, err
	}
	story := view.StoryOf(name, o.Status, past)
	doc, err = o.Story(story)
	return doc, !story.Empty(), err
}

// hosts are the droplets of the fleet, for other tools.
func (r running) hosts(ctx context.Context) ([]hosts.Host, error) {
	known, err := r.Status(ctx)
	if err != nil {
		return nil, err
	}
	desired, _ := r.loop.Desired()
	owners := known.Owners(func(saga8 string) (saga.Saga, error) { return r.Saga(ctx, saga8) })
	return hosts.Of(known.Resources, owners, hosts.Groups(desired)), nil
}
