// Package control is the one door between commands and a daemon: what may be asked, how it goes through the control socket, and who answers.
//
// A [Service] answers, with one method per call. A running daemon serves its own on a Unix socket ([Listen], [Serve], [Handler]): HTTP with
// JSON bodies, where each call has a path, a request and an answer of its own. Progress comes as lines before the answer. What is sent is
// bounded in bytes and in time, and paths begin with the version of the protocol, so that two versions tell each other apart.
//
// A [Client] asks, and is a Service too. [Connect] makes one: beside a daemon it asks the socket. Where none runs, the same calls go
// [InProcess] to a Service that the command opens, if its [Need] allows that: a command knows one road, and never whether a daemon is there.
//
// [Apply], [Transfer] and [Approve] are conversations: they ask what would be done, have a person agree, and have it done.
//
// A file uses only those below it:
//
//	approve.go                the present plan of a daemon, and its approval
//	connect.go                the daemon, or this process in its place
//	silence.go                a daemon that hangs
//	client.go                 one method per call
//	apply.go transfer.go      what a person agrees to
//	handler.go                calls answered from a service
//	calls.go                  path, request and answer of each call
//	past.go                   what was done under a name
//	service.go                what may be asked
//	call.go                   one call, from both ends
//	person.go                 who asks, and why
//	bounds.go                 how much may be sent, and how slowly
//	socket.go inprocess.go
//	status.go                 what is told of a daemon
//	rollout.go                what is told of a rollout, and what a person does with one
//	progress.go               what is told of a saga under way
package control
