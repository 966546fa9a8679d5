// Throws with a client whose types are generated from the API document.

import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

declare const process: { argv: string[] };

const client = createClient<paths>({ baseUrl: process.argv[2] });

function check<T>(answer: { data?: T; error?: { detail: string } }): T {
  if (answer.data === undefined) throw new Error(answer.error?.detail ?? "no answer");
  return answer.data;
}

const params = { path: { source: "typed" } };
const receipts = [
  check(await client.POST("/", { body: { speed: 1.75 } })),
  check(await client.POST("/throw/{source}", { params, body: { speed: 1.75 } })),
  check(await client.PUT("/throw/{source}", { params, body: [{ speed: 2 }, { speed: 3 }] })),
  check(await client.POST("/api/data", { body: { device_id: "lamp", sensors: { light: 40 } } })),
];
console.log(JSON.stringify(receipts.map((receipt) => receipt.accepted)));
