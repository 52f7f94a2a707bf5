package daemon

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// listeners are those who have the status page before them, and are told when it shows something else. They are few, and one that does not
// keep up is dropped: nobody ever waits for them.
type listeners struct {
	mu      sync.Mutex
	count   int
	version string        // the newest
	newer   chan struct{} // is closed when there is a newer version; nil: nobody has listened yet
	first   chan struct{} // is closed when somebody listens again; nil: somebody does
}

const (
	mostListeners  = 32
	heartbeatEvery = 15 * time.Second // so that proxies and browsers see that the line is not dead
	heartbeatTime  = 5 * time.Second  // how long a listener may keep a few bytes waiting
)

// tell tells the version that there is now.
func (l *listeners) tell(version string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.version == version {
		return
	}
	l.version = version
	if l.newer != nil {
		close(l.newer)
	}
	l.newer = make(chan struct{})
}

// present gives the version that there is now, and a channel that is closed when there is another.
func (l *listeners) present() (version string, newer <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.newer == nil {
		l.newer = make(chan struct{})
	}
	return l.version, l.newer
}

// enter counts a listener in; false: there are too many.
func (l *listeners) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count >= mostListeners {
		return false
	}
	l.count++
	if l.first != nil {
		close(l.first)
		l.first = nil
	}
	return true
}

func (l *listeners) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count--
}

// some waits until somebody listens; false: the context has ended.
func (l *listeners) some(ctx context.Context) bool {
	l.mu.Lock()
	if l.count > 0 {
		l.mu.Unlock()
		return ctx.Err() == nil
	}
	if l.first == nil {
		l.first = make(chan struct{})
	}
	first := l.first
	l.mu.Unlock()
	select {
	case <-first:
		return true
	case <-ctx.Done():
		return false
	}
}

// ServeHTTP tells one listener of each version, in server-sent events.
func (l *listeners) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !l.enter() {
		w.Header().Set("Retry-After", "30")
		http.Error(w, fmt.Sprintf("%d listeners are there already; the page is the same without", mostListeners), http.StatusServiceUnavailable)
		return
	}
	defer l.leave()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx
	if r.Method == http.MethodHead {
		return
	}
	line := http.NewResponseController(w) // one that cannot set deadlines has none
	send := func(text string) bool {
		line.SetWriteDeadline(time.Now().Add(heartbeatTime))
		_, err := fmt.Fprint(w, text)
		return err == nil && line.Flush() == nil
	}
	beat := time.NewTicker(heartbeatEvery)
	defer beat.Stop()
	told := ""
	for ok := send("retry: 5000\n\n"); ok; {
		version, newer := l.present()
		if version != told {
			told = version
			if ok = send("data: " + version + "\n\n"); !ok {
				break
			}
		}
		select {
		case <-newer:
		case <-beat.C:
			ok = send(":\n\n")
		case <-r.Context().Done():
			return
		}
	}
}
