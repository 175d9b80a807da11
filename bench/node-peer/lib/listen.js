import { createServer } from "node:http";

/** An HTTP server whose idle connections outlive those who reuse them. */
export function serverOf(app) {
  return createServer({ keepAliveTimeout: 65_000, headersTimeout: 66_000 }, app);
}

const BACKLOG = 4096;

export function listen(server, { name, host, port }) {
  server.listen(port, host, BACKLOG, () => {
    const { address, port } = server.address();
    console.log(`${name} listens on http://${address}:${port}`);
  });
}

/** What both applications have in common. */
export function plain(app) {
  app.disable("x-powered-by");
  app.disable("etag");
  app.use((request, response, next) => {
    response.setHeader("X-Content-Type-Options", "nosniff");
    next();
  });
}

export function health(service) {
  return (request, response) =>
    response.json({
      status: "ok",
      service,
      timestamp: new Date().toISOString(),
      environment: process.env.NODE_ENV,
    });
}
