// Calls npm promptpay-qr and promptparse, unmodified: a JSON array of [function, ...arguments] in, their results out.
const generatePayload = require('promptpay-qr')
const { parse, parseBarcode } = require('promptparse')
const generate = require('promptparse/generate')
const validate = require('promptparse/validate')

const functions = {
  'promptpay-qr': (id, options) => generatePayload(id, options),
  parse: (text) => {
    const parsed = parse(text, true, true)
    return parsed && { mobile: parsed.getTagValue('29', '01'), id: parsed.getTagValue('29', '02'), biller: parsed.getTagValue('30', '01'), ref1: parsed.getTagValue('30', '02'), amount: parsed.getTagValue('54') }
  },
  barcode: (text) => parseBarcode(text) && parseBarcode(text).toQrTag30(),
  slipVerify: (text) => validate.slipVerify(text),
  trueMoneySlipVerify: (text) => validate.trueMoneySlipVerify(text),
  ...Object.fromEntries(Object.entries(generate).map(([name, call]) => [`make:${name}`, call])),
}

const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'))
console.log(JSON.stringify(asked.map(([name, ...args]) => functions[name](...args))))
