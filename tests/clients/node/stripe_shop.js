// A shop of Stripe's own client for Node, unmodified: one command, and what came of it as JSON.
// STRIPE_HOST, STRIPE_PORT, STRIPE_PROTOCOL say where; STRIPE_CONNECT leads the real name to this machine.
const https = require('https')
const Stripe = require('stripe')

const options = { host: process.env.STRIPE_HOST, port: process.env.STRIPE_PORT, protocol: process.env.STRIPE_PROTOCOL, maxNetworkRetries: 0 }
if (process.env.STRIPE_CONNECT) {
  const here = { address: process.env.STRIPE_CONNECT, family: 4 }
  options.httpAgent = new https.Agent({
    lookup: (_name, how, done) => (how.all ? done(null, [here]) : done(null, here.address, here.family)),
  })
}
const stripe = new Stripe(process.env.STRIPE_KEY || 'sk_test_sandbox', options)
const card = { payment_method_types: ['card'], confirm: true }

async function failure(promise) {
  try {
    await promise
  } catch (error) {
    return { type: error.type, code: error.code, decline: error.decline_code, status: error.statusCode, param: error.param, request: error.requestId }
  }
  return null
}

const commands = {
  async pays() {
    const customer = await stripe.customers.create({ email: 'a@shop.test' })
    const given = { amount: 2000, currency: 'usd', payment_method: 'pm_card_visa', customer: customer.id, ...card }
    const intent = await stripe.paymentIntents.create({ ...given, metadata: { order: '7' }, expand: ['latest_charge'] })
    const part = await stripe.refunds.create({ payment_intent: intent.id, amount: 500 })
    const over = await failure(stripe.refunds.create({ payment_intent: intent.id, amount: 1501 }))
    const listed = []
    for await (const event of stripe.events.list({ limit: 2 })) listed.push(event.type)
    const charge = await stripe.charges.retrieve(intent.latest_charge.id, { expand: ['refunds'] })
    return { intent, request: intent.lastResponse.requestId, part, over, listed, refunds: charge.refunds.data.length }
  },
  async holds() {
    const held = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd', payment_method: 'pm_card_visa', capture_method: 'manual', ...card })
    const captured = await stripe.paymentIntents.capture(held.id, { amount_to_capture: 1500 })
    const other = await stripe.paymentIntents.create({ amount: 2000, currency: 'usd', payment_method: 'pm_card_visa', capture_method: 'manual', ...card })
    const canceled = await stripe.paymentIntents.cancel(other.id)
    return [held.status, captured.status, captured.amount_received, canceled.status]
  },
  async fails() {
    const make = (more, opts) => stripe.paymentIntents.create({ amount: 2000, currency: 'usd', ...more }, opts)
    await make({}, { idempotencyKey: 'once' })
    return {
      declined: await failure(make({ payment_method: 'pm_card_visa_chargeDeclined', ...card })),
      missing: await failure(stripe.paymentIntents.retrieve('pi_none')),
      unknown: await failure(make({ nonsense: 1 })),
      conflict: await failure(make({ amount: 3000 }, { idempotencyKey: 'once' })),
      key: await failure(new Stripe('sk_test_nobody', options).customers.list()),
      page: await failure(new Stripe('pk_test_sandbox', options).customers.list()),
    }
  },
  async next() {
    return await failure(stripe.balance.retrieve())
  },
  async checks_out() {
    const price_data = { currency: 'thb', unit_amount: 5000, product_data: { name: 'Tea' } }
    return await stripe.checkout.sessions.create({ mode: 'payment', line_items: [{ price_data, quantity: 2 }], success_url: 'https://shop.test/ok?id={CHECKOUT_SESSION_ID}' })
  },
  async session(id) {
    return await stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent', 'line_items'] })
  },
  async listens(url) {
    return await stripe.webhookEndpoints.create({ url, enabled_events: ['*'] })
  },
  async verifies(posts) {
    return JSON.parse(posts).map(([body, signature, secret]) => {
      try {
        return stripe.webhooks.constructEvent(body, signature, secret).type
      } catch (error) {
        return error.type
      }
    })
  },
}

const [command, ...rest] = process.argv.slice(2)
commands[command](...rest).then((made) => console.log(JSON.stringify(made)))
