// The objective (1) of a schedule split into its terms, in the currency: what the bars show.
import type { Scene } from "./scene";
import { labelsOf } from "./values";

export function benefit(scene: Scene): Record<string, number> {
  const { pack } = scene;
  const hours = pack.stepHours;
  const of = (name: string, by: string): number => {
    const unit = scene.given(by);
    return hours * scene.sum((at) => scene.decided(name, at) * unit(at));
  };
  const [reward, startup] = [scene.given("reward"), scene.given("startup_cost")];
  const [value, demand] = [scene.given("value"), scene.given("demand")];
  const started = scene.starts().flatMap((at, job) => (at ? [{ job }] : []));
  const served = labelsOf(pack, "service").map((_, service) =>
    scene.times.reduce((sum, _, time) => sum + value({ service }) * demand({ service, time }), 0),
  );
  return {
    training: total(started.map(reward)),
    inference: hours * total(served), // by (11) all of it is served
    export: of("grid_export", "export_price"),
    import: -of("grid_import", "import_price"),
    generation: -of("generate", "generation_cost"),
    battery: -of("charge", "battery_cost") - of("discharge", "battery_cost"),
    startup: -total(started.map(startup)),
    stored: stored(scene),
  };
}

/** The worth of what the batteries gain. */
function stored(scene: Scene): number {
  const [worth, into, out] = ["battery_value", "charge_efficiency", "discharge_efficiency"].map((n) => scene.given(n));
  return scene.sum((at) => {
    const gained = into!(at) * scene.decided("charge", at) - scene.decided("discharge", at) / (out!(at) || 1);
    return scene.pack.stepHours * worth!(at) * gained;
  });
}

export function total(numbers: number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
