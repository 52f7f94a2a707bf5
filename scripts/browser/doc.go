// Package browser runs Chromium without a screen, for those who want to see the status page as a person does. It speaks the DevTools
// protocol over a pipe: JSON messages that end with a zero byte (https://chromedevtools.github.io/devtools-protocol/). The little that it
// needs of that is less than any library for it would bring along.
package browser
