package reconcile

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// looks counts looks that take a second each.
type looks struct {
	mu    sync.Mutex
	began []time.Time
}

func (l *looks) look(ctx context.Context) (Pass, error) {
	l.mu.Lock()
	l.began = append(l.began, time.Now())
	l.mu.Unlock()
	select {
	case <-time.After(time.Second):
		return Pass{}, nil
	case <-ctx.Done():
		return Pass{}, ctx.Err()
	}
}

// A hundred who ask at once are answered by two looks at most, and each by one that began after it had asked.
func TestPreviewsShareALookThatIsNoOlderThanTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p previews
		var l looks
		var all sync.WaitGroup
		asked := func(key previewKey) {
			at := time.Now()
			if _, err := p.share(t.Context(), key, l.look); err != nil {
				t.Error(err)
			}
			if took := time.Since(at); took < time.Second || took > 2*time.Second {
				t.Errorf("asked at %v, answered %v later, by a look of one second", at, took)
			}
		}
		for range 100 {
			all.Go(func() { asked(previewKey{"a", false, ""}) })
		}
		for i := range 9 {
			all.Go(func() {
				time.Sleep(time.Duration(i+1) * 100 * time.Millisecond)
				asked(previewKey{"a", false, ""})
			})
		}
		all.Wait()
		if len(l.began) != 2 {
			t.Errorf("%d looks, want two", len(l.began))
		}
		// Another file, another hurry and another scope are other plans.
		l.began = nil
		for _, key := range []previewKey{{"a", false, ""}, {"a", true, ""}, {"b", false, ""}, {"a", false, "web"}} {
			all.Go(func() { asked(key) })
		}
		all.Wait()
		if len(l.began) != 4 || len(p.running)+len(p.next) != 0 {
			t.Errorf("%d looks, want four; %d are left", len(l.began), len(p.running)+len(p.next))
		}
	})
}

func TestPreviewOutlivesWhoAskedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p previews
		var l looks
		key := previewKey{"a", false, ""}
		share := func(ctx context.Context) error {
			_, err := p.share(ctx, key, l.look)
			return err
		}
		first, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { share(t.Context()) })
		synctest.Wait()
		all.Go(func() {
			if err := share(first); !errors.Is(err, context.Canceled) {
				t.Errorf("who left was told %v", err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			if err := share(t.Context()); err != nil {
				t.Errorf("who stayed was told: %v", err)
			}
		})
		synctest.Wait()
		leave()
		all.Wait()
		if len(l.began) != 2 {
			t.Errorf("%d looks, want two", len(l.began))
		}

		// A look that nobody waits for ends, and whoever comes then has one of his own.
		l.began = nil
		alone, leave := context.WithCancel(t.Context())
		for range 2 {
			all.Go(func() { share(alone) })
			synctest.Wait()
		}
		leave()
		if err := share(t.Context()); err != nil {
			t.Errorf("who came later was told: %v", err)
		}
		all.Wait()
		synctest.Wait()
		if len(l.began) != 2 || len(p.running)+len(p.next) != 0 {
			t.Errorf("%d looks, want two; %d are left", len(l.began), len(p.running)+len(p.next))
		}
	})
}
