// Package doctor checks what a daemon depends on, and suggests a fix for each problem: the token and its scopes, the account, the clock,
// the disk, the state database with its files and its lock, or the server that has it, the fleet file and how it is fetched, file events.
//
// [Examine] only reads. It sends GETs that change nothing, and holds a lock only as long as it takes to see whether the lock is free. It
// lists what it cannot check without a change: the write scopes.
package doctor
