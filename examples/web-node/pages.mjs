// The pages.

/** A template that escapes what is put into it, other templates excepted. */
function html(strings, ...values) {
  const text = (value) => (value instanceof Html ? value.text : escaped(String(value ?? '')));
  return new Html(String.raw({ raw: strings }, ...values.map(text)));
}

class Html {
  constructor(text) {
    this.text = text;
  }
}

const escaped = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const page = (content) => html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Notes</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; background: light-dark(#f4f5f7, #15171c); }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; color: light-dark(#1c2330, #e8eaee); }
  main { box-sizing: border-box; width: min(26rem, 100vw - 2rem); padding: 2rem; border-radius: 0.75rem;
    background: light-dark(#fff, #1f232b); box-shadow: 0 1px 3px #0003; }
  h1 { margin: 0 0 0.5rem; font-size: 1.5rem; }
  a { color: light-dark(#1f5fd0, #7aa8ff); margin-right: 1rem; }
</style>
<main>
<h1>Notes</h1>
${content}
</main>
`.text;

export function homePage(user, problem) {
  if (problem) return page(html`<p role="alert">That failed: ${problem}</p><p><a href="/">Start over</a></p>`);
  if (!user) return page(html`<p>You are not logged in.</p><p><a href="/login">Log in</a></p>`);
  return page(html`<p>Hello, ${user.name}.</p><p><a href="/notes">Your notes</a><a href="/logout">Log out</a></p>`);
}

export const notesPage = (user) => page(html`
<p>Only ${user.email} sees this.</p>
<ul><li>Water the plants</li><li>Return the books</li></ul>
<p><a href="/">Back</a><a href="/logout">Log out</a></p>`);
