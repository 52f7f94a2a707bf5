package daemon

import "sync/atomic"

// handedToken is a token that root handed to the running daemon. It takes the place of the one that the daemon was started with, and is
// kept in memory alone: systemd reads a credential once, at the start, and the next start reads the new one.
type handedToken struct{ token atomic.Pointer[string] }

// or gives the handed token, or else what first gives.
func (h *handedToken) or(first func() (string, error)) func() (string, error) {
	return func() (string, error) {
		if t := h.token.Load(); t != nil {
			return *t, nil
		}
		return first()
	}
}
