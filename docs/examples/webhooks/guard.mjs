// A webhook guard in Node: a signature over the raw body, made at most 300 s ago. No dependency.
// The three forms are those of bakong_contracts.webhook_guard; the test vectors of both are the same.
import { createHmac, timingSafeEqual } from 'node:crypto';

const TOLERANCE_S = 300;
const HEX = /^[0-9a-f]{64}$/;

export const FORMS = {
  standard: {
    id: 'webhook-id', timestamp: 'webhook-timestamp', signature: 'webhook-signature',
    key: (secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64'),
    split: (value) => value.split(' '), shape: /^v1,[A-Za-z0-9+/]{43}=$/, write: (digest) => 'v1,' + digest.toString('base64'),
  },
  'header-pair': {
    timestamp: 'x-webhook-timestamp', signature: 'x-webhook-signature',
    key: (secret) => Buffer.from(secret, 'utf8'),
    split: (value) => [value], shape: HEX, write: (digest) => digest.toString('hex'),
  },
  omise: {
    timestamp: 'omise-signature-timestamp', signature: 'omise-signature',
    key: (secret) => Buffer.from(secret, 'base64'),
    split: (value) => value.split(',').map((part) => part.trim()), shape: HEX, write: (digest) => digest.toString('hex'),
  },
};

// headers: pairs of name and value as they came (request.rawHeaders, two by two), so that one that comes twice is seen.
// body: the Buffer as it came, before any parser. Answers 'ok', 'signature_invalid' or 'signature_expired'.
export function check(formName, secrets, headers, body, nowS) {
  const form = FORMS[formName];
  const values = {};
  for (const [name, value] of headers) {
    const lowercase = name.toLowerCase();
    if (![form.id, form.timestamp, form.signature].includes(lowercase)) continue;
    if (lowercase in values) return 'signature_invalid';
    values[lowercase] = value;
  }
  const id = form.id ? values[form.id] : 'none';
  const timestamp = values[form.timestamp];
  const given = values[form.signature];
  if (!id || !timestamp || !given || !/^(0|[1-9][0-9]{0,15})$/.test(timestamp)) return 'signature_invalid';
  const head = form.id ? `${id}.${timestamp}.` : `${timestamp}.`;
  const offered = form.split(given).filter((part) => form.shape.test(part));
  const signed = secrets.some((secret) => {
    const right = Buffer.from(form.write(createHmac('sha256', form.key(secret)).update(head).update(body).digest()));
    return offered.some((part) => timingSafeEqual(Buffer.from(part), right)); // the same length: `shape` saw to it
  });
  if (!signed) return 'signature_invalid';
  return Math.abs(nowS - Number(timestamp)) > TOLERANCE_S ? 'signature_expired' : 'ok';
}

// For Express: app.post('/webhooks/shop', express.raw({ type: '*/*' }), guard('header-pair', [secret]), handler);
export function guard(formName, secrets, now = () => Math.floor(Date.now() / 1000)) {
  return (request, response, next) => {
    const raw = request.rawHeaders;
    const headers = raw.filter((_, at) => at % 2 === 0).map((name, at) => [name, raw[2 * at + 1]]);
    const code = Buffer.isBuffer(request.body) ? check(formName, secrets, headers, request.body, now()) : 'signature_invalid';
    if (code === 'ok') return next();
    response.statusCode = 401;
    response.setHeader('content-type', 'application/problem+json');
    response.end(JSON.stringify({ type: 'about:blank', title: 'Unauthorized', status: 401, code }));
  };
}
