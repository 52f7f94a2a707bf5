package main

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// program is the least that can be taken for one of an architecture: a header, and what it wants of the system.
func program(t *testing.T, machine elf.Machine, wants ...elf.ProgType) []byte {
	t.Helper()
	var out bytes.Buffer
	h := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: uint16(len(wants))}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	err := binary.Write(&out, binary.LittleEndian, h)
	for _, want := range wants {
		err = errors.Join(err, binary.Write(&out, binary.LittleEndian, elf.Prog64{Type: uint32(want)}))
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// The same source makes the same image, with the files and the settings that it is to have.
func TestImage(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	dir := t.TempDir()
	file, out := filepath.Join(dir, "arcadiad"), filepath.Join(dir, "image.tar")
	if err := os.WriteFile(file, program(t, elf.EM_AARCH64, elf.PT_LOAD), 0o755); err != nil {
		t.Fatal(err)
	}
	var first []byte
	for range 2 {
		if err := run(source{arch: "arm64", version: "1.2~git+3"}, []string{file}, out); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && !bytes.Equal(first, data) {
			t.Error("two images of one source differ")
		}
		first = data
	}
	if !bytes.Contains(first, []byte(`"arcadiad:1.2-git-3"`)) {
		t.Error("the image has no name")
	}
	for name, bad := range map[string][]byte{"not static": program(t, elf.EM_AARCH64, elf.PT_INTERP), "is for EM_X86_64": program(t, elf.EM_X86_64), "its program: ": []byte("#!/bin/sh\n")} {
		if err := os.WriteFile(file, bad, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := run(source{arch: "arm64"}, []string{file}, out); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %s", err, name)
		}
	}
}

// What is wrong with an image shows when it is read back.
func TestCheck(t *testing.T) {
	s := source{arch: "amd64", program: program(t, elf.EM_X86_64), at: time.Unix(0, 0)}
	var good bytes.Buffer
	if err := s.write(&good); err != nil {
		t.Fatal(err)
	}
	if err := s.check(bytes.NewReader(good.Bytes())); err != nil {
		t.Fatal(err)
	}
	other := s
	other.program = program(t, elf.EM_X86_64, elf.PT_LOAD)
	if err := other.check(bytes.NewReader(good.Bytes())); err == nil || !strings.Contains(err.Error(), "another one") {
		t.Errorf("another program: %v", err)
	}
	other.arch = "arm64"
	if err := other.check(bytes.NewReader(good.Bytes())); err == nil || !strings.Contains(err.Error(), "it is for linux/amd64") {
		t.Errorf("another architecture: %v", err)
	}
	// A bit of a blob is another one.
	var spoilt bytes.Buffer
	w := tar.NewWriter(&spoilt)
	r := tar.NewReader(bytes.NewReader(good.Bytes()))
	for h, err := r.Next(); err == nil; h, err = r.Next() {
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Size > 10000 {
			data[h.Size/2] ^= 1
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.check(&spoilt); err == nil {
		t.Error("a blob that was spoilt went unseen")
	}
}
