// Reads one HTTP message {headers, body} from standard input, and writes the event that the SDK sees in it.
import { readFileSync } from "node:fs";
import { HTTP } from "cloudevents";

const event = HTTP.toEvent(JSON.parse(readFileSync(0, "utf8")));
event.validate();
process.stdout.write(JSON.stringify(event));
