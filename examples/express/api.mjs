// The API: one resource, which requires the scope `offers.read`.

import express from 'express';

import { protector } from './bearer.mjs';

/** Creates the API, which accepts tokens of `trusted.issuer` for `trusted.audience`. */
export function api(trusted) {
  const withScope = protector(trusted);
  const app = express();
  app.disable('x-powered-by');
  app.get('/offers', withScope('offers.read'), (request, response) => {
    response.json({ offers: ['A week by the sea', 'A night train to Lisbon'], for: request.token.sub });
  });
  return app;
}
