// Runs in the hidden frame, at the end of a silent login: hands the answer to the page around it.
// Only a page of the same origin can receive it, so the code reaches nobody else.
if (window.parent !== window) {
  window.parent.postMessage(location.search, location.origin);
}
