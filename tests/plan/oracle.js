// Reads a plan version and batches from stdin; writes what mParticle's validator says about each batch.
const { DataPlanService } = require(process.argv[2]);

console.warn = () => {};
const { version, batches } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const service = new DataPlanService();

async function errorsOf(batch) {
  const { results } = await service.validateBatch(batch, version);
  return results.flatMap(({ data }) => data.validation_errors.map((error) => ({ ...error, match: data.match })));
}

Promise.all(batches.map(errorsOf)).then((found) => process.stdout.write(JSON.stringify(found)));
