// An event stream as objects: fetch can read one, with headers, where EventSource cannot.

/** Each event of a stream of the service, as its OpenAPI document tells it: `{event, id, data}`. */
export async function* eventsIn<Event extends { event: string; id: string; data: object }>(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Event> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const piece of stream) {
    pending += decoder.decode(piece, { stream: true });
    const blocks = pending.split(/\r?\n\r?\n/);
    pending = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = new Map<string, string>();
      for (const line of block.split(/\r?\n/)) {
        const colon = line.indexOf(":");
        lines.set(line.slice(0, colon), line.slice(colon + 1).trimStart());
      }
      const data = lines.get("data");
      // Without data it is a comment that keeps a silent stream open.
      if (data !== undefined) {
        // As with any JSON, what it is the document says.
        const event: Event = { ...JSON.parse(`{"data": ${data}}`), event: lines.get("event"), id: lines.get("id") };
        yield event;
      }
    }
  }
}
