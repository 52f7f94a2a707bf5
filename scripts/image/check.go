package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// check reads the tar of an image as those do who load it, and demands what the image promises.
func (s source) check(archive io.Reader) error {
	dir, err := os.MkdirTemp("", "arcadiad-image")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := unpack(archive, dir); err != nil {
		return err
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	if len(manifest.Manifests) != 1 {
		return fmt.Errorf("%d images, not one", len(manifest.Manifests))
	}
	image, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		return err
	}
	if err := validate.Image(image); err != nil { // every digest and size
		return err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return err
	}
	if err := s.checkConfig(config); err != nil {
		return err
	}
	return s.checkFiles(image)
}

func unpack(archive io.Reader, dir string) error {
	r := tar.NewReader(archive)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !filepath.IsLocal(h.Name) || h.Typeflag != tar.TypeReg {
			return fmt.Errorf("the tar has %s", h.Name)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		file := filepath.Join(dir, h.Name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, data, 0o644)); err != nil {
			return err
		}
	}
}

func (s source) checkConfig(c *v1.ConfigFile) error {
	user, _, _ := strings.Cut(c.Config.User, ":")
	switch {
	case c.OS != "linux" || c.Architecture != s.arch:
		return fmt.Errorf("it is for %s/%s", c.OS, c.Architecture)
	case user == "" || user == "0" || user == "root":
		return errors.New("it runs as root")
	case !slices.Equal(c.Config.Entrypoint, []string{"/arcadiad"}):
		return fmt.Errorf("it runs %q", c.Config.Entrypoint)
	}
	return nil
}

// checkFiles looks at what a container sees: the program, which needs no other file, certificates that can be read, and nothing besides.
func (s source) checkFiles(image v1.Image) error {
	files := mutate.Extract(image)
	defer files.Close()
	var names []string
	r := tar.NewReader(files)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		names = append(names, strings.TrimSuffix(h.Name, "/"))
		switch h.Name {
		case "arcadiad":
			err = s.checkProgram(h, data)
		case "etc/ssl/certs/ca-certificates.crt":
			if pool := x509.NewCertPool(); !pool.AppendCertsFromPEM(data) {
				err = errors.New("its certificates cannot be read")
			}
		}
		if err != nil {
			return err
		}
	}
	var want []string
	for _, e := range s.entries() {
		want = append(want, strings.TrimSuffix(e.name, "/"))
	}
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		return fmt.Errorf("it has %q, not %q", names, want)
	}
	return nil
}

// machines are the architectures of programs, by Go's names.
var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

func (s source) checkProgram(h *tar.Header, data []byte) error {
	if !bytes.Equal(data, s.program) || h.Mode&0o111 != 0o111 {
		return errors.New("its program is another one, or may not be run")
	}
	program, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("its program: %w", err)
	}
	if program.Machine != machines[s.arch] {
		return fmt.Errorf("its program is for %v", program.Machine)
	}
	for _, p := range program.Progs {
		if p.Type == elf.PT_INTERP {
			return errors.New("its program is not static: it wants a loader")
		}
	}
	return nil
}
