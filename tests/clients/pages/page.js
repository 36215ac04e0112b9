// What every page here shows: who is logged in, and what can be done about it.

/** Shows `name`, or that nobody is logged in, with a button for each of `actions`. */
export function show(name, actions) {
  const status = Object.assign(document.createElement('p'), { textContent: name ? `Hello, ${name}.` : 'Nobody is logged in.' });
  const buttons = Object.entries(actions).map(([label, act]) =>
    Object.assign(document.createElement('button'), { textContent: label, onclick: act }));
  document.body.replaceChildren(status, ...buttons);
}

/** Runs an application, and shows what it fails for. */
export async function run(main) {
  const fail = (error) => {
    document.body.textContent = `Failed: ${error?.message ?? JSON.stringify(error)}`;
  };
  addEventListener('unhandledrejection', ({ reason }) => fail(reason));
  await main().catch(fail);
}
