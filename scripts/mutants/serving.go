package main

// serving are the guards that keep a group in service while its droplets change.
func serving() []mutant {
	var all []mutant
	take := func(law int, guard, file, old, new string, tests ...suite) {
		all = append(all, mutant{law, guard, file, old, new, tests})
	}
	steps := packageTests("provision")

	const ready = "provision/ready.go"
	take(13, "readiness: nobody is blamed alone", ready, `blamed := false`, `blamed := true`, steps)
	take(13, "readiness: it fails again once another passes", ready, `if !known || again.Passed {`, `if !known {`, steps)
	take(13, "readiness: another passes after it failed again", ready, `len(r.service.passing(ctx, beside.passing)) > 0`, `true`, steps)
	take(13, "readiness: only who has a witness waits for a person", ready, `if blamed {`, `if blamed && why == "" {`, steps)
	take(13, "readiness: what is not shown is not blamed", ready, `r.w.Ready.Waited >= r.within && !r.unseen {`, `r.w.Ready.Waited >= r.within {`, steps)
	take(14, "readiness: what was waited is durable", ready, `return r.run.Checkpoint(ctx)
}

// look`, `return nil
}

// look`, steps)
	take(14, "readiness: time that it was off is not its own", ready, `r.turned = time.Now() // that time is not the droplet's`, ``, steps)
	take(14, "readiness: one that is switched on again has its whole time", ready, `*r.w.Ready = readying{Late: r.w.Ready.Late}`, `_ = r.w.Ready`, steps)
	take(17, "readiness: the file is asked at each turn", ready, `if err := r.p.asked(r.w); err != nil {`, `if err := r.p.asked(r.w); false {`, steps)
	take(17, "readiness: the probe is that of the file in force", "provision/service.go", `return s.Ready
`, `return w.Spec.Ready
`, steps)
	take(13, "readiness: it passes for as long as the file says", ready, `r.w.Ready.Passing && r.w.Ready.Passed >= r.probe.For {`, `r.w.Ready.Passing {`, steps)
	take(13, "readiness: from the journal, what does not serve is not kept", "provision/uncreate.go", ` || p.idle(ctx, w, d) {`, ` {`, steps)
	take(13, "readiness: from the journal, what may serve is kept", "provision/uncreate.go", ` && (w.Ready != nil && w.Ready.Late || p.o.Inventory.AnsweredBeside(d.ID))`, ``, steps)
	take(13, "what shows late is judged before it is destroyed", "provision/uncreate.go", `if !judged {`, `if false {`, steps)
	take(14, "who needs a person, and patience, is looked at again soon", "saga/worker.go", `if is[*helpless](err) && next.Status != Stuck {`, `if false {`, packageTests("saga"))

	const service = "provision/service.go"
	take(18, "a surplus of a renamed group waits for the others", "provision/file.go", `return s.Numbered(name) })`, `return false && s.Numbered(name) })`, steps)
	take(18, "what there was no time to probe may serve", service, `case own.Ready != nil && !known:`, `case own.Ready != nil && !known && false:`, steps)
	take(18, "the replacement is on", service, "case d.Status != fleet.StatusActive:\n\t\twhy = ", "case d.ID == 0:\n\t\twhy = ", steps)
	take(18, "the replacement passes its probe", service, `case probe != nil:`, `case probe != nil && false:`, steps)
	take(18, "a destroy leaves enough in service", "provision/destroy.go", `refused = e.by.group.destroy(func() error {`, `refused = (*leave)(nil).destroy(func() error {`, steps)
	take(18, "what was replaced stays while others are out", "provision/destroy.go", `return p.service().relieved(ctx, run, w)`,
		`_, err = p.service().relieved(ctx, run, w); return nil, err`, steps)
	take(18, "service ends with the shutdown", "provision/shutdown.go", `leaves:   group.stop,`, `leaves:   func(intend func() error) error { _ = group; return intend() },`, steps)
	take(18, "a shutdown that was begun goes on", "provision/shutdown.go", `by.id, w.Found.wasOn())`, `by.id, false)`, steps)
	take(18, "what did not shut down still serves", "provision/destroy.go", `by.id, w.Found.Off);`, `by.id, w.Found.wasOn());`, steps)
	take(18, "a replacement that fails after the shutdown", "provision/destroy.go", `err = p.service().stands(ctx, run, w)
		return`, `return`, steps)
	take(18, "a power off leaves enough in service", "provision/alter.go", `if a.leaves != nil {`, `if a.leaves != nil && false {`, steps)
	take(18, "a drain leaves enough in service", service, `l.enough(as.drains)`, `l.enough(false)`, steps)
	take(18, "enough is enough", service, `if left >= l.need {`, `if left >= l.need-1 {`, steps)
	take(18, "what other sagas take does not serve", service, `for _, id := range takenBy(s, drains) {
			going[id] = true`, `for _, id := range takenBy(s, drains) {
			going[id] = false`, steps)
	take(18, "what a saga that has ended took does not serve", service, `if of.ends || !of.at.Before(since) {`, `if of.ends && false {`, steps)
	take(18, "the group was seen of late", service, `if !l.before && time.Since(l.looked) > seenFor {`, `if false {`, steps)
	take(18, "a probe that fails frees nothing while nobody answers", service, `l.free = len(o.passing) > 0`, `l.free = len(o.passing) >= 0`, steps)
	take(18, "what is out of service may always go", service, `		l.free = true
	case`, `		l.free = false
	case`, steps)
	take(18, "what fails its probe does not serve", service, `case !probed || found[id].Passed:`, `case !probed || found[id].Passed || true:`, steps)
	take(18, "a surplus serves, too", "provision/file.go", `return s.Numbers(name) || `, `return `, steps)
	take(18, "what has begun goes on", "provision/power.go", `if !w.Found.wasOn() { // what`, `if true { // what`, steps)

	const drain = "provision/drain.go"
	take(1, "a drain takes no tag of arcadiad's", drain, `if !fleet.OurTag(tag) && slices`, `if slices`, steps)
	take(1, "a drain checks the tags", drain, `case licensed && errors.Is(err, errAlien):
		return "", refusal(run, err)
	case err != nil:`, `case err != nil && !errors.Is(err, errAlien):`, steps)
	take(3, "the intent of a drain is durable", drain, `group.drain(func() error { return run.Checkpoint(ctx) })`, `group.drain(func() error { return nil })`, steps)
	take(13, "what was drained is put back", drain, `if err := p.tie(ctx, run, w); err != nil {`, `if err := error(nil); err != nil {`, steps)
	take(13, "the tags are put back before the power", "provision/power.go", `switch err := (drainSteps{tagSteps(p)}).tie(ctx, run, w); {`, `switch err := error(nil); {`, steps)
	take(13, "a drain waits as long as it says", drain, `w.Found.Drain.Waited < w.Drain.For; turn++ {`, `false; turn++ {`, steps)
	take(17, "a drain asks the file while it waits", drain, `if err := p.goes(ctx, run, w, "", false); err != nil {
			return err`, `if err := p.goes(ctx, run, w, "", false); false {
			return err`, steps)
	take(17, "a drain asks the file right before", drain, `if err := p.goes(ctx, run, w, d.Name, true); err != nil {`, `if err := p.goes(ctx, run, w, d.Name, true); false {`, steps)
	take(18, "a drain waits until the replacement stands", drain, `group, err = p.service().relieved(ctx, run, w)`, `group, err = nil, nil`, steps)
	return all
}
