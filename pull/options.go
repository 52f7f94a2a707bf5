package pull

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Options say what to pull, from where and into which directory.
type Options struct {
	Repo string // URL of the repository: https, ssh or file, or user@host:path
	Ref  string // branch, tag or commit
	Into string // directory, made where it is missing

	Key        string // file with the private key for ssh; empty: the user's own keys and agent
	KnownHosts string // file with the keys of hosts for ssh; empty: the user's own

	Verify  bool   // only a commit with a good signature is used
	Signers string // file with the keys that may sign: ssh's allowed signers, or exported OpenPGP keys

	Log *slog.Logger // default: discarded
	Now func() time.Time
}

var (
	// git takes more names than these. None of them could be taken for an option, or for two refs.
	refs = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/@+-]*$`)
	// scp is the short form of a URL for ssh: user@host:path.
	scp = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^-:][^:]*$`)
)

// withDefaults fills what was left out, and refuses what git could misunderstand.
func (o Options) withDefaults() (Options, error) {
	if o.Repo == "" {
		return o, errors.New("which repository? Name it with --repo or ARCADIAD_PULL_REPO")
	}
	if err := checkURL(o.Repo); err != nil {
		return o, err
	}
	if !refs.MatchString(o.Ref) || strings.Contains(o.Ref, "..") {
		return o, fmt.Errorf("ref %q: the name of a branch or a tag is expected, such as main, or a commit", o.Ref)
	}
	if o.Into == "" {
		return o, errors.New("into which directory? Name it with --into or ARCADIAD_PULL_INTO")
	}
	if o.Verify && o.Signers == "" {
		return o, errors.New("--verify needs a file with the keys that may sign: name it with --signers")
	}
	for _, path := range []*string{&o.Into, &o.Key, &o.KnownHosts, &o.Signers} {
		if *path == "" {
			continue
		}
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return o, err
		}
		*path = absolute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o, nil
}

// checkURL refuses what is not the URL of a repository. A password would show in the list of processes and in pull.json.
func checkURL(repo string) error {
	const expected = "https://…, ssh://…, file:///… or user@host:path is expected"
	if scp.MatchString(repo) {
		return nil
	}
	u, err := url.Parse(repo)
	if err != nil {
		return errors.New("the URL of the repository cannot be read: " + expected)
	}
	if _, secret := u.User.Password(); secret {
		return errors.New("the URL of the repository has a password: use ssh with a deploy key")
	}
	host, user := u.Hostname(), u.User.Username()
	switch {
	case u.RawQuery != "" || u.Fragment != "" || u.Opaque != "":
	case u.Scheme == "file" && host == "" && user == "" && strings.HasPrefix(u.Path, "/"):
		return nil
	case u.Scheme == "https" && user != "":
		return errors.New("the URL of the repository has a user, which may be a token: use ssh with a deploy key")
	case (u.Scheme == "https" || u.Scheme == "ssh") && host != "" && host[0] != '-' && !strings.HasPrefix(user, "-"):
		return nil
	}
	return fmt.Errorf("repository %q: %s", repo, expected)
}
