package control

import (
	"net/http"
	"net/url"

	"arcadiad/fleet"
)

// Whoever asks is named in headers of every call, and not in its body: an arcadiad of another version understands the rest all the same.
const (
	personHeader = "Arcadiad-Person"
	reasonHeader = "Arcadiad-Reason"
)

// signed names the person of the request's context in its headers. They carry any text, escaped.
func signed(r *http.Request) *http.Request {
	by := fleet.PersonOf(r.Context())
	for header, text := range map[string]string{personHeader: by.Name, reasonHeader: by.Reason} {
		if text != "" {
			r.Header.Set(header, url.QueryEscape(text))
		}
	}
	return r
}

// named gives requests a context with the person that their headers name. What cannot be read is left out.
func named(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _ := url.QueryUnescape(r.Header.Get(personHeader))
		reason, _ := url.QueryUnescape(r.Header.Get(reasonHeader))
		by := fleet.Person{Name: fleet.Fit(name, 64)}.Because(reason)
		h.ServeHTTP(w, r.WithContext(fleet.AsPerson(r.Context(), by)))
	})
}
