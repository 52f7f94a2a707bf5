package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/daemon"
)

// request reaches what answers the need of a command, and asks it.
func request[A any](ctx context.Context, s *settings, need control.Need, h hosting, log *slog.Logger, ask func(*control.Client) (A, error)) (a A, err error) {
	c, err := s.connect(ctx, need, h, log)
	if err != nil {
		return a, err
	}
	a, err = ask(c)
	return a, errors.Join(err, c.Close())
}

// order gives an order to the daemon or to the state database, which asks nothing of the account, and says that it was given.
func (s *settings) order(cmd *cobra.Command, need control.Need, said string, give func(*control.Client) error) error {
	_, err := request(cmd.Context(), s, need, hostNever, s.logger(cmd.ErrOrStderr()), func(c *control.Client) (none struct{}, err error) {
		return none, give(c)
	})
	if err == nil {
		fmt.Fprintln(cmd.OutOrStdout(), said)
	}
	return err
}

// connect reaches the daemon, or opens the service of this process.
func (s *settings) connect(ctx context.Context, need control.Need, h hosting, log *slog.Logger) (*control.Client, error) {
	if s.simulate && h != hostNever {
		if err := s.mustBeSimulated(ctx); err != nil {
			return nil, err
		}
	}
	return control.Connect(ctx, control.Options{State: s.state, Socket: s.socket, Need: need, Unit: s.system().unit,
		File: func() (string, error) { return daemon.FileHash(s.options(log)) },
		Local: func(ctx context.Context, beside bool) (control.Service, func() error, error) {
			o, done, err := s.prepare(ctx, log, h)
			if err != nil {
				return nil, nil, err
			}
			service, end, err := daemon.Local(ctx, o, need, beside)
			if err != nil {
				return nil, nil, errors.Join(s.tokenless(need, err), done())
			}
			return service, func() error { return errors.Join(end(), done()) }, nil
		}})
}

// look reaches who tells what the state database knows.
func (s *settings) look(ctx context.Context) (*control.Client, error) {
	c, err := s.connect(ctx, control.Look, hostNever, slog.New(slog.DiscardHandler))
	if sys := s.system(); errors.Is(err, fs.ErrPermission) && s.socket == sys.socket {
		if _, missing := os.Stat(sys.socket); errors.Is(missing, fs.ErrNotExist) {
			err = fmt.Errorf("the service is not running, and only root may read its state database "+
				"(start it: sudo systemctl start %s; or use sudo): %w", sys.unit, err)
		}
	}
	return c, err
}

// tokenless tells a daemon that could be asked from a token that is wrong: there is none, or it is the service's and may not be read. A stateless
// plan is no daemon's business.
func (s *settings) tokenless(need control.Need, err error) error {
	asks := need == control.AccountOnly || need == control.DryRun && !s.stateless
	if asks && (errors.Is(err, errNoToken) || errors.Is(err, fs.ErrPermission) && !s.given("token-file")) {
		return &control.TokenlessError{Err: err}
	}
	return err
}
