// What a check asks of the test that started it: one line of JSON out, one line back.
import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export async function ask(question) {
  process.stdout.write(`${JSON.stringify({ ask: question })}\n`);
  const { value } = await lines.next();
  return JSON.parse(value);
}

export const tell = (seen) => process.stdout.write(`${JSON.stringify({ seen })}\n`);

// The program must come to its end although somebody could still answer.
export const done = () => process.stdin.destroy();
