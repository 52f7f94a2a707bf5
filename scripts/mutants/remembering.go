package main

// remembering are the guards of the saga engine and of the database: what is durable, and who may write it.
func remembering() []mutant {
	var all []mutant
	take := func(law int, guard, file, old, new string, tests ...suite) {
		all = append(all, mutant{law, guard, file, old, new, tests})
	}
	engine, db := packageTests("saga"), packageTests("state/sqlite")

	const worker = "saga/worker.go"
	take(3, "a commit that fails fails the try", worker, `if err := w.e.journal.Commit(ctx, next, rows); err != nil {`, `if err := w.e.journal.Commit(ctx, next, rows); false {`, engine)
	take(3, "a checkpoint that fails fails the step", worker, "if r.broken != nil {\n\t\treturn r.broken", "if false {\n\t\treturn r.broken", engine)
	take(3, "a failed try leaves no trace", worker, `w.failed(life, began, err)`, "w.saga.Labels = r.next.Labels\n\t\tw.failed(life, began, err)", engine)
	take(3, "rows are committed with the step", worker, `w.commit(life, r.next, r.rows)`, `w.commit(life, r.next, nil)`, engine)
	take(12, "to be cancelled is no failure", worker, `case life.Err() != nil: // cancelled`, `case false: // cancelled`, engine)
	take(12, "a commit outlives the lifetime", worker, `context.WithCancel(context.WithoutCancel(life))`, `context.WithCancel(life)`, engine)
	take(13, "one way: what goes back does not turn again", worker, `oneWay := next.Reverse || `, `oneWay := `, engine)
	take(13, "stuck after so many tries", worker, `oneWay && next.Attempts+1 >= o.StuckAfter`, `false`, engine)
	take(2, "a panic is that saga's alone", worker, `err = &panicked{v, debug.Stack()}`, `panic(&panicked{v, debug.Stack()})`, engine)
	take(3, "the evidence of an undecodable row", worker, `if next.Undecodable == "" && `, `if `, engine)

	take(13, "pivot: only forward once begun", "saga/transition.go", `i == s.Step && step.Pivot && s.Begun:`, `false:`, engine)
	take(13, "pivot: only forward once passed", "saga/transition.go", `case i < s.Step && (!known || step.Pivot),`, `case i < s.Step && !known && false,`, engine)
	take(13, "an unknown step is not passed over", "saga/transition.go", `; !known || step.Compensate != nil {`, `; known && step.Compensate != nil {`, engine)
	take(13, "the failed step is undone too", "saga/transition.go", "s.Step-- // an unknown step", "// an unknown step", engine)
	take(14, "the backoff is durable", "saga/transition.go", `s.NotBefore = now.Add(pause)`, `s.NotBefore = time.Time{}`, engine)
	take(14, "a clock that jumps makes nobody wait for ever", "saga/backoff.go", `s.NotBefore.Sub(s.UpdatedAt), `, ``, engine)
	take(3, "an intent that failed stays failed", "saga/run.go", "if r.broken != nil {\n\t\treturn r.broken", "if false {\n\t\treturn r.broken", engine)
	take(3, "a context that ended writes no intent", "saga/run.go", `if ctx.Err() != nil {`, `if false {`, engine)
	take(13, "a checkpoint begins the step", "saga/run.go", `r.next.Begun = true`, ``, engine)
	take(2, "ids that are taken are drawn again", "saga/engine.go", `errors.Is(err, ErrID) && tries < 5`, `false`, engine)

	const schema = "state/sqlite/migrations/00001_state.sql"
	take(2, "one live saga per name, by index", schema, `CREATE UNIQUE INDEX sagas_live_subject ON sagas (subject_key) WHERE status NOT IN ('completed', 'compensated', 'superseded');`,
		`CREATE INDEX sagas_live_subject ON sagas (subject_key);`, db)
	take(2, "the digits of a saga's tag are unique, by index", schema, `CREATE UNIQUE INDEX sagas_id8`, `CREATE INDEX sagas_id8`, db)

	take(18, "one live rollout per group, by index", "state/sqlite/migrations/00008_rollouts.sql", `CREATE UNIQUE INDEX rollouts_live_group`, `CREATE INDEX rollouts_live_group`, db)
	take(18, "a rollout is changed as it was known", "state/tables/rollouts.go", "WHERE id = ? AND ended_at IS NULL AND phase = ? AND", "WHERE id = ? AND ended_at IS NULL AND ? <> '' AND", db)
	take(18, "a rollout that has ended stays ended", "state/tables/rollouts.go", "WHERE id = ? AND ended_at IS NULL AND phase = ? AND", "WHERE id = ? AND phase = ? AND", db)
	take(18, "a pass does not take back that a stop was lifted", "state/tables/rollouts.go", "coalesce(lifted_at, '') <= coalesce(?, '')", "coalesce(?, '') <> 'never'", db)
	take(18, "sagas begin only while their rollout is live", "state/tables/rollouts.go", `WHERE id = ? AND ended_at IS NULL AND phase = ?)`, `WHERE id = ? AND phase = ?)`, db)
	take(18, "sagas begin only while their rollout is in its phase", "state/tables/rollouts.go", `WHERE id = ? AND ended_at IS NULL AND phase = ?)`, `WHERE id = ? AND ended_at IS NULL AND ? <> '')`, db)
	take(18, "a rollout is written with its sagas", "state/tables/journal.go", `for _, row := range sg.Rows {`, `for _, row := range sg.Rows[:0] {`, db)
	take(18, "the rows of a beginning are written once", "saga/engine.go", `s.Rows = nil // they are written`, ``, engine)
	const rollouts = "daemon/rollouts.go"
	orders := daemonTests("^TestRollout")
	take(18, "rollout orders: the row says so too", rollouts, `if next.Phase != r.Phase || `, `if next.Phase == "" && `, orders)
	take(18, "rollout orders: only its own sagas go back", rollouts, `return s.Labels[fleet.LabelRollout] != id`, `return false`, orders)
	take(18, "rollout orders: what goes back is waited for", rollouts, `case s.Status == saga.Compensating:`, `case false:`, orders)
	take(18, "rollout orders: what failed by a clock of the future is lifted too", rollouts, `case s.EndedAt.After(next.LiftedAt):`, `case false:`, orders)
	take(18, "rollout orders: a pass follows", "daemon/orders.go", `h.loop.Trigger(reconcile.TriggerRollout, `, `_, _ = reconcile.TriggerRollout, (`, orders)
	take(3, "each commit is on the disk", "state/sqlite/store.go", `"_synchronous=FULL"`, `"_synchronous=NORMAL"`, db)
	take(15, "freed pages are overwritten", "state/sqlite/store.go", `"_secure_delete=on"`, `"_secure_delete=off"`, db)
	take(3, "a request that fails is taken back", "state/tables/writer.go", `if r.err = r.do(ctx, t); r.err != nil {`, `if r.err = r.do(ctx, t); false {`, db)
	take(3, "a commit that fails is an error for all", "state/tables/writer.go", `if r.err == nil && err != nil {`, `if false {`, db)
	take(11, "the file and the lock are checked before each commit", "state/sqlite/writer.go", `if err := s.check(); err != nil {`, `if err := s.check(); false {`, db)
	take(15, "the -wal file is emptied of secrets", "state/tables/writer.go", `if w.carryOut(batch) && clean == nil && w.Clean != nil {`, `if w.carryOut(batch) && false {`, db)
	take(15, "secrets are erased with their saga", "state/tables/journal.go", "DELETE FROM saga_secrets WHERE saga_id = ?", "DELETE FROM saga_secrets WHERE saga_id = ? || '!'", db)
	take(15, "secrets lie on pages of their own", "state/sqlite/dialect.go", `const secretPadding = 4096`, `const secretPadding = 0`, db)
	take(3, "an ended saga stays ended", "state/tables/journal.go", `case !saga.Status(status).Live() && s.Status.Live():`, `case false:`, db)
	take(9, "an approval is used with its sagas", "state/tables/journal.go", `err := useGrants(ctx, tx, sg)`, `err := error(nil)`, db)
	take(9, "an approval is used once", "state/tables/grants.go", `WHERE id = ? AND used_at IS NULL", TimeText`, `WHERE id = ?", TimeText`, db)
	take(16, "a saga is kept until its tag is gone", "state/retain.go", `|| p.leavesTag `, ``, db)
	take(18, "what stopped a rollout is kept while it is stopped", "state/retain.go", ` && !n.Rollouts[p.Rollout]`, ``, db)
	take(14, "updates that failed are kept while they hold the next", "state/retain.go", `saga.Compensated && i > answered; !over`, `saga.Compensated && i < 0; !over`, db)
	take(11, "one writer, by lock", "state/sqlite/file.go", `syscall.LOCK_EX|syscall.LOCK_NB); err != nil {`, `syscall.LOCK_EX|syscall.LOCK_NB); false {`, db)
	take(11, "a closed store is free at once", "state/sqlite/file.go", `syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN), `, ``, db)
	take(11, "a swapped file is another", "state/sqlite/file.go", `case !os.SameFile(now, opened):`, `case !os.SameFile(now, now):`, db)
	take(15, "the file is its owner's alone", "state/sqlite/file.go", `if info.Mode().Perm()&0o077 != 0 {`, `if false {`, db)
	take(11, "readers leave no trace", "state/sqlite/reader.go", `return []string{"mode=ro", "immutable=1"}`, `return []string{"mode=rw"}`, db)
	take(10, "pin: the account", "state/pin.go", `!strings.EqualFold(m.Account, account.UUID):`, `!strings.EqualFold(m.Account, m.Account):`, db)
	take(10, "pin: simulated is not real", "state/pin.go", `case m.Account != "" && m.Simulated != account.Simulated:`, `case false:`, db)
	take(10, "pin: the fleet", "state/pin.go", `case fleetName != "" && m.Fleet != "" && m.Fleet != fleetName:`, `case false:`, db)
	take(10, "pin: the first stays", "state/tables/control.go", `SET account = coalesce(account, ?)`, `SET account = coalesce(?, account)`, db)
	take(6, "older sightings do not overwrite", "state/tables/rows.go", `WHERE ?9 >= (SELECT last_seen_at FROM sightings WHERE resource_id = resources.id)`, `WHERE true`, db)
	take(6, "a deletion outlives older sightings", "state/tables/rows.go", `deleted_at = CASE WHEN resources.deleted_at >= ?9 THEN resources.deleted_at END`, `deleted_at = NULL`, db)
	take(6, "what was seen later is not deleted", "state/tables/rows.go", `AND (SELECT last_seen_at FROM sightings WHERE resource_id = id) <= ?`, `AND ? <> ''`, db)
	take(6, "a record is forgotten only when its droplet is gone", "state/tables/absences.go", `if slices.Contains(gone, id) {`, `if id != 0 || slices.Contains(gone, id) {`, db)
	take(6, "an absence that ended is not saved again", "state/tables/absences.go", `AND r.last_seen_at > absences.since)`, `AND false)`, db)
	take(6, "a saga's sighting ends an absence", "state/tables/rows.go", `return endAbsence(ctx, tx, row.ID, row.SeenAt)`, `return nil`, db)
	take(6, "to record again brings no record back", "state/tables/rows.go", `AND recorded_at <= ?9`, ``, db)
	return all
}
