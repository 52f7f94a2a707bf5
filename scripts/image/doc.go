// Command image puts a static arcadiad into an OCI image, as one tar with an OCI image layout, and reads it back to check it.
//
//	go run ./scripts/image -arch amd64 -version 1.2.3 -out arcadiad.oci.tar PROGRAM
//
// The image has one layer: the program, the root certificates of golang.org/x/crypto/x509roots, and the directory of the state. It has no
// shell, no /tmp and no other file, and runs as a user who is not root. The same program, version and SOURCE_DATE_EPOCH make the same tar.
package main
