package postgres

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Is tells whether a --state names a PostgreSQL database, and not a file.
func Is(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

// Check tells what is wrong with a URL: it does not look for the database. A URL that has a password is refused, because everybody on the
// host can read what a process was started with, and because it is shown.
func Check(name string) error {
	u, err := url.Parse(name)
	if err != nil {
		return errUnreadable // err has all of it
	}
	_, inside := u.User.Password()
	if inside || u.Query().Has("password") || u.Query().Has("sslpassword") {
		return errors.New("the URL of the state database has a password in it: leave it out, and give it in $PGPASSWORD, in the file that " +
			"$PGPASSFILE names, or in $CREDENTIALS_DIRECTORY/postgres-password")
	}
	return nil
}

// Without gives a URL without its password, and the password.
func Without(name string) (without, password string, err error) {
	u, err := url.Parse(name)
	if err != nil {
		return "", "", errUnreadable // err has all of it
	}
	password, inside := u.User.Password()
	if inside {
		u.User = url.User(u.User.Username())
	}
	return u.String(), password, nil
}

var errUnreadable = errors.New("the URL of the state database cannot be read (postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full)")

// connectTimeout bounds a connection attempt where the URL does not.
const connectTimeout = 10 * time.Second

// configure reads the URL. What it does not say comes from the environment that libpq reads, as $PGPASSWORD and $PGPASSFILE.
func configure(name string) (*pgx.ConnConfig, error) {
	if err := Check(name); err != nil {
		return nil, err
	}
	c, err := pgx.ParseConfig(name)
	if err != nil {
		return nil, fmt.Errorf("the URL of the state database: %w", err)
	}
	if c.Password == "" {
		if c.Password, err = credential(); err != nil {
			return nil, err
		}
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectTimeout
	}
	// A pooler gives each transaction another connection. Neither prepared statements nor the descriptions of their results may be kept.
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.StatementCacheCapacity, c.DescriptionCacheCapacity = 0, 0
	c.RuntimeParams["application_name"] = "arcadiad"
	return c, nil
}

// credential is the password that systemd hands over; empty: none.
func credential() (string, error) {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return "", nil
	}
	text, err := os.ReadFile(filepath.Join(dir, "postgres-password"))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the password of the state database: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// shown is how messages name the database: where it is, and nothing that could be secret.
func shown(c *pgx.ConnConfig) string {
	u := url.URL{Scheme: "postgres", Host: c.Host, Path: "/" + c.Database}
	if c.User != "" {
		u.User = url.User(c.User)
	}
	switch {
	case strings.HasPrefix(c.Host, "/"): // a directory with a socket
		u.Host, u.RawQuery = "", url.Values{"host": {c.Host}}.Encode()
	case c.Port != 0:
		u.Host = fmt.Sprintf("%s:%d", c.Host, c.Port)
	}
	return u.String()
}

// Shown names the database that a URL is of, without what could be secret.
func Shown(name string) string {
	c, err := configure(name)
	if err != nil {
		return "the state database"
	}
	return shown(c)
}
