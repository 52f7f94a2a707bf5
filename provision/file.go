package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// fleetFile is the fleet file as it is now (law 17). A saga may wait for hours, and the file has moved on since. So it asks again at each
// step, and right before each DELETE and each power off, for the droplet by its id: is that still asked for, and is the droplet not protected?
type fleetFile struct{ o *Options }

// versions gives the fleet files that must agree: the one in force, and with now also the file as it is read at this moment, which is
// in force a little later. The error says what is waited for.
func (p fleetFile) versions(now bool) ([]fleet.Fleet, error) {
	sources := []func() (fleet.Fleet, bool){p.o.Desired}
	if now {
		sources = append(sources, p.o.Fresh)
	}
	var files []fleet.Fleet
	for _, source := range sources {
		f, ok := source()
		if !ok {
			return nil, saga.Later(time.Minute, errors.New("no fleet file is in force: nothing is destroyed without one"))
		}
		files = append(files, f)
	}
	return files, nil
}

// mayGo checks that the licensed droplet may still be destroyed. Bears is the name that it shows; empty: not looked at yet. A replacement
// that is registered goes forward whatever else the file asks for by now: only what spares the old droplet stops it.
func (p fleetFile) mayGo(ctx context.Context, run *saga.Run, w *work, bears string, now bool) error {
	files, err := p.versions(now)
	if err != nil {
		return err
	}
	d, _ := w.License.Droplet()
	record, err := p.o.Record(ctx, d.ID)
	if err != nil {
		return err
	}
	if run.Kind() == fleet.SagaPurge && record != nil {
		return saga.Supersede(fmt.Sprintf("droplet %d stays: it is %s again", d.ID, record.Name))
	}
	for _, f := range files {
		if f.Name != w.Fleet && run.Kind() == fleet.SagaReplace {
			return otherFleet(f, w)
		}
		if why := w.License.Spares(f, record, bears); why != "" {
			return saga.Supersede(fmt.Sprintf("droplet %d stays: %s", d.ID, why))
		}
		if (run.Kind() == fleet.SagaDestroy || run.Kind() == fleet.SagaPurge) && !w.License.Asks(f) {
			return saga.Supersede("the fleet file no longer asks to destroy " + w.Name)
		}
		if s, says := specIn(f, w.Name); says && run.Kind() == fleet.SagaDestroy && w.spares(s, record) {
			return keepsMore(s)
		}
	}
	return nil
}

// otherFleet waits while the file is for something else altogether: nothing is written on its word, the undoing of what was begun
// neither (law 10).
func otherFleet(f fleet.Fleet, w *work) error {
	return saga.Later(time.Minute, fmt.Errorf("the fleet file is for fleet %s now, not for %s: waiting for the name to be put back", f.Name, w.Fleet))
}

// askedBy checks that the file still asks for what the saga makes or alters.
func askedBy(desired fleet.Fleet, w *work) error {
	if desired.Name != w.Fleet {
		return otherFleet(desired, w)
	}
	s, ok := desired.Spec(w.Name)
	switch {
	case !ok:
		return saga.Supersede(w.Name + " is no longer in the fleet file")
	case s.Hash() != w.SpecHash:
		return saga.Supersede("the fleet file now asks for another " + w.Name)
	}
	if d, replaces := w.License.Droplet(); replaces && !w.License.Asks(desired) {
		if why := w.License.Spares(desired, nil, ""); why != "" {
			return saga.Supersede(fmt.Sprintf("droplet %d stays: %s", d.ID, why))
		}
		return saga.Supersede("the fleet file now has other rules for changing " + w.Name)
	} else if replaces && s.Ending.Spares(w.Ending) {
		return keepsMore(s)
	}
	return nil
}

// keepsMore ends a saga that would keep less of a droplet than the file asks for by now.
func keepsMore(s fleet.Spec) error {
	return saga.Supersede("the fleet file now asks for more than was begun with: destroy: {" + s.Ending.String() + "}")
}

// asked checks that the file in force still asks for what the saga makes. Without a file in force the saga goes on.
func (p fleetFile) asked(w *work) error {
	desired, ok := p.o.Desired()
	if !ok {
		return nil
	}
	return askedBy(desired, w)
}

// stillAsked is asked for an adopt by name. Without a fleet file in force it waits: registered and not desired, the droplet would be destroyed.
func (p fleetFile) stillAsked(w *work) error {
	if _, ok := p.o.Desired(); !ok {
		return saga.Later(time.Minute, errors.New("no fleet file is in force: the adoption waits for one"))
	}
	return p.asked(w)
}

// stillDesired checks that the file in force wants the name of a droplet that comes back. It need not ask for what the droplet is: a person does.
func (p fleetFile) stillDesired(w *work) error {
	desired, ok := p.o.Desired()
	switch {
	case !ok:
		return saga.Later(time.Minute, errors.New("no fleet file is in force: the undo waits for one"))
	case desired.Name != w.Fleet:
		return otherFleet(desired, w)
	}
	if _, ok := desired.Spec(w.Name); !ok {
		return saga.Supersede(w.Name + " is no longer in the fleet file: what comes back under it would be destroyed")
	}
	return nil
}

// altered checks that the file in force still asks for the same droplet, and for the same way to it.
func (p fleetFile) altered(w *work) error {
	desired, ok := p.o.Desired()
	if !ok {
		return nil
	}
	return alteredBy(desired, w)
}

// alteredNow is altered before a power off: the file as it is read at this moment has to ask for it, too.
func (p fleetFile) alteredNow(w *work) error {
	if err := p.altered(w); err != nil {
		return err
	}
	now, ok := p.o.Fresh()
	if !ok {
		return nil
	}
	return alteredBy(now, w)
}

func alteredBy(desired fleet.Fleet, w *work) error {
	if err := askedBy(desired, w); err != nil {
		return err
	}
	if s, _ := desired.Spec(w.Name); s.Rules != w.Spec.Rules {
		return saga.Supersede("the fleet file now has other rules for changing " + w.Name)
	}
	return nil
}

// protects tells whether the file in force protects what is registered under the saga's name; where it does not say, what the saga was
// begun with.
func (p fleetFile) protects(w *work) bool {
	desired, ok := p.o.Desired()
	if s, asks := desired.Spec(w.Name); ok && asks && s.Protect != nil {
		return *s.Protect
	}
	return w.Spec.Protected()
}

// specIn finds what the file wants under a name, or for one that it dropped the group that the name is numbered in.
func specIn(f fleet.Fleet, name string) (fleet.Spec, bool) {
	if s, ok := f.Spec(name); ok {
		return s, true
	}
	i := slices.IndexFunc(f.Specs, func(s fleet.Spec) bool {
		return s.Numbers(name) || !s.Single && fleet.Key(s.Group) == fleet.Key(name)
	})
	if i < 0 { // the group may have another name by now
		i = slices.IndexFunc(f.Specs, func(s fleet.Spec) bool { return s.Numbered(name) })
	}
	if i < 0 {
		return fleet.Spec{}, false
	}
	return f.Specs[i], true
}
