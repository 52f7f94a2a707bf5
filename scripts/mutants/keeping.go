package main

// keeping are the guards of what is kept for a while.
func keeping() []mutant {
	var all []mutant
	take := func(law int, guard, file, old, new string, tests ...suite) {
		all = append(all, mutant{law, guard, file, old, new, tests})
	}
	steps, plans, stores := suite{pkg: "./provision", run: "Quarantine|TakenOut|Purge"}, suite{pkg: "./plan", run: "Quarantine|Purge|Until"}, packageTests("state/sqlite")

	const step, license, origin = "provision/quarantine.go", "plan/license.go", "plan/hold_origin.go"
	take(13, "what is on keeps its tags", step, "case fleet.StatusOff:\n", "case fleet.StatusOff, fleet.StatusActive:\n", steps)
	take(13, "a purge goes by the account's clock too", "provision/destroy.go", `until.Add(ahead)); left > 0 {`, `until.Add(ahead)); left > 0 && false {`, steps)
	take(13, "tags go back on", step, "if q == nil {\n\t\treturn nil", "if true {\n\t\treturn nil", steps)
	take(5, "what is kept bears no name", "plan/newindex.go", `if s.addQuarantined(d, of) {`, `if s.addQuarantined(d, of) && false {`, plans)
	take(16, "without a row a person is asked", origin, `case d.Kind == Purge && d.purges.row == nil:`, `case false:`, plans)
	take(9, "what was switched on is not purged unasked", origin, `case d.Kind == Purge && d.seen.Status != fleet.StatusOff:`, `case false:`, plans)
	take(1, "a purge wants the tag", license, `case !kept:`, `case !kept && t.DropletID == 0:`, plans)
	take(1, "a purge wants no later time", license, `case until.After(t.KeptUntil):`, `case false:`, plans)
	take(1, "a purge wants it off", license, `case seen.Status != fleet.StatusOff && seen.Status != fleet.StatusArchive && !t.On:`, `case false:`, plans)
	take(9, "tags that do not show hold a purge", "plan/hold_tags.go", `return verdict{why: unclear(d)}`, `return verdict{}`, plans)
	take(2, "under its name or in quarantine", "state/tables/quarantine.go", `return dropRecord(ctx, tx, q.DropletID)`, `return nil`, stores)
	take(2, "a record ends a quarantine", "state/tables/rows.go", "if err := dropQuarantined(ctx, tx, r.DropletID); err != nil {", "if err := error(nil); err != nil {", stores)
	return all
}
