package daemon

import (
	"context"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
)

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

// HandToken hands the API token that the options give to the running daemon. Only root, and the user that the daemon runs as, may do
// that. The token proves itself like any other: no write goes out before its account has answered.
func HandToken(ctx context.Context, o Options) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	token, err := o.Token()
	if err != nil {
		return err
	}
	remote, err := Dial(ctx, o)
	if err != nil {
		return err
	}
	_, err = remote.ask(ctx, pathToken, order{Token: token})
	return err
}

// peerKey is where the context of a request has the user at the other end of the socket.
type peerKey struct{}

// withPeer notes who is at the other end of a connection; nobody knows: nobody is noted.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	unix, ok := c.(*net.UnixConn)
	if !ok {
		return ctx
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return ctx
	}
	var peer *syscall.Ucred
	if e := raw.Control(func(fd uintptr) {
		peer, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); e != nil || err != nil {
		return ctx
	}
	return context.WithValue(ctx, peerKey{}, int(peer.Uid))
}

// takeToken takes a token from root, or from the daemon's own user.
func (h *app) takeToken(ctx context.Context, token string) error {
	if uid, ok := ctx.Value(peerKey{}).(int); !ok || uid != 0 && uid != os.Getuid() {
		return errors.New("only root may hand the daemon another token (use sudo)")
	}
	if token == "" {
		return errors.New("the token is empty")
	}
	before, err := h.o.Token()
	if err == nil && before == token {
		return nil // of every reload that rotates nothing
	}
	h.handed.token.Store(&token)
	h.o.Log.Info("another API token was handed over, and is used from now on")
	return nil
}
