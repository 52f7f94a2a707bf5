package daemon

import (
	"context"
	"errors"

	"arcadiad/digitalocean"
	"arcadiad/doctor"
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
	l, err := newLookout(o, nil, nil, nil)
	if err != nil {
		return r, err
	}
	patient := doctor.Patient{Fleet: o.Fleet, State: o.State, Secrets: o.secrets(), Token: o.Token, API: l.api.Client(digitalocean.PrioritySync)}
	r.Findings = append(r.Findings, doctor.Examine(ctx, patient).Findings...)
	return r, nil
}

// examine is what a running daemon finds in itself.
func (h *house) examine(ctx context.Context) *doctor.Report {
	r := doctor.Examine(ctx, doctor.Patient{
		Fleet: h.o.Fleet, State: h.o.State, Secrets: h.o.secrets(), Token: h.o.Token, API: h.api.Client(digitalocean.PrioritySync), Holds: true,
	})
	if err := h.hung(); err != nil {
		r.Add("progress", doctor.Fail, err.Error(), "look at its log, then restart it: its sagas carry on")
	} else {
		r.Add("progress", doctor.OK, h.statusLine(), "")
	}
	return &r
}
