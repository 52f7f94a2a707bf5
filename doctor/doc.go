// Package doctor examines what a daemon lives on, and says for each thing whether it is well and what to do about it: the token and its
// scopes, the account, the clock, the disk, the state database with its files and its lock, the fleet file, file events.
//
// [Examine] only looks. It sends GETs that change nothing, and takes no lock for longer than it takes to see whether it is free. What
// cannot be seen without changing something (the write scopes) it names as such.
package doctor
