// Sends one event, given on standard input, to an address, in a mode (binary or structured), by the
// SDK's own emitter; writes the status of the answer.
import { readFileSync } from "node:fs";
import { CloudEvent, Mode, emitterFor } from "cloudevents";

const [address, mode] = process.argv.slice(2);

async function post({ headers, body }) {
  const content = typeof body === "string" ? body : JSON.stringify(body);
  const answer = await fetch(address, { method: "POST", headers: headers, body: content });
  return answer.status;
}

const emit = emitterFor(post, { mode: mode === "binary" ? Mode.BINARY : Mode.STRUCTURED });
const status = await emit(new CloudEvent(JSON.parse(readFileSync(0, "utf8"))));
process.stdout.write(`${status}\n`);
