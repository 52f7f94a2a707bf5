// Package control is the way from a command to a daemon: what is asked, what is answered, and how it goes through the control socket.
package control
