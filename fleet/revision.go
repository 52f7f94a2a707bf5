package fleet

import (
	"strconv"
	"time"
)

// Revision is where a fleet file comes from in git.
type Revision struct {
	Commit  string    `json:"commit"` // the last one that changed the fleet file or a user_data file of it; empty: none did yet
	Author  string    `json:"author"`
	Subject string    `json:"subject"` // first line of its message
	At      time.Time `json:"at,omitzero"`
	File    string    `json:"file"`    // the fleet file, from the top of the work tree
	Differs bool      `json:"differs"` // what is planned for is not what is committed
}

// Short is the commit as people write it; empty where there is none.
func (r Revision) Short() string { return r.Commit[:min(10, len(r.Commit))] }

// Labels are the revision in the labels of a saga.
func (r Revision) Labels() map[string]string {
	l := map[string]string{}
	if r.File == "" {
		return l
	}
	l[LabelFile], l[LabelDiffers] = r.File, strconv.FormatBool(r.Differs)
	if r.Commit != "" {
		l[LabelCommit], l[LabelAuthor], l[LabelSubject], l[LabelCommitted] = r.Commit, r.Author, r.Subject, r.At.UTC().Format(time.RFC3339)
	}
	return l
}

// RevisionOf reads what Labels wrote; false: the fleet file was not in git.
func RevisionOf(labels map[string]string) (Revision, bool) {
	r := Revision{Commit: labels[LabelCommit], Author: labels[LabelAuthor], Subject: labels[LabelSubject], File: labels[LabelFile],
		Differs: labels[LabelDiffers] == "true"}
	r.At, _ = time.Parse(time.RFC3339, labels[LabelCommitted]) // a time that cannot be read is unknown; it is only shown
	return r, r.File != ""
}
