// Koop, an implementation of the GeoServices specification that ArcGIS feature services follow, over GeoJSON files:
// node feature_server.cjs <folder of modules> <port> <folder of files> <most features an answer>
const { createRequire } = require("node:module");
const path = require("node:path");

const [modules, port, folder, most] = process.argv.slice(2);
const fetched = createRequire(path.join(modules, "node_modules", "/"));
process.chdir(folder);
process.env.SUPPRESS_NO_CONFIG_WARNING = "1";
process.env.SUPPRESS_STRICTNESS_CHECK = "1";

const Koop = fetched("@koopjs/koop-core");
const koop = new Koop({ logLevel: "error", geoservicesDefaults: { maxRecordCount: Number(most) } });
koop.register(fetched("@koopjs/provider-file-geojson"), { dataDir: "." });
koop.server.listen(Number(port), "127.0.0.1");
