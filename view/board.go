package view

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// board is what an apply knows of its sagas: a row for each, and counts. It shows the rows that people want to see, no more than
// there is room for.
type board struct {
	mu    sync.Mutex
	began time.Time
	rows  map[string]*row
	rolls []*roll // by group

	picture   []string // the lines as they were at pictureAt: one sorting serves all lines of a redraw
	pictureAt time.Time
}

// row is one saga.
type row struct {
	control.Progress
	began time.Time
	ended time.Time // zero: it is under way
}

// roll is a rollout.
type roll struct {
	control.Batch
	told  time.Time
	ended map[string]bool // members of the batch that are done since
}

func newBoard(now time.Time) *board { return &board{began: now, rows: map[string]*row{}} }

// take notes a transition.
func (b *board) take(p control.Progress, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.Batch != nil {
		b.rolls = slices.DeleteFunc(b.rolls, func(r *roll) bool { return r.Group == p.Batch.Group })
		b.rolls = append(b.rolls, &roll{*p.Batch, now, map[string]bool{}})
		slices.SortFunc(b.rolls, func(a, b *roll) int { return fleet.CompareNames(a.Group, b.Group) })
		return
	}
	for _, r := range b.rolls {
		if p.Ended && p.Status == string(saga.Completed) && p.Kind != fleet.SagaDestroy && slices.ContainsFunc(r.Members, func(name string) bool { return fleet.Key(name) == fleet.Key(p.Name) }) {
			r.ended[fleet.Key(p.Name)] = true
		}
	}
	r := b.rows[p.Saga]
	if r == nil {
		r = &row{began: now}
		if !p.Began.IsZero() && p.Began.Before(now) {
			r.began = p.Began
		}
		b.rows[p.Saga] = r
	}
	r.Progress = p
	if p.Ended && r.ended.IsZero() {
		r.ended = now
	}
}

// lines gives at most so many lines, none longer than width: the rollouts, then the sagas, those under way in front, the longest first, then failed ones, then
// the ones that ended last. So the number of lines never shrinks. Sorted by name, that they do not dance. The caller has the lock.
func (b *board) lines(most, width int, now time.Time) []string {
	var lines []string
	for _, r := range b.rolls[:min(len(b.rolls), most)] {
		lines = append(lines, fleet.Cut(r.line(now), width))
	}
	most -= len(lines)
	rows := slices.Collect(maps.Values(b.rows))
	byName := func(a, b *row) int {
		return cmp.Or(fleet.CompareNames(a.Name, b.Name), strings.Compare(a.Saga, b.Saga))
	}
	if len(rows) > most {
		slices.SortFunc(rows, func(a, b *row) int {
			return cmp.Or(cmp.Compare(a.urgency(), b.urgency()), b.ended.Compare(a.ended), a.began.Compare(b.began), byName(a, b))
		})
		rows = rows[:most]
	}
	slices.SortFunc(rows, byName)
	longest, widest := 0, 26
	for _, r := range rows {
		longest, widest = max(longest, len([]rune(r.Name))), max(widest, len([]rune(r.stage())))
	}
	for _, r := range rows {
		lines = append(lines, fleet.Cut(r.line(min(longest, 40), min(widest, 50), now), width))
	}
	return lines
}

// freshness is how old a picture may be.
const freshness = 50 * time.Millisecond

// line is one of lines; empty where there is none.
func (b *board) line(i, most, width int, now time.Time) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pictureAt.IsZero() || now.Sub(b.pictureAt) > freshness {
		b.picture, b.pictureAt = b.lines(most, width, now), now
	}
	if i < len(b.picture) {
		return b.picture[i]
	}
	return ""
}

// settle makes the next line a fresh one: the last picture stays on the screen.
func (b *board) settle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pictureAt = time.Time{}
}

func (b *board) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.rows) + len(b.rolls)
}

func (r *row) urgency() int {
	switch {
	case r.Failed():
		return 1
	case r.Ended:
		return 2
	}
	return 0
}

// line is the row: sign, name, step, elapsed, attempt, address, error.
func (r *row) line(pad, wide int, now time.Time) string {
	until := now
	if r.Ended {
		until = r.ended
	}
	s := fmt.Sprintf("%3s %-*s  %-*s %5s", signs[kindOf(r.Kind)], pad, r.Name, wide, r.stage(), rough(until.Sub(r.began)))
	if r.Attempt > 1 && !r.Ended {
		s += fmt.Sprintf("  attempt %d", r.Attempt)
	}
	if r.IP != "" && r.Ended {
		s += "  " + r.IP
	}
	if r.Error != "" && (!r.Ended || r.Failed()) {
		s += "  " + fleet.OneLine(r.Error)
	}
	return strings.TrimRight(s, " ")
}

// stage says where a saga is.
func (r *row) stage() string {
	switch {
	case r.Ended && r.Status == string(saga.Completed):
		return "done"
	case r.Ended && r.Status == string(saga.Compensated):
		return "failed, undone"
	case r.Ended, r.Step == "":
		return r.Status
	case r.Status == string(saga.Stuck):
		return "stuck at " + r.Step
	case r.Reverse:
		return "undoing " + r.Step
	}
	return fmt.Sprintf("%s (%d/%d)", cmp.Or(fleet.OneLine(r.Doing), r.Step), r.StepNo, r.Steps)
}

// line is the rollout: how far it has come, and about how long it still takes.
func (r *roll) line(now time.Time) string {
	return batchLine(r.Batch, r.Done+len(r.ended), r.Left-now.Sub(r.told))
}

// batchLine says how far a rollout has come, with so many members done and about so long to go.
func batchLine(b control.Batch, done int, left time.Duration) string {
	words := fmt.Sprintf("%s: %d of %d", b.Group, done, b.Total)
	if done >= b.Total {
		return words + " done"
	}
	if b.Of > 1 {
		words += fmt.Sprintf(", batch %d of %d", min(b.Number, b.Of), b.Of)
	}
	if !b.NextAt.IsZero() {
		words += " at " + b.NextAt.UTC().Format("15:04:05 UTC")
	}
	return words + ", " + estimate(left) + " left"
}

// summary counts, in one line.
func (b *board) summary(now time.Time) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var active, stuck, done, failed int
	for _, r := range b.rows {
		switch {
		case r.Status == string(saga.Stuck):
			stuck++
		case !r.Ended:
			active++
		case r.Failed():
			failed++
		default:
			done++
		}
	}
	words := fmt.Sprintf("%d of %d done, ", done, len(b.rows))
	if rest := enumerate([]count{{active, "under way"}, {failed, "failed"}, {stuck, "stuck"}}); rest != "" {
		words += rest + ", "
	}
	return words + rough(now.Sub(b.began))
}
