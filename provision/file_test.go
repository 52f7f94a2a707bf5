package provision_test

import (
	"context"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/simulator"
)

// The file that was just saved is not in force yet. It is read right before a DELETE and right before a power off.
func TestLaw17TheFileIsReadRightBefore(t *testing.T) {
	yes := true
	big := spec("web")
	big.Size, big.Rules = "s-2vcpu-2gb", fleet.Rules{Resize: fleet.ResizeInPlace}
	bigger := big
	bigger.Size = "s-4vcpu-8gb"
	protected := spec("web")
	protected.Protect = &yes
	for name, tt := range map[string]struct {
		before []fleet.Spec
		kind   plan.Kind
		now    []fleet.Spec
	}{
		"a destroy, wanted again":     {nil, plan.Destroy, []fleet.Spec{spec("web")}},
		"a destroy, protected":        {nil, plan.Destroy, []fleet.Spec{protected}},
		"a resize, changed back":      {[]fleet.Spec{big}, plan.Update, []fleet.Spec{spec("web")}},
		"a resize, to another size":   {[]fleet.Spec{big}, plan.Update, []fleet.Spec{bigger}},
		"a resize, no longer desired": {[]fleet.Spec{big}, plan.Update, nil},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			d := y.made(spec("web"))
			y.want(tt.before...)
			begin := y.begin(y.observe())
			now := *y.desired.Load()
			now.Specs = tt.now
			y.fresh = func() (fleet.Fleet, bool) { return now, true }
			writes := y.sim.Writes()
			y.until(begin(tt.kind)[0], saga.Superseded)
			if got, there := y.sim.Droplet(d.ID); !there || got.Status != "active" || y.sim.Writes() != writes {
				t.Errorf("%s: there %v, %s, %d writes", name, there, got.Status, y.sim.Writes()-writes)
			}
		})
	}
}

// A record that was protected while a saga waited protects, whatever the file says no more.
func TestLaw17ARecordThatWasProtectedMeanwhile(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		d := y.made(spec("web"))
		y.want()
		begin := y.begin(y.observe())
		recorded, err := y.store.Load(y.t.Context())
		y.must(err)
		r := recorded.Records[0]
		r.Protect, r.RecordedAt = true, time.Now()
		y.must(y.store.Record(y.t.Context(), []fleet.Record{r}))
		y.until(begin(plan.Destroy)[0], saga.Superseded)
		if _, there := y.sim.Droplet(d.ID); !there {
			t.Error("it was destroyed")
		}
	})
}

// A DELETE whose answer is lost is sent again as soon as a look does not show the droplet: the 404 tells, and two looks after it confirm.
// That costs seconds, also where the process was killed.
func TestLaw06ALostDeleteCostsSeconds(t *testing.T) {
	for name, tt := range map[string]struct {
		effect *simulator.Effect // of the first DELETE
		kill   bool              // the process, with the DELETE on its way
		faults simulator.Faults
		within time.Duration
	}{
		"answered":               {within: 30 * time.Second},
		"cut after the work":     {effect: effect(simulator.Cut().After()), within: 40 * time.Second},
		"500 after the work":     {effect: effect(simulator.Status(500).After()), within: 40 * time.Second},
		"404 after the work":     {effect: effect(simulator.Status(404).After()), within: 40 * time.Second},
		"killed after the work":  {effect: effect(simulator.Hang().After()), kill: true, within: 50 * time.Second},
		"killed before the work": {effect: effect(simulator.Hang()), kill: true, within: 50 * time.Second},
		"listed for ten minutes": {faults: simulator.Faults{DeleteListLag: 10 * time.Minute}, within: 60 * time.Second},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			y.made(spec("web"))
			if tt.faults.DeleteListLag > 0 {
				ctx, cancel := context.WithCancel(y.t.Context())
				defer cancel()
				y.crowd(ctx)
			}
			y.sim.SetFaults(tt.faults)
			if tt.effect != nil {
				y.must(y.sim.Script(routeDelete, 1, *tt.effect))
			}
			y.want()
			began := time.Now()
			id := y.carry(plan.Destroy)[0]
			if tt.kill {
				for len(y.sent(routeDelete)) == 0 {
					time.Sleep(100 * time.Millisecond)
				}
				y.restart()
				y.observe()
			}
			y.until(id, saga.Completed)
			if took := time.Since(began); took > tt.within {
				t.Errorf("%s: it took %v", name, took)
			}
			y.none("web")
		})
	}
}

// crowd has others look for so many droplets that a listing is cheaper than questions by id.
func (y *stage) crowd(ctx context.Context) {
	for n := range int64(5) {
		go func() {
			for ctx.Err() == nil {
				_, _ = y.inv.Look(ctx, inventory.Query{ID: n + 1})
			}
		}()
	}
}

func effect(e simulator.Effect) *simulator.Effect { return &e }

// Protection that the file asks for while a create or an update is under way is what is recorded in the end.
func TestLaw09ProtectionAddedMeanwhileIsRecorded(t *testing.T) {
	yes, no := true, false
	inStage(t, simulator.Options{Activation: time.Minute}, func(y *stage) {
		s := spec("web")
		id := y.provision(s)
		time.Sleep(20 * time.Second)
		s.Protect = &yes
		y.want(s)
		y.until(id, saga.Completed)
		if d := y.sim.Named("web")[0]; !y.row(d.ID).Protect {
			t.Error("a create: not recorded as protected")
		}
	})
	inStage(t, simulator.Options{}, func(y *stage) {
		s := spec("web")
		s.Protect = &yes
		d := y.made(s)
		y.sim.Tag(d.ID, fleet.ProtectTag)
		y.sim.SetFaults(simulator.Faults{ChangeVisibleAfter: 30 * time.Second})
		s.Name, s.Protect = "shop", &no
		id := y.update(d.ID, s, fleet.Alteration{Protection: true, Name: "shop"})
		time.Sleep(20 * time.Second) // it is lifted, and the droplet is being renamed
		if at := y.saga(id); at.Step != 1 {
			t.Errorf("it is at step %d", at.Step)
		}
		s.Protect = &yes
		y.want(s)
		y.until(id, saga.Completed)
		if !y.row(d.ID).Protect {
			t.Error("an update: the protection was lifted, though the file asks for it again")
		}
	})
}
