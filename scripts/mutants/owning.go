package main

// owning are the guards of whose a droplet is: what may be destroyed unasked, and who else may be at work.
func owning() []mutant {
	var all []mutant
	take := func(law int, guard, file, old, new string, tests ...suite) {
		all = append(all, mutant{law, guard, file, old, new, tests})
	}
	plans, words, steps, store := packageTests("plan"), packageTests("fleet"), packageTests("provision"), packageTests("state/sqlite")

	const leftover = "fleet/leftover.go"
	take(5, "made: the namesakes are known", leftover, `if !c.Witnessed || `, `if `, words)
	take(5, "made: not there before", leftover, `slices.Contains(c.Namesakes, d.ID) || Key`, `Key`, words)
	take(5, "made: under its name", leftover, `Key(d.Name) != Key(name) || `, ``, words)
	take(5, "made: the saga's tag and no other", leftover, `!slices.Equal(d.Saga8s(), []string{Saga8(sagaID)})`, `!d.HasTag(SagaTag(sagaID))`, words)
	take(5, "made: no more than were sent", leftover, `return len(c.Bearers(append([]int64{d.ID}, others...)...)) <= c.Sent`, `return true`, words)
	take(9, "kept: protected by its tag", leftover, `case d.HasTag(ProtectTag):`, `case false:`, steps)
	take(9, "kept: a volume is attached", leftover, `case len(d.VolumeIDs) > 0:`, `case false:`, steps)

	take(5, "kept: a reserved IP points to it", leftover, `a.Kind == AttachedReservedIP`, `false`, steps)

	const origin = "plan/hold_origin.go"
	take(5, "what was registered is nobody's leftover", origin, `!b.recorded.Registration(d.ID).RegisteredAt.IsZero() || `, ``, plans)
	take(5, "what ended counts as made", origin, `maker.Ended, b.byMaker`, `nil, b.byMaker`, plans)
	take(5, "what the saga took for its own counts as made", origin, `slices.Concat([]int64{maker.DropletID}, `, `slices.Concat([]int64{}, `, plans)
	take(5, "what is not a leftover is held", origin, `case unproved(b, d):`, `case false:`, plans)
	take(16, "another arcadiad holds what would be destroyed", origin, `case d.destroys() && len(rivals) > 0:`, `case false:`, plans)
	take(16, "what was there at the first look is no rival's", origin, `d.ID > b.recorded.FirstLook && `, ``, plans)
	take(16, "what is adopted is no rival's", origin, ` && !adopted[d.ID]`, ``, plans)
	take(16, "a replace that another copy did is not done again", origin, `case d.Kind == Replace && standIn(b, d) != nil:`, `case false:`, plans)
	take(16, "a copied tag proves no maker of a misfit", origin, `maker != nil && maker.Creates.Made(maker.ID, maker.Name, *d.seen, bearers(b, maker)) {`,
		`maker != nil {`, plans)
	take(16, "an adopted misfit is not switched off", origin, `d.Kind == Replace || d.Alter.Downtime() || d.Alter`, `d.Kind == Replace || d.Alter`, plans)
	take(16, "an adopted misfit keeps its backups", origin, ` || d.Alter.EndsBackups()) && adopted`, `) && adopted`, plans)
	take(5, "what others made is held", origin, `d.record == nil && !made(b, d.seen) || `, ``, plans)
	take(5, "a droplet that is registered twice is held", origin, ` || d.record != nil && d.kept != nil)`, `)`, plans)
	take(5, "a leftover lies outside max_destroy", "plan/hold_maxdestroy.go", `d.destroys() && d.record != nil`, `d.destroys()`, plans)
	take(16, "what was released is not taken back", "plan/newindex.go", "if !s.recorded.Registration(d.ID).ReleasedAt.IsZero() { // what", "if false { // what", plans)
	take(16, "what was released stays released", "plan/newindex.go", "if !s.recorded.Registration(d.ID).ReleasedAt.IsZero() {\n\t\treturn released", "if false {\n\t\treturn released", plans)
	take(5, "namesakes are not witnessed by one that goes", "reconcile/execute.go", `s.Live && s.Kind == fleet.SagaDestroy`, `s.Live`, packageTests("reconcile"))
	take(5, "namesakes are witnessed by one whose end is over", "reconcile/execute.go", `ending[s.Replaces] || s.Live
		ending[s.DropletID] = ending[s.DropletID] || s.Live &&`, `ending[s.Replaces] || s.Live
		ending[s.DropletID] = ending[s.DropletID] ||`, packageTests("reconcile"))
	take(5, "namesakes are witnessed by every registered droplet", "reconcile/execute.go", `return !seen && !ending[r.DropletID] && !slices.Contains(pass.Observed.Gone, r.DropletID)`, `return !seen && r.DropletID == 0`, packageTests("reconcile"))

	const create, undo = "provision/create.go", "provision/uncreate.go"
	take(16, "a saga from the journal looks before it sends", create, `if run.Resumed() || time.Since`, `if time.Since`, daemonTests("TestLaw16"))
	take(16, "a saga of a backup looks as long as for a lost answer", create, `if run.Label(fleet.LabelCopied) != "" && w.DropletID == 0 {`, `if false {`, daemonTests("TestLaw16"))
	take(5, "a create is counted with its intent", create, "w.Sent++\n", "", steps)
	take(5, "a create that was refused is none", create, "w.Sent--\n", "", steps)
	take(5, "a compensation destroys leftovers alone", undo, `hanging.ByDroplet[d.ID]); why != "" {`, `hanging.ByDroplet[d.ID]); why == "?" {`, steps)
	take(13, "a compensation waits for tags that cannot be read", undo, `case d.Unread.Has(fleet.UnreadTags): // it may`, `case false: // it may`, steps)
	take(13, "a saga from the journal destroys nothing in service", undo, `if !run.Resumed() || !ready(d, w.identity(run.ID())) || p.idle(ctx, w, d) {`, `if true {`, steps)
	take(16, "a copy gives way to the one that was first", "provision/register.go", `first.ID < w.DropletID &&`, `false &&`, daemonTests("TestLaw16"))
	take(1, "tags that come late are waited for", "provision/wait.go", `(untagged || blind || state == "in-progress")`, `(blind || state == "in-progress")`, daemonTests("TestLaw01TagsThatComeLate"))
	take(5, "what keeps a leftover is asked before each DELETE", "provision/destroy.go", `if why := d.Kept(nil); why != "" {`, `if why := d.Kept(nil); why == "?" {`, steps)
	take(6, "a new droplet that was shown is not given up for a blank replica", "provision/look.go", `return 3 * p.o.Visibility`, `return p.o.Visibility`, steps)
	take(1, "an answered droplet without tags is not destroyed", "provision/wait.go", `case w.Looks >= p.o.WaitLongest && untagged:`, `case false:`, steps)

	const kept = "state/tables/origin.go"
	take(5, "that a droplet was registered is kept", "state/tables/rows.go", `return noteRegistered(ctx, tx, r.DropletID, cmp.Or(r.RecordedAt, at))`, `return noteRegistered(ctx, tx, -1, cmp.Or(r.RecordedAt, at))`, store)
	take(16, "a backup is marked", "state/sqlite/backup.go", `return markCopy(ctx, path)`, `return nil`, store)
	take(16, "the mark of a backup is seen once", kept, `"UPDATE control SET copied_at = NULL"`, `"UPDATE control SET id = id"`, store)
	take(16, "the first look stays the first", "state/tables/save.go", `first_look_id = coalesce(first_look_id, ?2)`, `first_look_id = ?2`, store)
	take(5, "a saga is kept while a create of it may land", "state/retain.go", ` || p.missing`, ``, store)
	return all
}
