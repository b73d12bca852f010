// The reference server of tus: node tus_server.mjs <folder of modules> <port> <store> <most bytes> <lasting ms>
import http from "node:http";
import { pathToFileURL } from "node:url";

const [modules, port, directory, most, lasting] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${modules}/node_modules/${name}/dist/index.js`).href);
const { Server } = await load("@tus/server");
const { FileStore } = await load("@tus/file-store");

const server = new Server({
  path: "/files",
  datastore: new FileStore({ directory, expirationPeriodInMilliseconds: Number(lasting) || undefined }),
  maxSize: Number(most) || undefined,
});
const login = Buffer.from(`${process.env.TUS_USER}:${process.env.TUS_PASSWORD}`).toString("base64");

http
  .createServer((request, response) => {
    if (request.headers.authorization !== `Basic ${login}`) {
      response.writeHead(401, { "WWW-Authenticate": "Basic", Connection: "close" }).end("Wrong password");
      return;
    }
    server.handle(request, response);
  })
  .listen(Number(port), "127.0.0.1");
