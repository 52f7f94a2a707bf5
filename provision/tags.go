package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/inventory"
)

// tagsSettle looks until the droplet shows all tags that were put on, and none of those that were taken off: tags may come and go
// late. A droplet that is not there, or is another fleet's, settles nothing; nil: it is not there.
func (p tagSteps) tagsSettle(ctx context.Context, looks *poller, w *work, on, off []string) (*fleet.Droplet, error) {
	for began := time.Now(); ; {
		seen, _, err := looks.next(ctx, inventory.Query{ID: w.DropletID})
		if err != nil || len(seen) == 0 {
			return nil, err
		}
		d := seen[0]
		lacks := slices.ContainsFunc(on, func(tag string) bool { return !d.HasTag(tag) })
		untold := d.Unread.Has(fleet.UnreadTags)
		switch {
		case !untold && !lacks && !slices.ContainsFunc(off, d.HasTag) || w.ownership(d).By == fleet.OtherFleet:
			return &d, nil
		case time.Since(began) > p.o.Visibility && untold:
			return nil, notTold(d)
		case time.Since(began) > p.o.Visibility:
			return nil, fmt.Errorf("droplet %d still shows the tags %s, not as they were set: does the token have the scope tag:read?",
				d.ID, strings.Join(d.Tags, ", "))
		}
	}
}

func (p tagSteps) putTag(ctx context.Context, tag string, id int64) error {
	return refused(p.o.Cloud.Tag(ctx, tag, id))
}

// takeTag takes a tag off. Where there is no such tag, or no such droplet, nothing is left to take.
func (p tagSteps) takeTag(ctx context.Context, tag string, id int64) error {
	err := p.o.Cloud.Untag(ctx, tag, id)
	if errors.Is(err, digitalocean.ErrNotFound) {
		return nil
	}
	return refused(err)
}
