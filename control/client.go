package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"

	"arcadiad/doctor"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

var _ Service = (*Client)(nil)

// Client asks a service: the running daemon's, or that of this process.
type Client struct {
	http   *http.Client
	socket string
	unit   string
	file   func() (hash string, err error) // see Options
	close  func() error                    // of this process's service; nil: the daemon is asked

	unasked error                                      // why the daemon is not asked, which may be [ErrNoDaemon]
	instead func(ctx context.Context, why error) error // has this process asked from now on; nil: that is not for this need
	beside  *Client                                    // the daemon that is there, and is not asked; nil: none is
}

// NewClient asks whoever answers on a transport.
func NewClient(t http.RoundTripper) *Client { return &Client{http: &http.Client{Transport: t}} }

// Close ends what the service of this process began. Sagas that are unfinished carry on at the next start.
func (c *Client) Close() error {
	if c.close == nil {
		return nil
	}
	return c.close()
}

func (c *Client) Status(ctx context.Context) (Status, error) {
	st, err := look(ctx, c, statusCall, struct{}{})
	if c.unasked != nil && !errors.Is(c.unasked, ErrNoDaemon) {
		st.DaemonError = c.unasked.Error()
	}
	return st, err
}

func (c *Client) Changed(ctx context.Context, seen int64) (int64, error) {
	return changedCall.ask(ctx, c.http, seen, nil)
}

func (c *Client) Sagas(ctx context.Context, f saga.Filter) ([]saga.Saga, error) {
	return look(ctx, c, sagasCall, f)
}

func (c *Client) Saga(ctx context.Context, id string) (saga.Saga, error) {
	return look(ctx, c, sagaCall, id)
}

func (c *Client) Calls(ctx context.Context, sagaID string) ([]fleet.Call, error) {
	return look(ctx, c, callsCall, sagaID)
}

// Plan plans for the fleet file of the one who asks, where the request names none.
func (c *Client) Plan(ctx context.Context, q PlanRequest) (plan.Plan, error) {
	if err := c.name(&q.Hash); err != nil {
		return plan.Plan{}, err
	}
	p, err := planCall.ask(ctx, c.http, q, nil)
	err = c.blame(err)
	if err == nil && c.beside != nil && len(p.Missing) > 0 {
		ctx, cancel := context.WithTimeout(ctx, askTime)
		defer cancel()
		_ = c.beside.Missed(ctx) // a daemon that cannot be told looks by itself, only later
	}
	return plan.Plan(p), err
}

// name names the fleet file as it is. Beside a daemon it may be missing. The service of this process reads the file itself.
func (c *Client) name(hash *string) (err error) {
	if *hash != "" || c.file == nil || c.close != nil {
		return nil
	}
	*hash, err = c.file()
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}

// blame gives the error of the fleet file itself, which tells more, where the service of this process failed and the file is why.
func (c *Client) blame(err error) error {
	if err == nil || c.file == nil || c.close == nil {
		return err
	}
	if _, bad := c.file(); bad != nil {
		return bad
	}
	return err
}

func (c *Client) Apply(ctx context.Context, q ApplyRequest, progress func(Progress)) (ApplyAnswer, error) {
	a, err := applyCall.ask(ctx, c.http, q, progress)
	return ApplyAnswer{a.Failed, plan.Plan(a.Remains)}, c.left(ctx, err)
}

// left says what goes on without the one who asked a daemon to work, and was interrupted.
func (c *Client) left(ctx context.Context, err error) error {
	if _, told := errors.AsType[*toldError](err); err == nil || told || c.close != nil || !errors.Is(context.Cause(ctx), context.Canceled) {
		return err
	}
	return fmt.Errorf("interrupted; the daemon goes on with it (arcadiad status shows how far it is, arcadiad pause stops it): %w", context.Cause(ctx))
}

func (c *Client) Offer(ctx context.Context, q OfferRequest) ([]plan.Transfer, error) {
	if err := c.name(&q.Hash); err != nil {
		return nil, err
	}
	offer, err := offerCall.ask(ctx, c.http, q, nil)
	return offer, c.blame(err)
}

