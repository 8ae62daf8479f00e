// node run.mjs HOST:PORT AREA [TEXT]: runs the checks of checks/AREA.mjs whose names hold TEXT.
// One JSON line per check: {name, ok, error, ms}; exit code 0 even if checks fail, 2 if none could run.
import { client } from './kit.mjs';

const [, , , area, text = ''] = process.argv;
const { checks } = await import(`./checks/${area}.mjs`);
await client.connectPromise;
for (const [name, check] of Object.entries(checks)) {
  if (!name.includes(text)) continue;
  const start = Date.now();
  let error = null;
  try {
    await check();
  } catch (e) {
    error = String(e?.stack ?? e);
  }
  process.stdout.write(JSON.stringify({ name, ok: error === null, error, ms: Date.now() - start }) + '\n');
}
await client.closeConnection();
process.exit(0);
