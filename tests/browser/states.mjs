// Every state of every page that is judged, one line each: its name, and the way to it from the state before.
import { createHmac } from 'node:crypto';
import { ask } from './asking.mjs';

const send = (page) => Promise.all([page.waitForNavigation(), page.click('main button[type=submit]')]);
const go = (path) => (page, town) => page.goto(`${town.home}${path}`);

// Types into the blanks of the page and sends it.
const type = (blanks) => async (page, town) => {
  for (const [id, text] of Object.entries(typeof blanks === 'function' ? await blanks(town) : blanks)) await page.fill(`#${id}`, text);
  await send(page);
};

const person = (town) => `ana-${town.language}@town.example`;
// What stands in their first letter with a code, or in another.
const letter = (to, number) => ask({ to, number });
const code = async (town, number) => (await letter(person(town), number)).code;
const FIRST = 'the heron stands in the reeds';
const SECOND = 'a ladder leans against the barn';

const request = async (page) => {
  await page.fill('#email', 'maria');
  await page.setInputFiles('#files', { name: 'lamp.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('light') });
  await send(page);
};
const mended = async (page) => {
  await page.check('#fields-state-0');
  await type({ email: 'maria@example.org', 'fields-pole': '4711' })(page);
};
const follow = (page) => Promise.all([page.waitForNavigation(), page.click('a.button')]);

// Another address of the same person.
const other = (town) => `ana-${town.language}@work.example`;
const who = (password) => (town) => ({ identifier: person(town), password });

// What an authenticator app shows for a secret (RFC 6238).
const shows = (secret) => {
  const bits = [...secret.replaceAll(' ', '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const hash = createHmac('sha1', key).update(step).digest();
  const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(number % 1000000).padStart(6, '0');
};
const confirmed = async (page) => {
  const secret = await page.locator('.code').textContent();
  await type({ app_code: shows(secret) })(page);
};
const signed = async (page, town) => {
  await go('/sign-in')(page, town);
  await type(who(SECOND))(page, town);
};

export const states = [
  ['home', go('')],
  ['choose a topic', go('/requests/new')],
  ['find', go('/requests/find')],
  ['find, nothing typed', go('/requests/find?reference=')],
  ['find, typed', go('/requests/find?reference=RIV-2026-000001')],
  ['not found', go('/nothing')],
  ['form, other', go('/requests/new?topic=other')],
  ['form', (page, town) => page.goto(`${town.home}/requests/new?topic=${town.topic}`)],
  ['form, refused', request],
  ['received', mended],
  ['status', follow],
  ['status, refused', send],
  ['status, added', type({ text: 'The next lamp is out, too.' })],
  ['register', go('/register')],
  ['register, nothing typed', send],
  ['register, no address', type({ identifier: 'ana' })],
  ['register, code', type((town) => ({ identifier: person(town) }))],
  ['register, nothing typed with the code', send],
  ['register, a weak password', type(async (town) => ({ code: await code(town, 1), password: 'passwordpassword' }))],
  ['register, a wrong code', type({ code: '0000 0000', password: FIRST })],
  ['register, done', type(async (town) => ({ code: await code(town, 1), password: FIRST }))],
  ['recover', go('/recover')],
  ['recover, nothing typed', send],
  ['recover, no address', type({ identifier: 'ana' })],
  ['recover, code', type((town) => ({ identifier: person(town) }))],
  ['recover, nothing typed with the code', send],
  ['recover, a weak password', type(async (town) => ({ code: await code(town, 2), password: 'short' }))],
  ['recover, a wrong code', type({ code: '0000 0000', password: SECOND })],
  ['recover, link', async (page, town) => page.goto((await letter(person(town), 2)).link)],
  ['recover, link, nothing typed', send],
  ['recover, link, a weak password', type({ password: 'short' })],
  ['recover, done', type({ password: SECOND })],
  ['recover, a used link', go('/recover/new')],
  ['sign in', go('/sign-in')],
  ['sign in, nothing typed', send],
  ['sign in, a wrong password', type(who(FIRST))],
  ['account', type(who(SECOND))],
  ['account, add an address', go('/account/addresses/new')],
  ['account, no address', type({ value: 'ana' })],
  ['account, the code of an address', type((town) => ({ value: other(town) }))],
  ['account, a wrong code', type({ code: '0000 0000' })],
  ['account, an address was added', type(async (town) => ({ code: (await letter(other(town), 1)).code }))],
  ['account, remove an address', (page) => Promise.all([page.waitForNavigation(), page.click('a[href$="/remove"]')])],
  ['account, change the password', go('/account/password')],
  ['account, a weak password', type({ current_password: SECOND, new_password: 'short' })],
  ['account, add an app', go('/account/app')],
  ['account, the picture for an app', send],
  ['account, not what the app shows', type({ app_code: 'none' })],
  ['account, the app was added', confirmed],
  ['account, remove the app', go('/account/app/remove')],
  ['account, make codes', go('/account/codes')],
  ['account, codes to keep', send],
  ['account, type the password once more', go('/account/confirm/erase')],
  ['account, erase', go('/account/erase')],
  ['sign in, the second factor', signed],
  ['sign in, a wrong factor', type({ factor: 'none' })],
  ['recover, no way', (page, town) => page.goto(`${town.other}/recover`)],
  ['recover, help', go('/recover/help')],
  ['recover, help, nothing typed', type({ identifier: '', text: '' })],
  ['object', async (page, town) => page.goto((await ask({ to: person(town), link: '/object/' })).link)],
  ['object, done', send],
  ['object, a used link', go('/object')],
  ['proof, over', go('/proofs/none')],
  ['staff', go('/staff/recover')],
  ['staff, nothing typed', send],
  ['staff, no address', type({ identifier: 'ana' })],
  ['staff, sent', type({ identifier: 'ana@riverton.example' })],
  ['staff, a used link', go('/staff/recover/new')],
  ['staff, done', go('/staff/recover/done')],
];
