package pull

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrSignature means that a commit is not signed by one of the keys that may sign.
var ErrSignature = errors.New("the commit is refused")

// verify checks the signature of a commit. The file of signers decides by its content which kind of signature counts; one of another
// kind is no signature.
func (g git) verify(ctx context.Context, commit string) error {
	data, err := os.ReadFile(g.o.Signers)
	if err != nil {
		return fmt.Errorf("read the keys that may sign: %w", err)
	}
	home, err := os.MkdirTemp("", "arcadiad-pull") // a keyring with these keys alone, or with none
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	g.gnupg = home
	config := []string{"gpg.x509.program=false", "gpg.openpgp.program=false", "gpg.ssh.allowedSignersFile=" + g.o.Signers}
	if openPGP(data) {
		config = []string{"gpg.x509.program=false", "gpg.ssh.program=false"}
		if err := g.plainly(ctx, io.Discard, "gpg", "--batch", "--quiet", "--no-autostart", "--import", g.o.Signers); err != nil {
			return fmt.Errorf("read the keys that may sign: %w", err)
		}
	}
	_, err = g.run(ctx, config, "verify-commit", commit)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("%w: no key of %s signed %.10s (%w)", ErrSignature, g.o.Signers, commit, err)
	}
	return nil
}

// openPGP tells exported OpenPGP keys, armored or not, from a file with ssh's allowed signers, which is a text.
func openPGP(data []byte) bool {
	return bytes.Contains(data, []byte("BEGIN PGP PUBLIC KEY BLOCK")) || len(data) > 0 && data[0] >= 0x80
}

// follows refuses a commit that does not have the one in use among its ancestors: a server, or whoever may push to it, could bring back
// an old one, with an old signature that is good. A person may name that commit.
func (g git) follows(ctx context.Context, commit, inUse string) error {
	if inUse == "" || commit == inUse || commit == g.o.Ref {
		return nil
	}
	if _, err := g.run(ctx, nil, "merge-base", "--is-ancestor", inUse, commit); err != nil {
		return fmt.Errorf("%w: %.10s does not follow %.10s, which is in use; if you mean it, pull once with the ref %s", ErrSignature, commit, inUse, commit)
	}
	return ctx.Err()
}
