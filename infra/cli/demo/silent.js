// Runs in the hidden frame at the end of a silent login: passes the response to the parent page. Only a page of the
// same origin can receive it, so the code is not disclosed.
if (window.parent !== window) {
  window.parent.postMessage(location.search, location.origin);
}
