package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// source is what an image is made from.
type source struct {
	program       []byte
	arch, version string
	at            time.Time // of every file
}

// nobody is the user and the group that the program runs as.
const nobody = 65532

// entry is a file of the image, or a directory.
type entry struct {
	name  string
	mode  int64
	owner int
	data  []byte // nil: a directory
}

func (s source) entries() []entry {
	return []entry{
		{"arcadiad", 0o755, 0, s.program},
		{"etc/", 0o755, 0, nil},
		{"etc/arcadiad/", 0o755, 0, nil},
		{"etc/passwd", 0o644, 0, []byte("arcadiad:x:65532:65532::/var/lib/arcadiad:/nonexistent\n")},
		{"etc/ssl/", 0o755, 0, nil},
		{"etc/ssl/certs/", 0o755, 0, nil},
		{"etc/ssl/certs/ca-certificates.crt", 0o644, 0, roots()},
		{"var/", 0o755, 0, nil},
		{"var/lib/", 0o755, 0, nil},
		{"var/lib/arcadiad/", 0o700, nobody, nil},
	}
}

// roots are the certificates that a server's may lead to, but for those that are trusted under conditions: a file cannot say which.
func roots() []byte {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // to memory
		}
	}
	return out.Bytes()
}

// layer is the tar of the image's files.
func (s source) layer() ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range s.entries() {
		h := &tar.Header{Name: e.name, Mode: e.mode, Uid: e.owner, Gid: e.owner, Size: int64(len(e.data)), ModTime: s.at, Typeflag: tar.TypeReg}
		if e.data == nil {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(e.data); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), w.Close()
}

// config is how the image runs: the fleet file, the state and the token are mounted where a package would have them.
func (s source) config() *v1.ConfigFile {
	return &v1.ConfigFile{
		OS: "linux", Architecture: s.arch, Created: v1.Time{Time: s.at}, RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{
			User: "65532:65532", Entrypoint: []string{"/arcadiad"}, Cmd: []string{"run"}, WorkingDir: "/etc/arcadiad",
			Env:     []string{"ARCADIAD_FLEET=/etc/arcadiad/fleet.yaml", "STATE_DIRECTORY=/var/lib/arcadiad"},
			Volumes: map[string]struct{}{"/var/lib/arcadiad": {}},
			Labels:  map[string]string{"org.opencontainers.image.title": "arcadiad", "org.opencontainers.image.version": s.version, "org.opencontainers.image.licenses": "Apache-2.0"},
		},
	}
}

func (s source) image() (v1.Image, error) {
	data, err := s.layer()
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image, err := mutate.ConfigFile(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), s.config())
	if err != nil {
		return nil, err
	}
	return mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: s.at}, CreatedBy: "scripts/image"}})
}

var untagged = regexp.MustCompile(`[^A-Za-z0-9_.-]`)

// tag is the version as a tag may be.
func (s source) tag() string { return untagged.ReplaceAllString(s.version, "-") }

// write writes the image as one tar.
func (s source) write(out io.Writer) error {
	image, err := s.image()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "arcadiad-image")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	if err := path.WriteImage(image); err != nil {
		return err
	}
	d, err := partial.Descriptor(image)
	if err != nil {
		return err
	}
	d.ArtifactType = "" // it is an image, and no other artifact
	d.Platform = &v1.Platform{OS: "linux", Architecture: s.arch}
	// Who loads the image finds its name in one of these.
	d.Annotations = map[string]string{"org.opencontainers.image.ref.name": s.tag(), "io.containerd.image.name": "arcadiad:" + s.tag()}
	if err := path.AppendDescriptor(*d); err != nil {
		return err
	}
	w := tar.NewWriter(out)
	err = filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error { // in the order of names
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		h := &tar.Header{Name: filepath.ToSlash(name), Mode: 0o644, Size: int64(len(data)), ModTime: s.at, Typeflag: tar.TypeReg}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
	if err != nil {
		return err
	}
	return w.Close()
}
