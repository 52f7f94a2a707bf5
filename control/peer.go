package control

import (
	"context"
	"net"
	"os"
	"syscall"
)

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

// fromOwner tells whether root or the daemon's own user asks.
func fromOwner(ctx context.Context) bool {
	uid, ok := ctx.Value(peerKey{}).(int)
	return ok && (uid == 0 || uid == os.Getuid())
}
