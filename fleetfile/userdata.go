package fleetfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxUserData is DigitalOcean's bound on user data in bytes (docs/digitalocean-api.md, "Creating a droplet").
const maxUserData = 64 << 10

// maxUserDataFiles bounds how many files one fleet file may name.
const maxUserDataFiles = 1000

const hintOutside = "copy it there: who may edit the fleet file may not read other files of this host"

// source is a user_data file as it was read.
type source struct {
	data []byte
	err  error
	told bool // its problems were reported
}

// userData gives the text of a user_data_file.
func (d *decoder) userData(n *yaml.Node, name string) (string, bool) {
	v := d.follow(n)
	if !filepath.IsLocal(name) {
		return "", d.fail(v, hintOutside, "user_data_file: %s is outside the directory of the fleet file", clip(name))
	}
	name = filepath.Clean(name)
	src, read := d.sources[name]
	if !read {
		if len(d.sources) >= maxUserDataFiles {
			return "", d.fail(v, "", "user_data_file: more than %d files", maxUserDataFiles)
		}
		src = &source{}
		src.data, src.err = d.readFile(name)
		d.sources[name] = src
	}
	if src.err != nil {
		hint := ""
		switch {
		case errors.Is(src.err, fs.ErrNotExist):
			hint = "the path is relative to the fleet file"
		case errors.Is(src.err, errOutside):
			hint = hintOutside
		case errors.Is(src.err, errReplaced):
			hint = hintMount
		}
		d.fail(v, hint, "user_data_file: %s: %s", clip(name), reason(src.err))
		if !d.gaveUp {
			d.errs[len(d.errs)-1].cause = src.err
		}
		return "", false
	}
	text := string(src.data)
	switch {
	case strings.TrimSpace(text) == "":
		return "", d.fail(v, "", "user_data_file: %s is empty", clip(name))
	case len(text) > maxUserData:
		return "", d.fail(v, "", "user_data_file: %s is larger than %d KiB", clip(name), maxUserData>>10)
	}
	e, bad := userDataFault(src.data)
	if bad && !src.told {
		e.File = d.beside(name)
		d.errs = append(d.errs, e)
		src.told = true
	}
	return text, !bad
}

// beside is the path of a user_data file, as messages name it.
func (d *decoder) beside(name string) string {
	return filepath.Join(filepath.Dir(d.file), filepath.Clean(name))
}

// inlineUserData checks the text of user_data.
func (d *decoder) inlineUserData(n *yaml.Node, text string) bool {
	e, bad := userDataFault([]byte(text))
	if !bad {
		return true
	}
	return d.fail(insideBlock(d.follow(n), e), e.Hint, "user_data: %s", e.Message)
}

var conflictEnds = regexp.MustCompile(`(?ms)^<<<<<<<( .*?)?$.*^>>>>>>>( |$)`)

// userDataFault finds the first reason why a text will not do as user data.
func userDataFault(data []byte) (Error, bool) {
	if bytes.HasPrefix(data, utf8BOM) {
		return Error{Line: 1, Col: 1, Message: "the text begins with a byte order mark, and cloud-init would not see what it is", Hint: "save it as UTF-8 without BOM"}, true
	}
	const plainText = "the API takes plain text, neither gzip nor base64"
	e, bad := badRune(data, plainText, plainText, func(r rune) (message, hint string) {
		if r > 0xffff {
			return fmt.Sprintf("character %U", r), "DigitalOcean loses droplets whose user data has characters beyond U+FFFF, such as emoji; remove it"
		}
		return "", ""
	})
	if bad {
		return e, true
	}
	if m := conflictEnds.FindIndex(data); m != nil {
		line := 1 + strings.Count(string(data[:m[0]]), "\n")
		return Error{Line: line, Col: 1, Message: "merge conflict marker <<<<<<<", Hint: "resolve the conflict and remove the marker lines"}, true
	}
	return Error{}, false
}

// reason is the file system's error without the operation and the path, which the message has already.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// hash names the content of a fleet file and of every user_data file that it names, SHA-256 in hex. A file that could not be read
// counts with its error.
func (d *decoder) hash(data []byte) string {
	h := sha256.New()
	part := func(kind, name string, content []byte) {
		fmt.Fprintf(h, "%s %q %d\n%s\n", kind, name, len(content), content)
	}
	part("fleet", "", data)
	for _, name := range slices.Sorted(maps.Keys(d.sources)) {
		if src := d.sources[name]; src.err != nil {
			part("error", name, []byte(src.err.Error()))
		} else {
			part("user_data", name, src.data)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
