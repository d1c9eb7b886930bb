// Uses the generated types against a service, and prints what it was told as JSON: node use_client.js ADDRESS TOKEN
import createClient from "openapi-fetch";
import type { components, paths } from "./qa.js";

declare const process: { argv: string[] };

const [address, token] = process.argv.slice(2) as [string, string];
const client = createClient<paths>({ baseUrl: address });
const question = "who is the harbour master";

const { data: answer } = await client.GET("/api/ask", { params: { query: { q: question, k: 2 } } });
const { data: byBody } = await client.POST("/api/ask", { body: { question, k: 2, explain: false, exactly: false } });
const first: components["schemas"]["QuoteModel"] | undefined = answer?.passages[0];
if (!answer || !byBody || !first) throw new Error("no answer");
const { data: document } = await client.GET("/api/documents/{document_id}", {
  params: { path: { document_id: first.citation.document_id } },
});
const { data: listed } = await client.GET("/api/documents", { params: { query: { limit: 1 } } });
const { error } = await client.GET("/api/ask", { params: { query: { q: "harbour", document_id: ["nope"] } } });
if (!document || !listed || !error) throw new Error("a reply of another kind");
const { data: added } = await client.POST("/api/documents", {
  headers: { authorization: `Bearer ${token}` },
  body: { files: [] },
  bodySerializer: () => {
    const form = new FormData();
    form.append("files", new Blob(["Words."]), "d.txt");
    form.append("files", new Blob(["x"]), "b.png");
    return form;
  },
});
const points = Array.from(document.text); // offsets count code points
const { start, end } = first.citation;

console.log(JSON.stringify({
  verdict: answer.verdict,
  same: JSON.stringify(byBody.passages) === JSON.stringify(answer.passages),
  quote: points.slice(start, end).join("") === first.text,
  pages: [listed.documents.length, listed.cursor !== null],
  error: error.error.code,
  fates: added?.files.map((each) => each.fate),
}));
