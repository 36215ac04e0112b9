// `ISSUER=… AUDIENCE=… npm start` serves the API on loopback port 8080.

import { api } from './api.mjs';

const { ISSUER: issuer, AUDIENCE: audience } = process.env;
if (!issuer || !audience) throw new Error('set ISSUER and AUDIENCE');
api({ issuer, audience }).listen(8080, '127.0.0.1');