func (c *Client) Transfer(ctx context.Context, q TransferRequest, progress func(Progress)) (TransferAnswer, error) {
	a, err := transferCall.ask(ctx, c.http, q, progress)
	return a, c.left(ctx, err)
}

func (c *Client) Import(ctx context.Context, q ImportRequest) (Imported, error) {
	return importCall.ask(ctx, c.http, q, nil)
}

func (c *Client) Sync(ctx context.Context) (droplets int, err error) {
	return syncCall.ask(ctx, c.http, struct{}{}, nil)
}

func (c *Client) Missed(ctx context.Context) error { return tell(ctx, c, missedCall, struct{}{}) }

func (c *Client) Approve(ctx context.Context, planID string) error {
	if !plan.IsID(planID) {
		return fmt.Errorf("%q is not the id of a plan, which is 12 hex digits (arcadiad plan shows it in its first line)", planID)
	}
	return tell(ctx, c, approveCall, planID)
}

func (c *Client) Pause(ctx context.Context, paused bool) error {
	return tell(ctx, c, pauseCall, paused)
}
func (c *Client) Retry(ctx context.Context, sagaID string) error {
	return tell(ctx, c, retryCall, sagaID)
}
func (c *Client) Abort(ctx context.Context, sagaID string) error {
	return tell(ctx, c, abortCall, sagaID)
}

func (c *Client) Rollouts(ctx context.Context) ([]Rollout, error) {
	return look(ctx, c, rolloutsCall, struct{}{})
}

func (c *Client) OrderRollout(ctx context.Context, q RolloutOrder) (Rollout, error) {
	return rolloutCall.ask(ctx, c.http, q, nil)
}

func (c *Client) Token(ctx context.Context, token string) error {
	return tell(ctx, c, tokenCall, token)
}

// look makes a call that only reads. What the daemon does not answer to the end, this process does.
func look[Q, A any](ctx context.Context, c *Client, what call[Q, A], q Q) (A, error) {
	a, err := what.ask(ctx, c.http, q, nil)
	if err != nil && c.leaves(ctx, err) {
		return what.ask(ctx, c.http, q, nil)
	}
	return a, err
}

// leaves has this process asked from now on, where the need allows that, if it was not the daemon's word that a call failed.
func (c *Client) leaves(ctx context.Context, why error) bool {
	_, told := errors.AsType[*toldError](why)
	if errors.Is(why, errSilent) {
		why = errSilent
	}
	return c.instead != nil && !told && !errors.Is(why, errVersion) && ctx.Err() == nil && c.instead(ctx, why) == nil
}

// tell makes a call that has no answer.
func tell[Q any](ctx context.Context, c *Client, what call[Q, struct{}], q Q) error {
	_, err := what.ask(ctx, c.http, q, nil)
	return err
}

// Doctor says first whether the daemon answers.
func (c *Client) Doctor(ctx context.Context, q DoctorRequest) (doctor.Report, error) {
	found, err := look(ctx, c, doctorCall, q)
	var r doctor.Report
	switch {
	case c.unasked == nil:
		r.Add("daemon", doctor.OK, "running, and answers on "+c.socket+"; all other findings are the daemon's", "")
	case errors.Is(c.unasked, ErrNoDaemon):
		r.Add("daemon", doctor.Warn, "not running: nothing answers on "+c.socket, fmt.Sprintf("start it: systemctl start %s, or arcadiad run", c.unit))
	case errors.Is(c.unasked, context.DeadlineExceeded):
		r.Add("daemon", doctor.Fail, "running, but does not answer: "+c.unasked.Error(), "check its log, then restart it: its sagas continue")
	default:
		r.Add("daemon", doctor.Fail, c.unasked.Error(), "")
	}
	r.Findings = append(r.Findings, found.Findings...)
	return r, err
}

func (c *Client) Backup(ctx context.Context) (io.ReadCloser, error) {
	resp, err := post(ctx, c.http, backupPath, struct{}{})
	if err != nil && c.leaves(ctx, err) {
		resp, err = post(ctx, c.http, backupPath, struct{}{})
	}
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}
