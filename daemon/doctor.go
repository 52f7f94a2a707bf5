package daemon

import (
	"context"
	"errors"

	"arcadiad/digitalocean"
	"arcadiad/doctor"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

// Doctor examines what the daemon lives on. A running daemon examines itself: it has its own user, files and token.
func Doctor(ctx context.Context, o Options) (doctor.Report, error) {
	o, err := o.withDefaults()
	if err != nil {
		return doctor.Report{}, err
	}
	var r doctor.Report
	remote, err := Dial(ctx, o)
	if err == nil {
		a, err := remote.ask(ctx, pathDoctor, order{})
		if err == nil && a.Report != nil {
			r.Add("daemon", doctor.OK, "runs, and answers on "+o.Socket+"; the rest is as it sees it", "")
			r.Findings = append(r.Findings, a.Report.Findings...)
			return r, nil
		}
		r.Add("daemon", doctor.Fail, "runs, and does not answer: "+err.Error(), "look at its log, then restart it: its sagas carry on")
	} else if errors.Is(err, ErrNoDaemon) {
		r.Add("daemon", doctor.Warn, "none answers on "+o.Socket, "start it: systemctl start arcadiad, or arcadiad run")
	} else {
		r.Add("daemon", doctor.Fail, err.Error(), "")
	}
	l, err := newObserver(o, nil, nil, nil)
	if err != nil {
		return r, err
	}
	r.Findings = append(r.Findings, doctor.Examine(ctx, l.patient(false)).Findings...)
	return r, nil
}

// patient is what there is to examine; holds: this process has the state database's lock.
func (l *observer) patient(holds bool) doctor.Patient {
	return doctor.Patient{
		Fleet: l.o.Fleet, Secrets: l.o.secrets(), Token: l.o.Token, API: l.api.Client(digitalocean.PrioritySync), State: l.o.State, Holds: holds,
		Open:   func(ctx context.Context) (state.Reader, error) { return sqlite.OpenReader(ctx, l.o.State) },
		Holder: func() (string, error) { return sqlite.Holder(l.o.State) },
	}
}

// examine is what a running daemon finds in itself.
func (h *app) examine(ctx context.Context) *doctor.Report {
	r := doctor.Examine(ctx, h.patient(true))
	if err := h.hung(); err != nil {
		r.Add("progress", doctor.Fail, err.Error(), "look at its log, then restart it: its sagas carry on")
	} else {
		r.Add("progress", doctor.OK, h.attention().Line(), "")
	}
	return &r
}
