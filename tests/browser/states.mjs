// Every state of every page that is judged, one line each: its name, and the way to it from the state before.
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
];
