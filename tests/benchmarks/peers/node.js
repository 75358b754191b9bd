// The tasks of mParticle's Node SDK, used as its guide shows it: node node.js TASK URL COUNT
const [, , task, url, countText] = process.argv;
const count = Number(countText);
const mParticle = require('mparticle');

const BULK = 50;

function build() {
  const batch = new mParticle.Batch('development');
  batch.user_identities = new mParticle.UserIdentities();
  batch.user_identities.customerid = '123456';
  batch.user_identities.email = 'user@example.com';
  batch.user_attributes = {};
  for (let number = 0; number < 10; number++) batch.user_attributes[`attribute ${number}`] = `value ${number}`;
  const device = new mParticle.DeviceInformation();
  Object.assign(device, {
    brand: 'Example', product: 'Phone', device_manufacturer: 'Example', platform: 'Android',
    os_version: '14', device_model: 'One', screen_height: 2400, screen_width: 1080,
  });
  batch.device_info = device;
  const consent = new mParticle.GDPRConsentState('document.v3', true, 1700000000000, 'example.com/signup', 'hardware-1');
  batch.consent_state = new mParticle.ConsentState();
  batch.consent_state.gdpr = { Marketing: consent };
  for (let number = 0; number < 6; number++) {
    const event = new mParticle.AppEvent('navigation', `Event ${number}`);
    event.timestamp_unixtime_ms = 1700000000000 + number;
    event.custom_attributes = { screen: 'home', button: 'buy', position: number, price: 19.99, new: true };
    batch.addEvent(event);
  }
  for (const name of ['Home', 'Cart']) {
    const screen = new mParticle.ScreenViewEvent(name);
    screen.timestamp_unixtime_ms = 1700000000010;
    batch.addEvent(screen);
  }
  const products = [];
  for (let number = 0; number < 2; number++) {
    const product = new mParticle.Product(`sku-${number}`, `Product ${number}`, 19.99, 19.99);
    product.quantity = 1;
    product.category = 'shoes';
    products.push(product);
  }
  const purchase = new mParticle.CommerceEvent();
  purchase.product_action = new mParticle.ProductAction('purchase', 'order-1', 39.98, products);
  purchase.timestamp_unixtime_ms = 1700000000020;
  purchase.currency_code = 'EUR';
  batch.addEvent(purchase);
  const session = new mParticle.SessionStartEvent();
  session.session_id = 12345678;
  batch.addEvent(session);
  return batch;
}

function makeApi() {
  const api = new mParticle.EventsApi(new mParticle.Configuration('key', 'secret'));
  api.apiClient.basePath = url;
  const http = require('http');
  if ('requestAgent' in api.apiClient) api.apiClient.requestAgent = new http.Agent({ keepAlive: true });
  return api;
}

const upload = (api, method, body) => new Promise((done, fail) =>
  api[method](body, (error, data, response) => (error ? fail(error) : done(response))));

async function repeated(times, work) {
  for (let number = 0; number < Math.max(1, times / 10); number++) await work();
  const cpu = process.cpuUsage();
  const wall = process.hrtime.bigint();
  for (let number = 0; number < times; number++) await work();
  return timed(times, cpu, wall);
}

function timed(times, cpu, wall) {
  const { user, system } = process.cpuUsage(cpu);
  return { cpu_us: (user + system) / times, wall_us: Number(process.hrtime.bigint() - wall) / 1e3 / times };
}

function repeatedNow(times, work) {
  for (let number = 0; number < Math.max(1, times / 10); number++) work();
  const cpu = process.cpuUsage();
  const wall = process.hrtime.bigint();
  for (let number = 0; number < times; number++) work();
  return timed(times, cpu, wall);
}

const TASKS = {
  build: async () => repeatedNow(count, build),
  encode: async () => {
    const batch = build();
    return repeatedNow(count, () => JSON.stringify(batch));
  },
  post: async () => {
    const api = makeApi();
    const batch = build();
    return repeated(count, () => upload(api, 'uploadEvents', batch));
  },
  'bulk 50': async () => {
    const api = makeApi();
    const batches = Array.from({ length: BULK }, build);
    return repeated(count, () => upload(api, 'bulkUploadEvents', batches));
  },
  stream: async () => {
    const api = makeApi();
    const cpu = process.cpuUsage();
    const wall = process.hrtime.bigint();
    for (let number = 0; number < count / BULK; number++) {
      await upload(api, 'bulkUploadEvents', Array.from({ length: BULK }, build));
    }
    return timed(count, cpu, wall);
  },
};

TASKS[task]().then((measured) => {
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ ...measured, process_cpu_ms: (user + system) / 1e3, peak_kib: process.resourceUsage().maxRSS }));
  process.exit(0);
});
