package state

import "errors"

// What can be wrong with a state database. All are found with errors.Is; the text of the error says which file and what to do.
var (
	ErrNone       = errors.New("no state database")
	ErrLocked     = errors.New("state database is in use by another arcadiad")
	ErrCorrupt    = errors.New("state database is damaged")
	ErrForeign    = errors.New("not a database of arcadiad")
	ErrReadOnly   = errors.New("state database cannot be written")
	ErrNewer      = errors.New("state database was written by a newer arcadiad")
	ErrOlder      = errors.New("state database was written by an older arcadiad")
	ErrNotRegular = errors.New("state database is not a regular file")
	ErrFull       = errors.New("disk is full")
	ErrFailing    = errors.New("disk is failing")
	ErrSwapped    = errors.New("state database was moved or replaced while it was open")
	ErrMoved      = errors.New("state was moved to another database")
	ErrLapsed     = errors.New("lease on the state database has run out")
	ErrAway       = errors.New("state database cannot be reached")
	ErrClosed     = errors.New("state database is closed")
	ErrUnheard    = errors.New("no arcadiad that leads answers")
)

// What can be wrong with a request.
var (
	ErrPinned    = errors.New("pinned to another")
	ErrApproval  = errors.New("action is not approved")
	ErrNoSaga    = errors.New("no such saga")
	ErrAmbiguous = errors.New("more sagas than one")
	ErrEnded     = errors.New("saga has ended")
	ErrRow       = errors.New("row cannot be stored")
	ErrExists    = errors.New("backup file exists already")
	ErrUsed      = errors.New("database has something in it")
)
