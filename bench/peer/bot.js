// The peer of the bench: Botkit as its documentation shows it, with its Twilio SMS adapter and its store in memory:
// `node bot.js PORT COUNT PROVIDER`. COUNT customers were asked about an order each; 1 or yes confirms it, and an acknowledgement
// goes out through Twilio's own client. Prints "ready" when it may be driven; ends on a line of input, telling what it used.
'use strict';

process.env.NODE_ENV = 'production';

const http = require('http');
const express = require('express');
const twilio = require('twilio');
const RequestClient = require('twilio/lib/base/RequestClient');
const { Botkit } = require('botkit');
const { TurnContext } = require('botbuilder');
const { TwilioAdapter } = require('botbuilder-adapter-twilio-sms');

const [port, count, provider] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
// the same as in bench/served.py and bench/road.py
const [account, token, sender] = ['AC' + '0'.repeat(32), 'bench-token', '+34911000001'];
const [PUBLIC, PATH] = ['https://bench.example', '/hooks/twilio/message'];

/** Twilio's client, to the pretend provider. By itself it closes each connection; here they are kept, in the peer's favour. */
class ToProvider extends RequestClient {
  constructor() {
    super();
    this.axios.defaults.httpAgent = new http.Agent({ keepAlive: true });
  }

  request(asked) {
    return super.request({ ...asked, uri: asked.uri.replace('https://api.twilio.com', provider), forever: true });
  }
}

const adapter = new TwilioAdapter({
  twilio_number: sender,
  account_sid: account,
  auth_token: token,
  validation_url: PUBLIC + PATH,
});
adapter.api = twilio(account, token, { httpClient: new ToProvider() });

// Botkit's own web server listens on every address of the machine; this one is as Botkit makes it, without its copy of the raw body
const webserver = express();
webserver.use(express.json());
webserver.use(express.urlencoded({ extended: true }));

const controller = new Botkit({ adapter, webserver, webhook_uri: PATH, disable_console: true });
const orders = controller.conversationState.createProperty('order');

controller.hears(/^\s*(1|yes)\s*$/i, 'message', async (bot, message) => {
  const order = await orders.get(message.context);
  if (!order || order.status !== 'pending') {
    return bot.reply(message, 'There is no order of yours that waits for an answer.');
  }
  order.status = 'confirmed';
  return bot.reply(
    message,
    `Thank you, ${order.name}. Order ${order.id} is confirmed. Please have ${order.total} ready in cash. ` +
      `Changes: ${PUBLIC}/c/${order.page}`
  );
});

/** The n-th customer with one pending order, in the state of their conversation. */
async function seed(n) {
  const phone = '+346' + String(n).padStart(8, '0');
  const activity = { channelId: 'twilio-sms', conversation: { id: phone }, from: { id: phone }, recipient: { id: sender } };
  const context = new TurnContext(adapter, { ...activity, type: 'message' });
  const page = Buffer.from(String(n).padStart(16, 'p')).toString('base64url');
  await orders.set(context, {
    id: String(n), status: 'pending', name: 'Ana', total: '49.90 EUR', page,
    address: { line1: 'Calle Mayor 1', city: 'Madrid', postcode: '28013', country: 'ES' },
  });
  await controller.conversationState.saveChanges(context);
}

function cpuSeconds() {
  const used = process.resourceUsage();
  return (used.userCPUTime + used.systemCPUTime) / 1e6;
}

controller.ready(async () => {
  for (let n = 0; n < count; n++) await seed(n);
  http.createServer(webserver).listen(port, '127.0.0.1', 512, () => {
    const before = cpuSeconds();
    process.stdin.once('data', () => {
      const cpu = (cpuSeconds() - before).toFixed(3);
      process.stdout.write(`cpu ${cpu} rss ${process.resourceUsage().maxRSS} commits 0 units 0\n`, () => process.exit(0));
    });
    process.stdin.once('end', () => process.exit(0));
    process.stdout.write('ready\n');
  });
});
